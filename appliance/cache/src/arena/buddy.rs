//! Which pages are free: blocks of 4, 16, 64 and 256 KiB, cut out of roots of 256 KiB.
//!
//! A buddy scheme in factors of four. A root has 64 pages, so one word of bits tells all of
//! it, and merging needs no step of its own: four free neighbours *are* the larger block.
//! What is asked for comes out of the fullest root that has it, so that small blocks
//! gather and whole roots stay whole.

/// The unit of alignment and of the smallest block: what `O_DIRECT` asks for.
pub(crate) const PAGE_BYTES: usize = 4096;

/// Pages of a root: one for each bit of a word.
const ROOT_PAGES: u32 = u64::BITS;

/// What a root holds, and the largest block there is.
pub(super) const ROOT_BYTES: usize = PAGE_BYTES * u64::BITS as usize;

const _: () = assert!(ROOT_BYTES as u64 == crate::BLOCK_BYTES);

/// The pages at which a block of each class may begin.
const STARTS: [u64; SizeClass::COUNT] = [u64::MAX, 0x1111_1111_1111_1111, 0x0001_0001_0001_0001, 1];

/// A size of block: 4 KiB times a power of four.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SizeClass(usize);

impl SizeClass {
    const COUNT: usize = 4;

    /// The smallest that holds this many bytes; `None` above a root.
    pub(crate) fn of(bytes: usize) -> Option<Self> {
        (0..Self::COUNT).map(Self).find(|class| bytes <= class.bytes())
    }

    /// How many bytes it has.
    pub(crate) fn bytes(self) -> usize {
        PAGE_BYTES << (2 * self.0)
    }

    pub(super) fn pages(self) -> u32 {
        1 << (2 * self.0)
    }

    /// The bits of a block that begins at bit `at` of its root.
    fn bits(self, at: u32) -> u64 {
        (u64::MAX >> (ROOT_PAGES - self.pages())) << at
    }
}

#[derive(Debug)]
struct Root {
    free: u64,
    /// How many of its pages there are.
    pages: u32,
    /// Where it stands in its list of `by_largest`.
    listed_at: usize,
}

/// The free pages of one mapping.
#[derive(Debug, Default)]
pub(super) struct Buddy {
    roots: Vec<Root>,
    /// Roots by the class of the largest block that is free in them.
    by_largest: [Vec<u32>; SizeClass::COUNT],
}

impl Buddy {
    /// All of `pages` free. The last root may be cut short: what it lacks is never free.
    pub(super) fn new(pages: u32) -> Self {
        let mut buddy = Self::default();
        for first in (0..pages).step_by(ROOT_PAGES as usize) {
            let has = (pages - first).min(ROOT_PAGES);
            buddy.roots.push(Root {
                free: u64::MAX >> (ROOT_PAGES - has),
                pages: has,
                listed_at: 0,
            });
            buddy.list(first / ROOT_PAGES);
        }
        buddy
    }

    /// Takes a block; gives its first page.
    pub(super) fn take(&mut self, class: SizeClass) -> Option<u32> {
        let root = *self.by_largest.get(class.0..)?.iter().find_map(|roots| roots.last())?;
        let free = self.roots.get(root as usize)?.free;
        let at = tightest(free, class)?;
        self.change(root, free & !class.bits(at));
        Some(root * ROOT_PAGES + at)
    }

    /// Gives a block back that [`Buddy::take`] gave.
    pub(super) fn give_back(&mut self, page: u32, class: SizeClass) {
        let (root, bits) = (page / ROOT_PAGES, class.bits(page % ROOT_PAGES));
        if let Some(free) = self.roots.get(root as usize).map(|root| root.free) {
            debug_assert_eq!(free & bits, 0, "given back twice");
            self.change(root, free | bits);
        }
    }

    /// Where a block of this class would stand that had `page` in it, and how many pages
    /// are free there; `None` when the root is too short for it.
    pub(super) fn around(&self, page: u32, class: SizeClass) -> Option<(u32, u32)> {
        let first = page - page % class.pages();
        let (root, at) = (self.roots.get((page / ROOT_PAGES) as usize)?, first % ROOT_PAGES);
        let is_whole = at + class.pages() <= root.pages;
        is_whole.then(|| (first, (root.free & class.bits(at)).count_ones()))
    }

    fn change(&mut self, root: u32, free: u64) {
        let same_list = largest(self.roots[root as usize].free) == largest(free);
        if !same_list {
            self.unlist(root);
        }
        self.roots[root as usize].free = free;
        if !same_list {
            self.list(root);
        }
    }

    fn list(&mut self, root: u32) {
        let Some(class) = largest(self.roots[root as usize].free) else { return };
        self.roots[root as usize].listed_at = self.by_largest[class].len();
        self.by_largest[class].push(root);
    }

    fn unlist(&mut self, root: u32) {
        let Root { free, listed_at, .. } = self.roots[root as usize];
        let Some(class) = largest(free) else { return };
        self.by_largest[class].swap_remove(listed_at);
        if let Some(moved) = self.by_largest[class].get(listed_at) {
            self.roots[*moved as usize].listed_at = listed_at;
        }
    }
}

/// The first pages of all free, aligned blocks of a class.
fn starts(free: u64, class: usize) -> u64 {
    (0..class).fold(free, |runs, below| {
        let step = 1 << (2 * below);
        runs & runs >> step & runs >> (2 * step) & runs >> (3 * step) & STARTS[below + 1]
    })
}

/// The class of the largest free block.
fn largest(free: u64) -> Option<usize> {
    (0..SizeClass::COUNT).rev().find(|class| starts(free, *class) != 0)
}

/// The first pages of all blocks of a class within free blocks of the next larger one.
fn starts_in_larger(free: u64, class: usize) -> u64 {
    if class + 1 == SizeClass::COUNT {
        return 0;
    }
    let (larger, step) = (starts(free, class + 1), 1 << (2 * class));
    larger | larger << step | larger << (2 * step) | larger << (3 * step)
}

/// A free block that breaks up as little as possible.
fn tightest(free: u64, class: SizeClass) -> Option<u32> {
    (class.0..SizeClass::COUNT).find_map(|from| {
        let lone = starts(free, from) & !starts_in_larger(free, from);
        (lone != 0).then(|| lone.trailing_zeros())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_class_holds_what_it_says() {
        let sizes = [0, 1, 4096, 4097, 16384, 16385, 65536, 65537, 262_144];
        let classes = sizes.map(|bytes| SizeClass::of(bytes).map(SizeClass::bytes));
        let expected = [4096, 4096, 4096, 16384, 16384, 65536, 65536, 262_144, 262_144];
        assert_eq!(classes, expected.map(Some));
        assert_eq!(SizeClass::of(262_145), None);
    }

    #[test]
    fn small_blocks_gather_in_one_root() {
        let mut buddy = Buddy::new(4 * ROOT_PAGES);
        let pages: Vec<u32> = (0..64).filter_map(|_| buddy.take(SizeClass(0))).collect();
        assert_eq!(pages.len(), 64);
        let whole = (0..3).filter(|_| buddy.take(SizeClass(3)).is_some()).count();
        assert_eq!(whole, 3, "64 pages fill one root and leave three whole");
    }

    proptest! {
        #[test]
        fn blocks_never_overlap_and_all_of_it_comes_back_merged(
            pages in 1u32..300,
            steps in proptest::collection::vec((0usize..4, any::<prop::sample::Index>(), any::<bool>()), 1..400),
        ) {
            let mut buddy = Buddy::new(pages);
            let mut taken: Vec<(u32, SizeClass)> = Vec::new();
            let mut owned = vec![false; pages as usize];
            let range = |page: u32, class: SizeClass| page as usize..(page + class.pages()) as usize;
            for (class, which, gives) in steps {
                if gives && !taken.is_empty() {
                    let (page, class) = taken.swap_remove(which.index(taken.len()));
                    owned[range(page, class)].fill(false);
                    buddy.give_back(page, class);
                    continue;
                }
                let class = SizeClass(class);
                match buddy.take(class) {
                    Some(page) => {
                        prop_assert_eq!(page % class.pages(), 0, "aligned to its size");
                        let cells = &mut owned[range(page, class)];
                        prop_assert!(cells.iter().all(|cell| !*cell), "overlap at {}", page);
                        cells.fill(true);
                        taken.push((page, class));
                    }
                    None => {
                        let could = owned.chunks_exact(class.pages() as usize);
                        prop_assert!(could.into_iter().all(|run| run.contains(&true)), "refused, and free");
                    }
                }
            }
            for (page, class) in taken {
                buddy.give_back(page, class);
            }
            let whole = (0..).map_while(|_| buddy.take(SizeClass(3))).count();
            prop_assert_eq!(whole, (pages / ROOT_PAGES) as usize, "not all was merged");
            let rest = (0..).map_while(|_| buddy.take(SizeClass(0))).count();
            prop_assert_eq!(rest, (pages % ROOT_PAGES) as usize);
        }
    }
}
