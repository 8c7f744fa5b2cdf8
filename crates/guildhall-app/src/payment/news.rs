//! News: what a processor tells by itself.

use super::attempt::{drive, look_again};
use super::stray;
use crate::Guildhall;
use crate::dispute;
use crate::error::{Error, Result};
use crate::processor::{self, AskedFor, News, Processor, WhatIsNew};
use crate::refund;
use crate::store::{self, Read};
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::job::Failure;

/// What news is about.
enum About {
    /// The charge that a payment knows as its own.
    Payment(PaymentId),
    /// One of another attempt, or one that goes back.
    Another(AskedFor),
}

/// Hears news of a charge, of whichever attempt. What is heard twice, or late, changes nothing a second time.
///
/// # Errors
/// `Temporary` when the charge is not known here yet, or the processor or the store does not answer.
pub(crate) async fn hear(hall: &Guildhall, news: &News) -> std::result::Result<(), Failure> {
    let temporary = |error: Error| Failure::Temporary(error.told());
    let (processor, reference) = (news.processor, news.charge.clone());
    let about = hall.store.read(move |read| find(read, processor, &reference)).await.map_err(temporary)?;
    let payment = match about {
        Some(About::Payment(payment)) => payment,
        Some(About::Another(charge)) => {
            if !stray::hear(hall, &charge, &news.what).await.map_err(temporary)? {
                return Ok(());
            }
            charge.payment
        }
        None => return Err(Failure::Temporary(format!("no payment is known by `{}`", news.charge))),
    };
    hear_own(hall, payment, &news.what).await.map_err(temporary)
}

fn find(read: &mut Read<'_>, processor: Processor, reference: &str) -> Result<Option<About>> {
    // A charge that goes back is a stray one, also where the payment knows it as its own.
    let is_stray = store::stray_charge::find(read, reference)?.is_some();
    let own = store::payment::of_reference(read, processor, reference)?.filter(|_| !is_stray);
    if let Some(payment) = own {
        return Ok(Some(About::Payment(payment.id)));
    }
    let Some(charge) = processor::asked_for(read, processor, reference)? else { return Ok(None) };
    let payment = store::payment::find(read, &charge.payment)?;
    Ok(payment.map(|payment| {
        let is_present = payment.state.charge_key(payment.id.as_str()) == charge.key;
        // The answer to the present attempt was lost, and with it what the charge is called.
        if is_present && payment.reference.is_none() {
            About::Payment(payment.id)
        } else {
            About::Another(charge)
        }
    }))
}

/// Hears news of the charge that a payment knows as its own.
async fn hear_own(hall: &Guildhall, payment: PaymentId, what: &WhatIsNew) -> Result<()> {
    match what {
        WhatIsNew::Charge => {
            look_again(hall, &payment).await?;
            drive(hall, &payment).await.map(|_| ())
        }
        WhatIsNew::Refund { reference, status, message } => {
            refund::hear(hall, &payment, reference, *status, message.as_deref()).await
        }
        WhatIsNew::Dispute { reference, status, amount_minor, fee_minor, reason, needs_response_by } => {
            let heard = dispute::Heard {
                payment,
                reference: reference.clone(),
                status: *status,
                amount_minor: *amount_minor,
                fee_minor: *fee_minor,
                reason: reason.clone(),
                needs_response_by: *needs_response_by,
            };
            dispute::hear(hall, heard).await
        }
    }
}
