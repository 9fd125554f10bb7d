//! Made-up machines, from the files of their kernels to the plan and its map.

mod made_up;
mod maps;
mod plans;

use made_up::{Block, Card, MadeUp};

/// Two sockets of four cores with two threads each; a card with a queue for each processor
/// of node 1, and a disk on either node.
fn server() -> MadeUp {
    let queues = ["4", "5", "6", "7", "12", "13", "14", "15"];
    MadeUp {
        packages: 2,
        cores: 4,
        threads: 2,
        online: "0-15",
        allowed: "0-15",
        memory: "0-1",
        cards: vec![Card {
            name: "eth0",
            node: 1,
            state: "up",
            handler: "ice-eth0-TxRx-",
            first_irq: 40,
            queues: queues.map(|to| (to, "0000")).to_vec(),
        }],
        blocks: vec![
            Block { name: "nvme0n1", node: 0, queues: 16, mounted_at: "/srv/a" },
            Block { name: "nvme1n1", node: 1, queues: 16, mounted_at: "/srv/b" },
        ],
    }
}

/// One core, one queue, one disk, and no nodes worth the name.
fn small() -> MadeUp {
    MadeUp {
        packages: 1,
        cores: 1,
        threads: 1,
        online: "0",
        allowed: "0",
        memory: "0",
        cards: vec![Card {
            name: "eth0",
            node: -1,
            state: "unknown",
            handler: "virtio2-input.",
            first_irq: 36,
            queues: vec![("0", "0")],
        }],
        blocks: vec![Block { name: "vda", node: -1, queues: 1, mounted_at: "/" }],
    }
}

fn said(of: &super::Survey) -> Vec<String> {
    of.plan.complaints.iter().map(ToString::to_string).collect()
}
