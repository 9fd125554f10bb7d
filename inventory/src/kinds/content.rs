//! Whose content there is, and under which policy.

use super::documents::{S3_ORIGIN, WEB_ORIGINS};
use crate::ContentGroup;
use crate::schema::{Field, Kind, Scope, Shape};

/// One owner's content under one policy.
pub static CONTENT_GROUP: Kind = Kind {
    name: "content-group",
    plural: "content-groups",
    about: "One owner's content under one policy.",
    key: &["name"],
    fields: &[
        Field::required("name", Shape::Name, "What it is called."),
        Field::required("owner", Shape::Line, "Whose it is."),
        Field::required(
            "host_pattern",
            Shape::Line,
            "The host name under which a box serves it, with {device} for the box.",
        ),
        Field::required(
            "origin_url",
            Shape::Label(2048),
            "Where the owner's own server has it: https://…, http://… or s3://bucket/prefix.",
        ),
        Field::optional(
            "origin_s3",
            Shape::Document(&S3_ORIGIN),
            "The store, where the origin is a bucket.",
        ),
        Field::default(
            "cors_origins",
            Shape::Document(&WEB_ORIGINS),
            "[\"*\"]",
            "Web origins that may read it, or *.",
        ),
        Field::default("log_requests", Shape::Flag, "true", "Whether boxes log its requests."),
        Field::default(
            "on_miss",
            Shape::Choice(&["refuse", "redirect", "proxy"]),
            "refuse",
            "What boxes do when they are asked for what they were not told to hold.",
        ),
        Field::default(
            "demand_share_percent",
            Shape::Integer(1, 90),
            "10",
            "With proxy: the most that it may take of the disks of a box.",
        ),
        Field::tags(),
    ],
    sense: ContentGroup::complaints,
    scope: Scope::Nobody,
};
