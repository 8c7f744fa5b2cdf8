//! Disputes of stray charges: the buyer's bank takes what is to be given back.
//!
//! The money is no seller's, so no seller hears of it, and none bears it. While a bank holds it, it lies in `disputed` and
//! is not given back beside. What the bank keeps is the buyer's by that; what it leaves goes back by the job of the
//! charge, since the buyer never got anything for it. The dispute's fee is booked nowhere and is the operator's, as the
//! charge's own is. Where the money had gone back before, the bank takes the operator's own, which no account here holds:
//! only the processor can be told, and the log says so.

use super::{StrayCharge, book};
use crate::error::Result;
use crate::jobs::{self, Work};
use crate::payment::lane;
use crate::payment::settlement::returned;
use crate::store::{self, Tx};
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::Id;
use guildhall_core::posting::Happening;
use guildhall_core::refund::RefundStatus;

/// What a processor tells of a dispute.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) reference: String,
    pub(super) status: DisputeStatus,
    pub(super) amount_minor: i64,
}

/// Takes news of a dispute of a stray charge. What comes late or twice changes nothing.
pub(super) fn take(tx: &mut Tx<'_>, charge: &str, heard: &Heard) -> Result<()> {
    let Some(mut stray) = super::hold(tx, charge)? else { return Ok(()) };
    let before = standing(&stray, heard);
    // What is decided without having been heard of before was disputed first.
    let is_decided = matches!(heard.status, DisputeStatus::Won | DisputeStatus::Lost);
    let steps: &[DisputeStatus] = if is_decided && before.is_none_or(DisputeStatus::is_warning) {
        &[DisputeStatus::NeedsResponse, heard.status]
    } else {
        &[heard.status]
    };
    for status in steps {
        step(tx, &mut stray, heard, *status)?;
    }
    store::stray_charge::update(tx, &stray)
}

/// Where the dispute that is told of stood so far.
fn standing(stray: &StrayCharge, heard: &Heard) -> Option<DisputeStatus> {
    let known = stray.dispute.as_ref().filter(|(reference, _)| *reference == heard.reference);
    known.map(|(_, status)| *status)
}

fn step(tx: &mut Tx<'_>, stray: &mut StrayCharge, heard: &Heard, status: DisputeStatus) -> Result<()> {
    let before = standing(stray, heard);
    if before.is_some_and(|before| !before.may_become(status)) {
        return Ok(());
    }
    let (payment, charge, dispute) = (&stray.payment, &stray.reference, &heard.reference);
    if before.is_none() && stray.disputed_minor > 0 {
        tracing::error!(%payment, charge, dispute, "a stray charge is disputed beside another dispute of it");
        return Ok(());
    }
    tracing::error!(%payment, charge, dispute, status = status.as_str(), "a stray charge is disputed; answer it there");
    stray.dispute = Some((heard.reference.clone(), status));
    let was_held = before.is_some_and(DisputeStatus::holds_money);
    match status {
        status if status.holds_money() && !was_held => hold(tx, stray, heard),
        DisputeStatus::Won if was_held => release(tx, stray, heard),
        DisputeStatus::Lost if was_held => lose(tx, stray, heard),
        _ => Ok(()),
    }
}

/// The bank takes the money until it has decided.
fn hold(tx: &mut Tx<'_>, stray: &mut StrayCharge, heard: &Heard) -> Result<()> {
    if stray.status == RefundStatus::Succeeded {
        let (payment, charge) = (&stray.payment, &stray.reference);
        tracing::error!(%payment, charge, "the stray charge had gone back: its bank takes the operator's own money");
        return Ok(());
    }
    let amount_minor = heard.amount_minor.clamp(0, stray.left_minor());
    if amount_minor > 0 {
        book(tx, stray, "stray_disputed", &heard.reference, Happening::StrayDisputed { amount_minor })?;
        stray.disputed_minor = amount_minor;
    }
    Ok(())
}

/// The bank decided against the buyer, or they took it back: the money is here again, and theirs all the same.
fn release(tx: &mut Tx<'_>, stray: &mut StrayCharge, heard: &Heard) -> Result<()> {
    let amount_minor = std::mem::take(&mut stray.disputed_minor);
    if amount_minor > 0 {
        let happening = Happening::StrayDisputeWon { amount_minor };
        book(tx, stray, "stray_dispute_won", &heard.reference, happening)?;
        give_back_rest(tx, stray)?;
    }
    Ok(())
}

/// The bank gave the buyer the money.
fn lose(tx: &mut Tx<'_>, stray: &mut StrayCharge, heard: &Heard) -> Result<()> {
    let amount_minor = std::mem::take(&mut stray.disputed_minor);
    if amount_minor > 0 {
        let happening = Happening::DisputeLost { amount_minor };
        book(tx, stray, "stray_dispute_lost", &heard.reference, happening)?;
        stray.lost_minor += amount_minor;
        give_back_rest(tx, stray)?;
    }
    Ok(())
}

/// Has what is left of the charge given back, unless the buyer has all of it by now, or a person is to see to it.
fn give_back_rest(tx: &mut Tx<'_>, stray: &mut StrayCharge) -> Result<()> {
    if stray.left_minor() == 0 {
        stray.status = RefundStatus::Succeeded;
        return returned(tx, &stray.payment, &stray.reference);
    }
    if stray.status != RefundStatus::Pending {
        return Ok(());
    }
    let work = Work::StrayCharge(stray.reference.clone());
    jobs::enqueue(tx, &work, &lane(stray.payment.as_str()), None).map(|_| ())
}
