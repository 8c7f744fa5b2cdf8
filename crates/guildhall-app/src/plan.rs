//! Plans: prices of access passes.

use crate::access_pass::Visibility;
use crate::error::Result;
use crate::store::{self, Tx};
use guildhall_core::ids::{AccessPassId, CompanyId, PlanId};
use guildhall_core::money::Currency;
use guildhall_core::plan::{CustomField, ReleaseMethod};

/// A price of an access pass. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The id.
    pub id: PlanId,
    /// The pass it sells.
    pub access_pass: AccessPassId,
    /// The company that sells it.
    pub company: CompanyId,
    /// One of the wire's `PlanTypes`.
    pub plan_type: String,
    /// The currency of its prices.
    pub currency: Currency,
    /// What is due at once, in minor units.
    pub initial_price_minor: i64,
    /// What is due each period, in minor units.
    pub renewal_price_minor: i64,
    /// The length of a period, in days.
    pub billing_period_days: Option<i64>,
    /// The length of the trial, in days.
    pub trial_period_days: Option<i64>,
    /// How long a one-time purchase lasts, in days.
    pub expiration_days: Option<i64>,
    /// How many are left; without meaning when `unlimited_stock`.
    pub stock: i64,
    /// Never sells out.
    pub unlimited_stock: bool,
    /// How it is given out.
    pub release_method: ReleaseMethod,
    /// One of the wire's `Visibility`.
    pub visibility: String,
    /// Shown at checkout.
    pub payment_link_description: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
}

/// Whether a plan renews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanType {
    /// Paid once.
    OneTime,
    /// Paid each period.
    Renewal,
}

impl PlanType {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneTime => "one_time",
            Self::Renewal => "renewal",
        }
    }
}

/// What a new plan is made of; its stock is unlimited.
#[derive(Debug, Clone)]
pub struct NewPlan {
    /// The pass it sells.
    pub access_pass: AccessPassId,
    /// The company that sells it.
    pub company: CompanyId,
    /// Whether it renews.
    pub plan_type: PlanType,
    /// The currency of its prices.
    pub currency: Currency,
    /// Minor units.
    pub initial_price_minor: i64,
    /// Minor units.
    pub renewal_price_minor: i64,
    /// Days.
    pub billing_period_days: Option<i64>,
    /// Days.
    pub expiration_days: Option<i64>,
    /// How it is given out.
    pub release_method: ReleaseMethod,
    /// Who finds it.
    pub visibility: Visibility,
    /// Shown at checkout.
    pub description: Option<String>,
    /// Asked at checkout.
    pub custom_fields: Vec<CustomField>,
}

/// Makes a plan.
pub(crate) fn create(tx: &mut Tx<'_>, plan: &NewPlan) -> Result<PlanId> {
    store::plan::insert(tx, plan)
}
