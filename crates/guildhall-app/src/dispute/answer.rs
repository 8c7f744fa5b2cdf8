//! Answers to disputes: the seller contests what a bank took back, or accepts it.
//!
//! Only the sandbox's disputes are answered here. A real processor's are answered where it asks for that, and heard of
//! here afterwards.

use super::{Dispute, Heard, SANDBOX_REVIEW_MS, look_after, take_of_sandbox};
use crate::Guildhall;
use crate::audit::Doer;
use crate::company;
use crate::error::{Error, Result, no_such};
use crate::principal::{Principal, authorize};
use crate::processor::Processor;
use crate::refund::hold;
use crate::store::{self, Read, Tx};
use guildhall_core::dispute::{DisputeAnswer, DisputeStatus};
use guildhall_core::ids::{CompanyId, DisputeId, Id, PaymentId};
use guildhall_core::permission::Permission;

/// Answers a dispute, by one of the seller's team: contested, the bank reviews it; accepted, the money is lost. What was
/// answered so before stays.
///
/// # Errors
/// `NotFound` for a company that the caller is not on the team of, and for a dispute that is not the company's;
/// `Forbidden` without `payment:manage`; `Conflict` for one that is answered elsewhere or waits for no answer.
pub async fn respond(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: DisputeId,
    answer: DisputeAnswer,
) -> Result<Dispute> {
    let principal = principal.clone();
    let write = hall.store.write(move |tx| {
        find_of(tx, &principal, &company, &id)?;
        authorize(tx, &principal, &company, Permission::PaymentManage)?;
        respond_in(tx, &id, answer, &Doer::of(&principal))
    });
    write.await
}

/// Of which payment a company's dispute is, to its team.
///
/// # Errors
/// As of [`respond`], without asking for `payment:manage`.
pub async fn find_payment(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: DisputeId,
) -> Result<PaymentId> {
    let principal = principal.clone();
    let read = hall.store.read(move |read| Ok(find_of(read, &principal, &company, &id)?.payment));
    read.await
}

/// A dispute of a company, to its team.
fn find_of(
    read: &mut Read<'_>,
    principal: &Principal,
    company: &CompanyId,
    id: &DisputeId,
) -> Result<Dispute> {
    company::enter(read, principal, company, Permission::PaymentRead)?;
    match store::dispute::find(read, id)?.filter(|dispute| dispute.company == *company) {
        Some(dispute) => Ok(dispute),
        None => no_such("dispute", id),
    }
}

/// Contests a dispute in the sandbox, for its seller, by an operator at the machine.
///
/// # Errors
/// `NotFound`; `Conflict` as of [`respond`].
pub async fn answer(hall: &Guildhall, id: DisputeId) -> Result<Dispute> {
    let write = hall.store.write(move |tx| respond_in(tx, &id, DisputeAnswer::Contest, &Doer::OPERATOR));
    write.await
}

fn respond_in(tx: &mut Tx<'_>, id: &DisputeId, answer: DisputeAnswer, doer: &Doer) -> Result<Dispute> {
    let Some(looked) = store::dispute::find(tx, id)? else { return no_such("dispute", id) };
    let payment = hold(tx, &looked.payment)?;
    // Somebody may have answered before the payment was held.
    let Some(found) = store::dispute::find(tx, id)? else { return no_such("dispute", id) };
    if payment.processor != Some(Processor::Sandbox) {
        return Err(Error::Conflict("A dispute is answered where its processor asks for it.".into()));
    }
    if found.status == answer.outcome() {
        return Ok(found);
    }
    if found.status != DisputeStatus::NeedsResponse {
        return Err(Error::Conflict("This dispute does not wait for an answer.".into()));
    }
    let heard = Heard {
        payment: found.payment.clone(),
        reference: found.reference.clone(),
        status: answer.outcome(),
        amount_minor: found.amount_minor,
        fee_minor: found.fee_minor,
        reason: found.reason.clone(),
        needs_response_by: found.needs_response_by,
    };
    let dispute = take_of_sandbox(tx, &payment, &heard)?;
    let action = match answer {
        DisputeAnswer::Contest => "dispute.contested",
        DisputeAnswer::Accept => "dispute.accepted",
    };
    let details = serde_json::json!({"payment": found.payment.as_str(), "amount_minor": found.amount_minor});
    doer.log(tx, &found.company, action, id, details)?;
    if answer == DisputeAnswer::Contest {
        let at = tx.now + SANDBOX_REVIEW_MS;
        look_after(tx, &found.payment, at)?;
    }
    Ok(dispute)
}
