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

/// Smallest charges that card processors ask, in minor units, where they differ from the general rule of
/// [`Currency::smallest_price_minor`]. In code order.
const SMALLEST: &[(&str, i64)] = &[
    ("aed", 200),
    ("bgn", 100),
    ("czk", 1500),
    ("dkk", 250),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("mxn", 1000),
    ("myr", 200),
    ("nok", 300),
    ("pln", 200),
    ("ron", 200),
    ("sek", 300),
    ("thb", 1000),
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

    /// Every currency of the wire, in code order within ISO's and the others'.
    pub fn all() -> impl Iterator<Item = Self> {
        let beyond = BEYOND_ISO.iter().map(|(code, _)| *code);
        ISO.iter().copied().chain(beyond).filter_map(|code| Self::parse(code).ok())
    }

    /// The smallest price that can be asked, in minor units: what processors ask where that is listed; else half a
    /// major unit where there are minor ones, fifty units where there are none, a ten-thousandth for the currencies
    /// beyond ISO.
    #[must_use]
    pub fn smallest_price_minor(self) -> i64 {
        if let Some((_, smallest)) = SMALLEST.iter().find(|(code, _)| *code == self.code) {
            return *smallest;
        }
        match self.exponent {
            0 => 50,
            8 => 10_i64.pow(4),
            exponent => 10_i64.pow(exponent) / 2,
        }
    }

    /// The step in which amounts are charged, in minor units. Card processors take those of three decimals only where
    /// they end with a zero, and know no smaller unit of the ariary.
    /// <https://docs.stripe.com/currencies#special-cases>
    #[must_use]
    pub fn step_minor(self) -> i64 {
        match (self.code, self.exponent) {
            ("mga", _) => 100,
            (_, 3) => 10,
            _ => 1,
        }
    }

    /// An amount in minor units without what is finer than the currency's step: rounded down.
    #[must_use]
    pub fn in_steps(self, minor: i64) -> i64 {
        minor - minor.rem_euclid(self.step_minor())
    }
}

/// Reads an amount in major units as the wire's float holds it.
///
/// A float carries 15 decimal digits faithfully, so it is read to 15 significant digits: what a caller
/// computed as `0.1 + 0.2` is read as the 0.3 that was meant, and nothing drifts. Digits that were meant to be
/// finer than the minor unit stay, and are refused.
///
/// # Errors
/// When it is not a number, finer than the currency's minor unit, or beyond [`LARGEST_MINOR`].
pub fn minor_from_major(amount: f64, currency: Currency) -> Result<i64, Invalid> {
    if !amount.is_finite() {
        return invalid("The amount is not a number.");
    }
    if amount.abs() > 1e15 {
        return Err(too_large(currency));
    }
    if amount != 0.0 && amount.abs() < 1e-12 {
        return Err(finer(currency));
    }
    let digits = format!("{amount:.14e}");
    let decimal = Decimal::from_scientific(&digits).map_err(|_| too_large(currency))?.normalize();
    if decimal.scale() > currency.exponent {
        return Err(finer(currency));
    }
    let minor = decimal
        .checked_mul(Decimal::from(10_i64.pow(currency.exponent)))
        .and_then(|minor| i64::try_from(minor).ok())
        .filter(|minor| minor.abs() <= LARGEST_MINOR);
    minor.ok_or_else(|| too_large(currency))
}

/// Reads an amount in major units that stands as text, digit by digit: `12.5`, `-0.01`. Nothing is rounded, and no
/// exponent, sign of plus, blank or grouping is taken.
///
/// # Errors
/// When it is not such a number, finer than the currency's minor unit, or beyond [`LARGEST_MINOR`].
pub fn minor_from_text(text: &str, currency: Currency) -> Result<i64, Invalid> {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain(whole) || !is_plain(part) {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(32).collect();
        return invalid(format!("`{shown}` is not an amount: write it like `12.5`."));
    }
    let part = part.trim_end_matches('0');
    let width = currency.exponent as usize;
    if part.len() > width {
        return Err(finer(currency));
    }
    let all = format!("{}{part:0<width$}", whole.trim_start_matches('0'));
    let minor = if all.is_empty() { Some(0) } else { all.parse::<i64>().ok() };
    let minor = minor.filter(|minor| *minor <= LARGEST_MINOR).ok_or_else(|| too_large(currency))?;
    Ok(if is_negative { -minor } else { minor })
}

/// The part of an amount that so many hundredths of a percent are, rounded down. Never drifts: it is computed in whole
/// numbers.
#[must_use]
pub fn basis_points_of(amount_minor: i64, basis_points: i64) -> i64 {
    let part = i128::from(amount_minor) * i128::from(basis_points) / 10_000;
    i64::try_from(part).unwrap_or(i64::MAX)
}

/// Reads a percentage of the wire, e.g. `12.5`, as hundredths of a percent, e.g. 1250.
///
/// # Errors
/// When it is not from 0 to 100, or finer than a hundredth.
pub fn basis_points(percent: f64, field: &str) -> Result<i64, Invalid> {
    let refused = || {
        Invalid(format!("`{field}` is a percentage from 0 to 100 with at most two digits behind the point."))
    };
    if !(0.0..=100.0).contains(&percent) || (percent != 0.0 && percent < 0.01) {
        return Err(refused());
    }
    let decimal = Decimal::from_scientific(&format!("{percent:.14e}")).map_err(|_| refused())?.normalize();
    if decimal.scale() > 2 {
        return Err(refused());
    }
    decimal.checked_mul(Decimal::from(100)).and_then(|points| i64::try_from(points).ok()).ok_or_else(refused)
}

fn too_large(currency: Currency) -> Invalid {
    Invalid(format!("The amount is beyond what {} amounts can be here.", currency.code))
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

/// The amount in major units, digit by digit: `12.50`.
#[must_use]
pub fn in_digits(minor: i64, currency: Currency) -> String {
    Decimal::new(minor, currency.exponent).to_string()
}

/// The amount for people, e.g. `12.50 usd`.
#[must_use]
pub fn in_words(minor: i64, currency: Currency) -> String {
    format!("{} {}", in_digits(minor, currency), currency.code)
}

/// Hundredths of a percent for people, e.g. `12.5%`.
#[must_use]
pub fn percent_in_words(basis_points: i64) -> String {
    format!("{}%", Decimal::new(basis_points, 2).normalize())
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

    /// The contract's own list, so that no currency can be forgotten or added on the quiet.
    #[test]
    fn the_currencies_are_the_contracts() {
        let contract = include_str!("../../../tests/contract/schema.graphql");
        let listed = contract.split_once("enum Currencies {").and_then(|(_, rest)| rest.split_once('}'));
        let mut listed: Vec<&str> = listed.expect("the contract has them").0.split_whitespace().collect();
        let mut ours: Vec<&str> = Currency::all().map(Currency::code).collect();
        listed.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, listed);
    }

    #[test]
    fn each_currency_has_a_smallest_price() {
        for (code, smallest) in
            [("usd", 50), ("jpy", 50), ("kwd", 500), ("btc", 10_000), ("gbp", 30), ("huf", 17_500)]
        {
            assert_eq!(currency(code).smallest_price_minor(), smallest, "{code}");
        }
        assert!(Currency::all().all(|currency| currency.smallest_price_minor() > 0));
    }

    #[test]
    fn some_currencies_are_charged_in_steps() {
        let coarse: Vec<&str> =
            Currency::all().filter(|currency| currency.step_minor() > 1).map(Currency::code).collect();
        assert_eq!(coarse, ["bhd", "jod", "kwd", "mga", "omr", "tnd"]);
        for (code, minor, expected) in
            [("kwd", 1239, 1230), ("kwd", 1230, 1230), ("mga", 199, 100), ("usd", 199, 199), ("jpy", 7, 7)]
        {
            assert_eq!(currency(code).in_steps(minor), expected, "{code} {minor}");
        }
    }

    #[test]
    fn texts_are_read_digit_by_digit() {
        let read = |text: &str, code: &str| minor_from_text(text, currency(code));
        let table = [
            ("12.5", "usd", 1250),
            ("-0.01", "usd", -1),
            ("007.10", "usd", 710),
            ("0", "usd", 0),
            ("1.2340000000000", "kwd", 1234),
            ("500.0", "jpy", 500),
            ("10000000000000.00", "usd", LARGEST_MINOR),
        ];
        for (text, code, minor) in table {
            assert_eq!(read(text, code), Ok(minor), "{text} {code}");
        }
        for text in ["", "-", ".", "1.", ".5", "+1", "1e3", " 1", "1,000", "--1", "NaN", "\u{661}"] {
            assert!(read(text, "usd").expect_err(text).0.contains("is not an amount"), "{text}");
        }
        assert!(read("0.001", "usd").expect_err("finer").0.contains("finer than usd knows"));
        assert!(read("10000000000000.01", "usd").expect_err("large").0.contains("beyond what usd"));
        assert!(read(&"9".repeat(400), "usd").expect_err("large").0.contains("beyond what usd"));
    }

    #[test]
    fn percentages_are_read_to_a_hundredth() {
        for (percent, points) in
            [(0.0, 0), (0.01, 1), (12.5, 1250), (33.33, 3333), (0.1 + 0.2, 30), (100.0, 10_000)]
        {
            assert_eq!(basis_points(percent, "it"), Ok(points), "{percent}");
        }
        for percent in [-0.01, 100.01, 33.333, 1e-9, f64::NAN, f64::INFINITY] {
            assert!(basis_points(percent, "it").is_err(), "{percent}");
        }
        assert_eq!(basis_points_of(999, 3333), 332);
        assert_eq!(basis_points_of(LARGEST_MINOR, 10_000), LARGEST_MINOR);
    }

    proptest! {
        #[test]
        fn minor_units_survive_the_wire(minor in -LARGEST_MINOR..=LARGEST_MINOR, index in 0..ISO.len()) {
            let currency = currency(ISO[index]);
            prop_assert_eq!(minor_from_major(major_from_minor(minor, currency), currency), Ok(minor));
            let text = Decimal::new(minor, currency.exponent).to_string();
            prop_assert_eq!(minor_from_text(&text, currency), Ok(minor));
        }

        /// What callers compute in floats is read as they meant it.
        #[test]
        fn sums_in_floats_are_read_as_meant(
            parts in proptest::collection::vec(0_i64..10_000_000_000, 1..10),
            index in 0..ISO.len(),
        ) {
            let currency = currency(ISO[index]);
            let sum: f64 = parts.iter().map(|part| major_from_minor(*part, currency)).sum();
            prop_assert_eq!(minor_from_major(sum, currency), Ok(parts.iter().sum()));
        }

        /// One digit more than the currency knows is never rounded away.
        #[test]
        fn finer_amounts_are_refused(minor in 0_i64..100_000_000_000, digit in 1_i64..10) {
            let finer = Decimal::new(minor * 10 + digit, 3).to_string();
            let usd = currency("usd");
            prop_assert!(minor_from_text(&finer, usd).is_err());
            prop_assert!(minor_from_major(finer.parse().expect("a number"), usd).is_err());
        }
    }
}
