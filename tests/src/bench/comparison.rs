//! Ours against each of the others, in one figure.

use super::contender::{Contender, Taken};
use super::figures::{load_share, process_per_gb, server_share};
use super::peers::DEBIAN_NGINX;
use super::sheet::{Limit, Row};

/// What is compared, and what must come out.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// What was measured.
    pub name: &'static str,
    /// In what.
    pub unit: &'static str,
    /// Out of a measurement.
    pub figure: fn(&Taken) -> f64,
    /// Against the best of the others.
    pub best: Limit,
    /// Against Debian's nginx, whatever its place; its OpenSSL seals at half the speed of
    /// a current one.
    pub debian_nginx: Option<Limit>,
}

impl Comparison {
    /// A row for each of the others, the best first, and what a reader wants to know of
    /// the measurement itself.
    #[must_use]
    pub fn rows(&self, ours: &Contender, others: &[Contender]) -> Vec<Row> {
        let mut rows = self.ranked(ours, others);
        let Some(best) = rows.first().map(|row| row.peer_name.clone()) else { return rows };
        let best = others.iter().find(|other| other.name() == best);
        let inform = |name, unit, figure: fn(&Taken) -> f64| {
            best.map(|best| {
                Row::new(name, unit, ours.median(figure), (best.name(), best.median(figure)), None)
            })
        };
        if ours.median(|taken| taken.brought.bytes_per_s) > 0.0 {
            rows.extend(inform("server process", "CPU-s/GB", process_per_gb));
        }
        rows.extend(inform("server core busy", "share", server_share));
        rows.extend(inform("load busy", "share", load_share));
        rows
    }

    /// A row for each of the others, the best first.
    #[must_use]
    pub fn ranked(&self, ours: &Contender, others: &[Contender]) -> Vec<Row> {
        let mut ranked: Vec<(&str, f64)> =
            others.iter().map(|other| (other.name(), other.median(self.figure))).collect();
        ranked.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        if matches!(self.best, Limit::AtLeast(_)) {
            ranked.reverse();
        }
        let ours = ours.median(self.figure);
        let row = |(at, peer): (usize, &(&str, f64))| {
            let by_name = self.debian_nginx.filter(|_| peer.0 == DEBIAN_NGINX);
            let limit = by_name.or((at == 0).then_some(self.best));
            Row::new(self.name, self.unit, ours, *peer, limit)
        };
        ranked.iter().enumerate().map(row).collect()
    }
}
