//! A company's plans.

use super::Plan;
use crate::Guildhall;
use crate::access_pass::VisibilityFilter;
use crate::error::Result;
use crate::page::{Page, Part};
use crate::principal::{Principal, authorize, holds};
use crate::store;
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

impl PlanOrder {
    /// The wire's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::ActiveMembershipsCount => "active_memberships_count",
            Self::Affiliates => "affiliates",
            Self::ExpiresAt => "expires_at",
        }
    }
}

/// Which plans a list holds, and in which order.
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
    /// What comes first.
    pub order: PlanOrder,
    /// The largest first.
    pub descending: bool,
}

/// A company's plans.
///
/// # Errors
/// `Forbidden` without `plan:basic:read`, `Invalid` for a cursor of another list.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    filter: PlanFilter,
    part: Part<PlanId>,
) -> Result<Page<Plan>> {
    let principal = principal.clone();
    hall.store
        .scan(move |read| {
            authorize(read, &principal, &company, Permission::PlanRead)?;
            let nodes = store::plan::list(read, &company, &filter, &part)?;
            let total = store::plan::count(read, &company, &filter)?;
            Ok(part.page(nodes, total))
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
