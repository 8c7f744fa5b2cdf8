//! Promo codes in a founder's hands: what a checkout asks of them, one transaction at a time.

use super::Founder;
use crate::error::{Result, no_such};
use crate::plan::Plan;
use crate::promo_code::{self, Applied};
use crate::store;
use guildhall_core::ids::{PaymentId, PlanId, PromoCodeId, UserId};
use guildhall_core::money::Currency;

impl Founder<'_, '_> {
    pub(super) fn plan_of(&mut self, id: &PlanId) -> Result<Plan> {
        match store::plan::find(self.tx, id)? {
            Some(plan) => Ok(plan),
            None => no_such("plan", id),
        }
    }

    /// The code of a text, if a buyer may use it for a plan.
    ///
    /// # Errors
    /// `NotFound` when the plan has no such code, `Invalid` for a buyer who may not use it.
    pub fn quote_promo_code(&mut self, plan: &PlanId, code: &str, user: Option<&UserId>) -> Result<Applied> {
        let plan = self.plan_of(plan)?;
        promo_code::quote(self.tx, &plan, code, user)
    }

    /// Claims one use of a code for a payment.
    ///
    /// # Errors
    /// `Invalid` when there is none left, `Conflict` for a payment that uses another code.
    pub fn claim_promo_code(&mut self, code: &PromoCodeId, user: &UserId, payment: &PaymentId) -> Result<()> {
        promo_code::claim(self.tx, code, user, payment)
    }

    /// Gives the use of a payment back.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn release_promo_code(&mut self, payment: &PaymentId) -> Result<()> {
        promo_code::release(self.tx, payment)
    }

    /// What a code takes off a payment of a membership, in minor units, and its text.
    ///
    /// # Errors
    /// `Invalid` for a price in another currency than an amount's.
    pub fn promo_code_discount(
        &mut self,
        code: &PromoCodeId,
        payment_index: i64,
        price_minor: i64,
        currency: Currency,
    ) -> Result<(i64, Option<String>)> {
        let off = promo_code::discount_minor(self.tx, code, payment_index, price_minor, currency)?;
        Ok((off, promo_code::code_of(self.tx, code)?))
    }
}
