//! A payment with all that became of it, for an operator at the machine.

use super::{Payment, StrayCharge, require};
use crate::Guildhall;
use crate::error::Result;
use crate::refund::{self, Refund};
use crate::store;
use guildhall_core::ids::PaymentId;

/// A payment, and the money of it that went back.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The payment.
    pub payment: Payment,
    /// What was given back of it, oldest first.
    pub refunds: Vec<Refund>,
    /// Charges of other attempts that were taken beside it, oldest first.
    pub stray_charges: Vec<StrayCharge>,
}

/// A payment, to an operator.
///
/// # Errors
/// `NotFound`.
pub async fn show(hall: &Guildhall, id: PaymentId) -> Result<Shown> {
    hall.store
        .read(move |read| {
            Ok(Shown {
                payment: require(read, &id)?,
                refunds: refund::of_payment(read, &id)?,
                stray_charges: store::stray_charge::of_payment(read, &id)?,
            })
        })
        .await
}
