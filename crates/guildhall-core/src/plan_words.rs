//! Plans in words: what a price and a period are called where people read them.

use crate::billing::{Renewals, Terms};
use crate::money::Currency;
use rust_decimal::Decimal;

/// Signs that stand for one currency alone wherever they are read, before the amount.
const SIGNS: &[(&str, &str)] = &[
    ("brl", "R$"),
    ("eur", "€"),
    ("gbp", "£"),
    ("ils", "₪"),
    ("inr", "₹"),
    ("jpy", "¥"),
    ("krw", "₩"),
    ("ngn", "₦"),
    ("php", "₱"),
    ("try", "₺"),
    ("usd", "$"),
    ("vnd", "₫"),
];

/// An amount of minor units as a price tag shows it: `$1,200.00`, `¥1,200`, `12.50 CHF`, `0.015 BTC`. A currency whose
/// sign others have too goes by its code.
#[must_use]
pub fn price(minor: i64, currency: Currency) -> String {
    let is_beyond_iso = currency.exponent() > 4;
    let amount = Decimal::new(minor.abs(), currency.exponent());
    let amount = if is_beyond_iso { amount.normalize() } else { amount };
    let text = amount.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::with_capacity(text.len() + text.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !part.is_empty() {
        grouped.push('.');
        grouped.push_str(part);
    }
    let minus = if minor < 0 { "-" } else { "" };
    match SIGNS.iter().find(|(code, _)| *code == currency.code()) {
        Some((_, sign)) => format!("{minus}{sign}{grouped}"),
        None => format!("{minus}{grouped} {}", currency.code().to_ascii_uppercase()),
    }
}

/// An amount that is to be read on its own, far from its seller: as [`price`], and always with the currency's code, e.g.
/// `$12.50 USD`.
#[must_use]
pub fn price_in_full(minor: i64, currency: Currency) -> String {
    let code = currency.code().to_ascii_uppercase();
    let words = price(minor, currency);
    if words.ends_with(&code) { words } else { format!("{words} {code}") }
}

/// What a plan costs, in one line: `$12.00 / month`, `$99.00 for 90 days`, `Free`.
#[must_use]
pub fn formatted_price(terms: Terms, currency: Currency) -> String {
    match terms {
        Terms::OneTime { price_minor, expiration_days } => {
            let price = if price_minor == 0 { "Free".to_owned() } else { price(price_minor, currency) };
            expiration_days.map_or(price.clone(), |days| format!("{price} for {}", days_in_words(days)))
        }
        Terms::Renewal { initial_price_minor: 0, renewal_price_minor: 0, .. } => "Free".to_owned(),
        Terms::Renewal { initial_price_minor, renewal_price_minor: 0, .. } => {
            price(initial_price_minor, currency)
        }
        Terms::Renewal { initial_price_minor, renewal_price_minor, period_days, trial_days } => {
            let each = format!("{} / {}", price(renewal_price_minor, currency), period(period_days));
            let first = (initial_price_minor > 0).then(|| price(initial_price_minor, currency));
            match (first, trial_days) {
                (None, 0) => each,
                (Some(first), 0) => format!("{each} + {first} once"),
                (None, days) => format!("{each} after {} free", days_in_words(days)),
                (Some(first), days) => format!("{each} after {} for {first}", days_in_words(days)),
            }
        }
    }
}

/// How often a plan is paid: `monthly`, `every 2 weeks`; nothing for what is paid once.
#[must_use]
pub fn formatted_billing_period(terms: Terms) -> Option<String> {
    let Terms::Renewal { period_days, .. } = terms else {
        return None;
    };
    Some(match units(period_days) {
        (1, "day") => "daily".to_owned(),
        (1, "year") => "yearly".to_owned(),
        (1, unit) => format!("{unit}ly"),
        _ => format!("every {}", period(period_days)),
    })
}

/// What the renewals ahead cost, and when: `$12.00 every month`; nothing where nothing is charged any more.
#[must_use]
pub fn renewals_in_words(terms: Terms, ahead: Renewals, currency: Currency) -> Option<String> {
    let Terms::Renewal { period_days, .. } = terms else {
        return None;
    };
    let each = |minor| format!("{} every {}", price(minor, currency), period(period_days));
    let Some((count, later_minor)) = ahead.then else {
        return (ahead.next_minor > 0).then(|| each(ahead.next_minor));
    };
    let amount = if ahead.next_minor == 0 { "nothing".to_owned() } else { price(ahead.next_minor, currency) };
    let which =
        if count == 1 { "the next payment".to_owned() } else { format!("each of the next {count} payments") };
    Some(format!("{amount} for {which}, after that {}", each(later_minor)))
}

/// What falls due after the first payment, as a sentence; nothing where nothing does.
#[must_use]
pub fn later_in_words(terms: Terms, ahead: Renewals, currency: Currency) -> Option<String> {
    let each = renewals_in_words(terms, ahead, currency)?;
    Some(match terms {
        Terms::Renewal { initial_price_minor: 0, trial_days: days @ 1.., .. } => {
            format!("{} free; then {each}, until you cancel.", days_in_words(days))
        }
        Terms::Renewal { trial_days: days @ 1.., .. } => {
            format!("After {} {each}, until you cancel.", days_in_words(days))
        }
        _ => format!("Then {each}, until you cancel."),
    })
}

/// A period: `month`, `2 weeks`, `45 days`.
fn period(days: i64) -> String {
    match units(days) {
        (1, unit) => unit.to_owned(),
        (count, unit) => format!("{count} {unit}s"),
    }
}

/// The largest unit that a number of days is a whole number of. A month is thirty days, as the plans of a month have it.
fn units(days: i64) -> (i64, &'static str) {
    for (length, unit) in [(365, "year"), (30, "month"), (7, "week")] {
        if days > 0 && days % length == 0 {
            return (days / length, unit);
        }
    }
    (days, "day")
}

fn days_in_words(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a known currency")
    }

    #[test]
    fn amounts_as_price_tags_show_them() {
        for (minor, code, words) in [
            (1200, "usd", "$12.00"),
            (5, "usd", "$0.05"),
            (0, "eur", "€0.00"),
            (123_456_789, "usd", "$1,234,567.89"),
            (-1250, "gbp", "-£12.50"),
            (1200, "jpy", "¥1,200"),
            (999, "jpy", "¥999"),
            (1250, "chf", "12.50 CHF"),
            (1250, "cad", "12.50 CAD"),
            (1_234_567, "kwd", "1,234.567 KWD"),
            (150_000_000, "btc", "1.5 BTC"),
            (10_000, "eth", "0.0001 ETH"),
        ] {
            assert_eq!(price(minor, currency(code)), words);
        }
    }

    #[test]
    fn plans_in_one_line() {
        let once = |price_minor, expiration_days| Terms::OneTime { price_minor, expiration_days };
        let renewal = |initial_price_minor, renewal_price_minor, period_days, trial_days| Terms::Renewal {
            initial_price_minor,
            renewal_price_minor,
            period_days,
            trial_days,
        };
        // (terms, price, period)
        let table = [
            (once(0, None), "Free", None),
            (once(0, Some(1)), "Free for 1 day", None),
            (once(9900, None), "$99.00", None),
            (once(9900, Some(90)), "$99.00 for 90 days", None),
            (renewal(0, 1200, 30, 0), "$12.00 / month", Some("monthly")),
            (renewal(0, 1200, 1, 0), "$12.00 / day", Some("daily")),
            (renewal(0, 1200, 7, 0), "$12.00 / week", Some("weekly")),
            (renewal(0, 1200, 365, 0), "$12.00 / year", Some("yearly")),
            (renewal(0, 1200, 14, 0), "$12.00 / 2 weeks", Some("every 2 weeks")),
            (renewal(0, 1200, 28, 0), "$12.00 / 4 weeks", Some("every 4 weeks")),
            (renewal(0, 1200, 90, 0), "$12.00 / 3 months", Some("every 3 months")),
            (renewal(0, 1200, 730, 0), "$12.00 / 2 years", Some("every 2 years")),
            (renewal(0, 1200, 45, 0), "$12.00 / 45 days", Some("every 45 days")),
            (renewal(500, 1200, 30, 0), "$12.00 / month + $5.00 once", Some("monthly")),
            (renewal(0, 1200, 30, 7), "$12.00 / month after 7 days free", Some("monthly")),
            (renewal(500, 1200, 30, 1), "$12.00 / month after 1 day for $5.00", Some("monthly")),
            (renewal(500, 0, 30, 0), "$5.00", Some("monthly")),
            (renewal(0, 0, 30, 0), "Free", Some("monthly")),
        ];
        for (terms, price, period) in table {
            assert_eq!(formatted_price(terms, currency("usd")), price, "{terms:?}");
            assert_eq!(formatted_billing_period(terms).as_deref(), period, "{terms:?}");
        }
    }

    #[test]
    fn what_falls_due_later() {
        let usd = currency("usd");
        let renewal = |initial_price_minor, renewal_price_minor, period_days, trial_days| Terms::Renewal {
            initial_price_minor,
            renewal_price_minor,
            period_days,
            trial_days,
        };
        let all = |next_minor| Renewals { next_minor, then: None };
        let some = |next_minor, count, later_minor| Renewals { next_minor, then: Some((count, later_minor)) };
        let (monthly, trial) = (renewal(0, 1200, 30, 0), renewal(0, 1200, 365, 14));
        let table = [
            (Terms::OneTime { price_minor: 500, expiration_days: Some(30) }, all(500), None),
            (monthly, all(0), None),
            (monthly, all(1428), Some("Then $14.28 every month, until you cancel.")),
            (renewal(500, 1200, 14, 0), all(3600), Some("Then $36.00 every 2 weeks, until you cancel.")),
            (trial, all(1200), Some("14 days free; then $12.00 every year, until you cancel.")),
            (renewal(500, 1200, 1, 1), all(1200), Some("After 1 day $12.00 every day, until you cancel.")),
            (
                monthly,
                some(900, 1, 1200),
                Some("Then $9.00 for the next payment, after that $12.00 every month, until you cancel."),
            ),
            (
                trial,
                some(0, 2, 1200),
                Some(
                    "14 days free; then nothing for each of the next 2 payments, after that $12.00 every year, until you cancel.",
                ),
            ),
        ];
        for (terms, ahead, words) in table {
            assert_eq!(later_in_words(terms, ahead, usd).as_deref(), words, "{terms:?} {ahead:?}");
        }
    }

    proptest! {
        #[test]
        fn a_price_tag_holds_the_digits_of_its_amount(minor in 0_i64..1_000_000_000_000_000) {
            for currency in Currency::all().filter(|currency| currency.exponent() <= 4) {
                let digits: String = price(minor, currency).chars().filter(char::is_ascii_digit).collect();
                let width = currency.exponent() as usize + 1;
                prop_assert_eq!(digits, format!("{minor:0width$}"));
            }
        }
    }
}
