//! Names what a completion is about: 64 bits that the kernel carries for us.

/// What was asked of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Asked {
    /// Connections on a listener.
    Accept = 1,
    /// Bytes of a client.
    Receive,
    /// A batch of records to a client.
    Send,
    /// The same, from where it stands: the place is of the flight.
    SendZeroCopy,
    /// Whether a client can take more.
    Writable,
    /// The file of a block to be opened, the block read, and the file closed.
    Open,
    /// See above.
    Read,
    /// See above.
    CloseFile,
    /// The next tick of the clock.
    Tick,
    /// Word from another thread.
    Inbox,
    /// Something asked before to be forgotten.
    Cancel,
    /// The ring's table of sockets to be changed.
    Table,
}

impl Asked {
    const ALL: [Self; 12] = [
        Self::Accept,
        Self::Receive,
        Self::Send,
        Self::SendZeroCopy,
        Self::Writable,
        Self::Open,
        Self::Read,
        Self::CloseFile,
        Self::Tick,
        Self::Inbox,
        Self::Cancel,
        Self::Table,
    ];
}

/// A place in a table, and which of its tenants: a completion that comes after its
/// connection has gone must not be taken for one of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) index: u32,
    pub(super) generation: u32,
}

impl Place {
    /// For tables whose places never change hands.
    pub(super) fn only(index: u32) -> Self {
        Self { index, generation: 0 }
    }
}

/// How much of a generation is carried: enough that 16 million connections pass over a
/// place before a number comes again.
pub(super) const GENERATION_MASK: u32 = (1 << 24) - 1;

/// Question and place as the kernel carries them.
pub(super) fn encode(asked: Asked, place: Place) -> u64 {
    u64::from(place.index)
        | u64::from(place.generation & GENERATION_MASK) << 32
        | u64::from(asked as u8) << 56
}

/// Back again; `None` for what we never asked.
pub(super) fn decode(word: u64) -> Option<(Asked, Place)> {
    let [kind, ..] = word.to_be_bytes();
    let asked = Asked::ALL.into_iter().find(|asked| *asked as u8 == kind)?;
    let index = u32::try_from(word & u64::from(u32::MAX)).ok()?;
    let generation = u32::try_from(word >> 32 & u64::from(GENERATION_MASK)).ok()?;
    Some((asked, Place { index, generation }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_asked_comes_back(index: u32, generation in 0..=GENERATION_MASK, at in 0..12usize) {
            let place = Place { index, generation };
            let asked = Asked::ALL[at];
            prop_assert_eq!(decode(encode(asked, place)), Some((asked, place)));
        }
    }

    #[test]
    fn nothing_is_made_of_garbage() {
        assert_eq!(decode(0), None);
        assert_eq!(decode(u64::MAX), None);
    }
}
