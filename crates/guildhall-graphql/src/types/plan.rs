//! Plans, and the price of an upsell.

use super::access_pass::AccessPass;
use super::enums::{
    Currencies, CustomFieldTypes, Direction, PlanOrder, PlanTypes, ReleaseMethod, Visibility,
    VisibilityFilter, Word,
};
use super::page::{PageInfo, optional_id};
use super::scalars::Timestamp;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::access_pass;
use guildhall_app::page::{Page, Ranked};
use guildhall_app::plan::{Plan as Found, PlanFilter, PlanOrder as Order};
use guildhall_core::cursor::check_query;
use guildhall_core::money::major_from_minor;
use guildhall_core::{plan as rules, plan_words};
use std::collections::HashSet;

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
    ($name:ident, $stock:ty, $count:expr, { $($own:tt)* }) => {
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
                Visibility::from_word(self.0.shown_visibility()).unwrap_or(Visibility::Hidden)
            }

            $($own)*
        }
    };
}

plan_face!(Plan, i32, std::convert::identity, {
    /// The pass it sells; null without `access_pass:basic:read`.
    async fn access_pass(&self, context: &Context<'_>) -> Result<Option<AccessPass>> {
        AccessPass::shown(context, &self.0.company, &self.0.access_pass).await
    }

    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// How often it is paid, in words, e.g. `monthly`; null for what is paid once.
    async fn formatted_billing_period(&self) -> Option<String> {
        plan_words::formatted_billing_period(self.0.terms())
    }

    /// What it costs, in words, e.g. `$12.00 / month`.
    async fn formatted_price(&self) -> String {
        plan_words::formatted_price(self.0.terms(), self.0.currency)
    }

    /// Major units.
    async fn initial_price(&self) -> f64 {
        major_from_minor(self.0.initial_price_minor, self.0.currency)
    }

    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Major units.
    async fn renewal_price(&self) -> f64 {
        major_from_minor(self.0.renewal_price_minor, self.0.currency)
    }

    /// Its name, else that of its pass.
    async fn title(&self) -> &str {
        self.0.title()
    }
});
plan_face!(PublicPlan, Option<i32>, Some, {});

#[derive(Debug, SimpleObject)]
pub(crate) struct PlanConnection {
    nodes: Option<Vec<Option<Plan>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl PlanConnection {
    pub(crate) fn of(page: Page<Ranked<Found>>, order: Order) -> Self {
        Self {
            page_info: PageInfo::of(&page, |plan| plan.cursor(order, &plan.row.id)),
            total_count: i32::try_from(page.total).unwrap_or(i32::MAX),
            nodes: Some(page.nodes.into_iter().map(|plan| Some(Plan(plan.row))).collect()),
        }
    }
}

#[derive(Debug, Default, InputObject)]
pub(crate) struct PlanFilters {
    access_pass_id: Option<ID>,
    /// Whether the pass offers something to whoever brings a buyer.
    affiliates: Option<bool>,
    /// Without it the oldest come first.
    pub(crate) direction: Option<Direction>,
    /// Without it by when they were made. `internal_notes` is refused: plans have none.
    order: Option<PlanOrder>,
    /// Whether the pass offers something to members who bring a buyer.
    passholder_affiliate: Option<bool>,
    /// What the name, the description or the pass's title holds.
    query: Option<String>,
    /// Raffles alone: those that take no more entries, or the others.
    raffle_ended: Option<bool>,
    release_method: Option<ReleaseMethod>,
    /// Without it all that are not archived.
    visibility: Option<VisibilityFilter>,
}

impl PlanFilters {
    /// What the use case asks for.
    pub(crate) fn read(self) -> Result<PlanFilter> {
        Ok(PlanFilter {
            access_pass: optional_id(self.access_pass_id.as_ref())?,
            visibility: self.visibility.map(visibility_filter).unwrap_or_default(),
            release_method: self
                .release_method
                .and_then(|method| rules::ReleaseMethod::from_word(method.as_str())),
            raffle_ended: self.raffle_ended,
            query: check_query(&self.query.unwrap_or_default())?.to_owned(),
            global_affiliate: self.affiliates,
            member_affiliate: self.passholder_affiliate,
        })
    }

    /// What the list is ordered by.
    pub(crate) fn order(&self) -> Result<Order> {
        Ok(match self.order {
            None | Some(PlanOrder::CreatedAt) => Order::CreatedAt,
            Some(PlanOrder::ActiveMembershipsCount) => Order::ActiveMembershipsCount,
            Some(PlanOrder::Affiliates) => Order::Affiliates,
            Some(PlanOrder::ExpiresAt) => Order::ExpiresAt,
            Some(PlanOrder::InternalNotes) => {
                let sentence = "Plans have no internal notes here that `order` could be by.";
                return Err(guildhall_app::Error::Invalid(sentence.into()).into());
            }
        })
    }
}

/// The filter of the wire's word.
pub(crate) fn visibility_filter(asked: VisibilityFilter) -> access_pass::VisibilityFilter {
    use access_pass::VisibilityFilter as Filter;
    match asked {
        VisibilityFilter::All => Filter::All,
        VisibilityFilter::Archived => Filter::Archived,
        VisibilityFilter::Hidden => Filter::Hidden,
        VisibilityFilter::NotArchived => Filter::NotArchived,
        VisibilityFilter::NotQuickLink => Filter::NotQuickLink,
        VisibilityFilter::QuickLink => Filter::QuickLink,
        VisibilityFilter::Visible => Filter::Visible,
    }
}

#[derive(Debug, InputObject)]
pub(crate) struct CustomFieldInput {
    field_type: CustomFieldTypes,
    id: Option<ID>,
    name: String,
    order: Option<i32>,
    placeholder: Option<String>,
    required: Option<bool>,
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

/// Custom fields as the rules ask for them. Those without an id or a place get the number of their order; an id that
/// another field has is passed over for the next number that none has.
pub(crate) fn custom_fields(given: Option<Vec<CustomFieldInput>>) -> Vec<rules::CustomField> {
    let given = given.unwrap_or_default();
    let mut taken: HashSet<String> =
        given.iter().filter_map(|field| field.id.clone()).map(|id| id.0).collect();
    let fields = (1_i64..).zip(given).map(|(number, field)| rules::CustomField {
        id: field.id.map_or_else(|| free_number(&mut taken, number), |id| id.0),
        name: field.name,
        placeholder: field.placeholder,
        order: field.order.map_or(number, i64::from),
        required: field.required.unwrap_or(false),
    });
    fields.collect()
}

/// The first number from `number` on that is not taken; it is then.
fn free_number(taken: &mut HashSet<String>, number: i64) -> String {
    let mut numbers = (number..).map(|number| number.to_string());
    let free = numbers.find(|number| !taken.contains(number)).expect("what is taken has an end");
    taken.insert(free.clone());
    free
}

/// The first plan of a new access pass.
#[derive(Debug, InputObject)]
pub(crate) struct CompanyOnboardingPlanOptions {
    base_currency: Option<Currencies>,
    /// Days.
    billing_period: Option<i32>,
    custom_fields: Option<Vec<CustomFieldInput>>,
    /// Major units.
    initial_price: Option<f64>,
    plan_type: Option<PlanTypes>,
    /// A raffle needs places and an end, which cannot be said here.
    release_method: Option<ReleaseMethod>,
    /// Major units.
    renewal_price: Option<f64>,
    /// Without it `visible`.
    visibility: Option<Visibility>,
}

impl CompanyOnboardingPlanOptions {
    /// What the rules ask for, and who finds the plan.
    pub(crate) fn read(self) -> Result<(rules::PlanRequest, access_pass::Visibility)> {
        let visibility = self.visibility.unwrap_or(Visibility::Visible);
        let visibility = access_pass::Visibility::from_word(visibility.as_str())
            .filter(|visibility| *visibility != access_pass::Visibility::Archived);
        let visibility = visibility
            .ok_or_else(|| guildhall_app::Error::Invalid("A new plan cannot be `archived`.".into()))?;
        let request = rules::PlanRequest {
            plan_type: self.plan_type.and_then(|word| rules::PlanType::from_word(word.as_str())),
            base_currency: self.base_currency.map(|currency| currency.as_str().to_owned()),
            initial_price: self.initial_price,
            renewal_price: self.renewal_price,
            billing_period: self.billing_period.map(i64::from),
            release_method: self
                .release_method
                .and_then(|method| rules::ReleaseMethod::from_word(method.as_str())),
            custom_fields: custom_fields(self.custom_fields),
            ..rules::PlanRequest::default()
        };
        Ok((request, visibility))
    }
}
