//! A configuration that is valid, and cuts whoever sends it off: the device comes back by itself.

use super::device::{BOX, armed_for, in_a_lab, is_taken_back, must, of_witnesses, present, run};
use anyhow::{Result, ensure};
use config_render::device::{Check, Draft, When};
use tests::lab::Lab;
use tests::lab::cdn::wait_for;
use tests::process::output;

/// Whether the device's SSH server says its name to the operator.
async fn is_reachable(lab: &Lab) -> bool {
    let Ok(mut words) = lab.at("operator") else { return false };
    let hello = "exec 3<>/dev/tcp/10.85.0.31/22 && read -r hello <&3 && [[ $hello == SSH-* ]]";
    words.extend(["timeout", "1", "bash", "-c", hello].map(Into::into));
    output(&words[0], &words[1..]).await.is_ok()
}

async fn is_cut_off_and_comes_back(lab: &Lab, draft: Draft) -> Result<()> {
    ensure!(is_reachable(lab).await, "it cannot be reached to begin with");
    let bundle = draft.pack()?;
    must(lab, BOX, &bundle, &armed_for(8)).await?;
    ensure!(!is_reachable(lab).await, "{} cuts nobody off", draft.label);
    wait_for("it can be reached again", async || is_reachable(lab).await).await?;
    is_taken_back(lab, BOX, &bundle).await
}

/// One file, which its own checker takes, and a service that reads it again.
fn valid(label: &str, (path, text): (&str, &str), checker: &str, reload: &str) -> Draft {
    let check = Check { path: path.to_owned(), command: checker.to_owned(), limit_s: 5 };
    Draft {
        label: label.to_owned(),
        files: vec![present(path, text)],
        checks: vec![check],
        commands: vec![run(When::Both, reload)],
    }
}

#[tokio::test]
async fn a_device_that_lets_nobody_in_comes_back_by_itself() -> Result<()> {
    in_a_lab(async |lab| {
        let rules = ("/etc/nftables.conf", include_str!("nobody.nft"));
        let firewall = valid("firewall", rules, "nft -c -f {}", "systemctl reload nftables");
        is_cut_off_and_comes_back(lab, firewall).await?;

        let port = ("/etc/ssh/sshd_config.d/port.conf", "Port 2222\n");
        let server = valid("server", port, "/usr/sbin/sshd -t -f {}", "systemctl reload ssh");
        is_cut_off_and_comes_back(lab, server).await?;

        let mut network = of_witnesses("network");
        network.commands.push(run(When::Switch, "ip link set eth0 down"));
        network.commands.push(run(When::Revert, "ip link set eth0 up"));
        is_cut_off_and_comes_back(lab, network).await
    })
    .await
}
