//! Numbers that are not whole, by their bits: read back they are what they were.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What has bits.
pub(super) trait Bits: Copy {
    /// As whole numbers.
    type Whole: Serialize + DeserializeOwned;
    fn bits(self) -> Self::Whole;
    fn of(bits: Self::Whole) -> Self;
}

impl Bits for f32 {
    type Whole = u32;
    fn bits(self) -> u32 {
        self.to_bits()
    }
    fn of(bits: u32) -> Self {
        Self::from_bits(bits)
    }
}

impl Bits for f64 {
    type Whole = u64;
    fn bits(self) -> u64 {
        self.to_bits()
    }
    fn of(bits: u64) -> Self {
        Self::from_bits(bits)
    }
}

/// One number.
pub(super) mod one {
    use super::{Bits, Deserialize, Deserializer, Serialize, Serializer};

    pub(in super::super) fn serialize<T: Bits, S: Serializer>(
        number: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        number.bits().serialize(to)
    }

    pub(in super::super) fn deserialize<'de, T: Bits, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        T::Whole::deserialize(from).map(T::of)
    }
}

/// Many.
pub(super) mod all {
    use super::{Bits, Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<T: Bits, S: Serializer>(
        numbers: &[T],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(numbers.iter().map(|number| number.bits()))
    }

    pub(in super::super) fn deserialize<'de, T: Bits, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<T>, D::Error> {
        Ok(Vec::<T::Whole>::deserialize(from)?.into_iter().map(T::of).collect())
    }
}

/// Numbers, each with whose it is.
pub(super) mod by_title {
    use super::{Bits, Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<T: Bits, S: Serializer>(
        numbers: &[(u32, T)],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(numbers.iter().map(|(title, number)| (title, number.bits())))
    }

    pub(in super::super) fn deserialize<'de, T: Bits, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<(u32, T)>, D::Error> {
        let numbers = Vec::<(u32, T::Whole)>::deserialize(from)?;
        Ok(numbers.into_iter().map(|(title, bits)| (title, T::of(bits))).collect())
    }
}
