//! A day of one campus's requests for YouTube videos in 2007, with sizes of a video CDN.

use super::akamai::Classes;
use super::chance::Chance;
use crate::byte_miss::sequence::{Builder, Sequence};
use anyhow::{Context, Result};
use std::collections::HashMap;

/// Reads lines of time, client and video below a header; draws a size for each video.
///
/// # Errors
/// When a line is something else.
pub fn sequence(text: &str, classes: &Classes, seed: u64) -> Result<Sequence> {
    let (mut chance, mut sizes) = (Chance::new(seed), HashMap::new());
    let mut builder = Builder::default();
    for (line, number) in text.lines().zip(1..).skip(1) {
        let video = line.split('\t').nth(2);
        let video = video.with_context(|| format!("line {number}: no video"))?;
        let size_bytes = *sizes.entry(video).or_insert_with(|| classes.size(&mut chance));
        builder.push(video, size_bytes);
    }
    Ok(builder.finish(format!("campus-{seed}")))
}
