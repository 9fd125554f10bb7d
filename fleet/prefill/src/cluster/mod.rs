//! Which files the boxes of one cluster hold, and how near to the best that is.
//!
//! A cluster has a few classes of hardware `c` (flash, storage), each with disk, throughput, and
//! new bytes that it may take in a day. Files `f` have a size `s_f` and a demand `d_f`, in bytes
//! per second at the peak. What each class holds (`y_fc`, yes or no) and which share of a file's
//! demand it serves (`x_fc`, 0 to 1) makes this as large as it can be:
//!
//! ```text
//! max  Σ_f Σ_c d_f x_fc  −  p Σ_f Σ_c n_fc y_fc
//!      Σ_f k_fc s_f y_fc ≤ disk_c
//!      Σ_f d_f x_fc      ≤ throughput_c
//!      Σ_f n_fc y_fc     ≤ new_c            fill windows or endurance, whichever is less
//!      x_fc ≤ y_fc,   Σ_c x_fc ≤ 1
//! ```
//!
//! `k_fc` copies are counted ([`Problem::copy_share`]); `n_fc` are the bytes of those that are not
//! there yet, and `p` is their price ([`Problem::churn_price`]), which keeps there what is there.
//! With prices on the budgets (`λ_c` a byte of disk, `μ_c` a byte per second, `ν_c` a new byte) the
//! files no longer hinder each other, and each goes where it gains most, if it gains:
//!
//! ```text
//! max(0, max_c  d_f (1 − μ_c) − k_fc s_f λ_c − n_fc (ν_c + p))
//! ```
//!
//! Divided by the size that is a few straight lines over the density `ρ = d_f / s_f`, one set of
//! them for each residency mask (in which classes the file lies today); their upper envelope is
//! a list of cut-offs. The region's files are sorted by density once, sums stand beside them mask
//! by mask, and so the dual function (the sum of these gains, and of prices times budgets) costs a
//! search per mask and class, not a look at every file. At any prices it is more than any placement
//! can be worth; its least value is [`Solution::dual_bound`].
//!
//! This is the Lagrangian relaxation of generalised assignment (Fisher 1981); since each file's
//! own choice has no better answer in fractions, the least bound is that of linear programming
//! (Geoffrion 1974). The prices are found by Dantzig–Wolfe decomposition (1960) with a master
//! problem of a dozen rows, whose mixture of cut-offs is then rounded to whole files. Inside a
//! class, boxes are chosen by highest random weight (Thaler and Ravishankar 1998), weighted by
//! their room with the logarithmic method (Schindelhauer and Schomaker 2005).
//!
//! Read in this order:
//!
//! 1. what is asked: `problem`, `order` (the region), `deviations`, `copies` (files with copies
//!    and pins of their own), `terms` (budgets, and what a class asks of a file);
//! 2. the dual: `envelope` (cut-offs), `sums`, `dual`;
//! 3. its least value: `master`, `multipliers`;
//! 4. whole files: `rounding`, `solution`; `workspace` goes through all of these;
//! 5. what follows: `boxes` and `lottery` (which box), `misses` (what the parent is asked for),
//!    `explain`.
//!
//! All of it is deterministic: files and boxes are numbers, and floating point is only added,
//! multiplied, divided and compared, in one order.
//!
//! ```
//! use prefill::cluster::*;
//!
//! let sizes_bytes = [4_000_000, 2_000_000, 2_000_000];
//! let demand = [8.0e6, 3.0e6, 1.0e6];
//! let region = RegionOrder::new(&sizes_bytes, &demand)?;
//! let flash = [ClusterBox {
//!     seed: 1,
//!     room_bytes: 6_000_000,
//!     throughput_bytes_per_s: 1e9,
//!     fill_bytes: u64::MAX,
//!     endurance_bytes: u64::MAX,
//! }];
//! let problem = Problem {
//!     region: &region,
//!     region_share: 1.0,
//!     deviations: &[],
//!     classes: &[Class { boxes: &flash, resident: None, on_boxes: None }],
//!     bans: &Bitmap::default(),
//!     pins: &[],
//!     least_copies: 1,
//!     more_copies: &[],
//!     copy_share: f64::INFINITY,
//!     churn_price: 0.0,
//! };
//! let mut workspace = Workspace::default();
//! let solution = workspace.solve(&problem)?;
//! assert_eq!(solution.classes[0].holding.held.ordinals().collect::<Vec<_>>(), [0, 1]);
//! assert_eq!(solution.served_bytes_per_s, 11.0e6);
//! assert!(solution.gap() < 1e-9);
//! # Ok::<(), Refused>(())
//! ```

mod bitmap;
mod boxes;
mod copies;
mod deviations;
mod dual;
mod envelope;
mod explain;
mod lottery;
mod master;
mod misses;
mod multipliers;
mod order;
mod problem;
mod rounding;
mod solution;
mod sums;
mod terms;
mod workspace;

pub use bitmap::Bitmap;
pub use boxes::Spread;
pub use explain::{Binding, Explanation, InClass, Why, explain};
pub use misses::add_misses;
pub use order::RegionOrder;
pub use problem::{BadFile, Class, ClusterBox, Deviation, Pin, Problem, Refused};
pub use solution::{ClassSolution, Holding, Multipliers, ServedShare, Solution};
pub use terms::MAX_CLASSES;
pub use workspace::Workspace;

pub(crate) use bitmap::bits;
pub(crate) use lottery::mixed;
pub(crate) use misses::{Missed, missed_at_all};
