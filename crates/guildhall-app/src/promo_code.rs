//! Promo codes: what a company takes off its prices, for whom, and what each was used for.
//!
//! Owns the codes and their uses; `redemption.rs` is what a checkout and a renewal ask. Must not touch payments, which
//! only name what they used. A deleted code stays on record: memberships that have it go on, and its text is free.
//! Bounds: [`MOST_PLANS`] plans a code, [`LONGEST_CODE`] characters.

mod redemption;

pub use redemption::Applied;
pub(crate) use redemption::{claim, code_of, discount_minor, payments_left, quote, release};

use crate::Guildhall;
use crate::access;
use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::page::Page;
use crate::plan::Plan;
use crate::principal::{Principal, authorize, holds};
use crate::store::{self, Read, Tx};
use guildhall_core::cursor::{Cursor, Key, Order, Window};
use guildhall_core::ids::{AccessPassId, CompanyId, PlanId, PromoCodeId};
use guildhall_core::money::Currency;
use guildhall_core::permission::Permission;
use guildhall_core::promo_code::{
    Customer, Discount, LONGEST_CODE, Limits, MOST_PLANS, PromoCodeStatus, PromoDuration, PromoType,
    check_code, duration_of,
};
use serde_json::json;

/// A promo code.
#[derive(Debug, Clone)]
pub struct PromoCode {
    /// The id.
    pub id: PromoCodeId,
    /// Whose prices it takes off.
    pub company: CompanyId,
    /// Its text, in capitals.
    pub code: String,
    /// The pass whose plans it is for; `None` for every pass, and where the caller may not see passes.
    pub access_pass: Option<AccessPassId>,
    /// What it takes off.
    pub discount: Discount,
    /// The currency it was made for.
    pub currency: Currency,
    /// For how long.
    pub duration: PromoDuration,
    /// For how many payments; 0 for all.
    pub number_of_intervals: i64,
    /// How often it was used.
    pub uses: i64,
    /// Who may use it, and until when.
    pub limits: Limits,
    /// Where it stands.
    pub status: PromoCodeStatus,
    /// When it was made, in milliseconds.
    pub created_at: i64,
}

/// What a new promo code is made of.
#[derive(Debug, Clone)]
pub struct NewPromoCode {
    /// The company; the one of `x-company-id`, else the calling app's own when `None`.
    pub company: Option<CompanyId>,
    /// The pass whose plans it is for; `None` for every pass.
    pub access_pass: Option<AccessPassId>,
    /// The plans it is for; none for all.
    pub plans: Vec<PlanId>,
    /// Its text.
    pub code: String,
    /// What `amount_off` is.
    pub promo_type: PromoType,
    /// Major units of the currency, or a percentage.
    pub amount_off: f64,
    /// A currency's code.
    pub currency: String,
    /// For how many payments; 0 for all.
    pub number_of_intervals: i64,
    /// Who may use it, and until when.
    pub limits: Limits,
}

/// By what a list of codes is ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PromoCodeOrder {
    /// By their text.
    Code,
    /// By when they were made.
    #[default]
    CreatedAt,
}

impl Order for PromoCodeOrder {
    fn word(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::CreatedAt => "created_at",
        }
    }

    fn is_by_word(self) -> bool {
        self == Self::Code
    }

    /// Ids sort by when they were made.
    fn is_by_id(self) -> bool {
        self == Self::CreatedAt
    }
}

impl PromoCode {
    /// Where the code stands in a list.
    #[must_use]
    pub fn cursor(&self, order: PromoCodeOrder) -> String {
        let key = match order {
            PromoCodeOrder::Code => Key::Word(self.code.clone()),
            PromoCodeOrder::CreatedAt => Key::Word(self.id.to_string()),
        };
        Cursor { key, id: self.id.to_string() }.text(order)
    }
}

/// Which codes are listed.
#[derive(Debug, Clone, Default)]
pub struct PromoCodeFilter {
    /// Those of one status; all but deleted ones when `None`.
    pub status: Option<PromoCodeStatus>,
    /// Those whose time is over, or those that count now.
    pub expired: Option<bool>,
    /// Those whose text holds this, in any case.
    pub query: String,
}

/// Makes a promo code.
///
/// # Errors
/// `Invalid` for a text, discount, limit or number of payments that cannot be, and for plans that are not of the pass
/// or not in the currency of an amount; `NotFound` for a pass or plan of another company; `Forbidden` without
/// `promo_code:create`; `Conflict` when the company has a live code of this text.
pub async fn create(hall: &Guildhall, principal: &Principal, new: NewPromoCode) -> Result<PromoCode> {
    principal.acting_user()?;
    let company = match new.company.as_ref().or(principal.company.as_ref()) {
        Some(company) => company.clone(),
        None => principal.calling_app()?.company.clone(),
    };
    let principal = principal.clone();
    let write = hall.store.write(move |tx| {
        authorize(tx, &principal, &company, Permission::PromoCodeCreate)?;
        let code = sound(tx, &company, &new)?;
        if !store::promo_code::insert(tx, &code, &new.plans)? {
            return Err(Error::Conflict(format!("The company has a promo code `{}` already.", code.code)));
        }
        let details = json!({"code": code.code});
        Doer::of(&principal).log(tx, &company, "create_promo_code", &code.id, details)?;
        shown(tx, &principal, code)
    });
    write.await
}

/// The code that is to be made, if it can be.
fn sound(tx: &mut Tx<'_>, company: &CompanyId, new: &NewPromoCode) -> Result<PromoCode> {
    let currency = Currency::parse(&new.currency)?;
    let code = PromoCode {
        id: tx.mint(),
        company: company.clone(),
        code: check_code(&new.code)?,
        access_pass: new.access_pass.clone(),
        discount: Discount::parse(new.promo_type, new.amount_off, currency)?,
        currency,
        duration: duration_of(new.number_of_intervals)?,
        number_of_intervals: new.number_of_intervals,
        uses: 0,
        limits: new.limits,
        status: PromoCodeStatus::Active,
        created_at: tx.now,
    };
    code.limits.check(tx.now)?;
    if let Some(pass) = &new.access_pass
        && store::access::company_of_pass(tx, pass)?.as_ref() != Some(company)
    {
        return no_such("access pass", pass);
    }
    if new.plans.len() > MOST_PLANS {
        return Err(Error::Invalid(format!("`planIds` are {MOST_PLANS} at most.")));
    }
    for id in &new.plans {
        let plan = match store::plan::find(tx, id)? {
            Some(plan) if plan.company == *company => plan,
            _ => return no_such("plan", id),
        };
        if new.access_pass.as_ref().is_some_and(|pass| *pass != plan.access_pass) {
            return Err(Error::Invalid(format!("The plan `{id}` is of another pass than `accessPassId`.")));
        }
        code.discount.off(0, plan.currency)?;
    }
    Ok(code)
}

/// A code as the caller may see it: its pass is for those who may see passes.
fn shown(read: &mut Read<'_>, principal: &Principal, code: PromoCode) -> Result<PromoCode> {
    if holds(read, principal, &code.company, Permission::AccessPassRead)? {
        return Ok(code);
    }
    Ok(PromoCode { access_pass: None, ..code })
}

/// Deletes a promo code: it cannot be used any more, and what it was used for keeps it. Deleting it again is nothing.
///
/// # Errors
/// `NotFound` for a code that is none of the caller's business, `Forbidden` without `promo_code:delete`.
pub async fn delete(hall: &Guildhall, principal: &Principal, id: PromoCodeId) -> Result<()> {
    principal.acting_user()?;
    let principal = principal.clone();
    let write = hall.store.write(move |tx| {
        let Some(code) = store::promo_code::find(tx, &id)? else {
            return no_such("promo code", &id);
        };
        if !holds(tx, &principal, &code.company, Permission::PromoCodeDelete)? {
            return match access::may_ask_about_others(tx, &principal, &code.company)? {
                true => authorize(tx, &principal, &code.company, Permission::PromoCodeDelete),
                false => no_such("promo code", &id),
            };
        }
        if code.status == PromoCodeStatus::Archived {
            return Ok(());
        }
        store::promo_code::archive(tx, &id)?;
        Doer::of(&principal).log(tx, &code.company, "delete_promo_code", &id, json!({"code": code.code}))
    });
    write.await
}

/// A company's promo codes. A page is read from the index of its order, and passes what the filter leaves out on the
/// way; the total reads every code of the company.
///
/// # Errors
/// `Invalid` for a query that no code can hold, `Forbidden` without `promo_code:basic:read`.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    filter: PromoCodeFilter,
    window: Window<PromoCodeOrder>,
) -> Result<Page<PromoCode>> {
    if filter.query.chars().count() > LONGEST_CODE {
        return Err(Error::Invalid(format!("`query` is at most {LONGEST_CODE} characters long.")));
    }
    let principal = principal.clone();
    let scan = hall.store.scan(move |read| {
        authorize(read, &principal, &company, Permission::PromoCodeRead)?;
        let sees_passes = holds(read, &principal, &company, Permission::AccessPassRead)?;
        let mut codes = store::promo_code::list(read, &company, &filter, &window)?;
        if !sees_passes {
            codes.iter_mut().for_each(|code| code.access_pass = None);
        }
        let total = store::promo_code::count(read, &company, &filter)?;
        Ok(store::listed::page(&window, codes, total))
    });
    scan.await
}

/// The promo code of a text that can be used for a plan, for anyone who would buy it.
///
/// # Errors
/// `NotFound`, in one sentence for a text that no code has and for a code of another plan; `Invalid` for one that has
/// expired, is used up or switched off.
pub async fn find_public(hall: &Guildhall, code: String, plan: PlanId) -> Result<PromoCode> {
    let read = hall.store.read(move |read| {
        let Some(plan) = store::plan::find(read, &plan)? else {
            return not_for_plan(&code);
        };
        let found = for_plan(read, &plan, &code)?;
        // Whether it is for this customer is said where somebody is known to buy.
        found.limits.of_all().admit(found.status, Customer::default(), read.now)?;
        Ok(found)
    });
    read.await
}

/// The live code of a text that takes something off a plan.
fn for_plan(read: &mut Read<'_>, plan: &Plan, text: &str) -> Result<PromoCode> {
    let Ok(code) = check_code(text) else {
        return not_for_plan(text);
    };
    let found = store::promo_code::find_for_plan(read, &plan.company, &code, &plan.access_pass, &plan.id)?;
    match found {
        Some(found) if found.discount.off(0, plan.currency).is_ok() => Ok(found),
        _ => not_for_plan(text),
    }
}

/// The one answer for a code that is not there and for one of another plan.
fn not_for_plan<T>(code: &str) -> Result<T> {
    let shown: String = code.trim().chars().filter(|c| !c.is_control()).take(LONGEST_CODE).collect();
    Err(Error::NotFound(format!("There is no promo code `{shown}` for this plan.")))
}
