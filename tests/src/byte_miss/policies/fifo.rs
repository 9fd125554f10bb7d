//! A queue of objects from which any can be taken: what the policies are made of.

/// No neighbour.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Link {
    newer: u32,
    older: u32,
    is_in: bool,
}

/// Objects in the order in which they came, and what they take. Objects are numbers from
/// zero, so that a link stands at the place of its object.
#[derive(Debug)]
pub struct Queue {
    links: Vec<Link>,
    newest: u32,
    oldest: u32,
    bytes: u64,
}

impl Default for Queue {
    fn default() -> Self {
        Self { links: Vec::new(), newest: NONE, oldest: NONE, bytes: 0 }
    }
}

impl Queue {
    /// What its objects take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the object stands in it.
    #[must_use]
    pub fn contains(&self, object: u32) -> bool {
        self.links.get(object as usize).is_some_and(|link| link.is_in)
    }

    /// The object that has waited longest.
    #[must_use]
    pub fn oldest(&self) -> Option<u32> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    /// Puts an object at the end, which stands in no other place of it.
    pub fn push(&mut self, object: u32, size_bytes: u64) {
        let at = object as usize;
        if self.links.len() <= at {
            self.links.resize(at + 1, Link { newer: NONE, older: NONE, is_in: false });
        }
        debug_assert!(!self.links[at].is_in, "{object} stands in the queue");
        self.links[at] = Link { newer: NONE, older: self.newest, is_in: true };
        match self.newest {
            NONE => self.oldest = object,
            newest => self.links[newest as usize].newer = object,
        }
        self.newest = object;
        self.bytes += size_bytes;
    }

    /// Takes an object out, if it is in.
    pub fn remove(&mut self, object: u32, size_bytes: u64) -> bool {
        let Some(link) = self.links.get_mut(object as usize).filter(|link| link.is_in) else {
            return false;
        };
        let Link { newer, older, .. } = *link;
        link.is_in = false;
        match newer {
            NONE => self.newest = older,
            newer => self.links[newer as usize].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.links[older as usize].newer = newer,
        }
        self.bytes -= size_bytes;
        true
    }
}
