//! Which rack units a device takes, and that no two take the same.

/// A device in a rack.
#[derive(Debug, Clone, PartialEq)]
pub struct Racked<'a> {
    /// Which.
    pub device: &'a str,
    /// Its lowest unit, counted from the bottom, from 1; in halves.
    pub position: f64,
    /// How many it takes; what hangs beside takes none.
    pub u_height: f64,
    /// At which side.
    pub face: Face,
    /// Whether it takes both.
    pub is_full_depth: bool,
}

/// A side of a rack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Where cold air comes in.
    Front,
    /// The other one.
    Rear,
}

impl Racked<'_> {
    /// From where to where it reaches: the upper end is not its own.
    fn reach(&self) -> (f64, f64) {
        (self.position, self.position + self.u_height)
    }

    fn meets(&self, other: &Self) -> bool {
        let ((from, to), (other_from, other_to)) = (self.reach(), other.reach());
        let is_at_one_height = from < other_to && other_from < to;
        is_at_one_height && (self.face == other.face || self.is_full_depth || other.is_full_depth)
    }

    fn units(&self) -> String {
        let (from, to) = self.reach();
        let is_whole = from.fract() == 0.0 && to.fract() == 0.0;
        let last = if is_whole { to - 1.0 } else { to - 0.5 };
        if last > from { format!("units {from} to {last}") } else { format!("unit {from}") }
    }
}

/// Whether a device fits into a rack of so many units beside those that are there.
///
/// # Errors
/// What is in its way.
pub fn check(wanted: &Racked<'_>, rack_units: f64, there: &[Racked<'_>]) -> Result<(), String> {
    let (from, to) = wanted.reach();
    if wanted.u_height > 0.0 && (from < 1.0 || to > rack_units + 1.0) {
        return Err(format!("{} would be outside of a rack of {rack_units}", wanted.units()));
    }
    let others = there.iter().filter(|other| other.device != wanted.device);
    match others.into_iter().find(|other| wanted.meets(other)) {
        Some(other) => Err(format!("{} has {}", other.device, other.units())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn racked(device: &str, position: f64, u_height: f64) -> Racked<'_> {
        Racked { device, position, u_height, face: Face::Front, is_full_depth: true }
    }

    #[test]
    fn no_two_take_the_same_unit() {
        let there = [racked("oca1", 1.0, 2.0), racked("oca2", 5.0, 1.0)];
        assert_eq!(check(&racked("oca3", 3.0, 2.0), 42.0, &there), Ok(()));
        for (position, u_height) in [(2.0, 1.0), (1.0, 4.0), (4.0, 2.0), (5.5, 0.5)] {
            let said = check(&racked("oca3", position, u_height), 42.0, &there).expect_err("taken");
            assert!(said.contains("has unit"), "{said}");
        }
        assert_eq!(check(&racked("oca1", 1.0, 2.0), 42.0, &there), Ok(()), "it is itself");
        let said = check(&racked("oca3", 42.0, 2.0), 42.0, &there).expect_err("above the top");
        assert_eq!(said, "units 42 to 43 would be outside of a rack of 42");
        assert!(check(&racked("oca3", 0.0, 1.0), 42.0, &there).is_err());
    }

    #[test]
    fn what_is_not_deep_has_a_neighbour_behind_it() {
        let half = |device, face| Racked { face, is_full_depth: false, ..racked(device, 1.0, 1.0) };
        let front = half("a", Face::Front);
        assert_eq!(check(&half("b", Face::Rear), 42.0, std::slice::from_ref(&front)), Ok(()));
        assert!(check(&half("b", Face::Front), 42.0, std::slice::from_ref(&front)).is_err());
        assert!(check(&racked("b", 1.0, 1.0), 42.0, &[front]).is_err());
        assert_eq!(
            check(&racked("b", 1.0, 0.0), 42.0, &[racked("a", 1.0, 1.0)]),
            Ok(()),
            "it takes none"
        );
    }
}
