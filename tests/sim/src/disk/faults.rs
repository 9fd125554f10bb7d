//! What is wrong with a disk.

/// How a disk behaves; calm by default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DiskFaults {
    /// How many of a thousand reads fail.
    pub read_errors: u32,
    /// How many of a thousand writes, creations and synchronisations fail.
    pub write_errors: u32,
    /// How many of a thousand synchronisations do nothing and say that all is well.
    pub lost_syncs: u32,
    /// How many of a thousand reads give less than was asked for, though there is more.
    pub short_reads: u32,
    /// What every call takes longer than it should.
    pub slow_us: u64,
}
