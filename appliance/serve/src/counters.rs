//! What was served, counted since the process began.
//!
//! Each serving thread has counters of its own, which nobody else writes. `/metrics` and
//! the report to the fleet read and add them at any time, without stopping anybody: each
//! figure is right, though two of them may be of different moments.

use contract::config::Protocol;
use contract::names::GroupName;
use contract::report::Traffic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A figure that is added to.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Its value now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }

    fn join(&self, other: &Self) {
        self.add(other.get());
    }

    fn less_one(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why a connection was ended by the clock.
#[derive(Debug, Default)]
pub struct Timeouts {
    /// The handshake did not end.
    pub handshake: Counter,
    /// A request head did not end: 408.
    pub header: Counter,
    /// Nothing was asked.
    pub idle: Counter,
    /// The client took no byte of an answer.
    pub write: Counter,
}

/// What pacing does.
#[derive(Debug, Default)]
pub struct PacingCounters {
    /// Connections that have a pace now.
    pub connections: Counter,
    /// How often the kernel was told another pace, or that there is none any more.
    pub changes: Counter,
    /// Answers that would have been faster, if the box could send more.
    pub box_bound: Counter,
}

/// What became of connections whose records the kernel was to seal.
#[derive(Debug, Default)]
pub struct KernelTlsCounters {
    /// The kernel took the key.
    pub begun: Counter,
    /// It did not, and the engine seals.
    pub refused: Counter,
    /// Ended because the client asked for a new key, which this kernel cannot take.
    pub closed: Counter,
}

/// Sends from where records stood.
#[derive(Debug, Default)]
pub struct ZeroCopyCounters {
    /// The network read them there.
    pub as_is: Counter,
    /// The kernel copied them all the same, or took none.
    pub copied: Counter,
}

/// Everything that one thread, or one engine of many, counts. Far enough from the next
/// one's that no two processors write to the same line of memory.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Counters {
    engine: &'static str,
    traffic: Vec<GroupTraffic>,
    /// Answers by the first digit of their status, from 1.
    statuses: [Counter; 5],
    /// Connections open now, of players and siblings, from accept to close.
    pub connections_open: Counter,
    /// Connections accepted.
    pub connections_total: Counter,
    /// Connections closed as they arrived: too many were open.
    pub connections_refused: Counter,
    /// Handshakes with a certificate.
    pub handshakes_full: Counter,
    /// Handshakes with a ticket.
    pub handshakes_resumed: Counter,
    /// Handshakes that failed.
    pub handshakes_failed: Counter,
    /// Connections ended by the clock.
    pub timeouts: Timeouts,
    /// Pacing.
    pub pacing: PacingCounters,
    /// Sealing by the kernel.
    pub kernel_tls: KernelTlsCounters,
    /// Sending without a copy.
    pub zero_copy: ZeroCopyCounters,
    /// Viewers sent to another box of the site.
    pub redirects: Counter,
    /// Answers cut off because a block could not be read.
    pub answers_cut: Counter,
    /// How often a ring was entered.
    pub ring_enters: Counter,
    /// Requests of sibling boxes.
    pub peer_requests: Counter,
    /// Bytes of content sent to sibling boxes.
    pub peer_bytes_sent: Counter,
}

#[derive(Debug)]
struct GroupTraffic {
    name: GroupName,
    http1: ProtocolTraffic,
    http2: ProtocolTraffic,
}

/// Players' requests of one group over one protocol.
#[derive(Debug, Default)]
struct ProtocolTraffic {
    requests: Counter,
    ram_hits: Counter,
    disk_hits: Counter,
    misses: Counter,
    bytes_sent: Counter,
}

/// How a request was answered, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    /// Content, all of it from RAM.
    FromRam,
    /// Content, some of it from a disk.
    FromDisk,
    /// Not held here, or not readable.
    Missed,
    /// Without content: conditions, header only, refusals.
    Otherwise,
}

impl Counters {
    /// All at zero, for an engine and these groups in the order of the configuration.
    #[must_use]
    pub fn new(engine: &'static str, groups: impl IntoIterator<Item = GroupName>) -> Self {
        let traffic = groups.into_iter().map(|name| GroupTraffic {
            name,
            http1: ProtocolTraffic::default(),
            http2: ProtocolTraffic::default(),
        });
        Self { engine, traffic: traffic.collect(), ..Self::default() }
    }

    fn traffic(&self) -> impl Iterator<Item = Traffic> {
        let protocols: &[_] = match self.engine {
            crate::uring::ENGINE => &[Protocol::Http1],
            _ => &[Protocol::Http1, Protocol::Http2],
        };
        let rows =
            self.traffic.iter().flat_map(|group| protocols.iter().map(move |of| (group, of)));
        rows.map(|(group, protocol)| group.row(*protocol, self.engine))
    }

    /// Adds all but the traffic, which is told apart by engine.
    fn join(&self, other: &Self) {
        let classes = self.statuses.iter().zip(&other.statuses);
        let others = [
            (&self.connections_open, &other.connections_open),
            (&self.connections_total, &other.connections_total),
            (&self.connections_refused, &other.connections_refused),
            (&self.handshakes_full, &other.handshakes_full),
            (&self.handshakes_resumed, &other.handshakes_resumed),
            (&self.handshakes_failed, &other.handshakes_failed),
            (&self.timeouts.handshake, &other.timeouts.handshake),
            (&self.timeouts.header, &other.timeouts.header),
            (&self.timeouts.idle, &other.timeouts.idle),
            (&self.timeouts.write, &other.timeouts.write),
            (&self.redirects, &other.redirects),
            (&self.answers_cut, &other.answers_cut),
            (&self.zero_copy.as_is, &other.zero_copy.as_is),
            (&self.zero_copy.copied, &other.zero_copy.copied),
            (&self.kernel_tls.begun, &other.kernel_tls.begun),
            (&self.kernel_tls.refused, &other.kernel_tls.refused),
            (&self.kernel_tls.closed, &other.kernel_tls.closed),
            (&self.pacing.connections, &other.pacing.connections),
            (&self.pacing.changes, &other.pacing.changes),
            (&self.pacing.box_bound, &other.pacing.box_bound),
            (&self.ring_enters, &other.ring_enters),
            (&self.peer_requests, &other.peer_requests),
            (&self.peer_bytes_sent, &other.peer_bytes_sent),
        ];
        classes.chain(others).for_each(|(sum, part)| sum.join(part));
    }

    /// Answers whose status begins with this digit, 1 to 5.
    #[must_use]
    pub fn answers(&self, status_class: u16) -> u64 {
        let at = usize::from(status_class).checked_sub(1);
        at.and_then(|at| self.statuses.get(at)).map_or(0, Counter::get)
    }

    pub(crate) fn answer(&self, status: http::StatusCode) {
        let at = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = self.statuses.get(at) {
            counter.one();
        }
    }

    pub(crate) fn player(&self, group: usize, protocol: Protocol, served: Served, bytes: u64) {
        let Some(group) = self.traffic.get(group) else { return };
        let traffic = group.of(protocol);
        traffic.requests.one();
        traffic.bytes_sent.add(bytes);
        match served {
            Served::FromRam => traffic.ram_hits.one(),
            Served::FromDisk => traffic.disk_hits.one(),
            Served::Missed => traffic.misses.one(),
            Served::Otherwise => {}
        }
    }

    pub(crate) fn peer(&self, bytes: u64) {
        self.peer_requests.one();
        self.peer_bytes_sent.add(bytes);
    }

    /// Counts a connection as open for as long as the guard lives.
    pub(crate) fn connection(self: &Arc<Self>) -> OpenConnection {
        self.connections_open.one();
        self.connections_total.one();
        OpenConnection(Arc::clone(self))
    }

    /// Counts a connection as paced for as long as the guard lives.
    pub(crate) fn paced(self: &Arc<Self>) -> PacedConnection {
        self.pacing.connections.one();
        PacedConnection(Arc::clone(self))
    }
}

/// A connection that is counted as paced.
#[derive(Debug)]
pub(crate) struct PacedConnection(Arc<Counters>);

impl Drop for PacedConnection {
    fn drop(&mut self) {
        self.0.pacing.connections.less_one();
    }
}

/// The counters of all threads.
#[derive(Debug, Clone, Default)]
pub struct AllCounters(Vec<Arc<Counters>>);

impl AllCounters {
    /// One more thread's.
    pub(crate) fn add(&mut self, counters: Counters) -> Arc<Counters> {
        let counters = Arc::new(counters);
        self.0.push(Arc::clone(&counters));
        counters
    }

    /// What all of them counted, but for the traffic.
    #[must_use]
    pub fn total(&self) -> Counters {
        let total = Counters::default();
        self.0.iter().for_each(|part| total.join(part));
        total
    }

    /// Players' requests and bytes, by group, protocol and engine, as the report carries
    /// them.
    #[must_use]
    pub fn traffic(&self) -> Vec<Traffic> {
        let mut rows: Vec<Traffic> = Vec::new();
        for part in self.0.iter().flat_map(|counters| counters.traffic()) {
            let key = |row: &Traffic| (row.group.clone(), row.protocol.clone(), row.engine.clone());
            match rows.iter_mut().find(|row| key(row) == key(&part)) {
                Some(row) => {
                    row.requests += part.requests;
                    row.ram_hits += part.ram_hits;
                    row.disk_hits += part.disk_hits;
                    row.misses += part.misses;
                    row.bytes_sent += part.bytes_sent;
                }
                None => rows.push(part),
            }
        }
        rows.sort_by(|a, b| (&a.group, &a.protocol).cmp(&(&b.group, &b.protocol)));
        rows
    }
}

/// A connection that is counted as open.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<Counters>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections_open.less_one();
    }
}

impl GroupTraffic {
    fn of(&self, protocol: Protocol) -> &ProtocolTraffic {
        match protocol {
            Protocol::Http1 => &self.http1,
            Protocol::Http2 => &self.http2,
        }
    }

    fn row(&self, protocol: Protocol, engine: &str) -> Traffic {
        let traffic = self.of(protocol);
        Traffic {
            group: self.name.clone(),
            protocol: protocol.alpn().to_owned(),
            engine: engine.to_owned(),
            requests: traffic.requests.get(),
            ram_hits: traffic.ram_hits.get(),
            disk_hits: traffic.disk_hits.get(),
            misses: traffic.misses.get(),
            bytes_sent: traffic.bytes_sent.get(),
        }
    }
}
