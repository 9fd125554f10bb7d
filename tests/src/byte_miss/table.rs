//! The result for people: shares of bytes that had to be brought, in percent.

use super::replay::{AtSize, Missed, Replayed};
use super::rules::{Broken, GAP};
use comfy_table::{Table, presets};

/// One table for all sequences; each cell has the bytes, and the requests in brackets.
#[must_use]
pub fn text(replayed: &[Replayed]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let head = ["sequence", "size", "LRU", "S3-FIFO", "TinyLFU", "ours", "Belady", "closed", ""];
    table.set_header(head);
    for one in replayed {
        for at in &one.sizes {
            table.add_row(row(&one.sequence, at));
        }
    }
    let mut text = format!("{table}\n");
    for one in replayed {
        text += &format!(
            "{}: {} requests for {} objects of {:.1} GB\n",
            one.sequence,
            one.requests,
            one.objects,
            gigabytes(one.unique_bytes),
        );
    }
    text + "Bytes missed (requests missed), in percent. Closed: ours, of the gap from LRU to \
            Belady's rule in bytes;\nin brackets where that gap is below 5 percent.\n"
}

fn row(sequence: &str, at: &AtSize) -> [String; 9] {
    let closed = at.closed().map_or_else(String::new, |closed| format!("{:.0} %", closed * 100.0));
    let is_small = at.gap() < GAP;
    let why = at.broken().into_iter().map(|broken| match broken {
        Broken::LittleClosed => "LITTLE",
        Broken::Above => "ABOVE",
    });
    [
        sequence.to_owned(),
        format!("{} %", at.size_percent),
        missed(at.lru),
        missed(at.s3_fifo),
        missed(at.tiny_lfu),
        missed(at.ours),
        missed(at.belady),
        if is_small && !closed.is_empty() { format!("({closed})") } else { closed },
        why.collect::<Vec<_>>().join(" "),
    ]
}

fn missed(missed: Missed) -> String {
    format!("{:.2} ({:.1})", missed.bytes * 100.0, missed.objects * 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}
