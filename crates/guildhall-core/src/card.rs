//! Cards: what the sandbox takes, and what is kept of one.
//!
//! The number of a card exists only while a request is read: nothing of it is kept or shown but its brand and last four
//! digits. The sandbox takes the test cards of [`TEST_CARDS`] and refuses every other number, so that nobody gives it a
//! real one. Real cards go to a real processor's own page and never come here.

use crate::words::words;
use crate::{Invalid, invalid};

words! {
    /// Who issues a card; words of the wire's `CardBrands`.
    pub enum CardBrand {
        /// American Express.
        Amex = "amex",
        /// Diners Club.
        Diners = "diners",
        /// Discover.
        Discover = "discover",
        /// JCB.
        Jcb = "jcb",
        /// Mastercard.
        Mastercard = "mastercard",
        /// UnionPay.
        Unionpay = "unionpay",
        /// None of the others.
        Unknown = "unknown",
        /// Visa.
        Visa = "visa",
    }
}

/// What the sandbox does with a test card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every charge succeeds.
    Success,
    /// Every charge is declined.
    Declined(Decline),
    /// A charge with the buyer present needs a second step; once that is done, it and all later ones succeed.
    SecondStep,
    /// Every charge succeeds; the first is disputed a while later.
    DisputedLater,
    /// The first charge succeeds, every later one is declined for insufficient funds: for trying renewals that fail.
    FailsLater,
    /// Every charge succeeds, but the processor does not answer: that is known only when it is asked again.
    ProcessorDown,
}

words! {
    /// Why a card is declined; the words are kept with the payment.
    pub enum Decline {
        /// No reason is given.
        Generic = "card_declined",
        /// Not enough money.
        InsufficientFunds = "insufficient_funds",
        /// The issuer says that it has expired.
        Expired = "expired_card",
        /// The code on its back is another.
        WrongCode = "incorrect_cvc",
    }
}

impl Decline {
    /// The sentence for the buyer; the wire's `failureMessage`.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Generic => "The card was declined.",
            Self::InsufficientFunds => "The card has insufficient funds.",
            Self::Expired => "The card has expired.",
            Self::WrongCode => "The card's security code is incorrect.",
        }
    }
}

/// What the sandbox is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Whether it was asked under the same key before.
    pub before: bool,
    /// Whether an earlier payment by this card, saved or typed, went through for this buyer.
    pub has_paid: bool,
    /// Whether the buyer did the second step.
    pub second_step_done: bool,
}

/// What the sandbox answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The money was taken.
    Charged,
    /// It was not, and will not be.
    Declined(Decline),
    /// The buyer has to do something first.
    NeedsAction,
    /// Nothing: the caller runs into its timeout. The money was taken all the same.
    Silence,
}

impl Outcome {
    /// The sandbox's answer: the same for the same question, but that silence is broken when it is asked again under
    /// the same key.
    #[must_use]
    pub fn answer(self, asked: Asked) -> Answer {
        match self {
            Self::Success | Self::DisputedLater => Answer::Charged,
            Self::Declined(decline) => Answer::Declined(decline),
            Self::SecondStep if asked.second_step_done || asked.has_paid => Answer::Charged,
            Self::SecondStep => Answer::NeedsAction,
            Self::FailsLater if asked.has_paid => Answer::Declined(Decline::InsufficientFunds),
            Self::FailsLater => Answer::Charged,
            Self::ProcessorDown if asked.before => Answer::Charged,
            Self::ProcessorDown => Answer::Silence,
        }
    }
}

/// A test card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestCard {
    /// Its number, without blanks.
    pub number: &'static str,
    /// What happens.
    pub outcome: Outcome,
    /// What it is for, in words.
    pub what: &'static str,
}

/// Every card that the sandbox takes; any expiry ahead and any code will do. Developers know the numbers from other
/// processors' test modes.
pub const TEST_CARDS: &[TestCard] = &[
    TestCard { number: "4242424242424242", outcome: Outcome::Success, what: "Visa, succeeds" },
    TestCard { number: "5555555555554444", outcome: Outcome::Success, what: "Mastercard, succeeds" },
    TestCard { number: "378282246310005", outcome: Outcome::Success, what: "American Express, succeeds" },
    TestCard {
        number: "4000000000000002",
        outcome: Outcome::Declined(Decline::Generic),
        what: "is declined without a reason",
    },
    TestCard {
        number: "4000000000009995",
        outcome: Outcome::Declined(Decline::InsufficientFunds),
        what: "is declined for insufficient funds",
    },
    TestCard {
        number: "4000000000000069",
        outcome: Outcome::Declined(Decline::Expired),
        what: "is declined as expired",
    },
    TestCard {
        number: "4000000000000127",
        outcome: Outcome::Declined(Decline::WrongCode),
        what: "is declined for its security code",
    },
    TestCard { number: "4000000000003220", outcome: Outcome::SecondStep, what: "requires a second step" },
    TestCard { number: "4000000000000259", outcome: Outcome::DisputedLater, what: "is disputed later" },
    TestCard { number: "4000000000000341", outcome: Outcome::FailsLater, what: "succeeds once, then fails" },
    TestCard {
        number: "4000000000000119",
        outcome: Outcome::ProcessorDown,
        what: "finds the processor down",
    },
];

/// What is kept of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFace {
    /// Who issued it.
    pub brand: CardBrand,
    /// The last four digits.
    pub last4: String,
    /// The month in which it expires, 1 to 12.
    pub expiry_month: u32,
    /// The year in which it expires, in full.
    pub expiry_year: i64,
}

/// A card as a buyer typed it, while it is read. It does not show its number.
#[derive(Clone, Copy)]
pub struct TypedCard<'a> {
    /// The number; blanks and hyphens do not count.
    pub number: &'a str,
    /// The month and the year, `12/34` or `12/2034`.
    pub expiry: &'a str,
    /// The security code.
    pub code: &'a str,
}

impl std::fmt::Debug for TypedCard<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TypedCard(..)")
    }
}

impl TypedCard<'_> {
    /// Reads the card for the sandbox, in a month of a year: what is kept of it, and what happens with it.
    ///
    /// # Errors
    /// With the sentence for the buyer, which never repeats what they typed.
    pub fn read(&self, year: i64, month: u32) -> Result<(CardFace, Outcome), Invalid> {
        let digits: String = self.number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if !(12..=19).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return invalid("The card's number is 12 to 19 digits.");
        }
        if !passes_luhn(&digits) {
            return invalid("The card's number has a digit wrong.");
        }
        let (expiry_year, expiry_month) = expiry(self.expiry)?;
        if (expiry_year, expiry_month) < (year, month) {
            return invalid("The card has expired.");
        }
        if expiry_year > year + 50 {
            return invalid("The card's expiry is too far ahead.");
        }
        let brand = brand(&digits);
        let code_length = if brand == CardBrand::Amex { 4 } else { 3 };
        if self.code.len() != code_length || !self.code.bytes().all(|digit| digit.is_ascii_digit()) {
            return invalid(format!("The card's security code is {code_length} digits."));
        }
        let Some(test_card) = TEST_CARDS.iter().find(|card| card.number == digits) else {
            return invalid("The sandbox takes test cards only, such as 4242 4242 4242 4242.");
        };
        let last4 = digits[digits.len() - 4..].to_owned();
        Ok((CardFace { brand, last4, expiry_month, expiry_year }, test_card.outcome))
    }
}

/// The year in full and the month of an expiry such as `12/34`.
fn expiry(text: &str) -> Result<(i64, u32), Invalid> {
    let refused = || Invalid("The card's expiry is a month and a year, such as 12/34.".into());
    let (month, year) = text.split_once('/').ok_or_else(refused)?;
    let (month, year) = (month.trim(), year.trim());
    let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if !is_plain(month) || !is_plain(year) || month.len() > 2 || !matches!(year.len(), 2 | 4) {
        return Err(refused());
    }
    let month = month.parse().ok().filter(|month| (1..=12).contains(month)).ok_or_else(refused)?;
    let century = if year.len() == 2 { 2000 } else { 0 };
    let year: i64 = year.parse().map_err(|_| refused())?;
    Ok((century + year, month))
}

/// Whether digits bear their check digit: from the right, every second is doubled, and all digits sum to a multiple of
/// ten.
#[must_use]
pub fn passes_luhn(digits: &str) -> bool {
    let sum: Option<u32> = digits
        .chars()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = digit.to_digit(10)? * if place % 2 == 0 { 1 } else { 2 };
            Some(if value > 9 { value - 9 } else { value })
        })
        .sum();
    !digits.is_empty() && sum.is_some_and(|sum| sum % 10 == 0)
}

/// The brand of a number, by the ranges that issuers have.
fn brand(digits: &str) -> CardBrand {
    let first = |count: usize| digits.get(..count).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    match (first(2), first(3), first(4)) {
        (40..=49, ..) => CardBrand::Visa,
        (51..=55, ..) | (_, _, 2221..=2720) => CardBrand::Mastercard,
        (34 | 37, ..) => CardBrand::Amex,
        (65, ..) | (_, 644..=649, _) | (_, _, 6011) => CardBrand::Discover,
        (36 | 38 | 39, ..) | (_, 300..=305, _) => CardBrand::Diners,
        (_, _, 3528..=3589) => CardBrand::Jcb,
        (62, ..) => CardBrand::Unionpay,
        _ => CardBrand::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(number: &str) -> TypedCard<'_> {
        TypedCard { number, expiry: "12/34", code: "123" }
    }

    #[test]
    fn every_test_card_is_read_and_only_its_last_digits_are_kept() {
        for card in TEST_CARDS {
            assert!(passes_luhn(card.number), "{}", card.number);
            let code = if card.number.len() == 15 { "1234" } else { "123" };
            let (face, outcome) = TypedCard { code, ..typed(card.number) }.read(2026, 11).expect(card.what);
            assert_eq!(outcome, card.outcome);
            assert_eq!((face.last4.len(), card.number.ends_with(&face.last4)), (4, true));
            assert_eq!((face.expiry_year, face.expiry_month), (2034, 12));
            assert!(!format!("{face:?}").contains(&card.number[..8]));
            assert!(!format!("{:?}", typed(card.number)).contains(card.number));
        }
        let (face, _) = typed("4242 4242-4242 4242").read(2026, 11).expect("blanks do not count");
        assert_eq!((face.brand, face.last4.as_str()), (CardBrand::Visa, "4242"));
    }

    #[test]
    fn the_table_of_answers() {
        let first = Asked::default();
        let (again, later) = (Asked { before: true, ..first }, Asked { has_paid: true, ..first });
        let confirmed = Asked { second_step_done: true, ..first };
        let poor = Answer::Declined(Decline::InsufficientFunds);
        // An outcome; the answers at first, under the same key again, after the second step, and to a later payment.
        let table = [
            (Outcome::Success, [Answer::Charged; 4]),
            (Outcome::DisputedLater, [Answer::Charged; 4]),
            (Outcome::Declined(Decline::InsufficientFunds), [poor; 4]),
            (
                Outcome::SecondStep,
                [Answer::NeedsAction, Answer::NeedsAction, Answer::Charged, Answer::Charged],
            ),
            (Outcome::FailsLater, [Answer::Charged, Answer::Charged, Answer::Charged, poor]),
            (Outcome::ProcessorDown, [Answer::Silence, Answer::Charged, Answer::Silence, Answer::Silence]),
        ];
        for (outcome, answers) in table {
            for (asked, answer) in [first, again, confirmed, later].into_iter().zip(answers) {
                assert_eq!(outcome.answer(asked), answer, "{outcome:?} {asked:?}");
            }
        }
        for decline in Decline::ALL {
            assert!(decline.sentence().ends_with('.'), "{decline:?}");
        }
    }

    #[test]
    fn brands() {
        let table = [
            ("4242424242424242", CardBrand::Visa),
            ("5555555555554444", CardBrand::Mastercard),
            ("2223003122003222", CardBrand::Mastercard),
            ("378282246310005", CardBrand::Amex),
            ("6011111111111117", CardBrand::Discover),
            ("3056930009020004", CardBrand::Diners),
            ("3566002020360505", CardBrand::Jcb),
            ("6200000000000005", CardBrand::Unionpay),
            ("9999999999999995", CardBrand::Unknown),
        ];
        for (number, expected) in table {
            assert_eq!(brand(number), expected, "{number}");
        }
    }

    #[test]
    fn each_refusal_has_its_sentence_and_repeats_nothing() {
        let good = typed("4242424242424242");
        let table = [
            (typed(""), "12 to 19 digits"),
            (typed("4242"), "12 to 19 digits"),
            (typed("4242x42424242424"), "12 to 19 digits"),
            (typed("\u{664}242424242424242"), "12 to 19 digits"),
            (typed("4242424242424241"), "a digit wrong"),
            (typed("4111111111111111"), "test cards only"),
            (TypedCard { expiry: "10/26", ..good }, "has expired"),
            (TypedCard { expiry: "12/2099", ..good }, "too far ahead"),
            (TypedCard { expiry: "13/34", ..good }, "such as 12/34"),
            (TypedCard { expiry: "0/34", ..good }, "such as 12/34"),
            (TypedCard { expiry: "1234", ..good }, "such as 12/34"),
            (TypedCard { expiry: "12/034", ..good }, "such as 12/34"),
            (TypedCard { code: "12", ..good }, "3 digits"),
            (TypedCard { code: "1234", ..good }, "3 digits"),
            (TypedCard { code: "12a", ..good }, "3 digits"),
            (typed("378282246310005"), "4 digits"),
        ];
        for (card, sentence) in table {
            let refused = card.read(2026, 11).expect_err(sentence).0;
            assert!(refused.contains(sentence), "{refused}");
            assert!(card.number.len() < 8 || !refused.contains(card.number), "{refused}");
        }
        assert!(
            TypedCard { expiry: "11/26", ..good }.read(2026, 11).is_ok(),
            "it is good to the end of its month"
        );
    }

    proptest! {
        /// A wrong digit is always found.
        #[test]
        fn luhn_finds_every_wrong_digit(which in 0..TEST_CARDS.len(), place in 0_usize..15, by in 1_u8..10) {
            let mut digits = TEST_CARDS[which].number.as_bytes().to_vec();
            digits[place] = (digits[place] - b'0' + by) % 10 + b'0';
            prop_assert!(!passes_luhn(&String::from_utf8(digits).expect("digits")));
        }

        #[test]
        fn whatever_is_typed_is_read_or_refused(number in ".{0,24}", expiry in ".{0,8}", code in ".{0,5}") {
            let _ = TypedCard { number: &number, expiry: &expiry, code: &code }.read(2026, 11);
        }
    }
}
