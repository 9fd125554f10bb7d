//! Settings that nobody reads, and keys that no device shows, are slips: they are refused when they are written.

use crate::api::Problem;
use config_render::reading::complaints;
use config_render::values::Known;
use inventory::Complaint;
use inventory::kinds::{CONFIG_CONTEXT, DEVICE};
use inventory::records::{Changing, Refused};
use ssh::HostKeys;

/// Looks at the settings, and the host keys, that a change has written.
pub(in crate::api) fn check(known: &Known, changing: &Changing) -> Result<(), Problem> {
    let written =
        changing.touched(&CONFIG_CONTEXT).filter_map(|(key, _, after)| Some((key, after?)));
    let wrong = written.flat_map(|(key, context)| {
        let data = context.get("data");
        let unknown = known.check(data).into_iter().map(|it| (it.path, it.message));
        unknown.chain(complaints(data)).map(move |(path, message)| {
            Complaint::new(format!("data.{path}"), format!("{message} (config context {key})"))
        })
    });
    let wrong: Vec<Complaint> = wrong.chain(host_keys(changing)).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Refused::Invalid(wrong).into()) }
}

fn host_keys(changing: &Changing) -> impl Iterator<Item = Complaint> {
    let written = changing.touched(&DEVICE).filter_map(|(_, _, after)| after);
    written.filter_map(|device| {
        let wrong = HostKeys::parse(device.get("ssh_host_keys").as_str()?).err()?;
        Some(Complaint::new("ssh_host_keys", wrong.to_string()))
    })
}
