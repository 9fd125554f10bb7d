//! Who tells the time to a lab's machines, by NTS (RFC 8915), and shows who it is.

use super::Lab;
use anyhow::{Context, Result};
use rcgen::{CertificateParams, KeyPair};
use std::path::Path;

/// Has the machine of a role tell the time; writes to a file what others are to believe.
pub(super) async fn start(lab: &Lab, role: &str, authorities: &Path) -> Result<()> {
    let machines = &lab.topology.machines;
    let name = machines.iter().find(|(_, machine)| machine.value.role.value == role);
    let name = name.with_context(|| format!("the topology has no machine of the role {role}"))?.0;
    let machine = lab.machine(name)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec![name.clone()])?.self_signed(&key)?;
    let folder = machine.folder.root().join("etc/chrony");
    std::fs::write(folder.join("nts.key"), key.serialize_pem())?;
    std::fs::write(folder.join("nts.pem"), certificate.pem())?;
    std::fs::write(authorities, certificate.pem())?;
    machine.run(["chown", "_chrony", "/etc/chrony/nts.key", "/etc/chrony/nts.pem"]).await?;
    machine.run(["systemctl", "start", "chrony"]).await.map(drop)
}
