//! `fleet device hardware`: what a machine says that it is made of.

use super::given::Given;
use crate::api::{HardwareItem, PartItem};
use crate::cli::output::{Output, number, text};
use crate::cli::quantity::bytes;

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let hardware: HardwareItem = given.client.get(&format!("{}/hardware", given.path())).await?;
    given.output.write(&hardware, |hardware| table(given.output, hardware))
}

fn table(output: &Output, hardware: &HardwareItem) -> String {
    let header = [
        "type",
        "serial",
        "manufacturer",
        "part id",
        "bay",
        "firmware",
        "holds",
        "worn",
        "content",
    ];
    let mut table = output.columns(&header);
    let or_none = |it: &Option<String>| text(it.as_deref().unwrap_or("-"));
    for part in &hardware.parts {
        let PartItem { part_type, serial, manufacturer, part_id, bay, firmware, .. } = part;
        table.row([
            text(part_type),
            text(serial),
            or_none(manufacturer),
            or_none(part_id),
            or_none(bay),
            or_none(firmware),
            number(&part.capacity_bytes.map_or_else(|| "-".to_owned(), bytes)),
            number(&part.wear_percent.map_or_else(|| "-".to_owned(), |it| format!("{it} %"))),
            text(&content(part)),
        ]);
    }
    let serial = hardware.serial.as_deref().unwrap_or("unknown");
    let said = &hardware.seen_at;
    format!(
        "{} (serial number {serial}), as it says since {said}\n\n{}",
        hardware.device,
        table.render()
    )
}

/// Of a disk.
fn content(part: &PartItem) -> String {
    match &part.erased_at {
        _ if part.is_in_use == Some(true) => "something".to_owned(),
        Some(at) => format!("nothing since {at}"),
        None => "-".to_owned(),
    }
}
