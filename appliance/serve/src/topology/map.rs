//! The map that a person reads.

use super::machine::{Interface, ReceiveQueue};
use super::{CpuList, Survey};
use std::fmt::Display;

/// What stands for what is not known, and for what there is none of.
const UNKNOWN: &str = "?";
const NONE: &str = "-";

impl Survey {
    /// One line: how much there is, and who serves where.
    #[must_use]
    pub fn summary(&self) -> String {
        let (machine, plan) = (&self.topology, &self.plan);
        let allowed = machine.processors.iter().filter(|each| each.is_allowed).count();
        let seats: CpuList = plan.threads.iter().map(|seat| seat.processor).collect();
        let threads = match (self.engine, seats.len()) {
            (_, 0) => "serving threads run anywhere, connections go to any".to_owned(),
            (_, 1) => format!("1 serving thread, on processor {seats}"),
            (_, count) => {
                format!("{count} serving threads on processors {seats}, connections by processor")
            }
        };
        let interfaces = machine.interfaces.as_ref().map(Vec::len);
        format!(
            "{}: {threads}; processors: {}, of them allowed: {allowed}; nodes with memory: {}; \
             interfaces: {}; disks: {}; complaints: {}",
            self.engine,
            machine.processors.len(),
            or(Some(machine.memory.len()).filter(|count| *count > 0), UNKNOWN),
            or(interfaces, UNKNOWN),
            machine.disks.len(),
            plan.complaints.len(),
        )
    }

    /// All of it: nodes, threads, queues, disks, then what a person should look at.
    #[must_use]
    pub fn map(&self) -> String {
        let mut parts = vec![format!("{}\n", self.summary())];
        parts.extend([self.nodes(), self.threads(), self.queues(), self.disks()]);
        if !self.plan.complaints.is_empty() {
            let lines = self.plan.complaints.iter().map(|complaint| format!("- {complaint}\n"));
            parts.push(lines.collect());
        }
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }

    fn nodes(&self) -> String {
        let mut numbers: Vec<Option<u32>> =
            self.topology.processors.iter().map(|processor| processor.node).collect();
        numbers.extend(self.topology.memory.iter().map(|node| Some(node.number)));
        numbers.sort_unstable();
        numbers.dedup();
        let row = |node: Option<u32>| {
            let of_node = self.topology.processors.iter().filter(|each| each.node == node);
            let seats = self.plan.threads.iter().enumerate().filter(|(_, it)| it.node == node);
            let memory = node.map(|node| self.topology.memory.iter().any(|it| it.number == node));
            vec![
                or(node, UNKNOWN),
                memory.map_or(UNKNOWN, |has| if has { "yes" } else { "no" }).to_owned(),
                list(of_node.clone().map(|each| each.number)),
                list(of_node.filter(|each| each.is_allowed).map(|each| each.number)),
                list(seats.filter_map(|(thread, _)| u32::try_from(thread).ok())),
            ]
        };
        let head = ["NODE", "MEMORY", "PROCESSORS", "ALLOWED", "THREADS"];
        table(&head, numbers.into_iter().map(row))
    }

    fn threads(&self) -> String {
        let head =
            ["THREAD", "PROCESSOR", "CORE", "SIBLINGS", "NODE", "ARENA", "TAKES FROM", "SHARES"];
        let row = |(thread, seat): (usize, &super::plan::Seat)| {
            let processor = self.topology.processor(seat.processor);
            let core = processor.and_then(|it| Some(format!("{}.{}", it.package?, it.core?)));
            let takes = |is_alone: bool| {
                let of = self
                    .plan
                    .takers
                    .iter()
                    .filter(move |(_, of)| of.contains(&thread) && (of.len() == 1) == is_alone);
                list(of.map(|(processor, _)| *processor))
            };
            vec![
                thread.to_string(),
                seat.processor.to_string(),
                or(core, UNKNOWN),
                or(processor.and_then(|it| it.siblings.as_ref()), UNKNOWN),
                or(seat.node, UNKNOWN),
                or(seat.arena, "any"),
                takes(true),
                takes(false),
            ]
        };
        table(&head, self.plan.threads.iter().enumerate().map(row))
    }

    fn queues(&self) -> String {
        let head = ["INTERFACE", "NODE", "LINK", "QUEUE", "IRQ", "DELIVERED TO", "BY", "THREADS"];
        let interfaces = self.topology.interfaces.iter().flatten();
        let rows = interfaces.flat_map(|interface| {
            interface.receive.iter().map(|queue| self.queue(interface, queue))
        });
        table(&head, rows)
    }

    fn queue(&self, interface: &Interface, queue: &ReceiveQueue) -> Vec<String> {
        let to = queue.delivered_to();
        let is_handed_on = queue.rps.as_ref().is_some_and(|rps| !rps.is_empty());
        let by = if is_handed_on { "RPS" } else { "IRQ" };
        let takers = to.into_iter().flat_map(CpuList::iter);
        let takers = takers.filter_map(|each| self.plan.takers.get(&each)).flatten();
        vec![
            interface.name.clone(),
            or(interface.node, UNKNOWN),
            interface.is_up.map_or(UNKNOWN, |is_up| if is_up { "up" } else { "down" }).to_owned(),
            format!("rx-{}", queue.number),
            or(queue.irq, UNKNOWN),
            or(to, UNKNOWN),
            to.map_or(UNKNOWN, |_| by).to_owned(),
            list(takers.filter_map(|thread| u32::try_from(*thread).ok())),
        ]
    }

    fn disks(&self) -> String {
        let head = ["DISK", "NODE", "QUEUES", "DEPTH", "SPINS", "MODEL", "FOLDER"];
        let row = |disk: &super::machine::Disk| {
            vec![
                or(disk.device.as_ref(), UNKNOWN),
                or(disk.node, UNKNOWN),
                or(disk.queues, UNKNOWN),
                or(disk.depth, UNKNOWN),
                disk.is_rotational.map_or(UNKNOWN, |it| if it { "yes" } else { "no" }).to_owned(),
                or(disk.model.as_ref(), UNKNOWN),
                disk.folder.display().to_string(),
            ]
        };
        table(&head, self.topology.disks.iter().map(row))
    }
}

fn or(what: Option<impl Display>, otherwise: &str) -> String {
    what.map_or_else(|| otherwise.to_owned(), |what| what.to_string())
}

fn list(numbers: impl Iterator<Item = u32>) -> String {
    let list: CpuList = numbers.collect();
    if list.is_empty() { NONE.to_owned() } else { list.to_string() }
}

/// Columns as wide as they must be; nothing without rows.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    rows.insert(0, head.iter().map(|&name| name.to_owned()).collect());
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<String>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}
