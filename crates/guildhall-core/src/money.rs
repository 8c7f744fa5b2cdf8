//! Money: decimals in major units on the wire, integers of minor units inside.
//!
//! A currency knows its exponent (jpy 0, usd 2, kwd 3); the ISO ones come from the ISO 4217 table of
//! `iso_currency`, the others from the short table below. Amounts are bounded by [`LARGEST_MINOR`], so
//! sums of many stay inside `i64`.

use crate::{Invalid, invalid};
use rust_decimal::Decimal;

/// No single amount is larger than this many minor units.
pub const LARGEST_MINOR: i64 = 1_000_000_000_000_000;

/// The wire's currencies that ISO 4217 does not hold, with their exponents.
const BEYOND_ISO: &[(&str, u32)] = &[("ape", 8), ("btc", 8), ("eth", 8)];

/// The wire's ISO currencies.
const ISO: &[&str] = &[
    "aed", "all", "amd", "ars", "aud", "bam", "bgn", "bhd", "bob", "brl", "bsd", "cad", "chf", "clp", "cop",
    "crc", "czk", "dkk", "dop", "dzd", "egp", "etb", "eur", "gbp", "ghs", "gmd", "gtq", "gyd", "hkd", "huf",
    "idr", "ils", "inr", "jmd", "jod", "jpy", "kes", "khr", "krw", "kwd", "lkr", "mad", "mdl", "mga", "mkd",
    "mnt", "mop", "mur", "mxn", "myr", "nad", "ngn", "nok", "nzd", "omr", "pen", "php", "pkr", "pln", "pyg",
    "qar", "ron", "rsd", "rub", "rwf", "sar", "sek", "sgd", "thb", "tnd", "try", "ttd", "twd", "tzs", "usd",
    "uyu", "uzs", "vnd", "xcd", "xof", "zar",
];

/// A currency by its lower-case code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: &'static str,
    exponent: u32,
}

impl Currency {
    /// The currency of a code such as `usd`, without regard to case.
    ///
    /// # Errors
    /// When the code is none of the wire's currencies.
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        let lower = code.to_ascii_lowercase();
        if let Some(&(code, exponent)) = BEYOND_ISO.iter().find(|(known, _)| *known == lower) {
            return Ok(Self { code, exponent });
        }
        let known = ISO.iter().find(|known| **known == lower);
        let exponent = iso_currency::Currency::from_code(&lower.to_ascii_uppercase())
            .map(|currency| u32::from(currency.exponent().unwrap_or(2)));
        match (known, exponent) {
            (Some(code), Some(exponent)) => Ok(Self { code, exponent }),
            _ => {
                let shown: String = code.chars().filter(|c| !c.is_control()).take(16).collect();
                invalid(format!("`{shown}` is not a currency."))
            }
        }
    }

    /// The lower-case code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code
    }

    /// How many digits stand behind the point.
    #[must_use]
    pub fn exponent(self) -> u32 {
        self.exponent
    }

    /// The smallest price that can be asked, in minor units: half a major unit where there are minor
    /// ones, fifty units where there are none, a ten-thousandth for the currencies beyond ISO.
    #[must_use]
    pub fn smallest_price_minor(self) -> i64 {
        match self.exponent {
            0 => 50,
            8 => 10_i64.pow(4),
            exponent => 10_i64.pow(exponent) / 2,
        }
    }
}

/// Reads an amount in major units as the wire's float holds it.
///
/// A float carries 15 decimal digits faithfully, so it is read to 15 significant digits: `0.1 + 0.2`
/// is 0.3, and nothing drifts.
///
/// # Errors
/// When it is not a number, finer than the currency's minor unit, or beyond [`LARGEST_MINOR`].
pub fn minor_from_major(amount: f64, currency: Currency) -> Result<i64, Invalid> {
    if !amount.is_finite() {
        return invalid("The amount is not a number.");
    }
    let too_large = || Invalid(format!("The amount is beyond what {} amounts can be here.", currency.code));
    if amount.abs() > 1e15 {
        return Err(too_large());
    }
    if amount != 0.0 && amount.abs() < 1e-12 {
        return Err(finer(currency));
    }
    let digits = format!("{amount:.14e}");
    let decimal = Decimal::from_scientific(&digits).map_err(|_| too_large())?.normalize();
    if decimal.scale() > currency.exponent {
        return Err(finer(currency));
    }
    let minor = decimal
        .checked_mul(Decimal::from(10_i64.pow(currency.exponent)))
        .and_then(|minor| i64::try_from(minor).ok())
        .filter(|minor| minor.abs() <= LARGEST_MINOR);
    minor.ok_or_else(too_large)
}

fn finer(currency: Currency) -> Invalid {
    let (code, exponent) = (currency.code, currency.exponent);
    Invalid(format!("The amount is finer than {code} knows: it has {exponent} digits behind the point."))
}

/// The amount in major units, as the wire's float.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "amounts stay below 2^53 minor units")]
pub fn major_from_minor(minor: i64, currency: Currency) -> f64 {
    minor as f64 / 10_i64.pow(currency.exponent) as f64
}

/// The amount for people, e.g. `12.50 usd`.
#[must_use]
pub fn in_words(minor: i64, currency: Currency) -> String {
    format!("{} {}", Decimal::new(minor, currency.exponent), currency.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a known currency")
    }

    #[test]
    fn exponents_come_from_the_tables() {
        for (code, exponent) in [("jpy", 0), ("usd", 2), ("kwd", 3), ("btc", 8), ("USD", 2)] {
            assert_eq!(currency(code).exponent(), exponent, "{code}");
        }
        assert!(Currency::parse("xyz").is_err());
        for code in ISO {
            assert_eq!(currency(code).code(), *code);
        }
    }

    #[test]
    fn the_wires_floats_do_not_drift() {
        assert_eq!(minor_from_major(0.1 + 0.2, currency("usd")), Ok(30));
        assert_eq!(minor_from_major(19.99, currency("usd")), Ok(1999));
        assert_eq!(minor_from_major(1e3, currency("jpy")), Ok(1000));
        assert_eq!(minor_from_major(1.234, currency("kwd")), Ok(1234));
        assert_eq!(minor_from_major(-5.0, currency("usd")), Ok(-500));
    }

    #[test]
    fn what_no_amount_can_be_is_refused() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 1e15, 0.001, 1e-9, f64::MIN_POSITIVE] {
            assert!(minor_from_major(bad, currency("usd")).is_err(), "{bad}");
        }
        assert!(minor_from_major(0.5, currency("jpy")).is_err());
    }

    proptest! {
        #[test]
        fn minor_units_survive_the_wire(minor in -1_000_000_000_000_i64..1_000_000_000_000, index in 0..ISO.len()) {
            let currency = currency(ISO[index]);
            prop_assert_eq!(minor_from_major(major_from_minor(minor, currency), currency), Ok(minor));
        }
    }
}
