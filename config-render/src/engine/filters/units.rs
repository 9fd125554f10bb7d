//! Rates and sizes in the unit that a language wants, and never rounded in silence.

use super::args::{nonsense, number, text};
use minijinja::{Environment, Error, State, Value};

pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("bits", bits);
}

/// A number of bits, in `k`, `M`, `G` or `T` of them: 10,000,000 is 10 `M`.
fn bits(state: &State, value: &Value, unit: &Value) -> Result<i64, Error> {
    let bits = number(state, value, "bits")?;
    let unit = text(state, unit, "bits")?;
    let factor = match unit {
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        _ => return Err(nonsense("bits", &format!("{unit:?} is no unit: k, M, G, T"))),
    };
    if bits < 0 || bits % factor != 0 {
        return Err(nonsense("bits", &format!("{bits} is no whole number of {unit}bit")));
    }
    Ok(bits / factor)
}
