//! Using a promo code: what a checkout is offered, the use that a payment claims, and what renewals go on with.
//!
//! Looking ([`quote`]) promises nothing. A use is claimed in the transaction that makes the payment ([`claim`]), by a
//! unique row and a conditional update of the stock, and given back when the payment came to nothing ([`release`]).

use super::{PromoCode, for_plan};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::store::{self, Read, Tx};
use guildhall_core::ids::{PaymentId, PromoCodeId, UserId};
use guildhall_core::money::Currency;
use guildhall_core::promo_code::{self as rules, Customer, Discount, Limits, PromoDuration, applies_to};

/// A code that a buyer may use for a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The code.
    pub id: PromoCodeId,
    /// Its text, in capitals.
    pub code: String,
    /// What it takes off.
    pub discount: Discount,
    /// For how long.
    pub duration: PromoDuration,
    /// For how many payments, where it is repeating.
    pub intervals: i64,
}

/// The code of a text, if this buyer may use it for this plan. Without a buyer who is known for sure, a code that depends
/// on who uses it is refused whoever that is: the answer would tell what an account is to the company. To be asked again
/// in the transaction that claims a use: customers change.
///
/// # Errors
/// `NotFound` when the plan has no such code, `Invalid` with the sentence for the buyer who may not use it.
pub(crate) fn quote(read: &mut Read<'_>, plan: &Plan, code: &str, user: Option<&UserId>) -> Result<Applied> {
    let found = for_plan(read, plan, code)?;
    found.limits.of_all().admit(found.status, Customer::default(), read.now)?;
    match user {
        Some(user) => {
            let customer =
                store::promo_code_use::customer(read, &plan.company, user, &plan.access_pass, &found.id)?;
            found.limits.admit(found.status, customer, read.now)?;
        }
        None if found.limits.is_personal() => {
            return Err(Error::Invalid("Sign in to use this promo code: it depends on who uses it.".into()));
        }
        None => {}
    }
    Ok(Applied {
        id: found.id,
        code: found.code,
        discount: found.discount,
        duration: found.duration,
        intervals: found.number_of_intervals,
    })
}

/// Claims one use of a code for a payment; the same payment claims it once, however often it asks. What it refuses
/// leaves something undone, so the whole transaction has to end with the error.
///
/// # Errors
/// `Invalid` when the code was meanwhile used up, by anybody or by this customer, has expired or was deleted; `Conflict`
/// when the payment uses another code.
pub(crate) fn claim(tx: &mut Tx<'_>, id: &PromoCodeId, user: &UserId, payment: &PaymentId) -> Result<()> {
    let Some(code) = store::promo_code::find(tx, id)? else {
        return Err(Error::internal(format!("the promo code {id} was quoted and is not there")));
    };
    if !store::promo_code_use::insert(tx, &code, user, payment)? {
        return match store::promo_code_use::code_of(tx, payment)? {
            Some(used) if used == *id => Ok(()),
            Some(_) => Err(Error::Conflict("This payment uses another promo code.".into())),
            None => {
                let again = Customer { used_before: true, ..Customer::default() };
                let limits = Limits { one_per_customer: true, ..Limits::default() };
                Ok(limits.admit(code.status, again, tx.now)?)
            }
        };
    }
    if store::promo_code_use::take(tx, id)? {
        return Ok(());
    }
    code.limits.of_all().admit(code.status, Customer::default(), tx.now)?;
    // Somebody took the last one since this transaction looked.
    let used_up = Limits { stock: Some(0), ..Limits::default() };
    Ok(used_up.admit(code.status, Customer::default(), tx.now)?)
}

/// Gives the use of a payment back that came to nothing; nothing happens where it has none.
///
/// # Errors
/// `Internal` only.
pub(crate) fn release(tx: &mut Tx<'_>, payment: &PaymentId) -> Result<()> {
    match store::promo_code_use::code_of(tx, payment)? {
        Some(code) if store::promo_code_use::delete(tx, payment)? => {
            store::promo_code_use::put_back(tx, &code)
        }
        _ => Ok(()),
    }
}

/// What a code takes off the payment that is a membership's `payment_index`-th, counted from zero, in minor units. Only
/// its duration counts: who has a code keeps it when it expires or is deleted.
///
/// # Errors
/// `Invalid` for a price in another currency than an amount's.
pub(crate) fn discount_minor(
    read: &mut Read<'_>,
    id: &PromoCodeId,
    payment_index: i64,
    price_minor: i64,
    currency: Currency,
) -> Result<i64> {
    let code = kept(read, id)?;
    match applies_to(code.duration, code.number_of_intervals, payment_index) {
        true => Ok(code.discount.off(price_minor, currency)?),
        false => Ok(0),
    }
}

/// How many of a membership's payments a code takes something off, from the `payment_index`-th on, counted from zero;
/// `None` for all.
///
/// # Errors
/// `Internal` only.
pub(crate) fn payments_left(
    read: &mut Read<'_>,
    id: &PromoCodeId,
    payment_index: i64,
) -> Result<Option<i64>> {
    let code = kept(read, id)?;
    Ok(rules::payments_left(code.duration, code.number_of_intervals, payment_index))
}

/// A code that was used, whatever became of it.
fn kept(read: &mut Read<'_>, id: &PromoCodeId) -> Result<PromoCode> {
    match store::promo_code::find(read, id)? {
        Some(code) => Ok(code),
        None => Err(Error::internal(format!("the promo code {id} is not there"))),
    }
}

/// The text of a code, whatever became of it.
///
/// # Errors
/// `Internal` only.
pub(crate) fn code_of(read: &mut Read<'_>, id: &PromoCodeId) -> Result<Option<String>> {
    Ok(store::promo_code::find(read, id)?.map(|code| code.code))
}
