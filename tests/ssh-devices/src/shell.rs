//! What a device says to a line; pure.

use crate::Device;

/// Its name, and what stands before each line.
pub(crate) const PROMPT: &str = "sw1#";

/// Lines of a page, where nobody has turned paging off.
const PAGE_LINES: usize = 23;

/// What a line did.
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) status: u32,
}

/// What a device says to a command.
pub(crate) fn said(device: &Device, line: &str) -> Said {
    let text = match line.trim() {
        "show running-config" => running_config(device.config_bytes),
        "show clock" => "12:00:00.000 UTC Tue Dec 1 2026\n".to_owned(),
        "" | "terminal length 0" => String::new(),
        other => {
            let text = format!("% Invalid input detected: {other}\n");
            return Said { text, status: 1 };
        }
    };
    Said { text, status: 0 }
}

/// A shell that somebody types at.
#[derive(Debug, Default)]
pub(crate) struct Shell {
    typed: Vec<u8>,
    is_unpaged: bool,
    /// What follows behind «--More--».
    rest: String,
}

impl Shell {
    /// What is shown for what was typed, the typed letters among it.
    pub(crate) fn hear(&mut self, device: &Device, bytes: &[u8]) -> String {
        let mut shown = String::new();
        for byte in bytes {
            match byte {
                _ if !self.rest.is_empty() => {
                    shown += &"\u{8} \u{8}".repeat("--More--".len());
                    let rest = std::mem::take(&mut self.rest);
                    shown += &self.page(&rest);
                }
                b'\r' | b'\n' => shown += &self.line(device),
                byte => {
                    self.typed.push(*byte);
                    shown.push(char::from(*byte));
                }
            }
        }
        shown
    }

    fn line(&mut self, device: &Device) -> String {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.typed)).into_owned();
        self.is_unpaged |= line == "terminal length 0";
        let text = said(device, &line).text;
        format!("\r\n{}", self.page(&text))
    }

    /// As much as fits, and what stands below it.
    fn page(&mut self, text: &str) -> String {
        let page_lines = if self.is_unpaged { usize::MAX } else { PAGE_LINES };
        let end = text.match_indices('\n').map(|(at, _)| at + 1).nth(page_lines - 1);
        let (page, rest) = text.split_at(end.unwrap_or(text.len()));
        rest.clone_into(&mut self.rest);
        let below = if rest.is_empty() { PROMPT } else { "--More--" };
        format!("{}{below}", page.replace('\n', "\r\n"))
    }
}

/// What a device with that long a configuration says to `show running-config`: bytes that look like what a switch
/// has, comments with the letter that ends its prompt among them.
#[must_use]
pub fn running_config(bytes: usize) -> String {
    let mut text = "!\nhostname sw1\n".to_owned();
    for port in 1.. {
        if text.len() >= bytes {
            break;
        }
        text += &format!(
            "! port #{port}\ninterface GigabitEthernet0/{port}\n description to oca{port}.site-a #\n switchport access vlan {}\n no shutdown\n",
            100 + port % 50
        );
    }
    text.truncate(bytes.saturating_sub(1));
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_as_long_as_is_asked_for() {
        for bytes in [1, 100, 20 << 10] {
            assert_eq!(running_config(bytes).len(), bytes);
        }
    }

    #[test]
    fn who_does_not_turn_paging_off_sees_pages() {
        let device = Device { config_bytes: 4000, ..Device::default() };
        let mut shell = Shell::default();
        let first = shell.hear(&device, b"show running-config\n");
        assert!(first.ends_with("--More--") && first.matches("\r\n").count() == PAGE_LINES + 1);
        let mut pages = 1;
        while !shell.hear(&device, b" ").ends_with(PROMPT) {
            pages += 1;
        }
        assert_eq!(pages, running_config(4000).lines().count() / PAGE_LINES);
        shell.hear(&device, b"terminal length 0\n");
        let all = shell.hear(&device, b"show running-config\n");
        assert!(all.ends_with(&format!("\r\n{PROMPT}")) && all.len() > 4000, "{all}");
    }
}
