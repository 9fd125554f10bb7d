//! What a role may do on a box: pure.

use crate::Role;
use contract::names::DeviceName;

/// Where a box has its configuration.
pub const BOX_CONFIG: &str = "/etc/headend/config.yaml";

/// What changes nothing on a box.
pub const READ_ONLY_COMMANDS: [&str; 4] = [
    "appliance diagnose /etc/headend/config.yaml",
    "appliance diagnose /etc/headend/config.yaml --output json",
    "appliance status /etc/headend/config.yaml",
    "appliance status /etc/headend/config.yaml --json",
];

/// Longer ones belong into a script.
const MAX_COMMAND_BYTES: usize = 1024;

/// That somebody may into a box, and what for. Only [`allowed`] makes one, and a certificate is made of
/// nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    appliance: DeviceName,
    force_command: Option<String>,
}

impl Grant {
    /// Into which.
    #[must_use]
    pub fn appliance(&self) -> &DeviceName {
        &self.appliance
    }

    /// As whom a box knows it: its own name, which no other box takes for its own.
    #[must_use]
    pub fn principals(&self) -> [&str; 1] {
        [self.appliance.as_str()]
    }

    /// The one command that it is good for; without one, a shell.
    #[must_use]
    pub fn force_command(&self) -> Option<&str> {
        self.force_command.as_deref()
    }
}

/// Somebody may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A shell can do everything.
    #[error(
        "a viewer gets no shell on a box: ask for one of the commands that change nothing ({})",
        READ_ONLY_COMMANDS.join("; ")
    )]
    NoShell,
    /// The command might change something.
    #[error(
        "a viewer runs nothing on a box but what changes nothing: {}",
        READ_ONLY_COMMANDS.join("; ")
    )]
    NotReadOnly,
    /// Whoever sees one provider's boxes does not come into them.
    #[error("partners do not come into boxes by SSH")]
    NotForPartners,
    /// Not a command.
    #[error("a command is one line of 1 to {MAX_COMMAND_BYTES} octets, without control characters")]
    NotACommand,
}

/// What somebody may do on a box who wants a shell there, or one command.
///
/// # Errors
/// [`Refused`] when he may not.
pub fn allowed(
    role: Role,
    appliance: &DeviceName,
    wanted_command: Option<&str>,
) -> Result<Grant, Refused> {
    if wanted_command.is_some_and(|command| !is_command(command)) {
        return Err(Refused::NotACommand);
    }
    match (role, wanted_command) {
        (Role::Admin | Role::Operator, _) => {}
        (Role::Viewer, Some(command)) if READ_ONLY_COMMANDS.contains(&command) => {}
        (Role::Viewer, Some(_)) => return Err(Refused::NotReadOnly),
        (Role::Viewer, None) => return Err(Refused::NoShell),
        (Role::Partner, _) => return Err(Refused::NotForPartners),
    }
    let force_command = wanted_command.map(str::to_owned);
    Ok(Grant { appliance: appliance.clone(), force_command })
}

/// An empty one would be a shell to sshd.
fn is_command(text: &str) -> bool {
    !text.trim().is_empty()
        && text.len() <= MAX_COMMAND_BYTES
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn device(name: &str) -> DeviceName {
        DeviceName::new(name).expect("a name")
    }

    #[test]
    fn operators_get_one_box_and_viewers_one_look_at_it() {
        let oca1 = device("oca1.site-a");
        for role in [Role::Operator, Role::Admin] {
            let shell = allowed(role, &oca1, None).expect("a shell");
            assert_eq!((shell.principals(), shell.force_command()), (["oca1.site-a"], None));
            let one = allowed(role, &oca1, Some("systemctl restart appliance")).expect("a command");
            assert_eq!(one.force_command(), Some("systemctl restart appliance"));
            assert_eq!(one.principals(), ["oca1.site-a"]);
        }
        for command in READ_ONLY_COMMANDS {
            assert!(command.contains(BOX_CONFIG), "{command}");
            let look = allowed(Role::Viewer, &oca1, Some(command)).expect(command);
            assert_eq!((look.principals(), look.force_command()), (["oca1.site-a"], Some(command)));
        }
        assert_eq!(allowed(Role::Viewer, &oca1, None), Err(Refused::NoShell));
    }

    #[test]
    fn nothing_else_is_read_only_and_what_is_no_command_nobody_gets() {
        let oca1 = device("oca1");
        for command in [
            "appliance diagnose",
            "appliance diagnose /etc/headend/config.yaml ",
            "appliance diagnose /etc/headend/config.yaml; sh",
            "appliance status /etc/shadow",
            "sh",
        ] {
            assert_eq!(allowed(Role::Viewer, &oca1, Some(command)), Err(Refused::NotReadOnly));
        }
        for wanted in [None, Some(READ_ONLY_COMMANDS[0]), Some("sh")] {
            assert_eq!(allowed(Role::Partner, &oca1, wanted), Err(Refused::NotForPartners));
        }
        for role in Role::ALL {
            for none in ["", "  ", "true\nsh", "true\0", "\u{85}", &"x".repeat(1025)] {
                assert_eq!(allowed(role, &oca1, Some(none)), Err(Refused::NotACommand), "{none}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_viewer_gets_more_than_a_look(command: String) {
            let oca1 = device("oca1");
            let granted = allowed(Role::Viewer, &oca1, Some(&command));
            prop_assert_eq!(granted.is_ok(), READ_ONLY_COMMANDS.contains(&&*command));
            if let Ok(granted) = allowed(Role::Admin, &oca1, Some(&command)) {
                prop_assert_eq!(granted.force_command(), Some(&*command));
                prop_assert!(!command.contains(['\n', '\r', '\0']) && !command.is_empty());
            }
        }
    }
}
