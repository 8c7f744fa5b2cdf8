//! Plans: prices of access passes. `list.rs` is a company's list of them.

mod list;

pub use list::{PlanFilter, PlanOrder, list, load_if_shown};

use crate::access_pass::Visibility;
use crate::error::Result;
use crate::raffle;
use crate::store::{self, Tx};
use guildhall_core::billing::Terms;
use guildhall_core::ids::{AccessPassId, CompanyId, PlanId};
use guildhall_core::money::Currency;
pub use guildhall_core::plan::PlanType;
use guildhall_core::plan::{CustomField, DEFAULT_PERIOD_DAYS, ReleaseMethod};
use guildhall_core::waitlist::EntryRules;

/// A price of an access pass. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The id.
    pub id: PlanId,
    /// The pass it sells.
    pub access_pass: AccessPassId,
    /// The name of that pass.
    pub access_pass_title: String,
    /// The company that sells it.
    pub company: CompanyId,
    /// Whether it renews.
    pub plan_type: PlanType,
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
    /// What it is called.
    pub name: Option<String>,
    /// What it is, in a few words.
    pub description: Option<String>,
    /// Where a buyer goes afterwards.
    pub redirect_url: Option<String>,
    /// Asked at checkout, in order.
    pub custom_fields: Vec<CustomField>,
    /// When and how many entries it takes.
    pub entry_rules: EntryRules,
    /// Since when it is sold no more.
    pub archived_at: Option<i64>,
    /// When it was made.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
}

impl Plan {
    /// What it charges, and when.
    #[must_use]
    pub fn terms(&self) -> Terms {
        match self.plan_type {
            PlanType::OneTime => Terms::OneTime {
                price_minor: self.initial_price_minor,
                expiration_days: self.expiration_days,
            },
            PlanType::Renewal => Terms::Renewal {
                initial_price_minor: self.initial_price_minor,
                renewal_price_minor: self.renewal_price_minor,
                period_days: self.billing_period_days.unwrap_or(DEFAULT_PERIOD_DAYS),
                trial_days: self.trial_period_days.unwrap_or(0),
            },
        }
    }

    /// What it is called: its own name, else that of its pass.
    #[must_use]
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.access_pass_title)
    }

    /// One of the wire's `Visibility`: `archived` once it is sold no more.
    #[must_use]
    pub fn shown_visibility(&self) -> &str {
        if self.archived_at.is_some() { Visibility::Archived.as_str() } else { &self.visibility }
    }

    /// What is left of it; `None` for as many as wanted.
    #[must_use]
    pub fn stock_left(&self) -> Option<i64> {
        (!self.unlimited_stock).then_some(self.stock)
    }
}

/// What a new plan is made of. Prices are minor units.
#[derive(Debug, Clone)]
pub struct NewPlan {
    /// The pass it sells.
    pub access_pass: AccessPassId,
    /// The company that sells it.
    pub company: CompanyId,
    /// The currency of its prices.
    pub currency: Currency,
    /// What it charges, and when.
    pub terms: Terms,
    /// How many can be sold; `None` for as many as wanted.
    pub stock: Option<i64>,
    /// How it is given out.
    pub release_method: ReleaseMethod,
    /// When and how many entries it takes.
    pub entry_rules: EntryRules,
    /// Who finds it.
    pub visibility: Visibility,
    /// What it is called.
    pub name: Option<String>,
    /// Shown at checkout.
    pub payment_link_description: Option<String>,
    /// What it is, in a few words.
    pub description: Option<String>,
    /// Where a buyer goes afterwards.
    pub redirect_url: Option<String>,
    /// Asked at checkout.
    pub custom_fields: Vec<CustomField>,
}

impl NewPlan {
    /// A plan without limits, visible to all, that asks nothing.
    #[must_use]
    pub fn of_terms(company: CompanyId, access_pass: AccessPassId, currency: Currency, terms: Terms) -> Self {
        Self {
            access_pass,
            company,
            currency,
            terms,
            stock: None,
            release_method: ReleaseMethod::BuyNow,
            entry_rules: EntryRules::default(),
            visibility: Visibility::Visible,
            name: None,
            payment_link_description: None,
            description: None,
            redirect_url: None,
            custom_fields: Vec::new(),
        }
    }
}

/// Makes a plan; one that is raffled off commits itself to a draw.
///
/// # Errors
/// `Invalid` for a raffle without an end or without places, and for one whose end has passed.
pub(crate) fn create(tx: &mut Tx<'_>, plan: &NewPlan) -> Result<PlanId> {
    let id = store::plan::insert(tx, plan)?;
    if plan.release_method == ReleaseMethod::Raffle {
        raffle::open(tx, &id, plan)?;
    }
    Ok(id)
}

/// Takes so many out of a plan's stock; `false` when there are not so many left.
pub(crate) fn take_stock(tx: &mut Tx<'_>, plan: &PlanId, quantity: i64) -> Result<bool> {
    store::plan::take_stock(tx, plan, quantity)
}

/// Puts so many back into a plan's stock.
pub(crate) fn put_back_stock(tx: &mut Tx<'_>, plan: &PlanId, quantity: i64) -> Result<()> {
    store::plan::put_back_stock(tx, plan, quantity)
}
