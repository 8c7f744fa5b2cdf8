//! Plans, and the price of an upsell.

use super::enums::{Currencies, CustomFieldTypes, PlanTypes, ReleaseMethod, Visibility, Word};
use super::scalars::Timestamp;
use async_graphql::{ID, InputObject, Object};
use guildhall_app::plan::Plan as Found;
use guildhall_core::money::major_from_minor;
use guildhall_core::{plan as rules, plan_words};

fn count(value: Option<i64>) -> Option<i32> {
    value.map(|value| i32::try_from(value).unwrap_or(i32::MAX))
}

fn release_method(method: rules::ReleaseMethod) -> ReleaseMethod {
    match method {
        rules::ReleaseMethod::BuyNow => ReleaseMethod::BuyNow,
        rules::ReleaseMethod::Raffle => ReleaseMethod::Raffle,
        rules::ReleaseMethod::Waitlist => ReleaseMethod::Waitlist,
    }
}

/// Declares a face of a plan: the fields both have, and how its stock is typed.
macro_rules! plan_face {
    ($name:ident, $stock:ty, $count:expr) => {
        #[derive(Debug)]
        pub(crate) struct $name(pub(crate) Found);

        #[Object]
        impl $name {
            async fn base_currency(&self) -> Currencies {
                Currencies::from_word(self.0.currency.code()).unwrap_or(Currencies::Usd)
            }

            /// Days.
            async fn billing_period(&self) -> Option<i32> {
                count(self.0.billing_period_days)
            }

            async fn created_at(&self) -> Timestamp {
                Timestamp::of_ms(self.0.created_at)
            }

            async fn expiration_days(&self) -> Option<i32> {
                count(self.0.expiration_days)
            }

            async fn id(&self) -> ID {
                self.0.id.to_string().into()
            }

            /// What it costs, in words, e.g. `$12.00 / month`.
            async fn formatted_price(&self) -> String {
                plan_words::formatted_price(self.0.terms(), self.0.currency)
            }

            /// Major units.
            async fn initial_price_due(&self) -> f64 {
                let due = self.0.terms().first_due_minor(1).unwrap_or(self.0.initial_price_minor);
                major_from_minor(due, self.0.currency)
            }

            async fn payment_link_description(&self) -> Option<&str> {
                self.0.payment_link_description.as_deref()
            }

            async fn plan_type(&self) -> PlanTypes {
                PlanTypes::from_word(self.0.plan_type.as_str()).unwrap_or(PlanTypes::OneTime)
            }

            /// Major units.
            async fn raw_initial_price(&self) -> f64 {
                major_from_minor(self.0.initial_price_minor, self.0.currency)
            }

            /// Major units.
            async fn raw_renewal_price(&self) -> f64 {
                major_from_minor(self.0.renewal_price_minor, self.0.currency)
            }

            async fn release_method(&self) -> ReleaseMethod {
                release_method(self.0.release_method)
            }

            async fn stock(&self) -> $stock {
                $count(i32::try_from(self.0.stock).unwrap_or(i32::MAX))
            }

            async fn trial_period_days(&self) -> Option<i32> {
                count(self.0.trial_period_days)
            }

            async fn unlimited_stock(&self) -> bool {
                self.0.unlimited_stock
            }

            async fn updated_at(&self) -> Timestamp {
                Timestamp::of_ms(self.0.updated_at)
            }

            async fn visibility(&self) -> Visibility {
                Visibility::from_word(&self.0.visibility).unwrap_or(Visibility::Hidden)
            }
        }
    };
}

plan_face!(Plan, i32, std::convert::identity);
plan_face!(PublicPlan, Option<i32>, Some);

#[derive(Debug, InputObject)]
pub(crate) struct CustomFieldInput {
    field_type: CustomFieldTypes,
    id: Option<ID>,
    name: String,
    order: Option<i32>,
    placeholder: Option<String>,
    required: Option<bool>,
}

/// Custom fields as the rules ask for them; those without an id or a place get them by their order.
pub(crate) fn custom_fields(given: Option<Vec<CustomFieldInput>>) -> Vec<rules::CustomField> {
    let fields = (1_i64..).zip(given.unwrap_or_default()).map(|(number, field)| rules::CustomField {
        id: field.id.map_or_else(|| number.to_string(), |id| id.to_string()),
        name: field.name,
        placeholder: field.placeholder,
        order: field.order.map_or(number, i64::from),
        required: field.required.unwrap_or(false),
    });
    fields.collect()
}

#[derive(Debug, InputObject)]
pub(crate) struct UpsellPlanInput {
    base_currency: Option<Currencies>,
    custom_fields: Option<Vec<CustomFieldInput>>,
    expiration_days: Option<i32>,
    initial_price: Option<f64>,
    release_method: Option<ReleaseMethod>,
}

impl UpsellPlanInput {
    /// What the rules ask for.
    pub(crate) fn read(self) -> rules::UpsellRequest {
        rules::UpsellRequest {
            base_currency: self.base_currency.map(|currency| currency.as_str().to_owned()),
            custom_fields: custom_fields(self.custom_fields),
            expiration_days: self.expiration_days.map(i64::from),
            initial_price: self.initial_price,
            release_method: self
                .release_method
                .and_then(|method| rules::ReleaseMethod::from_word(method.as_str())),
        }
    }
}
