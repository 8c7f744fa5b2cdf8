//! Whole numbers that do not fit a JavaScript number, so they travel as strings.

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A whole number sent as a string and read from a string or a number.
///
/// ```
/// use guildhall_client::BigInt;
///
/// let read: BigInt = serde_json::from_str("\"1716931200123\"")?;
/// assert_eq!(read, BigInt(1_716_931_200_123));
/// assert_eq!(serde_json::to_string(&read)?, "\"1716931200123\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BigInt(pub i64);

impl From<i64> for BigInt {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

impl fmt::Display for BigInt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for BigInt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BigInt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BigIntVisitor)
    }
}

struct BigIntVisitor;

impl Visitor<'_> for BigIntVisitor {
    type Value = BigInt;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number of 64 bits, or a string of one")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<BigInt, E> {
        Ok(BigInt(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<BigInt, E> {
        let unexpected = Unexpected::Unsigned(number);
        i64::try_from(number).map(BigInt).map_err(|_| E::invalid_value(unexpected, &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<BigInt, E> {
        text.parse().map(BigInt).map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_whole_number_is_refused() {
        for text in ["\"1.5\"", "\"\"", "1.5", "18446744073709551615", "null"] {
            assert!(serde_json::from_str::<BigInt>(text).is_err(), "{text}");
        }
        assert_eq!(serde_json::from_str::<BigInt>("-7").unwrap(), BigInt(-7));
    }
}
