//! Solves `A x = b` for a symmetric positive definite `A` of a dozen rows, as normal
//! equations are: `A = L Lᵀ`, then forward, then back (Golub and Van Loan, *Matrix
//! Computations*, 4.2). At this size a library would be longer to call than this is to read.

/// The solution, from the lower triangle of `a`; `None` if `a` is not positive definite.
pub(super) fn solve<const P: usize>(a: &[[f64; P]; P], b: &[f64; P]) -> Option<[f64; P]> {
    let lower = factor(a)?;
    let mut x = *b;
    for i in 0..P {
        let known: f64 = (0..i).map(|j| lower[i][j] * x[j]).sum();
        x[i] = (x[i] - known) / lower[i][i];
    }
    for i in (0..P).rev() {
        let known: f64 = (i + 1..P).map(|j| lower[j][i] * x[j]).sum();
        x[i] = (x[i] - known) / lower[i][i];
    }
    x.iter().all(|value| value.is_finite()).then_some(x)
}

fn factor<const P: usize>(a: &[[f64; P]; P]) -> Option<[[f64; P]; P]> {
    let mut lower = [[0.0; P]; P];
    for i in 0..P {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = a[i][j] - known;
            if i != j {
                lower[i][j] = rest / lower[j][j];
            } else if rest > 0.0 && rest.is_finite() {
                lower[i][i] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::solve;

    #[test]
    fn a_known_system() {
        let a = [[4.0, 0.0, 0.0], [2.0, 5.0, 0.0], [1.0, 3.0, 6.0]];
        let x = solve(&a, &[4.0 + 4.0 + 3.0, 2.0 + 10.0 + 9.0, 1.0 + 6.0 + 18.0]).expect("solved");
        for (got, expected) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((got - expected).abs() < 1e-12, "{x:?}");
        }
    }

    #[test]
    fn what_has_no_single_solution_has_none() {
        assert_eq!(solve(&[[1.0, 0.0], [1.0, 1.0]], &[1.0, 1.0]), None);
        assert_eq!(solve(&[[f64::NAN]], &[1.0]), None);
    }
}
