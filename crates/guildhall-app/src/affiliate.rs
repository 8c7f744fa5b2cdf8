//! Affiliates: who brings buyers to a company, what is agreed with each, and what they earned.
//!
//! Owns affiliates and what is agreed with them (`agreement.rs`). `sale.rs` is what a checkout and a renewal ask,
//! `affiliation.rs` what a person sees of their own. Must not touch payments, memberships or the ledger: those name
//! their affiliate, and figures are counted from them. Nobody on a company's team earns there. Bounds:
//! [`guildhall_core::affiliate::MOST_PLANS`] plans a call.

mod affiliation;
mod agreement;
mod sale;

pub use affiliation::{Affiliation, Earned, Link, affiliations};
pub use sale::Sold;
pub(crate) use sale::{code_of_link, commission_for_renewal, for_sale};

use self::agreement::{agree_about, agreed, currency_of};
use crate::Guildhall;
use crate::access;
use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::page::Page;
use crate::principal::{Principal, authorize, holds};
use crate::store::affiliate::AffiliateRow;
use crate::store::{self, Read, Tx};
use crate::user::{self, User};
use guildhall_core::affiliate::{AffiliateStatus, AffiliateType, PayoutType};
use guildhall_core::cursor::{Cursor, Key, Order, Window};
use guildhall_core::ids::{AffiliateId, CompanyId, PlanId, UserId};
use guildhall_core::money::Currency;
use guildhall_core::permission::Permission;
use serde_json::json;

/// An affiliate of a company.
#[derive(Debug, Clone)]
pub struct Affiliate {
    /// The id.
    pub id: AffiliateId,
    /// The company.
    pub company: CompanyId,
    /// Who it is.
    pub user: User,
    /// How they became one.
    pub affiliate_type: AffiliateType,
    /// Where they stand.
    pub status: AffiliateStatus,
    /// What they brought.
    pub figures: Figures,
    /// When they became one, in milliseconds.
    pub created_at: i64,
}

/// What an affiliate brought. Money is that of payments in `currency` alone, in its minor units.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// How many memberships they brought.
    pub referrals: i64,
    /// How many people hold one of those that counts now.
    pub active_members: i64,
    /// What they earned, without what went back.
    pub earnings_minor: i64,
    /// What was paid, without what went back.
    pub revenue_minor: i64,
    /// How many of the company's plans they earn by.
    pub plans: i64,
    /// The currency.
    pub currency: Currency,
}

/// By what a list of affiliates is ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AffiliateOrder {
    /// By when they became one.
    #[default]
    CreatedAt,
    /// By how many memberships they brought.
    Referrals,
    /// By what they earned.
    Rewards,
}

impl Order for AffiliateOrder {
    fn word(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::Referrals => "referrals",
            Self::Rewards => "rewards",
        }
    }

    fn is_by_word(self) -> bool {
        false
    }

    /// Ids sort by when they were made.
    fn is_by_id(self) -> bool {
        self == Self::CreatedAt
    }
}

impl Affiliate {
    /// Where the affiliate stands in a list.
    #[must_use]
    pub fn cursor(&self, order: AffiliateOrder) -> String {
        let key = match order {
            AffiliateOrder::CreatedAt => Key::Word(self.id.to_string()),
            AffiliateOrder::Referrals => Key::Number(self.figures.referrals),
            AffiliateOrder::Rewards => Key::Number(self.figures.earnings_minor),
        };
        Cursor { key, id: self.id.to_string() }.text(order)
    }
}

/// What a new affiliate is made of.
#[derive(Debug, Clone)]
pub struct NewAffiliate {
    /// The company; the one of `x-company-id`, else the calling app's own when `None`.
    pub company: Option<CompanyId>,
    /// A username, or the id of a user.
    pub username: String,
    /// The plans that something is agreed about; none for all.
    pub plans: Vec<PlanId>,
    /// What `fee` is.
    pub payout_type: PayoutType,
    /// A percentage, or major units; `None` to agree about nothing but what passes offer.
    pub fee: Option<f64>,
    /// Whether the first payment of each membership is all that they earn by.
    pub only_first_payment: bool,
}

/// What is changed of an affiliate; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct AffiliateUpdate {
    /// The plan that something is agreed about; `None` for all that have no agreement of their own.
    pub plan: Option<PlanId>,
    /// What `fee` is.
    pub payout_type: Option<PayoutType>,
    /// A percentage, or major units.
    pub fee: Option<f64>,
    /// Whether the first payment of each membership is all that they earn by.
    pub only_first_payment: Option<bool>,
    /// Where they stand.
    pub status: Option<AffiliateStatus>,
}

/// Makes somebody an affiliate of a company. Who became one by an offer, or was taken back, is one by agreement from
/// now on.
///
/// # Errors
/// `Invalid` for a commission that cannot be, for plans without one, and for somebody on the team; `NotFound` for an
/// unknown user and a plan of another company; `Forbidden` without `affiliate:create`; `Conflict` for who is one.
pub async fn create(hall: &Guildhall, principal: &Principal, new: NewAffiliate) -> Result<Affiliate> {
    principal.acting_user()?;
    let company = match new.company.as_ref().or(principal.company.as_ref()) {
        Some(company) => company.clone(),
        None => principal.calling_app()?.company.clone(),
    };
    let principal = principal.clone();
    let write = hall.store.write(move |tx| {
        authorize(tx, &principal, &company, Permission::AffiliateCreate)?;
        let user = partner(tx, &company, &new.username)?;
        let is_new = store::affiliate::insert(tx, &company, &user.id, AffiliateType::Custom)?;
        let Some(found) = store::affiliate::of_user(tx, &company, &user.id)? else {
            return Err(Error::internal("an affiliate was added and is not there"));
        };
        hold(tx, &found.id)?;
        // Somebody else may have taken them back meanwhile.
        let row = store::affiliate::find_bare(tx, &found.id)?.unwrap_or(found);
        if !is_new && row.affiliate_type == AffiliateType::Custom && row.status == AffiliateStatus::Active {
            return Err(Error::Conflict(format!(
                "`{}` is an affiliate of the company already: change that by `updateAffiliate`.",
                user.username
            )));
        }
        if row.status == AffiliateStatus::Deleted {
            // What was agreed ended with that; only what is agreed now counts.
            store::affiliate_agreement::clear(tx, &row.id)?;
        }
        store::affiliate::update(tx, &row.id, AffiliateType::Custom, AffiliateStatus::Active)?;
        agree_about(tx, &row, &new)?;
        let details = json!({"user": user.id.to_string()});
        Doer::of(&principal).log(tx, &company, "create_affiliate", &row.id, details)?;
        shown(tx, &row)
    });
    write.await
}

/// The user who becomes an affiliate of a company.
fn partner(read: &mut Read<'_>, company: &CompanyId, username: &str) -> Result<User> {
    let given = username.trim().trim_start_matches('@');
    let Some(user) = user::resolve(read, given)? else {
        return no_such("user", &given);
    };
    if is_on_team(read, company, &user.id)? {
        return Err(Error::Invalid(format!(
            "`{}` is on the company's team, and nobody on it earns as an affiliate.",
            user.username
        )));
    }
    Ok(user)
}

/// Whether somebody belongs to a company's team, or is the agent of an app in it.
fn is_on_team(read: &mut Read<'_>, company: &CompanyId, user: &UserId) -> Result<bool> {
    let standing = access::company_standing(read, company, user)?;
    Ok(standing.role.is_some() || standing.agent)
}

/// An affiliate with what they brought.
fn shown(read: &mut Read<'_>, row: &AffiliateRow) -> Result<Affiliate> {
    let found = store::affiliate::find(read, &row.company, &row.id)?;
    found.ok_or_else(|| Error::internal(format!("the affiliate {} is not there", row.id)))
}

/// Changes an affiliate, or what is agreed with them about a plan. Who is deleted can be made an affiliate again.
///
/// # Errors
/// `Invalid` for a commission that cannot be, or that says only half; `NotFound` for an affiliate that is none of the
/// caller's business and for a plan of another company; `Forbidden` without `affiliate:update`.
pub async fn update(
    hall: &Guildhall,
    principal: &Principal,
    id: AffiliateId,
    update: AffiliateUpdate,
) -> Result<Affiliate> {
    principal.acting_user()?;
    let principal = principal.clone();
    let write = hall.store.write(move |tx| {
        hold(tx, &id)?;
        let row = managed(tx, &principal, &id)?;
        let currency = currency_of(tx, &row.company, update.plan.as_ref())?;
        if let Some(agreement) = agreed(tx, &row, currency, &update)? {
            store::affiliate_agreement::set(tx, &id, update.plan.as_ref(), &agreement)?;
        }
        if let Some(status) = update.status {
            store::affiliate::update(tx, &id, row.affiliate_type, status)?;
        }
        let status = update.status.map(AffiliateStatus::as_str);
        let details = json!({"plan": update.plan.as_ref().map(ToString::to_string), "status": status});
        Doer::of(&principal).log(tx, &row.company, "update_affiliate", &id, details)?;
        shown(tx, &row)
    });
    write.await
}

/// Holds everyone else who changes an affiliate, or what is agreed with them: nobody loses anything of another's.
fn hold(tx: &mut Tx<'_>, id: &AffiliateId) -> Result<()> {
    tx.lock(&format!("affiliate {id}"))
}

/// An affiliate that the caller may change.
fn managed(read: &mut Read<'_>, principal: &Principal, id: &AffiliateId) -> Result<AffiliateRow> {
    let row = match store::affiliate::find_bare(read, id)? {
        Some(row) if row.status != AffiliateStatus::Deleted => row,
        _ => return no_such("affiliate", id),
    };
    if holds(read, principal, &row.company, Permission::AffiliateUpdate)? {
        return Ok(row);
    }
    match access::may_ask_about_others(read, principal, &row.company)? {
        true => authorize(read, principal, &row.company, Permission::AffiliateUpdate).map(|()| row),
        false => no_such("affiliate", id),
    }
}

/// An affiliate of a company.
///
/// # Errors
/// `Forbidden` without `affiliate:basic:read`, `NotFound`.
pub async fn find(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: AffiliateId,
) -> Result<Affiliate> {
    let principal = principal.clone();
    let scan = hall.store.scan(move |read| {
        authorize(read, &principal, &company, Permission::AffiliateRead)?;
        match store::affiliate::find(read, &company, &id)? {
            Some(found) if found.status != AffiliateStatus::Deleted => Ok(found),
            _ => no_such("affiliate", &id),
        }
    });
    scan.await
}

/// A company's affiliates, without the deleted ones.
///
/// A page in the order of making reads what its affiliates brought; in the order of a figure, which is counted anew for
/// each page, it reads what all of them did, that is the memberships or the payments that an affiliate brought.
///
/// # Errors
/// `Forbidden` without `affiliate:basic:read`.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    window: Window<AffiliateOrder>,
) -> Result<Page<Affiliate>> {
    let principal = principal.clone();
    let scan = hall.store.scan(move |read| {
        authorize(read, &principal, &company, Permission::AffiliateRead)?;
        let found = store::affiliate::list(read, &company, &window)?;
        let total = store::affiliate::count(read, &company)?;
        Ok(store::listed::page(&window, found, total))
    });
    scan.await
}

/// Who an affiliate is.
pub(crate) fn user_of(read: &mut Read<'_>, id: &AffiliateId) -> Result<Option<UserId>> {
    Ok(store::affiliate::find_bare(read, id)?.map(|row| row.user))
}

/// What an affiliate calls themselves.
pub(crate) fn username(read: &mut Read<'_>, id: &AffiliateId) -> Result<Option<String>> {
    match user_of(read, id)? {
        Some(user) => Ok(store::user::find(read, &user)?.map(|user| user.username)),
        None => Ok(None),
    }
}
