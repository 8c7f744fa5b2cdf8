//! Pages: how much of a list one answer holds.

use crate::{Invalid, invalid};

/// What a page holds when nobody says.
pub const DEFAULT_SIZE: usize = 50;
/// The most a page holds; who asks for more gets this many.
pub const LARGEST_SIZE: usize = 200;

/// The size of a page from what the caller asked (`first`, `last` or `limit`, named by `argument`).
///
/// # Errors
/// When it is negative.
pub fn size(asked: Option<i64>, argument: &str) -> Result<usize, Invalid> {
    match asked {
        None => Ok(DEFAULT_SIZE),
        Some(asked) => match usize::try_from(asked) {
            Ok(size) => Ok(size.min(LARGEST_SIZE)),
            Err(_) => invalid(format!("`{argument}` must not be negative.")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(size(None, "first"), Ok(50));
        assert_eq!(size(Some(0), "first"), Ok(0));
        assert_eq!(size(Some(7), "first"), Ok(7));
        assert_eq!(size(Some(1_000_000), "first"), Ok(200));
        assert!(size(Some(-1), "first").expect_err("negative").0.contains("`first`"));
    }
}
