//! Plans: prices, periods, stock, and what is asked of a buyer.

use crate::billing::Terms;
use crate::money::{self, Currency};
use crate::words::words;
use crate::{Invalid, invalid};

/// The longest a one-time plan can run, in days (ten years).
pub const LONGEST_EXPIRATION_DAYS: i64 = 3650;
/// The most custom fields a plan asks.
pub const MOST_CUSTOM_FIELDS: usize = 20;
/// The longest name or placeholder of a custom field, in characters.
pub const LONGEST_FIELD_TEXT: usize = 255;
/// The longest id of a custom field, in characters.
pub const LONGEST_FIELD_ID: usize = 100;

/// The longest a billing period or a trial can be, in days (ten years).
pub const LONGEST_PERIOD_DAYS: i64 = 3650;
/// The length of a billing period that nobody named, in days.
pub const DEFAULT_PERIOD_DAYS: i64 = 30;
/// The largest stock that can be asked for.
pub const LARGEST_STOCK: i64 = 1_000_000_000;

words! {
    /// Whether a plan renews; the wire's `PlanTypes`.
    pub enum PlanType {
        /// Paid once.
        OneTime = "one_time",
        /// Paid each period.
        Renewal = "renewal",
    }
}

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
    /// The caller's id, or one of ours; unlike that of every other field of the plan.
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

impl Upsell {
    /// What it charges: its price, once.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms::OneTime { price_minor: self.initial_price_minor, expiration_days: self.expiration_days }
    }
}

/// A plan, as the wire gives it. Prices are major units.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanRequest {
    /// Defaults to one-time.
    pub plan_type: Option<PlanType>,
    /// Defaults to usd.
    pub base_currency: Option<String>,
    /// What is due at once, beside a first period; defaults to nothing.
    pub initial_price: Option<f64>,
    /// What each period costs; defaults to nothing.
    pub renewal_price: Option<f64>,
    /// Days; defaults to [`DEFAULT_PERIOD_DAYS`] for a plan that renews.
    pub billing_period: Option<i64>,
    /// Days before the first period; zero and `None` are none.
    pub trial_period_days: Option<i64>,
    /// How many days a one-time purchase lasts; `None` for good.
    pub expiration_days: Option<i64>,
    /// How many can be sold; without it as many as wanted.
    pub stock: Option<i64>,
    /// Sold without an end, whatever the stock says; defaults to whether no stock is given.
    pub unlimited_stock: Option<bool>,
    /// Defaults to `buy_now`.
    pub release_method: Option<ReleaseMethod>,
    /// Asked at checkout.
    pub custom_fields: Vec<CustomField>,
}

/// A plan whose every field was found sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundPlan {
    /// The currency.
    pub currency: Currency,
    /// What it charges and when, in minor units.
    pub terms: Terms,
    /// How many can be sold; `None` for as many as wanted.
    pub stock: Option<i64>,
    /// How it is given out.
    pub release_method: ReleaseMethod,
    /// Asked at checkout, in order.
    pub custom_fields: Vec<CustomField>,
}

impl PlanRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// With the sentence for the first field that is unsound, or does not go with the type of the plan.
    pub fn check(&self) -> Result<SoundPlan, Invalid> {
        let currency = Currency::parse(self.base_currency.as_deref().unwrap_or("usd"))?;
        let terms = match self.plan_type.unwrap_or(PlanType::OneTime) {
            PlanType::OneTime => self.one_time_terms(currency)?,
            PlanType::Renewal => self.renewal_terms(currency)?,
        };
        if self.stock.is_some_and(|stock| !(0..=LARGEST_STOCK).contains(&stock)) {
            return invalid(format!("`stock` must be 0 to {LARGEST_STOCK}."));
        }
        let stock = match (self.unlimited_stock, self.stock) {
            (Some(false), None) => return invalid("A plan whose stock is limited needs `stock`."),
            (Some(true), _) | (None, None) => None,
            (Some(false) | None, stock) => stock,
        };
        check_custom_fields(&self.custom_fields)?;
        let mut custom_fields = self.custom_fields.clone();
        custom_fields.sort_by_key(|field| field.order);
        let release_method = self.release_method.unwrap_or(ReleaseMethod::BuyNow);
        if release_method == ReleaseMethod::Raffle && stock.is_none() {
            return invalid("A raffle needs `stock`: that many entries win.");
        }
        Ok(SoundPlan { currency, terms, stock, release_method, custom_fields })
    }

    fn one_time_terms(&self, currency: Currency) -> Result<Terms, Invalid> {
        let given = [
            ("renewalPrice", self.renewal_price.is_some_and(|price| price != 0.0)),
            ("billingPeriod", self.billing_period.is_some()),
            ("trialPeriodDays", self.trial_period_days.is_some_and(|days| days != 0)),
        ];
        if let Some((field, _)) = given.iter().find(|(_, is_given)| *is_given) {
            return invalid(format!("`{field}` is for plans of the type `renewal`."));
        }
        if self.expiration_days.is_some_and(|days| !(1..=LONGEST_EXPIRATION_DAYS).contains(&days)) {
            return invalid(format!("`expirationDays` must be 1 to {LONGEST_EXPIRATION_DAYS}."));
        }
        let price_minor = check_price(self.initial_price.unwrap_or(0.0), currency, "initialPrice")?;
        Ok(Terms::OneTime { price_minor, expiration_days: self.expiration_days })
    }

    fn renewal_terms(&self, currency: Currency) -> Result<Terms, Invalid> {
        if self.expiration_days.is_some() {
            return invalid(
                "`expirationDays` is for plans of the type `one_time`: a plan that renews has periods.",
            );
        }
        let period_days = self.billing_period.unwrap_or(DEFAULT_PERIOD_DAYS);
        if !(1..=LONGEST_PERIOD_DAYS).contains(&period_days) {
            return invalid(format!("`billingPeriod` must be 1 to {LONGEST_PERIOD_DAYS} days."));
        }
        let trial_days = self.trial_period_days.unwrap_or(0);
        if !(0..=LONGEST_PERIOD_DAYS).contains(&trial_days) {
            return invalid(format!("`trialPeriodDays` must be 0 to {LONGEST_PERIOD_DAYS}."));
        }
        let initial_price_minor = check_price(self.initial_price.unwrap_or(0.0), currency, "initialPrice")?;
        let renewal_price_minor = check_price(self.renewal_price.unwrap_or(0.0), currency, "renewalPrice")?;
        let terms = Terms::Renewal { initial_price_minor, renewal_price_minor, period_days, trial_days };
        terms.first_due_minor(1)?;
        Ok(terms)
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
    for (index, field) in fields.iter().enumerate() {
        check_field_id(&field.id)?;
        // Answers are told apart by it.
        if fields[..index].iter().any(|earlier| earlier.id == field.id) {
            return invalid(format!("Two custom fields have the `id` `{}`: give each its own.", field.id));
        }
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

/// Checks an id by which a form names its field; browsers send line breaks in names otherwise than they stand there.
fn check_field_id(id: &str) -> Result<(), Invalid> {
    if id.trim().is_empty() || id.chars().count() > LONGEST_FIELD_ID || id.chars().any(char::is_control) {
        return invalid(format!(
            "The `id` of a custom field is 1 to {LONGEST_FIELD_ID} characters long, without line breaks."
        ));
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
        let id = format!("f{order}");
        CustomField { id, name: name.into(), placeholder: None, order, required: true }
    }

    fn named(id: &str) -> CustomField {
        CustomField { id: id.into(), ..field("f", 1) }
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

    fn renewal() -> PlanRequest {
        PlanRequest {
            plan_type: Some(PlanType::Renewal),
            renewal_price: Some(20.0),
            ..PlanRequest::default()
        }
    }

    #[test]
    fn plans_are_read_with_their_defaults() {
        let free = PlanRequest::default().check().expect("sound");
        assert_eq!(free.terms, Terms::OneTime { price_minor: 0, expiration_days: None });
        assert_eq!(
            (free.stock, free.release_method, free.currency.code()),
            (None, ReleaseMethod::BuyNow, "usd")
        );
        let sound = PlanRequest { initial_price: Some(5.0), trial_period_days: Some(7), ..renewal() }.check();
        let expected = Terms::Renewal {
            initial_price_minor: 500,
            renewal_price_minor: 2000,
            period_days: 30,
            trial_days: 7,
        };
        assert_eq!(sound.expect("sound").terms, expected);
        for (stock, unlimited, expected) in [
            (None, None, None),
            (Some(3), None, Some(3)),
            (Some(3), Some(false), Some(3)),
            (Some(3), Some(true), None),
            (Some(0), None, Some(0)),
        ] {
            let plan = PlanRequest { stock, unlimited_stock: unlimited, ..PlanRequest::default() };
            assert_eq!(plan.check().expect("sound").stock, expected);
        }
    }

    #[test]
    fn each_refusal_of_a_plan_has_its_sentence() {
        let once = PlanRequest::default;
        let table = [
            (
                PlanRequest { renewal_price: Some(1.0), ..once() },
                "`renewalPrice` is for plans of the type `renewal`",
            ),
            (PlanRequest { billing_period: Some(30), ..once() }, "`billingPeriod` is for plans"),
            (PlanRequest { trial_period_days: Some(7), ..once() }, "`trialPeriodDays` is for plans"),
            (PlanRequest { expiration_days: Some(0), ..once() }, "`expirationDays` must be 1 to 3650"),
            (
                PlanRequest { initial_price: Some(0.1), ..once() },
                "`initialPrice` must be zero or at least 0.50 usd",
            ),
            (
                PlanRequest { expiration_days: Some(9), ..renewal() },
                "`expirationDays` is for plans of the type",
            ),
            (PlanRequest { billing_period: Some(0), ..renewal() }, "`billingPeriod` must be 1 to 3650"),
            (PlanRequest { trial_period_days: Some(-1), ..renewal() }, "`trialPeriodDays` must be 0 to 3650"),
            (PlanRequest { renewal_price: Some(-1.0), ..renewal() }, "`renewalPrice` must not be negative"),
            (
                PlanRequest { initial_price: Some(9e12), renewal_price: Some(9e12), ..renewal() },
                "larger than an amount",
            ),
            (PlanRequest { stock: Some(-1), ..once() }, "`stock` must be 0 to"),
            (PlanRequest { unlimited_stock: Some(false), ..once() }, "needs `stock`"),
            (PlanRequest { release_method: Some(ReleaseMethod::Raffle), ..once() }, "A raffle needs `stock`"),
            (PlanRequest { custom_fields: vec![field("", 1)], ..once() }, "1 to 255 characters"),
            (
                PlanRequest { custom_fields: vec![named("size"), named("team"), named("size")], ..once() },
                "Two custom fields have the `id` `size`: give each its own.",
            ),
            (
                PlanRequest { custom_fields: vec![named(" ")], ..once() },
                "The `id` of a custom field is 1 to 100",
            ),
            (
                PlanRequest { custom_fields: vec![named(&"x".repeat(101))], ..once() },
                "is 1 to 100 characters",
            ),
            (PlanRequest { custom_fields: vec![named("a\nb")], ..once() }, "without line breaks"),
        ];
        for (request, sentence) in table {
            let error = request.check().expect_err(sentence);
            assert!(error.0.contains(sentence), "{error}");
        }
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
                UpsellRequest { custom_fields: vec![field("a", 1), field("b", 1)], ..request() },
                "Two custom fields have the `id` `f1`",
            ),
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
