//! Where a title may be shown. Pure.
//!
//! A title of which nothing is said may be shown everywhere. Otherwise it may be shown where its terms say so: in
//! a region, all regions that are parts of it, or everywhere else. What is said of the smallest region that a
//! place is in counts there, whatever is said of larger ones.

use crate::{CatalogError, RightsWindow};
use serde::{Deserialize, Serialize};

/// Terms of one title: more than there are countries.
pub const MAX_TERMS: usize = 300;

/// What one title lacks in one region.
pub const MAX_LACKS: usize = 20;

/// The longest name of a region, or of something that is lacking.
const MAX_WORD_CHARS: usize = 63;

/// What is agreed for a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The region; everywhere else without one.
    pub region: Option<String>,
    /// When it may be shown there; within the title's own window.
    #[serde(flatten)]
    pub window: RightsWindow,
    /// What it lacks there, such as `subtitles` or `rating`: boxes hold it, and nobody is offered it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
}

impl Terms {
    /// Whether they make sense.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn check(&self) -> Result<(), CatalogError> {
        self.window.check()?;
        if self.region.as_deref().is_some_and(|it| !is_word(it)) {
            return Err(CatalogError::invalid("region", "expected the name of a region"));
        }
        if self.lacks.len() > MAX_LACKS || !self.lacks.iter().all(|it| is_word(it)) {
            let says = "expected at most 20 words of letters, digits, - and _";
            return Err(CatalogError::invalid("lacks", says));
        }
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    let is_of_it = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
    (1..=MAX_WORD_CHARS).contains(&text.len()) && text.chars().all(is_of_it)
}

/// What counts at a place, which is in these regions, the smallest first.
#[must_use]
pub fn terms_at<'a>(terms: &'a [Terms], regions: &[&str]) -> Where<'a> {
    if terms.is_empty() {
        return Where::Anywhere;
    }
    let of = |region: Option<&str>| terms.iter().find(|it| it.region.as_deref() == region);
    let found = regions.iter().find_map(|region| of(Some(region))).or_else(|| of(None));
    found.map_or(Where::Nowhere, Where::Under)
}

/// What counts at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where<'a> {
    /// Nothing is said of the title: it may be shown.
    Anywhere,
    /// It may be shown there under these.
    Under(&'a Terms),
    /// It may not be shown there.
    Nowhere,
}

impl Where<'_> {
    /// When the title may be shown there; `None` if never.
    #[must_use]
    pub fn window(&self, own: RightsWindow) -> Option<RightsWindow> {
        match self {
            Self::Anywhere => Some(own),
            Self::Under(terms) => own.within(terms.window),
            Self::Nowhere => None,
        }
    }

    /// What it lacks there.
    #[must_use]
    pub fn lacks(&self) -> &[String] {
        match self {
            Self::Under(terms) => &terms.lacks,
            Self::Anywhere | Self::Nowhere => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::time::TimeUs;

    fn terms(region: Option<&str>, from: Option<i64>, until: Option<i64>) -> Terms {
        let window = RightsWindow { serve_from: from.map(TimeUs), serve_until: until.map(TimeUs) };
        Terms { region: region.map(str::to_owned), window, lacks: vec![] }
    }

    #[test]
    fn the_smallest_region_counts() {
        let all = [terms(Some("europe"), Some(5), None), terms(Some("de"), None, Some(9))];
        let at = |regions: &[&str]| terms_at(&all, regions);
        assert_eq!(at(&["bayern", "de", "europe"]), Where::Under(&all[1]));
        assert_eq!(at(&["fr", "europe"]), Where::Under(&all[0]));
        assert_eq!(at(&["us"]), Where::Nowhere);
        assert_eq!(at(&[]), Where::Nowhere);
        let and_elsewhere = [&all[..], &[terms(None, None, None)]].concat();
        assert_eq!(terms_at(&and_elsewhere, &["us"]), Where::Under(&and_elsewhere[2]));
        assert_eq!(terms_at(&[], &["us"]), Where::Anywhere);
    }

    #[test]
    fn windows_are_within_each_other() {
        let own = RightsWindow { serve_from: Some(TimeUs(3)), serve_until: Some(TimeUs(8)) };
        let within = |from: Option<i64>, until: Option<i64>| {
            let terms = [terms(None, from, until)];
            let window = terms_at(&terms, &[]).window(own)?;
            Some((window.serve_from?.0, window.serve_until?.0))
        };
        assert_eq!(within(None, None), Some((3, 8)));
        assert_eq!(within(Some(5), Some(6)), Some((5, 6)));
        assert_eq!(within(Some(1), Some(9)), Some((3, 8)));
        assert_eq!(within(Some(8), None), None, "it never opens");
        assert_eq!(Where::Nowhere.window(own), None);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(terms(Some("de"), Some(1), Some(2)).check().is_ok());
        assert!(terms(Some("de"), Some(2), Some(2)).check().is_err());
        assert!(terms(Some("de/x"), None, None).check().is_err());
        let lacking = |lacks: Vec<String>| Terms { lacks, ..terms(None, None, None) }.check();
        assert!(lacking(vec!["subtitles".to_owned(); 20]).is_ok());
        assert!(lacking(vec!["subtitles".to_owned(); 21]).is_err());
        assert!(lacking(vec![String::new()]).is_err());
    }
}
