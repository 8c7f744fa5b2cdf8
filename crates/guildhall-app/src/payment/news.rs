//! News: what a processor tells by itself.

use super::attempt::{drive, look_again};
use crate::Guildhall;
use crate::dispute;
use crate::error::Error;
use crate::processor::{News, WhatIsNew};
use crate::refund;
use crate::store;
use guildhall_core::job::Failure;

/// Hears news of a charge. What is heard twice, or late, changes nothing a second time.
///
/// # Errors
/// `Temporary` when the charge is not known here yet, or the store does not answer.
pub(crate) async fn hear(hall: &Guildhall, news: &News) -> std::result::Result<(), Failure> {
    let temporary = |error: Error| Failure::Temporary(error.told());
    let (processor, reference) = (news.processor, news.charge.clone());
    let found = hall
        .store
        .read(move |read| store::payment::of_reference(read, processor, &reference))
        .await
        .map_err(temporary)?;
    let Some(payment) = found else {
        return Err(Failure::Temporary(format!("no payment is known by `{}`", news.charge)));
    };
    match &news.what {
        WhatIsNew::Charge => {
            look_again(hall, &payment.id).await.map_err(temporary)?;
            drive(hall, &payment.id).await.map_err(temporary).map(|_| ())
        }
        WhatIsNew::Refund { reference, status, message } => {
            refund::hear(hall, reference, *status, message.as_deref()).await.map_err(temporary)
        }
        WhatIsNew::Dispute { reference, status, amount_minor, fee_minor, reason, needs_response_by } => {
            let heard = dispute::Heard {
                payment: payment.id,
                reference: reference.clone(),
                status: *status,
                amount_minor: *amount_minor,
                fee_minor: *fee_minor,
                reason: reason.clone(),
                needs_response_by: *needs_response_by,
            };
            dispute::hear(hall, heard).await.map_err(temporary)
        }
    }
}
