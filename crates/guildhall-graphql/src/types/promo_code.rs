//! Promo codes: to their company, and to whoever would use one.

use super::access_pass::AccessPass;
use super::enums::{
    Currencies, Direction, PromoCodeNewStatus, PromoCodeOrder, PromoCodeStatus, PromoDurations, PromoTypes,
    Word,
};
use super::page::{PageInfo, id, ids, optional_id};
use super::scalars::{StringFloat, Timestamp};
use crate::caller::Caller;
use crate::error::Result;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use guildhall_app::page::Page;
use guildhall_app::promo_code::{
    self, NewPromoCode, PromoCode as Found, PromoCodeFilter, PromoCodeOrder as Order,
};
use guildhall_core::promo_code::{
    Limits, PromoCodeStatus as Status, PromoDuration as Duration, PromoType as Type,
};

fn count(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn promo_type(found: &Found) -> PromoTypes {
    match found.discount.promo_type() {
        Type::FlatAmount => PromoTypes::FlatAmount,
        Type::Percentage => PromoTypes::Percentage,
    }
}

fn duration(found: &Found) -> PromoDurations {
    match found.duration {
        Duration::Forever => PromoDurations::Forever,
        Duration::Once => PromoDurations::Once,
        Duration::Repeating => PromoDurations::Repeating,
    }
}

fn currency(found: &Found) -> Currencies {
    Currencies::from_word(found.currency.code()).unwrap_or(Currencies::Usd)
}

/// A promo code, to its company.
#[derive(Debug)]
pub(crate) struct PromoCode(pub(crate) Found);

#[Object]
impl PromoCode {
    /// The pass whose plans it is for; null for every pass, and without `access_pass:basic:read`.
    async fn access_pass(&self, context: &Context<'_>) -> Result<Option<AccessPass>> {
        match &self.0.access_pass {
            Some(pass) => AccessPass::shown(context, &self.0.company, pass).await,
            None => Ok(None),
        }
    }

    /// Major units of `baseCurrency`, or a percentage.
    async fn amount_off(&self) -> f64 {
        self.0.discount.amount_off()
    }

    async fn base_currency(&self) -> Currencies {
        currency(&self.0)
    }

    async fn churned_users_only(&self) -> bool {
        self.0.limits.churned_users_only
    }

    /// In capitals; codes are compared without case.
    async fn code(&self) -> Option<&str> {
        Some(&self.0.code)
    }

    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.0.created_at)
    }

    /// For people, e.g. `20%` or `5.00 usd`.
    async fn discount_off(&self) -> String {
        self.0.discount.in_words()
    }

    async fn duration(&self) -> Option<PromoDurations> {
        Some(duration(&self.0))
    }

    async fn existing_memberships_only(&self) -> bool {
        self.0.limits.existing_memberships_only
    }

    async fn expiration_datetime(&self) -> Option<Timestamp> {
        self.0.limits.expires_at.map(Timestamp::of_ms)
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn new_users_only(&self) -> bool {
        self.0.limits.new_users_only
    }

    /// How many payments of a membership it takes something off; 0 for all.
    async fn number_of_intervals(&self) -> Option<i32> {
        Some(count(self.0.number_of_intervals))
    }

    async fn one_per_customer(&self) -> bool {
        self.0.limits.one_per_customer
    }

    async fn promo_type(&self) -> PromoTypes {
        promo_type(&self.0)
    }

    async fn status(&self) -> PromoCodeStatus {
        match self.0.status {
            Status::Active => PromoCodeStatus::Active,
            Status::Archived => PromoCodeStatus::Archived,
            Status::Inactive => PromoCodeStatus::Inactive,
        }
    }

    /// How many uses are left; without meaning where they are unlimited.
    async fn stock(&self) -> i32 {
        count(self.0.limits.stock.unwrap_or(0))
    }

    async fn unlimited_stock(&self) -> bool {
        self.0.limits.stock.is_none()
    }

    async fn uses(&self) -> i32 {
        count(self.0.uses)
    }
}

/// A promo code, to whoever would use it.
#[derive(Debug)]
struct PublicPromoCode(Found);

#[Object]
impl PublicPromoCode {
    /// Major units of `baseCurrency`, or a percentage.
    async fn amount_off(&self) -> f64 {
        self.0.discount.amount_off()
    }

    async fn base_currency(&self) -> Currencies {
        currency(&self.0)
    }

    async fn code(&self) -> &str {
        &self.0.code
    }

    async fn created_at(&self) -> Timestamp {
        Timestamp::of_ms(self.0.created_at)
    }

    /// For people, e.g. `20%` or `5.00 usd`.
    async fn discount_off(&self) -> String {
        self.0.discount.in_words()
    }

    async fn duration(&self) -> PromoDurations {
        duration(&self.0)
    }

    async fn existing_memberships_only(&self) -> bool {
        self.0.limits.existing_memberships_only
    }

    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// A checkout here shows no code by itself.
    async fn is_popup_promo(&self) -> bool {
        false
    }

    /// How many payments of a membership it takes something off; 0 for all.
    async fn number_of_intervals(&self) -> i32 {
        count(self.0.number_of_intervals)
    }

    async fn promo_type(&self) -> PromoTypes {
        promo_type(&self.0)
    }
}

#[derive(Debug, SimpleObject)]
pub(crate) struct PromoCodeConnection {
    nodes: Option<Vec<Option<PromoCode>>>,
    page_info: PageInfo,
    total_count: i32,
}

impl PromoCodeConnection {
    pub(crate) fn of(found: Page<Found>, order: Order) -> Self {
        Self {
            page_info: PageInfo::of(&found, |code| code.cursor(order)),
            total_count: count(found.total),
            nodes: Some(found.nodes.into_iter().map(|code| Some(PromoCode(code))).collect()),
        }
    }
}

/// Without `status` deleted codes are left out; without `direction` the newest, or the last in the alphabet, comes
/// first. `newStatus` names those that count now, or those whose time is over.
#[derive(Debug, Default, InputObject)]
pub(crate) struct PromoCodeFilters {
    pub(crate) direction: Option<Direction>,
    new_status: Option<PromoCodeNewStatus>,
    order: Option<PromoCodeOrder>,
    /// Part of a code, in any case.
    query: Option<String>,
    status: Option<PromoCodeStatus>,
}

impl PromoCodeFilters {
    pub(crate) fn read(self) -> PromoCodeFilter {
        PromoCodeFilter {
            status: self.status.map(|status| match status {
                PromoCodeStatus::Active => Status::Active,
                PromoCodeStatus::Archived => Status::Archived,
                PromoCodeStatus::Inactive => Status::Inactive,
            }),
            expired: self.new_status.map(|status| status == PromoCodeNewStatus::Expired),
            query: self.query.unwrap_or_default(),
        }
    }

    /// What the list is ordered by.
    pub(crate) fn order(&self) -> Order {
        match self.order {
            Some(PromoCodeOrder::Code) => Order::Code,
            Some(PromoCodeOrder::CreatedAt) | None => Order::CreatedAt,
        }
    }
}

/// Without `companyId`: of the company of `x-company-id`, else of the app's own. Without `stock` it is unlimited.
#[derive(Debug, InputObject)]
struct CreatePromoCodeInput {
    access_pass_id: Option<ID>,
    /// Major units of `baseCurrency`, or a percentage.
    amount_off: StringFloat,
    base_currency: Currencies,
    churned_users_only: Option<bool>,
    client_mutation_id: Option<String>,
    code: String,
    company_id: Option<ID>,
    existing_memberships_only: Option<bool>,
    expiration_datetime: Option<Timestamp>,
    new_users_only: bool,
    /// How many payments of a membership it takes something off; 0 for all.
    number_of_intervals: i32,
    one_per_customer: Option<bool>,
    plan_ids: Option<Vec<ID>>,
    promo_type: PromoTypes,
    stock: Option<i32>,
    unlimited_stock: Option<bool>,
}

impl CreatePromoCodeInput {
    fn read(self) -> Result<NewPromoCode> {
        let stock = self.stock.map(i64::from);
        Ok(NewPromoCode {
            company: optional_id(self.company_id.as_ref())?,
            access_pass: optional_id(self.access_pass_id.as_ref())?,
            plans: ids(&self.plan_ids.unwrap_or_default())?,
            code: self.code,
            promo_type: match self.promo_type {
                PromoTypes::FlatAmount => Type::FlatAmount,
                PromoTypes::Percentage => Type::Percentage,
            },
            amount_off: self.amount_off.number(),
            currency: self.base_currency.as_str().to_owned(),
            number_of_intervals: self.number_of_intervals.into(),
            limits: Limits {
                new_users_only: self.new_users_only,
                churned_users_only: self.churned_users_only.unwrap_or(false),
                existing_memberships_only: self.existing_memberships_only.unwrap_or(false),
                one_per_customer: self.one_per_customer.unwrap_or(false),
                stock: match self.unlimited_stock {
                    Some(true) => None,
                    Some(false) => Some(stock.unwrap_or(0)),
                    None => stock,
                },
                expires_at: self.expiration_datetime.map(|at| at.0.saturating_mul(1000)),
            },
        })
    }
}

#[derive(Debug, InputObject)]
struct DeletePromoCodeInput {
    client_mutation_id: Option<String>,
    id: ID,
}

#[derive(Debug, Default)]
pub(crate) struct PromoCodeQueries;

#[Object]
impl PromoCodeQueries {
    /// A code that can be used for a plan, by its text.
    async fn promo_code(&self, context: &Context<'_>, code: String, plan_id: ID) -> Result<PublicPromoCode> {
        let caller = Caller::of(context);
        Ok(PublicPromoCode(promo_code::find_public(&caller.hall, code, id(&plan_id)?).await?))
    }
}

#[derive(Debug, Default)]
pub(crate) struct PromoCodeMutations;

#[Object]
impl PromoCodeMutations {
    async fn create_promo_code(
        &self,
        context: &Context<'_>,
        input: CreatePromoCodeInput,
    ) -> Result<Option<PromoCode>> {
        let caller = Caller::of(context);
        let made = promo_code::create(&caller.hall, &caller.principal, input.read()?).await?;
        Ok(Some(PromoCode(made)))
    }

    /// Lets a code be used no more; memberships that have it keep it.
    async fn delete_promo_code(
        &self,
        context: &Context<'_>,
        input: DeletePromoCodeInput,
    ) -> Result<Option<bool>> {
        let caller = Caller::of(context);
        promo_code::delete(&caller.hall, &caller.principal, id(&input.id)?).await?;
        Ok(Some(true))
    }
}
