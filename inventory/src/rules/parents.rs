//! Who is below whom: regions. Nobody is above himself.

/// Most levels of anything; more is a mistake.
const MOST: usize = 16;

/// Looks upwards from a record that is to be below another; `parent_of` tells who is above one.
///
/// # Errors
/// The way that comes back to it, or is too long.
pub fn check<'a>(
    key: &'a str,
    parent: &'a str,
    parent_of: impl Fn(&str) -> Option<&'a str>,
) -> Result<(), String> {
    let (mut at, mut way) = (parent, vec![key]);
    loop {
        way.push(at);
        if at == key {
            return Err(format!("nothing is above itself: {}", way.join(" < ")));
        }
        if way.len() > MOST {
            return Err(format!("more than {MOST} levels: {}", way.join(" < ")));
        }
        match parent_of(at) {
            Some(next) => at = next,
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_above_himself() {
        let above = |key: &str| match key {
            "berlin" => Some("germany"),
            "germany" => Some("europe"),
            _ => None,
        };
        assert_eq!(check("berlin", "germany", above), Ok(()));
        let said = check("europe", "berlin", above).expect_err("a circle");
        assert_eq!(said, "nothing is above itself: europe < berlin < germany < europe");
        assert!(check("a", "a", above).is_err());
        let said = check("x", "a", |_| Some("a")).expect_err("a circle above");
        assert!(said.contains("more than 16 levels"), "{said}");
    }
}
