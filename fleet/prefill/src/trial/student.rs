//! Student's t: how far a mean of few may be from what it stands for.

use std::f64::consts::FRAC_2_PI;

/// Above any quantile of one degree of freedom at a chance of a double's last bit.
const T_MAX: f64 = 1e16;

/// Halvings from `T_MAX` down to less than a double can tell.
const HALVINGS: usize = 110;

/// More pairs than a fleet has sites: the sum below has half as many terms.
const FREEDOM_MAX: usize = 20_000;

/// The `t` that a variable of so many degrees of freedom exceeds with this chance, of 1/2 at most.
pub(super) fn quantile(above: f64, freedom: usize) -> f64 {
    let freedom = freedom.clamp(1, FREEDOM_MAX);
    let above = above.clamp(f64::EPSILON, 0.5);
    // Halved in proportion, not in the middle: near 0 as near the largest the same digits hold.
    let (mut low, mut high) = (0.0_f64, 1.0);
    while exceeds(high, freedom) > above && high < T_MAX {
        (low, high) = (high, high * 4.0);
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if exceeds(middle, freedom) > above { low = middle } else { high = middle }
    }
    high
}

/// The chance to exceed `t`, in closed form (Abramowitz and Stegun 26.7.3 and 26.7.4).
pub(super) fn exceeds(t: f64, freedom: usize) -> f64 {
    let root = (freedom as f64).sqrt();
    let angle = t.atan2(root);
    let (sine, cosine) = angle.sin_cos();
    let square = cosine * cosine;
    let within = if freedom % 2 == 1 {
        let terms = (freedom - 1) / 2;
        FRAC_2_PI * (angle + sine * cosine * series(square, terms, 2))
    } else {
        sine * series(square, freedom / 2, 1)
    };
    (1.0 - within) / 2.0
}

/// `1 + a/(a+1) x + a(a+2)/((a+1)(a+3)) x² + …`, of so many terms.
fn series(square: f64, terms: usize, first: usize) -> f64 {
    let (mut sum, mut term) = (0.0, 1.0);
    for at in 0..terms {
        sum += term;
        let over = (first + 2 * at) as f64;
        term *= square * over / (over + 1.0);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // Chance, degrees of freedom, and t as printed.
        let table = [
            (0.25, 1, 1.0),
            (0.05, 1, 6.313_752),
            (0.025, 1, 12.706_205),
            (0.0005, 1, 636.619_249),
            (0.05, 2, 2.919_986),
            (0.025, 2, 4.302_653),
            (0.025, 3, 3.182_446),
            (0.005, 4, 4.604_095),
            (0.025, 5, 2.570_582),
            (0.0005, 5, 6.868_827),
            (0.001, 9, 4.296_806),
            (0.025, 10, 2.228_139),
            (0.005, 11, 3.105_807),
            (0.025, 30, 2.042_272),
            (0.0005, 30, 3.645_959),
            (0.025, 60, 2.000_298),
            (0.025, 120, 1.979_930),
            (0.005, 1000, 2.580_755),
        ];
        for (above, freedom, t) in table {
            let found = quantile(above, freedom);
            assert!((found - t).abs() < 1e-4, "{above} {freedom}: {found} for {t}");
        }
        assert!(quantile(0.5, 7) < 1e-9);
        assert!((quantile(0.025, FREEDOM_MAX) - 1.960_083).abs() < 1e-4);
    }

    #[test]
    fn a_quantile_is_exceeded_as_often_as_it_says() {
        for freedom in [1, 2, 3, 8, 25, 400] {
            for above in [0.4, 0.1, 0.01, 1e-4, 1e-7] {
                let again = exceeds(quantile(above, freedom), freedom);
                assert!((again / above - 1.0).abs() < 1e-6, "{above} {freedom}: {again}");
            }
        }
    }
}
