//! A box seals its keys by the TPM that the kernel has: in a machine under Debian's own kernel, for a
//! user who is in the device's group and nothing else.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use parts::guest::Guest;
use parts::place::Place;
use std::fs;

/// Numbers that stand for nobody, and for the group of the device.
const USER: u32 = 65_534;
const GROUP: u32 = 111;

#[test]
fn keys_are_sealed_by_the_kernels_tpm_for_who_is_in_its_group() {
    let place = Place::with("portable", &[]);
    let read = |name: &str| fs::read_to_string(place.path(name)).expect("read");
    let both = read("key.pem") + &read("cert.pem");
    fs::write(place.path("identity.pem"), both).expect("written");
    let folder = place.folder().display().to_string();
    let file = format!("{folder}/identity.pem");
    let apart = format!("identity:\n  chain_file: {folder}/cert.pem\n  key_file: {folder}/key.pem");
    let own = format!("identity: {{ chain_file: {file}, key_file: {file}, renewed: true }}");
    place.configure(1, &[(&apart, &own)]);
    let mut guest = Guest::boot(&place);
    // As udev leaves it (Debian: tpm-udev).
    guest.run(&format!("chown 0:{GROUP} /dev/tpmrm0; chmod 660 /dev/tpmrm0"));
    guest.run(&format!("chown -R {USER} {folder}"));
    let config = place.config().display().to_string();
    let as_user = |groups: &str, command: &str| {
        format!("setpriv --reuid {USER} --regid {USER} {groups} appliance {command} {config}")
    };
    let member = format!("--groups {GROUP}");

    let (found, _) = guest.outcome(&as_user(&member, "diagnose"));
    assert!(found.contains("though there is a TPM (appliance seal)"), "{found}");
    let (refused, status) = guest.outcome(&as_user("--clear-groups", "seal"));
    assert!(status == "1" && refused.contains("group tss"), "{refused}");
    let sealed = guest.run(&as_user(&member, "seal"));
    assert!(sealed.contains("sealed to this machine's TPM (/dev/tpmrm0)"), "{sealed}");
    assert!(guest.run(&format!("cat {file}")).contains("BEGIN HEADEND SEALED KEY"));
    guest.run(&as_user(&member, "check"));
    let (found, _) = guest.outcome(&as_user(&member, "diagnose"));
    assert!(found.contains("keys are sealed to this machine's TPM"), "{found}");
    let (refused, status) = guest.outcome(&as_user("--clear-groups", "run"));
    assert!(status == "2" && refused.contains("group tss"), "{refused}");

    // Bound to what firmware and boot loader have measured, and again to nothing.
    guest.run(&as_user(&member, "seal --tpm-pcrs 0,7"));
    assert!(guest.run(&format!("cat {folder}/sealing.key")).contains("\"pcrs\": \"0,7\""));
    guest.run(&as_user(&member, "check"));
    guest.run(&as_user(&member, "seal"));
    guest.run(&as_user(&member, "check"));
}
