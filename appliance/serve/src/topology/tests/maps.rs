//! What a person reads, and what a program does.

use super::made_up::{Files, survey};
use super::{server, small};

#[test]
fn a_server_with_two_sockets() {
    insta::assert_snapshot!(server().survey(8).map());
}

#[test]
fn a_virtual_machine_with_one_core() {
    insta::assert_snapshot!(small().survey(1).map());
}

#[test]
fn a_program_reads_the_same() {
    insta::assert_json_snapshot!(small().survey(1));
}

#[test]
fn a_container_that_sees_nothing_of_sysfs() {
    let root = tempfile::tempdir().expect("folder");
    Files(root.path()).text("proc/self/status", "Cpus_allowed_list:\t2,5");
    let survey = survey(root.path(), &["/srv/a".into()], 2);
    insta::assert_snapshot!(survey.map());
}

#[test]
fn where_nothing_at_all_is_told_threads_run_anywhere() {
    let root = tempfile::tempdir().expect("folder");
    let survey = survey(root.path(), &[], 2);
    assert!(survey.plan.threads.is_empty() && survey.plan.takers.is_empty());
    assert!(survey.summary().starts_with("uring: serving threads run anywhere"));
}

#[test]
fn what_no_kernel_writes_is_unknown() {
    let root = server().write();
    let files = Files(root.path());
    files.text("sys/devices/system/cpu/cpu4/topology/core_id", "four");
    files.text("sys/devices/system/cpu/cpu5/topology/thread_siblings_list", "5-");
    files.text("proc/irq/41/effective_affinity_list", &"4,".repeat(1 << 20));
    files.text("sys/devices/pci0/card-eth0/numa_node", "99999999999");
    files.text("proc/self/mountinfo", "\n\n \n1 2 3\n");
    let survey = survey(root.path(), &server().folders(), 8);
    let interface = &survey.topology.interfaces.as_ref().expect("readable")[0];
    assert_eq!((interface.node, interface.receive[0].irq), (None, Some(41)));
    assert_eq!(interface.receive[0].delivered_to(), None);
    assert_eq!(survey.topology.processor(4).and_then(|it| it.core), None);
    assert_eq!(survey.topology.processor(5).and_then(|it| it.siblings.clone()), None);
    assert!(survey.topology.disks.iter().all(|disk| disk.device.is_none()));
    assert!(super::said(&survey)[0].starts_with("eth0 rx-0: the kernel does not say"));
}

#[test]
fn this_machine_can_be_read_whatever_it_is() {
    let folder = std::env::temp_dir();
    let survey = survey(std::path::Path::new("/"), &[folder], 1);
    assert!(!survey.map().is_empty());
}
