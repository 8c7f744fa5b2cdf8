//! The steps of a payout after it was asked for: each moves its money, if any, in the transaction that takes it.

use super::{Owner, Payout, book, log};
use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::ledger;
use crate::mail::{self, Letter, PayoutFailed, PayoutPaid};
use crate::store::{self, Read, Tx};
use guildhall_core::ids::{CompanyId, PayoutId};
use guildhall_core::money::{Currency, in_words};
use guildhall_core::payout::PayoutStatus;
use guildhall_core::posting::Happening;
use guildhall_core::sale::repaid;

/// What is said along with a step.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What the operator's bank calls it.
    pub(super) reference: Option<String>,
    /// Why it failed or was denied.
    pub(super) failure: Option<String>,
}

pub(super) fn require(read: &mut Read<'_>, id: &PayoutId) -> Result<Payout> {
    match store::payout::find(read, id)? {
        Some(payout) => Ok(payout),
        None => no_such("payout", id),
    }
}

/// Takes a step. One that was taken already changes nothing.
///
/// # Errors
/// `NotFound`, `Invalid` for a step that cannot follow.
pub(super) fn take(
    tx: &mut Tx<'_>,
    id: &PayoutId,
    next: PayoutStatus,
    told: &Told,
    doer: &Doer,
    origin: &str,
) -> Result<Payout> {
    tx.lock(&format!("payout {id}"))?;
    let mut payout = require(tx, id)?;
    let from = payout.status;
    let Some(next) = from.become_status(next)? else {
        return Ok(payout);
    };
    payout.status = next;
    payout.updated_at = tx.now;
    payout.reference = told.reference.clone().or(payout.reference);
    payout.failure_message.clone_from(&told.failure);
    if next == PayoutStatus::InTransit {
        payout.sent_at = Some(tx.now);
    } else {
        payout.ended_at = Some(tx.now);
    }
    move_money(tx, &payout)?;
    if !store::payout::advance(tx, &payout, from)? {
        return Err(Error::Conflict("The payout has just changed; look at it again.".into()));
    }
    log(tx, doer, &payout, action(next))?;
    write_to_holder(tx, &payout, origin)?;
    Ok(payout)
}

fn move_money(tx: &mut Tx<'_>, payout: &Payout) -> Result<()> {
    let Payout { amount_minor, fee_minor, currency, .. } = *payout;
    if payout.status == PayoutStatus::Completed {
        return book(tx, payout, "payout_paid", Happening::PayoutPaid { amount_minor, fee_minor });
    }
    if payout.status.is_returned() {
        let repaid_minor = match &payout.owner {
            Owner::Company(company) => repaid(amount_minor + fee_minor, hold_debt(tx, company, currency)?),
            Owner::User(_) => 0,
        };
        let holder = payout.owner.holder();
        let returned = Happening::PayoutFailed { holder, amount_minor, fee_minor, repaid_minor };
        return book(tx, payout, "payout_returned", returned);
    }
    Ok(())
}

/// What a company owes, in minor units, which nobody changes until the transaction ends.
fn hold_debt(tx: &mut Tx<'_>, company: &CompanyId, currency: Currency) -> Result<i64> {
    tx.lock(&format!("money of {company}"))?;
    ledger::owed_minor(tx, company, currency)
}

/// The audit log's word for a step.
fn action(next: PayoutStatus) -> &'static str {
    match next {
        PayoutStatus::Requested => "request_payout",
        PayoutStatus::InTransit => "send_payout",
        PayoutStatus::Completed => "complete_payout",
        PayoutStatus::Failed => "fail_payout",
        PayoutStatus::Canceled => "cancel_payout",
        PayoutStatus::Denied => "deny_payout",
    }
}

/// Writes to the holder, a company's owner, how it ended; not about what they did themselves.
fn write_to_holder(tx: &mut Tx<'_>, payout: &Payout, origin: &str) -> Result<()> {
    if payout.status.holds_money() || payout.status == PayoutStatus::Canceled {
        return Ok(());
    }
    let (reader, company) = match &payout.owner {
        Owner::User(user) => (user.clone(), None),
        Owner::Company(id) => match store::company::find(tx, id)? {
            Some(company) => (company.owner, Some(company.title)),
            None => return Ok(()),
        },
    };
    let Some(user) = store::user::find(tx, &reader)? else {
        return Ok(());
    };
    // Whoever has no address that mail can be sent to sees it on the page.
    let Some(email) = user.email.filter(|email| mail::check_address(email).is_ok()) else {
        return Ok(());
    };
    let name = user.name.unwrap_or(user.username);
    let amount = in_words(payout.amount_minor, payout.currency);
    let link = format!("{origin}{}/balance", payout.owner.place());
    let letter = match &payout.failure_message {
        Some(reason) => {
            Letter::PayoutFailed(PayoutFailed { name, amount, company, reason: reason.clone(), link })
        }
        None => Letter::PayoutPaid(PayoutPaid { name, amount, company, link }),
    };
    mail::queue(tx, &email, letter).map(|_| ())
}
