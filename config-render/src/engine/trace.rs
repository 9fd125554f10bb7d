//! Which values a template has read, in order: asked only after it has failed, when it is run
//! once more.
//!
//! Lists and maps are put into ones that note what is taken out of them; what is no list and
//! no map stays as it is, since filters look at it. The last read that fits what the failing
//! expression names is the value that it failed with, also in the third round of a loop.

use super::chain::{Path, Step, chains};
use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use std::sync::{Arc, Mutex, PoisonError};

/// What is kept: the last ones count, and an expression reads a handful.
const READS: usize = 10_000;

/// How far `set a = b` is followed. Nobody renames a value more often before using it.
const RENAMES: usize = 8;

/// What has been read so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Reads(Arc<Mutex<Vec<Path>>>);

impl Reads {
    /// The same values, with every read noted.
    pub(super) fn watching(&self, values: &Value) -> Value {
        self.wrapped(Path::default(), values.clone())
    }

    fn wrapped(&self, path: Path, inner: Value) -> Value {
        match inner.kind() {
            ValueKind::Map | ValueKind::Seq => {
                Value::from_object(Watched { path, inner, reads: self.clone() })
            }
            _ => inner,
        }
    }

    fn note(&self, path: Path) {
        let mut reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reads.len() >= 2 * READS {
            reads.drain(..READS);
        }
        reads.push(path);
    }

    /// The last read that ends in these steps; of those, one that is nothing else is preferred.
    fn last(&self, steps: &[Step], root: Option<&Step>) -> Option<Path> {
        let reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ends_so = |path: &&Path| {
            path.0.len() >= steps.len()
                && steps.iter().rev().zip(path.0.iter().rev()).all(|(step, read)| step.fits(read))
        };
        let is_whole = |path: &&Path| path.0.len() == steps.len() + 1 && root == path.0.first();
        let fitting = || reads.iter().rev().filter(ends_so);
        fitting().find(is_whole).or_else(|| fitting().next()).cloned()
    }

    fn has(&self, path: &[Step]) -> bool {
        let reads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reads.iter().any(|read| read.0 == path)
    }

    /// Where the values of an expression come from that stands behind `before` in a template.
    pub(super) fn names(&self, expression: &str, before: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for chain in chains(expression) {
            if let Some(path) = self.resolved(&chain, before, RENAMES) {
                let name = path.to_string();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    fn resolved(&self, chain: &Path, before: &str, renames: usize) -> Option<Path> {
        let (root, tail) = chain.0.split_first()?;
        if !tail.is_empty() {
            return self.last(tail, Some(root));
        }
        let Step::Key(name) = root else { return None };
        match binding(name, before) {
            Some(binding) if renames > 0 => self.bound(&binding, before, renames - 1),
            _ => self.has(&chain.0).then(|| chain.clone()),
        }
    }

    /// What a name stands for that a loop or `set` has given.
    fn bound(&self, binding: &Binding<'_>, before: &str, renames: usize) -> Option<Path> {
        let of = chains(binding.expression).into_iter().next()?;
        let mut path = self.resolved(&of, &before[..binding.at], renames)?;
        // A filter may have changed the order: then it is the list that is named.
        if binding.is_loop && !binding.expression.contains('|') {
            path.0.push(Step::Any);
            return self.last(&path.0, None);
        }
        Some(path)
    }
}

/// `for name in expression`, or `set name = expression`.
struct Binding<'a> {
    expression: &'a str,
    is_loop: bool,
    at: usize,
}

/// The last place before this that gives a name its value.
fn binding<'a>(name: &str, before: &'a str) -> Option<Binding<'a>> {
    before.rmatch_indices("{%").find_map(|(at, _)| {
        // Not with the sign that begins it: `{%}`.
        let inside = &before[at + 2..];
        let inside = inside.split_once("%}").map_or(inside, |(inside, _)| inside);
        let inside = inside.trim_matches(['-', '+']).trim();
        let (keyword, rest) = inside.split_once(char::is_whitespace)?;
        let (left, right, is_loop) = match keyword {
            "for" => rest.split_once(" in ").map(|(left, right)| (left, right, true))?,
            "set" | "with" => rest.split_once('=').map(|(left, right)| (left, right, false))?,
            _ => return None,
        };
        let is_it = left.split(',').any(|part| part.trim().trim_matches(['(', ')']) == name);
        is_it.then_some(Binding { expression: right, is_loop, at })
    })
}

/// A list or map that notes what is read.
#[derive(Debug)]
struct Watched {
    path: Path,
    inner: Value,
    reads: Reads,
}

impl Object for Watched {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.inner.kind() {
            ValueKind::Seq => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let step = match (key.as_str(), key.as_usize()) {
            (Some(name), _) => Step::Key(name.to_owned()),
            (None, Some(index)) => Step::Index(index),
            (None, None) => return None,
        };
        let mut path = self.path.clone();
        path.0.push(step);
        self.reads.note(path.clone());
        let value = self.inner.get_item(key).ok().filter(|value| !value.is_undefined())?;
        Some(self.reads.wrapped(path, value))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match (self.inner.kind(), self.inner.try_iter()) {
            (ValueKind::Seq, _) => Enumerator::Seq(self.inner.len().unwrap_or(0)),
            (_, Ok(keys)) => Enumerator::Values(keys.collect()),
            (_, Err(_)) => Enumerator::Empty,
        }
    }
}
