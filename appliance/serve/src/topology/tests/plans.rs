//! Who serves where, and what is said about it.

use super::{Block, Card, MadeUp, said, server, small};
use crate::topology::Survey;
use proptest::prelude::*;

fn seats(of: &Survey) -> Vec<u32> {
    of.plan.threads.iter().map(|seat| seat.processor).collect()
}

#[test]
fn fewer_threads_than_cores_stand_where_packets_arrive() {
    let survey = server().survey(4);
    assert_eq!(seats(&survey), [4, 5, 6, 7], "whole cores first");
    assert!(survey.plan.threads.iter().all(|seat| seat.arena == Some(1)));
    // The other half of each core is served by the same core.
    let takers = &survey.plan.takers;
    assert_eq!((&takers[&12], &takers[&15]), (&vec![0], &vec![3]));
    assert_eq!(takers.len(), 16, "whoever receives something is heard");
}

#[test]
fn more_threads_than_queues_are_whole_cores_near_the_card() {
    let mut machine = server();
    machine.cards[0].queues.truncate(2);
    let survey = machine.survey(6);
    assert_eq!(seats(&survey), [0, 1, 4, 5, 6, 7], "then whole cores elsewhere");
    // Those who would have nothing share with the queues, near ones first.
    assert_eq!(survey.plan.takers[&4], [2, 0, 4]);
    assert_eq!(survey.plan.takers[&5], [3, 1, 5]);
    assert!(
        said(&survey)[0].contains("fewer receive queues (2) than there are serving threads (6)")
    );
}

#[test]
fn without_a_queue_that_is_known_nobody_shares() {
    let mut machine = server();
    machine.cards.clear();
    let survey = machine.survey(8);
    assert_eq!(seats(&survey), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert!(survey.plan.takers.values().all(|of| of.len() == 1));
    assert_eq!(survey.plan.takers[&9], [1]);
}

#[test]
fn processors_with_holes() {
    let cards = Vec::new();
    let machine = MadeUp { online: "0-3,6-15", allowed: "2-3,6,11,14", cards, ..server() };
    let survey = machine.survey(5);
    assert_eq!(seats(&survey), [2, 3, 6, 11, 14]);
    let takers = &survey.plan.takers;
    assert_eq!(takers[&10], [0], "the other half of 2");
    assert_eq!((&takers[&0], &takers[&1]), (&vec![0], &vec![1]), "in turn, on the same node");
    assert_eq!((&takers[&7], &takers[&15]), (&vec![2], &vec![4]));
    assert!(!takers.contains_key(&4), "it is not online");
}

#[test]
fn a_queue_that_goes_where_nothing_serves() {
    let mut machine = server();
    machine.allowed = "4-7";
    machine.cards[0].queues = vec![("4", ""), ("5", ""), ("6", ""), ("9", "")];
    let survey = machine.survey(4);
    assert_eq!(survey.plan.takers[&9], [3], "the one on 7 has no queue of its own");
    let complaints = said(&survey);
    let expected = "eth0 rx-3 is delivered to processor 9, which serves nothing: thread 3 on \
                    processor 7 takes its connections; write one of 4-7 to \
                    /proc/irq/44/smp_affinity_list";
    assert!(complaints.iter().any(|it| it == expected), "{complaints:#?}");
}

#[test]
fn two_queues_on_one_core() {
    let mut machine = server();
    machine.cards[0].queues[1].0 = "4";
    let complaints = said(&machine.survey(8));
    assert_eq!(
        complaints,
        ["eth0 rx-0, rx-1 all go to processor 4, and none of its queues to 0: write one of 0 to \
          smp_affinity_list of an IRQ of 41-42"]
    );
}

#[test]
fn a_card_and_a_disk_far_from_all_threads() {
    let machine = MadeUp { allowed: "0-3", ..server() };
    let complaints = said(&machine.survey(2));
    let has = |text: &str| complaints.iter().any(|it| it.starts_with(text));
    assert!(has("eth0 is on node 1 but no serving thread is: every packet crosses nodes;"));
    assert!(has("disk nvme1n1 (/srv/b/objects) is on node 1 but no serving thread is:"));
    assert!(!has("disk nvme0n1"));
}

#[test]
fn a_node_without_memory() {
    let complaints = said(&MadeUp { memory: "0", ..server() }.survey(8));
    let expected = "thread 0 on processor 4 has no arena near to it: node 1 has no memory";
    assert_eq!(complaints.iter().filter(|it| it.contains("no arena")).count(), 8);
    assert!(complaints.iter().any(|it| it == expected), "{complaints:#?}");
}

#[test]
fn packets_that_are_handed_on() {
    let mut machine = server();
    machine.blocks.clear();
    machine.cards[0].queues = vec![("0", "00f0")];
    let survey = machine.survey(4);
    assert_eq!(seats(&survey), [4, 5, 6, 7], "RPS says where they come in");
    assert_eq!(said(&survey), Vec::<String>::new());
    machine.allowed = "4-7";
    machine.cards[0].queues = vec![("4", "0200")];
    let complaint = &said(&machine.survey(1))[0];
    assert!(
        complaint.ends_with("takes its connections; name some of 4 in rps_cpus"),
        "{complaint}"
    );
}

#[test]
fn an_interface_without_a_link_counts_for_nothing() {
    let mut machine = server();
    machine.cards[0].queues.truncate(1);
    machine.cards[0].state = "down";
    let survey = machine.survey(16);
    assert_eq!(said(&survey), Vec::<String>::new());
    assert!(survey.plan.takers.values().all(|of| of.len() == 1));
}

#[test]
fn too_many_threads_for_the_processors() {
    let survey = small().survey(3);
    assert!(survey.plan.threads.is_empty() && survey.plan.takers.is_empty());
    let expected = "3 serving threads for 1 processors: none has one to itself; set \
                    serving.threads to 1 or less";
    assert_eq!(said(&survey), [expected]);
}

#[test]
fn the_portable_engine_places_nobody() {
    let survey = server().survey(0);
    assert_eq!((survey.plan.threads.len(), said(&survey).len()), (0, 0));
}

/// Any allowed processors, any queues, any number of threads.
fn machines() -> impl Strategy<Value = (MadeUp, usize)> {
    const ONE: [&str; 8] = ["0", "1", "5", "6", "9", "12", "15", "0-3"];
    const ALLOWED: [&str; 5] = ["0-15", "0", "2-3,6,11,14", "8-15", "1,3,5,7"];
    let queues = proptest::collection::vec(0..ONE.len(), 0..10);
    (queues, 0..ALLOWED.len(), 0usize..17).prop_map(|(queues, allowed, threads)| {
        let queues = queues.into_iter().map(|at| (ONE[at], "")).collect();
        let card = Card { queues, ..server().cards[0].clone() };
        let block = Block { node: 0, ..server().blocks[0].clone() };
        let cards = vec![card];
        (MadeUp { allowed: ALLOWED[allowed], cards, blocks: vec![block], ..server() }, threads)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the machine: a seat is an allowed processor and nobody else's, every online
    /// processor has a taker that exists, and no thread is left without any.
    #[test]
    fn a_plan_holds_together((machine, threads) in machines()) {
        let survey = machine.survey(threads);
        let (topology, plan) = (&survey.topology, &survey.plan);
        let allowed = topology.processors.iter().filter(|each| each.is_allowed).count();
        prop_assert_eq!(plan.threads.len(), if threads <= allowed { threads } else { 0 });
        for pair in plan.threads.windows(2) {
            prop_assert!(pair[0].processor < pair[1].processor);
        }
        for seat in &plan.threads {
            prop_assert!(topology.processor(seat.processor).is_some_and(|it| it.is_allowed));
        }
        if plan.threads.is_empty() {
            prop_assert!(plan.takers.is_empty());
            return Ok(());
        }
        prop_assert_eq!(plan.takers.len(), topology.processors.len());
        let mut has_work = vec![false; threads];
        let receiving = topology.receiving();
        for (processor, of) in &plan.takers {
            let own = plan.thread_on(*processor);
            prop_assert!(!of.is_empty() && own.is_none_or(|own| of[0] == own));
            let is_busy = receiving.as_ref().is_none_or(|list| list.contains(*processor));
            of.iter().for_each(|thread| has_work[*thread] |= is_busy);
        }
        prop_assert!(has_work.into_iter().all(|has| has), "{:?}", plan);
    }
}
