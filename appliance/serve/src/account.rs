//! What is left of a request when it is over: counters and a line in the log.

use crate::counters::Served;
use crate::http::cache_status::CacheStatus;
use crate::http::cmcd::Cmcd;
use crate::http::log::LogRecord;
use crate::http::policy::GroupPolicy;
use crate::http::request::Request;
use crate::shared::{Shared, Via};
use crate::viewed::Viewed;
use bytes::Bytes;
use cache::Tier;
use contract::config::ListenerRole;
use contract::time::TimeUs;
use http::StatusCode;
use std::time::Instant;

/// What is known once the answer is decided.
#[derive(Debug)]
pub(crate) struct Account {
    via: Via,
    at: TimeUs,
    began: Instant,
    status: StatusCode,
    part: Option<(u64, u64)>,
    missed: bool,
    /// The slowest tier that the body came from so far.
    tier: Option<Tier>,
    /// Bytes of the body handed to the connection, words of a refusal included.
    pub(crate) bytes_sent: u64,
    /// Whether those were all.
    pub(crate) complete: bool,
    /// Whose title it is, where it is of one.
    pub(crate) viewed: Option<Viewed>,
}

/// What the log says of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) cmcd: Option<Cmcd>,
}

impl Account {
    pub(crate) fn new(via: Via, at: TimeUs, began: Instant) -> Self {
        Self {
            via,
            at,
            began,
            status: StatusCode::OK,
            part: None,
            missed: false,
            tier: None,
            bytes_sent: 0,
            complete: false,
            viewed: None,
        }
    }

    /// Takes down the answer.
    pub(crate) fn decided<H>(&mut self, answer: &crate::http::answer::Answer<'_, H>) {
        self.status = answer.status;
        self.part = answer.part();
        self.missed = matches!(
            answer.cache_status,
            CacheStatus::Unknown
                | CacheStatus::Wanted
                | CacheStatus::Redirected
                | CacheStatus::NoSibling
                | CacheStatus::PurgePending
                | CacheStatus::NotServedNow
                | CacheStatus::Unreadable
                | CacheStatus::MissLimit
                | CacheStatus::Absent { .. }
        );
    }

    /// Takes down where a piece of the body came from.
    pub(crate) fn piece_from(&mut self, tier: Tier) {
        if self.tier != Some(Tier::Disk) {
            self.tier = Some(tier);
        }
    }

    /// Counts the request, once.
    pub(crate) fn count(&mut self, shared: &Shared, group: Option<usize>) {
        if let Some(viewed) = self.viewed.take() {
            viewed.count(shared, self.content_bytes());
        }
        shared.counters.answer(self.status);
        if self.status == StatusCode::TEMPORARY_REDIRECT {
            shared.counters.redirects.one();
        }
        if self.via.role == ListenerRole::Peer {
            shared.counters.peer(self.content_bytes());
        } else if let Some(group) = group {
            let bytes = self.content_bytes();
            shared.counters.player(group, self.via.protocol, self.served(), bytes);
        }
    }

    fn content_bytes(&self) -> u64 {
        if self.tier.is_some() { self.bytes_sent } else { 0 }
    }

    fn served(&self) -> Served {
        match self.tier {
            Some(Tier::Ram) => Served::FromRam,
            Some(Tier::Disk) => Served::FromDisk,
            None if self.missed => Served::Missed,
            None => Served::Otherwise,
        }
    }

    /// Writes a line, where the group wants lines; `line` is memory to write it in.
    pub(crate) fn log(
        &self,
        shared: &Shared,
        group: &GroupPolicy,
        asked: &Asked<'_>,
        line: &mut Vec<u8>,
    ) {
        let Some(log) = &shared.access_log else { return };
        let session = asked.cmcd.and_then(|cmcd| cmcd.sid);
        let record = LogRecord {
            time: self.at,
            group: group.name.as_str(),
            client: self.via.client,
            method: asked.method,
            path: asked.path,
            status: self.status.as_u16(),
            range: self.part,
            bytes_sent: self.bytes_sent,
            complete: self.complete,
            duration_us: u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
            protocol: self.via.protocol.alpn(),
            engine: self.via.engine,
            tier: self.tier.map(tier_name),
            cmcd: asked.cmcd,
            session: session.map(|id| shared.session_key.hash(id.as_str(), self.at)),
            user_agent: asked.user_agent,
        };
        record.write(line);
        log.write_line(line);
    }
}

impl<'a> Asked<'a> {
    /// What the log would say; `None` when nothing is written for this group.
    pub(crate) fn of(
        shared: &Shared,
        group: Option<&GroupPolicy>,
        request: &Request<'a>,
        path: &'a str,
    ) -> Option<Self> {
        (shared.access_log.is_some() && group?.is_logged).then(|| Self {
            method: request.method_name,
            path,
            user_agent: request.fields.user_agent.text(),
            cmcd: Cmcd::of(request),
        })
    }
}

fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Ram => "ram",
        Tier::Disk => "disk",
    }
}

/// The words of a refusal as bytes.
pub(crate) fn words(words: &'static str) -> Bytes {
    Bytes::from_static(words.as_bytes())
}
