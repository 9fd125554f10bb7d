//! Which countries are alike: by what they list, separately for films and for shows.
//!
//! With `x = weight^0.25` (countries × titles of the format) and `z = x −` its mean over
//! countries, each week:
//!
//! ```text
//! sim ← 0.95 sim + x xᵀ      S = sim as cosine, diagonal 0
//! cor ← 0.97 cor + z zᵀ      ρ = max(0, cor as cosine), diagonal 0
//! R(films) = 0.8 ρ(films) + 0.2 ρ(tv), and the other way round
//! ```
//!
//! `S` says who lists the same; `R` who lists the same where others do not.

use super::observed::Format;
use super::state::State;
use std::collections::BTreeMap;

/// The fourth root: place 10 counts more than half of place 1, since being on the list at
/// all says more about a country than where.
const WEIGHT_POWER: f64 = 0.25;

/// Twenty weeks of memory for what is listed.
const COSINE_KEPT: f64 = 0.95;

/// Thirty for what is peculiar: it is scarcer.
const CORRELATION_KEPT: f64 = 0.97;

/// Who is alike in films is somewhat alike in shows: one part in five of the other format.
const OTHER_FORMAT: f64 = 0.2;

/// Countries × countries.
pub(super) type Matrix = Vec<Vec<f64>>;

/// The sums so far, of films and of shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Similarity {
    formats: [Sums; Format::COUNT],
}

#[derive(Debug, Clone, Default)]
struct Sums {
    cosine: Matrix,
    correlation: Matrix,
}

/// Who is alike, of films and of shows.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// S.
    pub(super) cosine: [Matrix; Format::COUNT],
    /// R.
    pub(super) correlation: [Matrix; Format::COUNT],
}

/// The fourth root of a weight.
pub(super) fn rooted(weight: f64) -> f64 {
    weight.powf(WEIGHT_POWER)
}

impl Similarity {
    /// Takes in the lists of the last week.
    pub(super) fn learn(&mut self, state: &State) {
        let countries = state.countries.len();
        for format in [Format::Films, Format::Tv] {
            let columns = columns(state, format);
            let sums = &mut self.formats[format as usize];
            let product = product(&columns, countries);
            let centred = centred(&product, &columns);
            add(&mut sums.cosine, COSINE_KEPT, &product);
            add(&mut sums.correlation, CORRELATION_KEPT, &centred);
        }
    }

    /// S and R as they are now.
    pub(super) fn neighbours(&self) -> Neighbours {
        let [films, tv] =
            [0, 1].map(|at| as_cosine(&self.formats[at].correlation, |value| value.max(0.0)));
        Neighbours {
            cosine: [0, 1].map(|at| as_cosine(&self.formats[at].cosine, |value| value)),
            correlation: [pooled(&films, &tv), pooled(&tv, &films)],
        }
    }
}

/// x by columns: of each title who lists it, and its rooted weight there.
fn columns(state: &State, format: Format) -> Vec<Vec<(usize, f64)>> {
    let mut columns: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
    for (country, lists) in state.countries.iter().enumerate() {
        let listed = lists.listed().filter(|(title, _)| state.titles[*title].format == format);
        for (title, place) in listed {
            columns.entry(title).or_default().push((country, rooted(place.weight)));
        }
    }
    columns.into_values().collect()
}

/// x xᵀ.
fn product(columns: &[Vec<(usize, f64)>], countries: usize) -> Matrix {
    let mut product = vec![vec![0.0; countries]; countries];
    for column in columns {
        for (i, a) in column {
            for (j, b) in column {
                product[*i][*j] += a * b;
            }
        }
    }
    product
}

/// z zᵀ = x xᵀ − a 1ᵀ − 1 aᵀ + m·m, with the columns' means `m` and `a = x m`: x stays sparse.
fn centred(product: &Matrix, columns: &[Vec<(usize, f64)>]) -> Matrix {
    let countries = product.len();
    let mut shared = vec![0.0; countries];
    let mut squares = 0.0;
    for column in columns {
        let mean = column.iter().map(|(_, x)| x).sum::<f64>() / countries as f64;
        squares += mean * mean;
        for (country, x) in column {
            shared[*country] += mean * x;
        }
    }
    let mut centred = product.clone();
    for (row, a) in centred.iter_mut().zip(&shared) {
        for (value, b) in row.iter_mut().zip(&shared) {
            *value += squares - a - b;
        }
    }
    centred
}

/// sum ← kept · sum + new; countries that are new have no sum yet.
fn add(sum: &mut Matrix, kept: f64, new: &Matrix) {
    sum.resize_with(new.len(), Vec::new);
    for (row, new) in sum.iter_mut().zip(new) {
        row.resize(new.len(), 0.0);
        for (value, new) in row.iter_mut().zip(new) {
            *value = kept * *value + new;
        }
    }
}

/// Divided by the roots of the diagonal; then the diagonal is nothing, as nobody is a
/// neighbour of himself. A country without lists is like no other.
fn as_cosine(sum: &Matrix, bounded: fn(f64) -> f64) -> Matrix {
    let length: Vec<f64> = (0..sum.len()).map(|i| sum[i][i].max(0.0).sqrt()).collect();
    let cosine = |i: usize, j: usize| {
        let lengths = length[i] * length[j];
        if i == j || lengths <= f64::EPSILON { 0.0 } else { bounded(sum[i][j] / lengths) }
    };
    (0..sum.len()).map(|i| (0..sum.len()).map(|j| cosine(i, j)).collect()).collect()
}

fn pooled(own: &Matrix, other: &Matrix) -> Matrix {
    let mix = |(own, other): (&f64, &f64)| (1.0 - OTHER_FORMAT) * own + OTHER_FORMAT * other;
    own.iter().zip(other).map(|(own, other)| own.iter().zip(other).map(mix).collect()).collect()
}
