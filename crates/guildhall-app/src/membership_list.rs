//! The list of a company's memberships, as its team reads it.
//!
//! It holds memberships with a plan: one without, which nobody bought, is no sale, and the wire has a plan in each. A
//! page holds at most 200, read from the index of its order; with a filter the rows that it leaves out are passed on
//! the way.

use crate::Guildhall;
use crate::company_member::withhold;
use crate::error::Result;
use crate::page::Page;
use crate::plan::Plan;
use crate::principal::{Principal, authorize, holds};
use crate::store;
use crate::user::User;
use guildhall_core::cursor::{Cursor, Key, Window};
use guildhall_core::ids::{AccessPassId, CompanyId, CompanyMemberId, MembershipId, PlanId, PromoCodeId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::membership_list::MembershipOrder;
use guildhall_core::permission::Permission;

/// A membership that somebody bought. Times are milliseconds.
#[derive(Debug, Clone)]
pub struct BoughtMembership {
    /// The id.
    pub id: MembershipId,
    /// The company that sold it.
    pub company: CompanyId,
    /// Where it stands.
    pub status: MembershipStatus,
    /// When it was made.
    pub created_at: i64,
    /// The end of what was paid for; `None` without end.
    pub paid_until: Option<i64>,
    /// When it was canceled.
    pub canceled_at: Option<i64>,
    /// Why, one of the wire's `CancelOptions` or the canceler's own words.
    pub cancelation_reason: Option<String>,
    /// What was paid for it, less what went back, in minor units of its plan's currency.
    pub spent_minor: i64,
    /// The promo code that it was bought with.
    pub promo_code: Option<PromoCodeId>,
    /// The pass.
    pub access_pass: AccessPassId,
    /// The plan that it was bought by.
    pub plan: Plan,
    /// Who holds it, as a member; `None` for callers that may not see members.
    pub holder: Option<Holder>,
}

/// A member, as the holder of something.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The member.
    pub id: CompanyMemberId,
    /// Who it is; without the e-mail for callers that may not see it.
    pub user: User,
}

impl Holder {
    /// The holder as the caller may see them.
    pub(crate) fn shown(mut self, shows_emails: bool) -> Self {
        withhold(&mut self.user, shows_emails);
        self
    }
}

impl BoughtMembership {
    /// Where the membership stands in a list.
    #[must_use]
    pub fn cursor(&self, order: MembershipOrder) -> String {
        let key = match order {
            MembershipOrder::CanceledAt => Key::Number(self.canceled_at.unwrap_or(0)),
            MembershipOrder::CreatedAt | MembershipOrder::DateJoined => Key::Number(self.created_at),
            MembershipOrder::Id => Key::Word(self.id.to_string()),
            MembershipOrder::Status => Key::Word(self.status.as_str().to_owned()),
            MembershipOrder::TotalSpend => Key::Number(self.spent_minor),
        };
        Cursor { key, id: self.id.to_string() }.text(order)
    }
}

/// Which memberships a list holds. An empty part wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MembershipFilter {
    /// Of one of these passes.
    pub access_passes: Vec<AccessPassId>,
    /// Of passes of one of these kinds, in the wire's words.
    pub access_pass_kinds: Vec<String>,
    /// By one of these plans.
    pub plans: Vec<PlanId>,
    /// With one of these promo codes.
    pub promo_codes: Vec<PromoCodeId>,
    /// Standing so.
    pub statuses: Vec<MembershipStatus>,
    /// Canceled for one of these reasons, in the wire's words.
    pub cancelation_reasons: Vec<String>,
    /// Canceled for some reason, or for none.
    pub has_cancelation_reason: Option<bool>,
    /// Made at this moment or later, in milliseconds.
    pub from_ms: Option<i64>,
    /// Made at this moment or earlier, in milliseconds.
    pub until_ms: Option<i64>,
    /// That count now, or that do not.
    pub is_valid: Option<bool>,
    /// That were begun.
    pub is_begun: bool,
    /// Bought by a tracking link: none, since there are none here.
    pub is_tracked: bool,
}

/// A company's memberships.
///
/// # Errors
/// `Forbidden` without `member:basic:read`.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    filter: MembershipFilter,
    window: Window<MembershipOrder>,
) -> Result<Page<BoughtMembership>> {
    let principal = principal.clone();
    let scan = hall.store.scan(move |read| {
        authorize(read, &principal, &company, Permission::MemberRead)?;
        let shows_emails = holds(read, &principal, &company, Permission::MemberEmailRead)?;
        let mut memberships = store::membership_list::list(read, &company, &filter, &window)?;
        for membership in &mut memberships {
            membership.holder = membership.holder.take().map(|holder| holder.shown(shows_emails));
        }
        let total = store::membership_list::count(read, &company, &filter)?;
        Ok(store::listed::page(&window, memberships, total))
    });
    scan.await
}
