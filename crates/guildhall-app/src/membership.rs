//! Memberships: one user's hold of one access pass.

use crate::access_pass;
use crate::error::Result;
use crate::store::{self, Tx};
use crate::webhook;
use guildhall_core::ids::{AccessPassId, CompanyId, MembershipId, PlanId, UserId};
use guildhall_core::membership::{MembershipStatus, is_valid};
use guildhall_core::webhook::Event;

/// What a new membership is made of.
#[derive(Debug, Clone)]
pub struct NewMembership {
    /// The company that sells the pass.
    pub company: CompanyId,
    /// The pass.
    pub access_pass: AccessPassId,
    /// The plan it was bought by.
    pub plan: Option<PlanId>,
    /// Who holds it.
    pub user: UserId,
    /// Where it stands.
    pub status: MembershipStatus,
    /// The end of what was paid for, in milliseconds; `None` without end.
    pub paid_until: Option<i64>,
}

/// Makes a membership; webhooks hear of one that counts.
pub(crate) fn create(tx: &mut Tx<'_>, membership: &NewMembership) -> Result<MembershipId> {
    // Nobody deletes the pass meanwhile.
    access_pass::lock(tx, &membership.access_pass)?;
    let id = store::membership::insert(tx, membership)?;
    if is_valid(membership.status, membership.paid_until, tx.now) {
        let subject = webhook::membership_subject(tx, &id, membership)?;
        webhook::emit(tx, &membership.company, Event::MembershipWentValid, &subject)?;
    }
    Ok(id)
}
