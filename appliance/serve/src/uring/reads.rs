//! Blocks on their way from a disk, on the ring of the thread that missed them.

use super::ring::{READS, Ring};
use super::token::{Asked, Place};
use cache::ReadOrder;
use nix::libc;
use std::collections::VecDeque;
use std::io;

/// Opening, reading and closing are each answered.
const ANSWERS: u8 = 3;

/// A read that the kernel has.
struct Reading {
    order: ReadOrder,
    /// Around the page cache. Some file systems have no such thing.
    is_direct: bool,
    answers_left: u8,
    opened: i32,
    read: i32,
}

/// The reads of a thread.
pub(super) struct Reads {
    under_way: Vec<Option<Reading>>,
    free: Vec<u32>,
    /// Those for which there is no place.
    waiting: VecDeque<ReadOrder>,
}

impl Reads {
    pub(super) fn new() -> Self {
        let places = usize::try_from(READS).unwrap_or(0);
        Self {
            under_way: std::iter::repeat_with(|| None).take(places).collect(),
            free: (0..READS).rev().collect(),
            waiting: VecDeque::new(),
        }
    }

    /// Takes an order on.
    pub(super) fn submit(&mut self, ring: &mut Ring, order: ReadOrder) {
        match self.free.pop() {
            Some(at) => self.ask(ring, at, order, true),
            None => self.waiting.push_back(order),
        }
    }

    fn ask(&mut self, ring: &mut Ring, at: u32, order: ReadOrder, is_direct: bool) {
        let Some(slot) = self.under_way.get_mut(at as usize) else { return };
        let reading = Reading { order, is_direct, answers_left: ANSWERS, opened: 0, read: 0 };
        let order = &mut slot.insert(reading).order;
        // The order stands in this table until all three answers have come, and keeps its
        // file's name and its buffer where they are.
        ring.read_file(Place::only(at), order, is_direct);
    }

    /// The kernel has answered one of the three.
    pub(super) fn answered(&mut self, ring: &mut Ring, asked: Asked, at: Place, result: i32) {
        let Some(slot) = self.under_way.get_mut(at.index as usize) else { return };
        let Some(reading) = slot else { return };
        match asked {
            Asked::Open => reading.opened = result,
            Asked::Read => reading.read = result,
            _ => {}
        }
        reading.answers_left = reading.answers_left.saturating_sub(1);
        if reading.answers_left > 0 {
            return;
        }
        let Some(reading) = slot.take() else { return };
        if reading.opened == -libc::EINVAL && reading.is_direct {
            return self.ask(ring, at.index, reading.order, false);
        }
        self.free.push(at.index);
        let result = if reading.opened < 0 { reading.opened } else { reading.read };
        let count = usize::try_from(result).map_err(|_| io::Error::from_raw_os_error(-result));
        reading.order.complete(count);
        if let Some(order) = self.waiting.pop_front() {
            self.submit(ring, order);
        }
    }
}
