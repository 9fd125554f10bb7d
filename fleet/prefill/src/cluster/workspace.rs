//! One solution from beginning to end, in memory that is used again for the next cluster.

use super::bitmap::bits;
use super::boxes::Spread;
use super::copies::{Exception, Exceptions};
use super::deviations::Deviated;
use super::dual::Lagrangian;
use super::master::Master;
use super::misses::Missed;
use super::multipliers::{Minimum, minimise};
use super::order::BLOCK;
use super::problem::{Problem, Refused};
use super::rounding::Rounding;
use super::solution::{ClassSolution, Multipliers, ServedShare, Solution};
use super::sums::{Files, Sums, excluded};
use super::terms::{Room, Shut, Terms};
use contract::catalogue::Ordinal;

/// The memory of the solver: about two bytes a file with two classes, beside the region's twenty.
/// It grows with the largest problem and is kept; what was solved before leaves no trace in what
/// is solved next.
#[derive(Debug, Default)]
pub struct Workspace {
    terms: Terms,
    exceptions: Exceptions,
    deviated: Deviated,
    region_sums: Sums,
    deviated_sums: Sums,
    master: Master,
    rounding: Rounding,
    solution: Solution,
    /// Files of which some class found room for no copy ([`Workspace::spread`]).
    given_up: Vec<Ordinal>,
}

impl Workspace {
    /// Places the files of one cluster. The same problem has the same answer, bit for bit, on
    /// every machine.
    ///
    /// # Errors
    /// A problem that makes no sense, or pins that do not fit. The solution before can still be
    /// read then, not spread or explained.
    pub fn solve(&mut self, problem: &Problem) -> Result<&Solution, Refused> {
        problem.check()?;
        let mut terms = Terms::of(problem);
        self.exceptions.find(problem, &mut terms)?;
        self.terms = terms;
        self.given_up.clear();
        self.deviated.sort(problem, &self.exceptions);
        self.region_sums.of_region(problem, &terms, excluded(problem, &self.exceptions));
        self.deviated_sums.of_deviated(problem, &terms, &self.deviated.run);

        let region = Files {
            run: &problem.region.run,
            sums: &self.region_sums,
            scale: problem.region_share,
        };
        let deviated = Files { run: &self.deviated.run, sums: &self.deviated_sums, scale: 1.0 };
        let lagrangian = Lagrangian {
            terms: &terms,
            runs: [region, deviated],
            exceptions: &self.exceptions.files,
        };
        let minimum = minimise(&lagrangian, &mut self.master);
        self.rounding.round(&lagrangian, &self.master, &minimum.prices);

        write_down(&mut self.solution, problem, &lagrangian, &self.rounding);
        weigh(&mut self.solution, problem, &terms, &self.rounding.room);
        bound(&mut self.solution, problem, &lagrangian, &minimum);
        Ok(&self.solution)
    }

    /// Spreads a class of the last solution over its boxes, and takes out of the solution what no
    /// box had room for, so that it says no more than can be held.
    ///
    /// `problem` is the one that was solved. A class that it does not have has no boxes.
    pub fn spread(&mut self, problem: &Problem, class: usize, spread: &mut Spread) {
        let Some(of_class) = self.solution.classes.get(class) else { return spread.clear() };
        let deviated = problem.deviations.iter().map(|deviation| deviation.ordinal);
        let beside = deviated.chain(self.exceptions.files.iter().map(|file| file.ordinal));
        let words = &self.rounding.held[0][class];
        spread.fill_by_rank(problem, class, &of_class.holding, words, beside);
        self.solution.shorten(problem, class, &spread.short);
        let without = spread.short.iter().filter(|short| short.1 == 0);
        self.given_up.extend(without.map(|short| short.0));
    }

    /// The last solution.
    #[must_use]
    pub fn solution(&self) -> &Solution {
        &self.solution
    }

    /// What the last solution, as far as it is spread, leaves over. As [`super::add_misses`], in the
    /// region's order and cheaper.
    pub(crate) fn missed(&self, problem: &Problem, into: &mut Missed) {
        let [held, _] = &self.rounding.held;
        let held = &held[..self.terms.classes];
        into.all(problem.region.run.files());
        for (block, word) in into.words.iter_mut().enumerate() {
            *word &= held.iter().fold(u64::MAX, |missed, held| missed & !held[block]);
        }
        let singles = self.exceptions.files.iter().zip(&self.rounding.singles);
        for (file, _) in singles.filter(|(_, single)| single.held.contains(&true)) {
            into.set(problem, file.ordinal, false);
        }
        let holds = |ordinal: &Ordinal| {
            self.solution.classes.iter().any(|class| class.holding.held.contains(*ordinal))
        };
        for ordinal in self.given_up.iter().filter(|ordinal| !holds(ordinal)) {
            into.set(problem, *ordinal, true);
        }
        into.set_apart(problem, &self.solution);
    }

    /// What a file was asked and offered in the last solution, special or not.
    pub(super) fn file(&self, problem: &Problem, ordinal: Ordinal) -> Exception {
        self.exceptions.file(problem, &self.terms, ordinal)
    }

    /// How often the last solution asked the dual function: what it cost, whatever the machine.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.master.columns()
    }
}

/// From bits by rank to bits by ordinal.
fn write_down(
    solution: &mut Solution,
    problem: &Problem,
    lagrangian: &Lagrangian,
    rounding: &Rounding,
) {
    solution.classes.resize_with(problem.classes.len(), ClassSolution::default);
    for (class, into) in solution.classes.iter_mut().enumerate() {
        let holding = &mut into.holding;
        holding.held.reset(problem.region.files());
        holding.copies_each = lagrangian.terms.copies[class];
        holding.more.clear();
        into.short_files = 0;
        for (held, files) in rounding.held.iter().zip(&lagrangian.runs) {
            for (block, word) in held[class].iter().enumerate() {
                for bit in bits(*word) {
                    holding.held.insert(files.run.ordinals[block * BLOCK + bit as usize]);
                }
            }
        }
        for (file, single) in lagrangian.exceptions.iter().zip(&rounding.singles) {
            if single.held[class] {
                holding.held.insert(file.ordinal);
                let copies = file.choices[class].copies;
                if copies != holding.copies_each {
                    holding.more.push((file.ordinal, copies));
                }
            }
        }
    }
    write_shares(solution, lagrangian, rounding);
}

fn write_shares(solution: &mut Solution, lagrangian: &Lagrangian, rounding: &Rounding) {
    let shares = &mut solution.shares;
    shares.clear();
    for part in &rounding.parts {
        let ordinal = lagrangian.runs[part.run].run.ordinals[part.rank];
        shares.push(ServedShare { ordinal, class: part.class, served_bytes_per_s: part.served });
    }
    for (file, single) in lagrangian.exceptions.iter().zip(&rounding.singles) {
        let holders = single.held.iter().filter(|held| **held).count();
        let is_plain = holders == 1 && single.served.iter().any(|served| *served >= file.demand);
        for class in (0..lagrangian.terms.classes).filter(|class| single.held[*class] && !is_plain)
        {
            let served_bytes_per_s = single.served[class];
            shares.push(ServedShare { ordinal: file.ordinal, class, served_bytes_per_s });
        }
    }
    shares.sort_unstable_by_key(|share| (share.ordinal, share.class));
}

/// What the classes take (the budgets less what is left of them) and serve.
fn weigh(solution: &mut Solution, problem: &Problem, terms: &Terms, left: &Room) {
    let budgets = Room::of(problem.classes);
    let (mut served, mut new_bytes) = (0.0, 0.0);
    for (class, into) in solution.classes.iter_mut().enumerate() {
        into.disk_bytes = budgets.disk_bytes[class] - left.disk_bytes[class];
        into.new_bytes = budgets.new_bytes[class] - left.new_bytes[class];
        into.served_bytes_per_s = left.served[class];
        served += into.served_bytes_per_s;
        new_bytes += into.new_bytes as f64;
    }
    solution.served_bytes_per_s = served;
    solution.value = served - terms.churn_price * new_bytes;
}

/// What nothing can exceed: the dual bound, all that a class that was shut could serve beside
/// it, and the price of pins, which is paid in any case.
fn bound(solution: &mut Solution, problem: &Problem, lagrangian: &Lagrangian, minimum: &Minimum) {
    let terms = lagrangian.terms;
    let throughput = lagrangian.budgets().throughput;
    let is_special = |class: &usize| terms.shut[*class] == Some(Shut::TooSpecial);
    let beside: f64 = (0..terms.classes).filter(is_special).map(|class| throughput[class]).sum();
    let budgets = Room::of(problem.classes).new_bytes;
    let pinned = budgets.iter().zip(terms.room.new_bytes).map(|(all, left)| all - left);
    let pinned_bytes: f64 = pinned.map(|bytes| bytes as f64).sum();
    solution.pin_cost = terms.churn_price * pinned_bytes;
    solution.dual_bound = minimum.bound + beside - solution.pin_cost;
    solution.multipliers = Multipliers { rows: minimum.prices };
}
