//! Which class a file goes to, by its density: the upper envelope of a few lines.
//!
//! At given multipliers a class gains `slope · ρ − price` from each byte of a file of density ρ.
//! The best class, as ρ rises, is the upper envelope of these lines and of zero (not held); its
//! corners are the cut-offs.

use super::terms::MAX_CLASSES;

/// What a class gains per byte of a file of density ρ: `slope · ρ − price`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Line {
    pub(super) slope: f64,
    pub(super) price: f64,
}

/// A class, and the density above which files are its, up to where the step before begins.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Step {
    pub(super) class: usize,
    pub(super) above: f64,
}

/// The classes that are the best somewhere, from the densest files down.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Envelope {
    steps: [Step; MAX_CLASSES],
    len: usize,
}

impl Envelope {
    /// The envelope of the lines of the classes that are open. Of equal lines the class that
    /// stands first is taken.
    pub(super) fn of(lines: &[Option<Line>; MAX_CLASSES]) -> Self {
        let mut rising = [(0, Line::default()); MAX_CLASSES];
        let mut count = 0;
        for (class, line) in lines.iter().enumerate() {
            let Some(line) = line.filter(|line| line.slope > 0.0) else { continue };
            rising[count] = (class, line);
            count += 1;
        }
        let rising = &mut rising[..count];
        rising.sort_unstable_by(|(class_a, a), (class_b, b)| {
            let by_line = a.slope.total_cmp(&b.slope).then(b.price.total_cmp(&a.price));
            by_line.then(class_b.cmp(class_a))
        });
        let mut hull = Hull::default();
        for (class, line) in rising {
            hull.push(*class, *line);
        }
        hull.envelope()
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps[..self.len]
    }

    /// Where files of that density go, if anywhere.
    pub(super) fn class_at(&self, density: f64) -> Option<usize> {
        self.steps().iter().find(|step| density > step.above).map(|step| step.class)
    }
}

/// Lines by rising slope, each the best from its `above` to that of the next.
#[derive(Default)]
struct Hull {
    lines: [Line; MAX_CLASSES],
    steps: [Step; MAX_CLASSES],
    len: usize,
}

impl Hull {
    /// Adds a line that is at least as steep as all before it, and drops those that it leaves
    /// nowhere the best.
    fn push(&mut self, class: usize, line: Line) {
        let above = loop {
            let Some(top) = self.len.checked_sub(1) else { break line.price / line.slope };
            let under = self.lines[top];
            let crossing = (line.price - under.price) / (line.slope - under.slope);
            if line.slope > under.slope && crossing > self.steps[top].above {
                break crossing;
            }
            self.len = top;
        };
        self.lines[self.len] = line;
        self.steps[self.len] = Step { class, above };
        self.len += 1;
    }

    fn envelope(mut self) -> Envelope {
        self.steps[..self.len].reverse();
        Envelope { steps: self.steps, len: self.len }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(given: &[(f64, f64)]) -> [Option<Line>; MAX_CLASSES] {
        std::array::from_fn(|at| {
            given.get(at).map(|(slope, price)| Line { slope: *slope, price: *price })
        })
    }

    #[test]
    fn a_faster_class_takes_the_dense_files() {
        let envelope = Envelope::of(&lines(&[(1.0, 6.0), (0.5, 2.0)]));
        let expected = [Step { class: 0, above: 8.0 }, Step { class: 1, above: 4.0 }];
        assert_eq!(envelope.steps(), expected);
        let at = [9.0, 8.0, 4.0].map(|density| envelope.class_at(density));
        assert_eq!(at, [Some(0), Some(1), None]);
    }

    #[test]
    fn of_equal_lines_the_first_is_taken() {
        let envelope = Envelope::of(&lines(&[(1.0, 2.0), (1.0, 2.0), (1.0, 3.0)]));
        assert_eq!(envelope.steps(), [Step { class: 0, above: 2.0 }]);
    }

    proptest! {
        #[test]
        fn it_is_the_best_class_everywhere(
            given in proptest::collection::vec((-1i8..5, 0u8..6), 0..=MAX_CLASSES),
            density in 0u8..40,
        ) {
            let given: Vec<_> =
                given.iter().map(|(slope, price)| (f64::from(*slope), f64::from(*price))).collect();
            let density = f64::from(density) / 4.0;
            let gain = |(slope, price): &(f64, f64)| slope * density - price;
            let best = given.iter().map(gain).fold(0.0, f64::max);
            let envelope = Envelope::of(&lines(&given));
            let taken = envelope.class_at(density).map_or(0.0, |class| gain(&given[class]));
            prop_assert!((taken - best).abs() < 1e-9, "{taken} {best} {envelope:?}");
        }
    }
}
