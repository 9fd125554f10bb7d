//! What devices run, kept on both databases: as a model in memory keeps it, by many at once, without secrets; and
//! as a git repository, which git itself makes.

#[path = "../archive/draw.rs"]
mod draw;
mod exported;
mod kept;
mod many;
mod model;
mod searched;
mod secrets;

use config_render::archive::{DeviceKind, Known, fit};
use config_render::revisions::{Cause, FileRead, Reading};
use contract::time::TimeUs;

/// What FRR says, at a second since 1970.
fn reading(device: &str, at_s: i64, files: &[(&str, &str)]) -> Reading {
    let known = Known::new([]).expect("few");
    let file = |(path, text): &(&str, &str)| FileRead {
        path: (*path).to_owned(),
        redacted: fit(DeviceKind::Frr, text.as_bytes(), &known).expect("short"),
    };
    Reading {
        device: device.to_owned(),
        kind: DeviceKind::Frr,
        taken_at: TimeUs(at_s * 1_000_000),
        cause: Cause::Schedule,
        files: files.iter().map(file).collect(),
    }
}
