//! Who tells the time to a lab's machines, by NTS (RFC 8915), and shows who it is.

use super::Lab;
use crate::self_signed;
use anyhow::{Context, Result};
use std::path::Path;

/// Has the machine of a role tell the time; writes to a file what others are to believe.
pub(super) async fn start(lab: &Lab, role: &str, authorities: &Path) -> Result<()> {
    let machines = &lab.topology.machines;
    let name = machines.iter().find(|(_, machine)| machine.value.role.value == role);
    let name = name.with_context(|| format!("the topology has no machine of the role {role}"))?.0;
    let machine = lab.machine(name)?;
    let folder = machine.folder.root().join("etc/chrony");
    self_signed::write(&[name], authorities, &folder.join("nts.key"))?;
    std::fs::copy(authorities, folder.join("nts.pem"))?;
    machine.run(["chown", "_chrony", "/etc/chrony/nts.key", "/etc/chrony/nts.pem"]).await?;
    machine.run(["systemctl", "start", "chrony"]).await.map(drop)
}
