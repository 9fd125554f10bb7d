//! `fleet person …`

use super::client::Client;
use super::output::{Output, text};
use super::password;
use crate::api::{List, NewPassword, NewPerson, NewRole, PersonItem, SshIssuedItem};
use clap::Subcommand;
use contract::names::DeviceName;
use people::Role;

#[derive(Debug, Subcommand)]
pub(super) enum PersonCommand {
    /// Let somebody log in. Prints the password that was made for him, once.
    Create {
        /// What he is to be called.
        name: String,
        /// partner: sees what is his provider's; viewer: sees everything; operator: changes what the fleet does; admin: says who may what,
        /// and whose word counts.
        #[arg(long)]
        role: Role,
        /// Whose partner he is.
        #[arg(long, required_if_eq("role", "partner"))]
        provider: Option<String>,
        /// Take his password from standard input instead.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Everybody.
    List,
    /// Say what somebody may do from now on.
    Role {
        /// Who.
        name: String,
        /// partner, viewer, operator or admin.
        role: Role,
        /// Whose partner he is.
        #[arg(long, required_if_eq("role", "partner"))]
        provider: Option<String>,
    },
    /// Give oneself another password, or somebody who has forgotten his. Sessions end.
    Password {
        /// Whose; yours where nothing is said.
        name: Option<String>,
        /// Take passwords from standard input, a line each: yours from before, if it is yours, and
        /// the new one.
        #[arg(long)]
        password_stdin: bool,
    },
    /// The SSH certificates that people got last, the newest first.
    Certificates {
        /// Of this appliance alone.
        #[arg(long)]
        appliance: Option<DeviceName>,
    },
    /// Let somebody in no more; sessions end.
    Delete {
        /// Who.
        name: String,
    },
}

impl PersonCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Create { name, role, provider, password_stdin } => {
                let role = role.to_string();
                let password = password_stdin.then(|| password::read("", true)).transpose()?;
                let made: PersonItem = client
                    .post("/api/v1/people", &NewPerson { name, role, provider, password })
                    .await?;
                output.write(&made, told)
            }
            Self::List => {
                let people: List<PersonItem> = client.get("/api/v1/people").await?;
                output.write(&people, |people| table(output, &people.items))
            }
            Self::Role { name, role, provider } => {
                let new = NewRole { role: role.to_string(), provider };
                let changed: PersonItem =
                    client.put(&format!("/api/v1/people/{name}/role"), &new).await?;
                output.write(&changed, |it| format!("{} is {} from now on", it.name, it.role))
            }
            Self::Password { name, password_stdin } => {
                let me: PersonItem = client.get("/api/v1/sessions/current").await?;
                let name = name.unwrap_or_else(|| me.name.clone());
                let before = (name == me.name)
                    .then(|| password::read("Password until now: ", password_stdin));
                let password =
                    Some(password::read_new(&format!("New password of {name}: "), password_stdin)?);
                let new = NewPassword { before: before.transpose()?, password };
                let path = format!("/api/v1/people/{name}/password");
                let changed: PersonItem = client.put(&path, &new).await?;
                output.write(&changed, |it| {
                    format!("{} has another password; whoever was logged in is so no more", it.name)
                })
            }
            Self::Certificates { appliance } => {
                let which = appliance.map(|it| format!("?appliance={it}")).unwrap_or_default();
                let path = format!("/api/v1/ssh/certificates{which}");
                let issued: List<SshIssuedItem> = client.get(&path).await?;
                output.write(&issued, |issued| certificates(output, &issued.items))
            }
            Self::Delete { name } => {
                client.delete(&format!("/api/v1/people/{name}")).await?;
                output.done(&format!("{name} is let in no more"))
            }
        }
    }
}

fn told(made: &PersonItem) -> String {
    let PersonItem { name, role, password, .. } = made;
    match password {
        None => format!("{name} may log in, as {role}"),
        Some(password) => {
            let next = format!("`fleet login {name}`, and `fleet person password` for another");
            format!("{name} may log in, as {role}, with this password: {password}\n{next}")
        }
    }
}

fn table(output: &Output, people: &[PersonItem]) -> String {
    let mut table = output.columns(&["person", "role", "provider", "last log-in"]);
    for person in people {
        let last = person.logged_in_at.as_deref().unwrap_or("never");
        let provider = person.provider.as_deref().unwrap_or_default();
        table.row([text(&person.name), text(&person.role), text(&provider), text(&last)]);
    }
    table.render()
}

fn certificates(output: &Output, issued: &[SshIssuedItem]) -> String {
    let mut table = output.columns(&["issued", "until", "person", "appliance", "for", "from"]);
    for it in issued {
        let from = match it.source_addresses.as_slice() {
            [] => "anywhere".to_owned(),
            some => some.join(", "),
        };
        table.row([
            text(&it.issued_at),
            text(&it.not_after),
            text(&it.person),
            text(&it.appliance),
            text(&it.command.as_deref().unwrap_or("a shell")),
            text(&from),
        ]);
    }
    table.render()
}
