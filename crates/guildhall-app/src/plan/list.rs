//! A company's plans.

use super::Plan;
use crate::Guildhall;
use crate::access_pass::VisibilityFilter;
use crate::error::Result;
use crate::page::{Page, Ranked};
use crate::principal::{Principal, authorize, holds};
use crate::store;
use guildhall_core::cursor::{Order, Window};
use guildhall_core::ids::{AccessPassId, CompanyId, PlanId};
use guildhall_core::permission::Permission;
use guildhall_core::plan::ReleaseMethod;

/// What a list of plans is ordered by; equals by when they were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlanOrder {
    /// When it was made.
    #[default]
    CreatedAt,
    /// How many valid memberships were bought by it.
    ActiveMembershipsCount,
    /// How many affiliates brought buyers of it.
    Affiliates,
    /// When it takes no more entries; what never ends comes last.
    ExpiresAt,
}

impl Order for PlanOrder {
    fn word(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::ActiveMembershipsCount => "active_memberships_count",
            Self::Affiliates => "affiliates",
            Self::ExpiresAt => "expires_at",
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

/// Which plans a list holds.
#[derive(Debug, Clone, Default)]
pub struct PlanFilter {
    /// Those of this pass.
    pub access_pass: Option<AccessPassId>,
    /// Who finds them.
    pub visibility: VisibilityFilter,
    /// Those that are given out so.
    pub release_method: Option<ReleaseMethod>,
    /// Raffles alone: those that take no more entries, or those that do or will.
    pub raffle_ended: Option<bool>,
    /// Those whose name, description or pass holds this, without regard to case.
    pub query: String,
    /// Those whose pass offers something to whoever brings a buyer, or does not.
    pub global_affiliate: Option<bool>,
    /// Those whose pass offers something to members who bring a buyer, or does not.
    pub member_affiliate: Option<bool>,
}

/// A company's plans, with what they were ordered by.
///
/// A page in the order of making is read from an index, and passes what the filter leaves out on the way; the total
/// reads every plan of the company, and so does another order. Figures are counted anew for each page: that of members
/// reads every membership of the company's plans, that of affiliates every payment of the company.
///
/// # Errors
/// `Forbidden` without `plan:basic:read`.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    filter: PlanFilter,
    window: Window<PlanOrder>,
) -> Result<Page<Ranked<Plan>>> {
    let principal = principal.clone();
    hall.store
        .scan(move |read| {
            authorize(read, &principal, &company, Permission::PlanRead)?;
            let plans = store::plan::list(read, &company, &filter, &window)?;
            let total = store::plan::count(read, &company, &filter)?;
            Ok(store::listed::page(&window, plans, total))
        })
        .await
}

/// A plan as a part of something else, to those who hold `plan:basic:read` in its company; to others `None`.
///
/// # Errors
/// `Internal` only.
pub async fn load_if_shown(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: PlanId,
) -> Result<Option<Plan>> {
    let principal = principal.clone();
    hall.store
        .read(move |read| match holds(read, &principal, &company, Permission::PlanRead)? {
            true => store::plan::find(read, &id),
            false => Ok(None),
        })
        .await
}
