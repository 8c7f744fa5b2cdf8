//! What an operator does about payouts at the machine itself, asking nobody; the audit log names no one for it.

use super::step::{self, Told};
use super::{Owner, Payout};
use crate::Guildhall;
use crate::audit::Doer;
use crate::error::Result;
use crate::store::{self, Read};
use guildhall_core::ids::{Id, PayoutId};
use guildhall_core::payout::{PayoutStatus, check_failure, check_reference};

/// A payout with the names of those it concerns.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The payout.
    pub payout: Payout,
    /// The route of the company, or the name of the person, whose money it is.
    pub owner_name: String,
    /// The name of who asked for it.
    pub asker_name: String,
}

/// Everybody's payouts of a status, or without one those that are not ended; oldest first, after one, so many at most.
///
/// # Errors
/// `Internal` only.
pub async fn list(
    hall: &Guildhall,
    status: Option<PayoutStatus>,
    after: Option<PayoutId>,
    most: u16,
) -> Result<Vec<Listed>> {
    let statuses = status.map_or([PayoutStatus::Requested, PayoutStatus::InTransit], |one| [one, one]);
    hall.store
        .scan(move |read| {
            let after = after.as_ref().map_or("", Id::as_str);
            let payouts = store::payout::of_statuses(read, statuses, after, i64::from(most))?;
            payouts.into_iter().map(|payout| named(read, payout)).collect()
        })
        .await
}

/// One payout.
///
/// # Errors
/// `NotFound`.
pub async fn show(hall: &Guildhall, id: PayoutId) -> Result<Listed> {
    let shown = hall.store.read(move |read| {
        let payout = step::require(read, &id)?;
        named(read, payout)
    });
    shown.await
}

fn named(read: &mut Read<'_>, payout: Payout) -> Result<Listed> {
    let asker_name = store::user::find(read, &payout.requested_by)?.map(|user| user.username);
    let owner_name = match &payout.owner {
        Owner::Company(company) => store::company::find(read, company)?.map(|company| company.route),
        Owner::User(user) => store::user::find(read, user)?.map(|user| user.username),
    };
    let (owner_name, asker_name) = (owner_name.unwrap_or_default(), asker_name.unwrap_or_default());
    Ok(Listed { payout, owner_name, asker_name })
}

/// The money was given to the bank, which calls it so.
///
/// # Errors
/// `NotFound`; `Invalid` for an unsound reference, and for a payout that is ended.
pub async fn send(hall: &Guildhall, id: PayoutId, reference: Option<String>) -> Result<Payout> {
    let told = Told { reference: sound(reference.as_deref())?, failure: None };
    take(hall, id, PayoutStatus::InTransit, told).await
}

/// The money arrived.
///
/// # Errors
/// `NotFound`; `Invalid` for an unsound reference, and for a payout that was not sent or is ended.
pub async fn complete(hall: &Guildhall, id: PayoutId, reference: Option<String>) -> Result<Payout> {
    let told = Told { reference: sound(reference.as_deref())?, failure: None };
    take(hall, id, PayoutStatus::Completed, told).await
}

/// The bank could not; the money goes back to its holder, who reads the reason.
///
/// # Errors
/// `NotFound`; `Invalid` for an unsound reason, and for a payout that is ended.
pub async fn fail(hall: &Guildhall, id: PayoutId, reason: &str) -> Result<Payout> {
    let told = Told { reference: None, failure: Some(check_failure(reason)?) };
    take(hall, id, PayoutStatus::Failed, told).await
}

/// It is not going to be sent; the money goes back to its holder, who reads the reason.
///
/// # Errors
/// `NotFound`; `Invalid` for an unsound reason, and for a payout that was sent or is ended.
pub async fn deny(hall: &Guildhall, id: PayoutId, reason: &str) -> Result<Payout> {
    let told = Told { reference: None, failure: Some(check_failure(reason)?) };
    take(hall, id, PayoutStatus::Denied, told).await
}

fn sound(reference: Option<&str>) -> Result<Option<String>> {
    Ok(reference.map(check_reference).transpose()?)
}

async fn take(hall: &Guildhall, id: PayoutId, next: PayoutStatus, told: Told) -> Result<Payout> {
    let origin = hall.origin().to_owned();
    let taken = hall.store.write(move |tx| step::take(tx, &id, next, &told, &Doer::OPERATOR, &origin));
    taken.await
}
