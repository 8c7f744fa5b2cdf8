//! Amounts as Stripe writes them. <https://docs.stripe.com/currencies>
//!
//! Stripe counts in the smallest unit of a currency as ISO 4217 has it, with two exceptions among ours: the ariary has no
//! smaller unit there, and amounts of three decimals end with a zero ([`Currency::step_minor`]). It knows no currencies
//! beyond ISO.

use guildhall_core::money::Currency;

/// How many of our minor units one of Stripe's is; `None` where Stripe has not got the currency.
fn ours_in_one(currency: Currency) -> Option<i64> {
    match (currency.code(), currency.exponent()) {
        ("mga", 2) => Some(100),
        (_, 0 | 2 | 3) => Some(1),
        _ => None,
    }
}

/// An amount in Stripe's units; `None` when Stripe cannot charge it.
pub(super) fn to_stripe(amount_minor: i64, currency: Currency) -> Option<i64> {
    let ours = ours_in_one(currency)?;
    (amount_minor % currency.step_minor() == 0).then_some(amount_minor / ours)
}

/// An amount of Stripe's in our minor units.
pub(super) fn from_stripe(amount: i64, currency: Currency) -> i64 {
    amount.saturating_mul(ours_in_one(currency).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Stripe lists as without decimals.
    const WITHOUT_DECIMALS: &[&str] = &[
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf",
        "xof", "xpf",
    ];

    #[test]
    fn a_major_unit_of_every_currency_is_what_stripe_says() {
        for currency in Currency::all() {
            let major = 10_i64.pow(currency.exponent());
            let expected = match currency.exponent() {
                8 => None,
                _ if WITHOUT_DECIMALS.contains(&currency.code()) => Some(1),
                3 => Some(1000),
                // Stripe takes two decimals of all others.
                _ => Some(100),
            };
            assert_eq!(to_stripe(major, currency), expected, "{}", currency.code());
            if let Some(amount) = expected {
                assert_eq!(from_stripe(amount, currency), major, "{}", currency.code());
            }
        }
    }

    #[test]
    fn what_is_finer_than_stripe_takes_is_not_rounded() {
        let of = |code: &str| Currency::parse(code).expect("a currency");
        assert_eq!((to_stripe(5124, of("kwd")), to_stripe(5120, of("kwd"))), (None, Some(5120)));
        assert_eq!((to_stripe(150, of("mga")), to_stripe(200, of("mga"))), (None, Some(2)));
        assert_eq!((to_stripe(1999, of("usd")), to_stripe(500, of("jpy"))), (Some(1999), Some(500)));
    }
}
