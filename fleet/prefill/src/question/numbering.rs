//! Titles from day to day: a number stays with its title.
//!
//! Which box draws which title depends on the number. With other numbers everything would move.

use super::asked::TitleAsked;
use contract::names::{GroupName, TitleName};
use std::collections::HashMap;

/// The titles of today, those that were there before in their places. What is new takes the places
/// of what has gone, then those at the end; empty places at the end go.
#[must_use]
pub fn numbered(before: &[Option<TitleAsked>], today: Vec<TitleAsked>) -> Vec<Option<TitleAsked>> {
    let key = |title: &TitleAsked| (title.group.clone(), title.title.clone());
    let places: HashMap<(GroupName, TitleName), usize> = before
        .iter()
        .enumerate()
        .filter_map(|(at, title)| Some((key(title.as_ref()?), at)))
        .collect();
    let mut titles: Vec<Option<TitleAsked>> = vec![None; before.len()];
    let mut new = Vec::new();
    for title in today {
        match places.get(&key(&title)) {
            Some(at) => titles[*at] = Some(title),
            None => new.push(title),
        }
    }
    let mut new = new.into_iter();
    for free in titles.iter_mut().filter(|title| title.is_none()) {
        *free = new.next();
    }
    titles.extend(new.map(Some));
    while titles.last().is_some_and(Option::is_none) {
        titles.pop();
    }
    titles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(names: &[&str]) -> Vec<TitleAsked> {
        let title = |name: &&str| TitleAsked {
            group: GroupName::new("g").expect("name"),
            title: TitleName::new(*name).expect("name"),
            size_bytes: 1,
            due_us: None,
        };
        names.iter().map(title).collect()
    }

    #[test]
    fn who_was_there_stays_in_its_place() {
        let names = |titles: &[Option<TitleAsked>]| -> Vec<String> {
            let name =
                |it: &Option<TitleAsked>| it.as_ref().map_or("-".into(), |it| it.title.to_string());
            titles.iter().map(name).collect()
        };
        let first = numbered(&[], titles(&["a", "b", "c", "d"]));
        assert_eq!(names(&first), ["a", "b", "c", "d"]);
        let next = numbered(&first, titles(&["x", "d", "a"]));
        assert_eq!(names(&next), ["a", "x", "-", "d"]);
        let next = numbered(&next, titles(&["x", "y", "z", "a"]));
        assert_eq!(names(&next), ["a", "x", "y", "z"]);
        assert_eq!(names(&numbered(&next, titles(&["x"]))), ["-", "x"]);
        assert!(numbered(&next, vec![]).is_empty());
    }
}
