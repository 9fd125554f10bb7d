//! Which of two reports of one box is the newer. Pure.
//!
//! Reports of one boot are numbered. Boots are not: a boot that is not the newest is only
//! known to be old when it was seen before, so the one before the newest is remembered.

/// Where a report stands: its boot and its number in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The boot.
    pub boot_id: String,
    /// The boot before it, if one was seen.
    pub previous_boot_id: Option<String>,
    /// The number of the report in its boot.
    pub sequence: u64,
}

/// What a report is, beside those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Newer than all: it is taken.
    New,
    /// The newest again: its answer was lost. Nothing changes, and it is answered.
    Repeated,
    /// Older than the newest: overtaken on its way. Nothing changes.
    Stale,
}

/// Compares a report with the newest one taken.
#[must_use]
pub fn order(newest: Option<&Position>, boot_id: &str, sequence: u64) -> Order {
    let Some(newest) = newest else { return Order::New };
    if boot_id == newest.boot_id {
        return match sequence.cmp(&newest.sequence) {
            std::cmp::Ordering::Greater => Order::New,
            std::cmp::Ordering::Equal => Order::Repeated,
            std::cmp::Ordering::Less => Order::Stale,
        };
    }
    if newest.previous_boot_id.as_deref() == Some(boot_id) { Order::Stale } else { Order::New }
}

/// Where the newest stands once a new report has been taken.
#[must_use]
pub fn after(newest: Option<&Position>, boot_id: &str, sequence: u64) -> Position {
    let previous_boot_id = match newest {
        Some(newest) if newest.boot_id == boot_id => newest.previous_boot_id.clone(),
        Some(newest) => Some(newest.boot_id.clone()),
        None => None,
    };
    Position { boot_id: boot_id.to_owned(), previous_boot_id, sequence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_a_boot_are_numbered_and_boots_follow_one_another() {
        let mut newest = None;
        let cases = [
            ("a", 1, Order::New),
            ("a", 1, Order::Repeated),
            ("a", 5, Order::New),
            ("a", 4, Order::Stale),
            ("b", 1, Order::New),
            ("a", 6, Order::Stale),
            ("b", 2, Order::New),
            ("a", 7, Order::Stale),
            ("c", 1, Order::New),
            ("b", 3, Order::Stale),
        ];
        for (boot, sequence, expected) in cases {
            let found = order(newest.as_ref(), boot, sequence);
            assert_eq!(found, expected, "{boot} {sequence}");
            if found == Order::New {
                newest = Some(after(newest.as_ref(), boot, sequence));
            }
        }
    }
}
