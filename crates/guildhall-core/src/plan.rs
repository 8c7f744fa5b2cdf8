//! Plans: the price of an upsell and what is asked of its buyer.

use crate::money::{self, Currency};
use crate::{Invalid, invalid};

/// The longest a one-time plan can run, in days (ten years).
pub const LONGEST_EXPIRATION_DAYS: i64 = 3650;
/// The most custom fields a plan asks.
pub const MOST_CUSTOM_FIELDS: usize = 20;
/// The longest name or placeholder of a custom field, in characters.
pub const LONGEST_FIELD_TEXT: usize = 255;

/// How a plan is given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseMethod {
    /// Whoever pays.
    BuyNow,
    /// Entries are drawn.
    Raffle,
    /// Entries are approved.
    Waitlist,
}

impl ReleaseMethod {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BuyNow => "buy_now",
            Self::Raffle => "raffle",
            Self::Waitlist => "waitlist",
        }
    }

    /// The method of the wire's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::BuyNow, Self::Raffle, Self::Waitlist].into_iter().find(|method| method.as_str() == word)
    }
}

/// A question asked at checkout.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CustomField {
    /// The caller's id, or one of ours.
    pub id: String,
    /// What is asked.
    pub name: String,
    /// Shown in the empty field.
    pub placeholder: Option<String>,
    /// Its place among the fields.
    pub order: i64,
    /// Whether it must be answered.
    pub required: bool,
}

/// The price of an upsell, as the wire gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct UpsellRequest {
    /// Defaults to usd.
    pub base_currency: Option<String>,
    /// Major units; defaults to nothing.
    pub initial_price: Option<f64>,
    /// How long a purchase opens the experience; `None` for good.
    pub expiration_days: Option<i64>,
    /// Defaults to `buy_now`.
    pub release_method: Option<ReleaseMethod>,
    /// Asked at checkout.
    pub custom_fields: Vec<CustomField>,
}

/// An upsell whose every field was found sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upsell {
    /// The currency.
    pub currency: Currency,
    /// Minor units; zero for a free one.
    pub initial_price_minor: i64,
    /// Days, or for good.
    pub expiration_days: Option<i64>,
    /// How it is given out.
    pub release_method: ReleaseMethod,
    /// Asked at checkout, in order.
    pub custom_fields: Vec<CustomField>,
}

impl UpsellRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// With the sentence for the first field that is unsound.
    pub fn check(&self) -> Result<Upsell, Invalid> {
        let currency = Currency::parse(self.base_currency.as_deref().unwrap_or("usd"))?;
        let initial_price_minor = check_price(self.initial_price.unwrap_or(0.0), currency, "initialPrice")?;
        if self.expiration_days.is_some_and(|days| !(1..=LONGEST_EXPIRATION_DAYS).contains(&days)) {
            return invalid(format!("`expirationDays` must be 1 to {LONGEST_EXPIRATION_DAYS}."));
        }
        let mut custom_fields = self.custom_fields.clone();
        check_custom_fields(&custom_fields)?;
        custom_fields.sort_by_key(|field| field.order);
        Ok(Upsell {
            currency,
            initial_price_minor,
            expiration_days: self.expiration_days,
            release_method: self.release_method.unwrap_or(ReleaseMethod::BuyNow),
            custom_fields,
        })
    }
}

/// Checks a price in major units; answers minor units. Zero is free.
///
/// # Errors
/// When it is negative, no amount of the currency, or above zero and below the smallest price.
pub fn check_price(price: f64, currency: Currency, field: &str) -> Result<i64, Invalid> {
    let minor = money::minor_from_major(price, currency)?;
    let smallest = currency.smallest_price_minor();
    if minor < 0 {
        return invalid(format!("`{field}` must not be negative."));
    }
    if minor > 0 && minor < smallest {
        let smallest = money::in_words(smallest, currency);
        return invalid(format!("`{field}` must be zero or at least {smallest}."));
    }
    Ok(minor)
}

fn check_custom_fields(fields: &[CustomField]) -> Result<(), Invalid> {
    if fields.len() > MOST_CUSTOM_FIELDS {
        return invalid(format!("A plan asks at most {MOST_CUSTOM_FIELDS} custom fields."));
    }
    for field in fields {
        let name = field.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_FIELD_TEXT {
            return invalid(format!(
                "The `name` of a custom field is 1 to {LONGEST_FIELD_TEXT} characters long."
            ));
        }
        if field.placeholder.as_ref().is_some_and(|text| text.chars().count() > LONGEST_FIELD_TEXT) {
            return invalid(format!(
                "The `placeholder` of a custom field is at most {LONGEST_FIELD_TEXT} characters long."
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> UpsellRequest {
        UpsellRequest {
            base_currency: None,
            initial_price: Some(10.0),
            expiration_days: Some(10),
            release_method: None,
            custom_fields: vec![],
        }
    }

    fn field(name: &str, order: i64) -> CustomField {
        CustomField { id: "f".into(), name: name.into(), placeholder: None, order, required: true }
    }

    #[test]
    fn defaults_and_order() {
        let upsell = UpsellRequest { custom_fields: vec![field("b", 2), field("a", 1)], ..request() }
            .check()
            .expect("sound");
        assert_eq!((upsell.currency.code(), upsell.initial_price_minor), ("usd", 1000));
        assert_eq!(upsell.release_method, ReleaseMethod::BuyNow);
        assert_eq!(upsell.custom_fields[0].name, "a");
    }

    #[test]
    fn each_refusal_has_its_sentence() {
        let table = [
            (UpsellRequest { initial_price: Some(-1.0), ..request() }, "must not be negative"),
            (UpsellRequest { initial_price: Some(0.2), ..request() }, "at least 0.50 usd"),
            (UpsellRequest { initial_price: Some(f64::NAN), ..request() }, "not a number"),
            (UpsellRequest { base_currency: Some("gold".into()), ..request() }, "is not a currency"),
            (UpsellRequest { expiration_days: Some(0), ..request() }, "`expirationDays` must be 1 to 3650"),
            (UpsellRequest { custom_fields: vec![field(" ", 1)], ..request() }, "1 to 255 characters"),
            (
                UpsellRequest { custom_fields: vec![field("f", 1); 21], ..request() },
                "at most 20 custom fields",
            ),
        ];
        for (request, sentence) in table {
            let error = request.check().expect_err(sentence);
            assert!(error.0.contains(sentence), "{error}");
        }
    }
}
