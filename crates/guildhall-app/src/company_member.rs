//! Members of a company: everybody who ever began a membership of it or a payment to it, once a person.
//!
//! A member's row is made and kept in the transaction of what happens to them: [`refresh`] after each change of a
//! membership, [`note_payment`] when money comes or goes back, [`meet`] when a payment begins. What a list is ordered by
//! stands in that row; the rest is read of the member's memberships when it is asked for. Bounds: a page of at most
//! 200, read from the index of its order; with a filter the rows that it leaves out are passed on the way.

use crate::Guildhall;
use crate::access;
use crate::error::{Result, no_such};
use crate::page::Page;
use crate::principal::{Principal, authorize, holds};
use crate::store::{self, Read, Tx};
use crate::user::User;
use guildhall_core::access::AccessLevel;
use guildhall_core::company_member::{self as rules, MemberOrder, MemberStatus, RecentAction};
use guildhall_core::cursor::{Cursor, Key, Window};
use guildhall_core::ids::{
    AccessPassId, CompanyId, CompanyMemberId, MembershipId, PlanId, PromoCodeId, UserId,
};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::money::Currency;
use guildhall_core::permission::Permission;

/// The most memberships of one person that are counted.
const MOST_HELD: i64 = 1000;

/// A member. Times are milliseconds.
#[derive(Debug, Clone)]
pub struct CompanyMember {
    /// The id.
    pub id: CompanyMemberId,
    /// The company.
    pub company: CompanyId,
    /// Who it is; without the e-mail for callers that may not see it.
    pub user: User,
    /// When they first held a membership; until then when they came on record.
    pub joined_at: i64,
    /// When something happened to a membership of theirs.
    pub acted_at: i64,
    /// What they paid in usd, less what went back, in minor units.
    pub usd_spent_minor: i64,
    /// When they came on record.
    pub created_at: i64,
    /// When anything of this changed.
    pub updated_at: i64,
}

impl CompanyMember {
    /// Where the member stands in a list.
    #[must_use]
    pub fn cursor(&self, order: MemberOrder) -> String {
        let key = match order {
            MemberOrder::CreatedAt => Key::Number(self.created_at),
            MemberOrder::Id => Key::Word(self.id.to_string()),
            MemberOrder::JoinedAt => Key::Number(self.joined_at),
            MemberOrder::MostRecentAction => Key::Number(self.acted_at),
            MemberOrder::UsdTotalSpent => Key::Number(self.usd_spent_minor),
        };
        Cursor { key, id: self.id.to_string() }.text(order)
    }
}

/// What a member is to their company now.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Whether they are in.
    pub status: MemberStatus,
    /// What they may enter.
    pub level: AccessLevel,
    /// The currency that most of the company's newest plans ask, usd for a company without plans.
    pub currency: Currency,
    /// What they paid in it, less what went back, in minor units.
    pub spent_minor: i64,
    /// What their memberships bring in a month in it, in minor units.
    pub monthly_minor: i64,
}

/// Which members a list holds. An empty part wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberFilter {
    /// Who ever held a membership of one of these passes; this and the next three are of one membership.
    pub access_passes: Vec<AccessPassId>,
    /// By one of these plans.
    pub plans: Vec<PlanId>,
    /// With one of these promo codes.
    pub promo_codes: Vec<PromoCodeId>,
    /// That stands so.
    pub membership_status: Option<MembershipStatus>,
    /// Who joined at this moment or later, in milliseconds.
    pub from_ms: Option<i64>,
    /// Who joined at this moment or earlier, in milliseconds.
    pub until_ms: Option<i64>,
    /// Whether they are in.
    pub statuses: Vec<MemberStatus>,
    /// What happened last to them.
    pub recent_actions: Vec<RecentAction>,
    /// Who came by a tracking link: nobody, since there are none here.
    pub is_tracked: bool,
    /// Whose username, name, or e-mail where the caller may see it, holds this, without regard to case.
    pub query: String,
}

/// A company's members.
///
/// # Errors
/// `Forbidden` without `member:basic:read`.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    filter: MemberFilter,
    window: Window<MemberOrder>,
) -> Result<Page<CompanyMember>> {
    let principal = principal.clone();
    let scan = hall.store.scan(move |read| {
        authorize(read, &principal, &company, Permission::MemberRead)?;
        let shows_emails = holds(read, &principal, &company, Permission::MemberEmailRead)?;
        let mut members = store::company_member::list(read, &company, &filter, shows_emails, &window)?;
        members.iter_mut().for_each(|member| withhold(&mut member.user, shows_emails));
        let total = store::company_member::count(read, &company, &filter, shows_emails)?;
        Ok(store::listed::page(&window, members, total))
    });
    scan.await
}

/// A member of a company.
///
/// # Errors
/// `NotFound` for one that is none of the company's, `Forbidden` without `member:basic:read`.
pub async fn find(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: CompanyMemberId,
) -> Result<CompanyMember> {
    let principal = principal.clone();
    let read = hall.store.read(move |read| {
        authorize(read, &principal, &company, Permission::MemberRead)?;
        let shows_emails = holds(read, &principal, &company, Permission::MemberEmailRead)?;
        match store::company_member::find(read, &company, &id)? {
            Some(mut found) => {
                withhold(&mut found.user, shows_emails);
                Ok(found)
            }
            None => no_such("member", &id),
        }
    });
    read.await
}

/// The member of a company that a user is, as a part of something else: to those who hold `member:basic:read` there; to
/// others, and where the user is none, `None`.
///
/// # Errors
/// `Internal` only.
pub async fn find_if_shown(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    user: UserId,
) -> Result<Option<CompanyMember>> {
    let principal = principal.clone();
    let read = hall.store.read(move |read| {
        if !holds(read, &principal, &company, Permission::MemberRead)? {
            return Ok(None);
        }
        let shows_emails = holds(read, &principal, &company, Permission::MemberEmailRead)?;
        let mut found = store::company_member::find_of_user(read, &company, &user)?;
        found.iter_mut().for_each(|member| withhold(&mut member.user, shows_emails));
        Ok(found)
    });
    read.await
}

/// Takes the e-mail away from callers that may not see it.
pub(crate) fn withhold(user: &mut User, shows_emails: bool) {
    if !shows_emails {
        user.email = None;
    }
}

/// What a member is to their company now.
///
/// # Errors
/// `Internal` only.
pub async fn standing(hall: &Guildhall, member: &CompanyMember) -> Result<Standing> {
    let (company, user) = (member.company.clone(), member.user.id.clone());
    hall.store.read(move |read| standing_of(read, &company, &user)).await
}

fn standing_of(read: &mut Read<'_>, company: &CompanyId, user: &UserId) -> Result<Standing> {
    let now = read.now;
    let currency = match store::company_member::usual_currency(read, company)? {
        Some(currency) => currency,
        None => Currency::parse("usd")?,
    };
    let held = store::company_member::held(read, company, user, MOST_HELD)?;
    let monthly_minor =
        held.iter().fold(0_i64, |sum, one| sum.saturating_add(one.monthly_minor(currency, now)));
    Ok(Standing {
        status: rules::status(&held, now),
        level: access::company_standing(read, company, user)?.level(),
        currency,
        spent_minor: store::company_member::spent_minor(read, company, user, currency)?,
        monthly_minor,
    })
}

/// Puts a user on record as a member, unless they are: to be called when a payment of theirs begins.
pub(crate) fn meet(tx: &mut Tx<'_>, company: &CompanyId, user: &UserId) -> Result<()> {
    store::company_member::insert(tx, company, user, RecentAction::Drafted)
}

/// Brings a member's row up to date: to be called after each change of one of their memberships, in its transaction.
pub(crate) fn refresh(tx: &mut Tx<'_>, company: &CompanyId, user: &UserId) -> Result<()> {
    let now = tx.now;
    let held = store::company_member::held(tx, company, user, 1)?;
    let action = held.first().map_or(RecentAction::Drafted, |newest| newest.recent_action(now));
    if store::company_member::set_recent_action(tx, company, user, action)? {
        return Ok(());
    }
    meet(tx, company, user)?;
    store::company_member::set_recent_action(tx, company, user, action).map(|_| ())
}

/// Adds to what a member spent, and to what was paid for a membership: to be called with each change of a payment's
/// `spent_minor` (core, `payment`), which is below zero where money goes back or comes to be lost. Nothing is written
/// for a change of nothing, except that a new member comes on record.
pub(crate) fn note_payment(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    user: &UserId,
    membership: Option<&MembershipId>,
    currency: Currency,
    delta_minor: i64,
) -> Result<()> {
    if delta_minor == 0 {
        return meet(tx, company, user);
    }
    if !store::company_member::add_spending(tx, company, user, currency, delta_minor)? {
        meet(tx, company, user)?;
        store::company_member::add_spending(tx, company, user, currency, delta_minor)?;
    }
    match membership {
        Some(membership) => store::company_member::add_membership_spending(tx, membership, delta_minor),
        None => Ok(()),
    }
}
