//! A table whose places are used again and again, with a generation for each tenant.

use super::token::{GENERATION_MASK, Place};

struct Slot<T> {
    generation: u32,
    tenant: Option<T>,
}

/// The table.
pub(super) struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    /// How many tenants there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Takes a tenant in; `None` when there are more places than can be named.
    pub(super) fn insert(&mut self, tenant: T) -> Option<Place> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = u32::try_from(self.slots.len()).ok()?;
                self.slots.push(Slot { generation: 0, tenant: None });
                index
            }
        };
        let slot = self.slots.get_mut(index as usize)?;
        slot.tenant = Some(tenant);
        Some(Place { index, generation: slot.generation })
    }

    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        let slot = self.slots.get_mut(place.index as usize)?;
        if slot.generation == place.generation { slot.tenant.as_mut() } else { None }
    }

    /// The tenant leaves; its place is free at once, under another generation.
    pub(super) fn remove(&mut self, place: Place) -> Option<T> {
        let slot = self.slots.get_mut(place.index as usize)?;
        if slot.generation != place.generation {
            return None;
        }
        let tenant = slot.tenant.take()?;
        slot.generation = (slot.generation + 1) & GENERATION_MASK;
        self.free.push(place.index);
        Some(tenant)
    }

    /// All places that are taken now.
    pub(super) fn places(&self) -> Vec<Place> {
        let taken = self.slots.iter().zip(0..).filter(|(slot, _)| slot.tenant.is_some());
        taken.map(|(slot, index)| Place { index, generation: slot.generation }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_dies_with_its_tenant() {
        let mut slots = Slots::new();
        let first = slots.insert('a').expect("room");
        assert_eq!(slots.remove(first), Some('a'));
        let second = slots.insert('b').expect("room");
        assert_eq!(first.index, second.index);
        assert_eq!(slots.get_mut(first), None);
        assert_eq!(slots.remove(first), None);
        assert_eq!(slots.get_mut(second), Some(&mut 'b'));
        assert_eq!((slots.len(), slots.places()), (1, vec![second]));
    }
}
