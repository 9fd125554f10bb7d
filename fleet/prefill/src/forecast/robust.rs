//! Regression that a few odd titles cannot bend: least absolute deviations with a ridge,
//! where old weeks fade.
//!
//! The score is a sum of absolute errors, so absolute errors are what is made small. That is
//! done by weighted least squares over and over (IRLS: Schlossmacher 1973):
//!
//! ```text
//! f = clamp(X b)        r = y − f        ωᵢ = uᵢ mᵢ / max(|rᵢ|, ε)
//! b = (Xᵀ Ω X + mean(ω) diag(λ))⁻¹ Xᵀ Ω y
//! uᵢ = gᵢ · 0.5^((w − wᵢ) / half life)
//! ```
//!
//! for week `w`, from the rows of weeks `wᵢ < w`. `g` is a row's own weight, `m` follows
//! from the fitted value, `ε` keeps a row that is met exactly from taking all. As `λ` counts
//! in rows of average weight, the scale of `g` is of no meaning.

use super::cholesky;

/// Rows of older weeks are let go: with half lives of 52 and 78 weeks they would count for
/// a hundredth of a new one, and memory must have an end.
const KEPT_WEEKS: u32 = 520;

/// From this many weeks on, coefficients are fitted; until then those shipped are used. Half
/// a year has some 350 debuts: thirty rows a coefficient.
pub(super) const FIRST_FIT_WEEKS: u32 = 27;

/// How one model is fitted: all of it constant.
#[derive(Debug)]
pub(super) struct Recipe<const P: usize> {
    /// Coefficients until the first fit: the last ones of 200 observed weeks.
    pub(super) shipped: [f64; P],
    /// λ, in rows of average weight.
    pub(super) ridge: [f64; P],
    /// ε, in natural logarithms of hours.
    pub(super) epsilon: f64,
    /// After how many weeks a row counts half; infinite for never.
    pub(super) half_life_weeks: f64,
    /// Iterations of the first fit, which starts from nothing.
    pub(super) first_iterations: u32,
    /// Iterations of later fits, which start from last week's coefficients.
    pub(super) later_iterations: u32,
    /// Fitted values are clamped to this.
    pub(super) fitted_range: (f64, f64),
    /// m, of the clamped fitted value.
    pub(super) importance: fn(f64) -> f64,
}

/// Every row matters as much as its own weight says.
pub(super) fn evenly(_fitted: f64) -> f64 {
    1.0
}

#[derive(Debug, Clone)]
struct Sample<const P: usize> {
    week: u32,
    features: [f64; P],
    target: f64,
    weight: f64,
}

/// A recipe, what it was given so far, and the coefficients that come of it.
#[derive(Debug, Clone)]
pub(super) struct Model<const P: usize> {
    recipe: &'static Recipe<P>,
    samples: Vec<Sample<P>>,
    coefficients: [f64; P],
    is_fitted: bool,
}

impl<const P: usize> Model<P> {
    pub(super) fn new(recipe: &'static Recipe<P>) -> Self {
        Self { recipe, samples: Vec::new(), coefficients: recipe.shipped, is_fitted: false }
    }

    /// The clamped fitted value.
    pub(super) fn fitted(&self, features: &[f64; P]) -> f64 {
        let (low, high) = self.recipe.fitted_range;
        dot(features, &self.coefficients).clamp(low, high)
    }

    /// Keeps what became of one row of a week.
    pub(super) fn add(&mut self, week: u32, features: [f64; P], target: f64, weight: f64) {
        self.samples.push(Sample { week, features, target, weight });
    }

    /// Fits for a week from the rows of earlier ones. Keeps the coefficients that it has
    /// where there are no rows, or none that say anything.
    pub(super) fn fit(&mut self, week: u32) {
        self.samples.retain(|sample| week - sample.week <= KEPT_WEEKS);
        let faded: Vec<f64> = self.samples.iter().map(|sample| self.faded(sample, week)).collect();
        let iterations = match self.is_fitted {
            false => self.recipe.first_iterations,
            true => self.recipe.later_iterations,
        };
        for _ in 0..iterations {
            let Some(better) = self.step(&faded) else { return };
            self.coefficients = better;
            self.is_fitted = true;
        }
    }

    fn faded(&self, sample: &Sample<P>, week: u32) -> f64 {
        let age_weeks = f64::from(week - sample.week);
        sample.weight * 0.5_f64.powf(age_weeks / self.recipe.half_life_weeks)
    }

    fn step(&self, faded: &[f64]) -> Option<[f64; P]> {
        let mut normal = [[0.0; P]; P];
        let mut right = [0.0; P];
        let mut total = 0.0;
        for (sample, weight) in self.samples.iter().zip(faded) {
            let omega = weight * self.pull(sample);
            accumulate(&mut normal, &mut right, sample, omega);
            total += omega;
        }
        let mean = total / self.samples.len() as f64;
        for (at, row) in normal.iter_mut().enumerate() {
            row[at] += mean * self.recipe.ridge[at];
        }
        cholesky::solve(&normal, &right)
    }

    /// m / max(|r|, ε); before the first step there is no fitted value, and all pull alike.
    fn pull(&self, sample: &Sample<P>) -> f64 {
        if !self.is_fitted {
            return 1.0;
        }
        let fitted = self.fitted(&sample.features);
        let residual = (sample.target - fitted).abs();
        (self.recipe.importance)(fitted) / residual.max(self.recipe.epsilon)
    }
}

/// Adds one row to the lower triangle of Xᵀ Ω X and to Xᵀ Ω y. Most features are zero.
fn accumulate<const P: usize>(
    normal: &mut [[f64; P]; P],
    right: &mut [f64; P],
    sample: &Sample<P>,
    omega: f64,
) {
    for (i, row) in normal.iter_mut().enumerate() {
        let weighted = omega * sample.features[i];
        if weighted == 0.0 {
            continue;
        }
        for (value, feature) in row[..=i].iter_mut().zip(&sample.features) {
            *value += weighted * feature;
        }
        right[i] += weighted * sample.target;
    }
}

/// The sum of products.
pub(super) fn dot<const P: usize>(a: &[f64; P], b: &[f64; P]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::{Model, Recipe, evenly};

    static LINE: Recipe<2> = Recipe {
        shipped: [7.0, 0.0],
        ridge: [1e-9, 1e-9],
        epsilon: 1e-3,
        half_life_weeks: 52.0,
        first_iterations: 30,
        later_iterations: 30,
        fitted_range: (f64::NEG_INFINITY, f64::INFINITY),
        importance: evenly,
    };

    #[test]
    fn what_was_shipped_is_used_until_there_are_rows() {
        let mut model = Model::new(&LINE);
        model.fit(3);
        assert!((model.fitted(&[1.0, 5.0]) - 7.0).abs() < 1e-12);
    }

    #[test]
    fn one_odd_row_does_not_bend_the_line() {
        let mut model = Model::new(&LINE);
        for at in 0..20 {
            let x = f64::from(at);
            model.add(0, [1.0, x], if at == 19 { 1000.0 } else { 2.0 + 3.0 * x }, 1.0);
        }
        model.fit(1);
        assert!((model.fitted(&[1.0, 10.0]) - 32.0).abs() < 0.05, "{:?}", model.coefficients);
    }

    #[test]
    fn old_weeks_fade() {
        let mut model = Model::new(&LINE);
        for _ in 0..3 {
            model.add(0, [1.0, 0.0], 1.0, 1.0);
            model.add(104, [1.0, 0.0], 2.0, 1.0);
        }
        model.fit(105);
        assert!((model.fitted(&[1.0, 0.0]) - 2.0).abs() < 0.05, "{:?}", model.coefficients);
    }
}
