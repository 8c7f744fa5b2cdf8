//! Affiliates in a founder's hands: what a checkout asks, and sales that were made earlier.

use super::Founder;
use crate::affiliate::{self, Sold};
use crate::error::Result;
use crate::membership::{self, NewMembership};
use crate::store::{self, referral::PaidReferral};
use guildhall_core::affiliate::Commission;
use guildhall_core::ids::{AffiliateId, CompanyId, MembershipId, PlanId, UserId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::money::Currency;

/// A sale that an affiliate brought. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct Referral {
    /// Who brought it.
    pub affiliate: AffiliateId,
    /// The plan that was sold.
    pub plan: PlanId,
    /// Who bought.
    pub buyer: UserId,
    /// Where the membership stands.
    pub status: MembershipStatus,
    /// The currency of the payment.
    pub currency: Currency,
    /// What was paid; 0 for a payment that was not.
    pub paid_minor: i64,
    /// What of it went back.
    pub refunded_minor: i64,
    /// The affiliate's part.
    pub reward_minor: i64,
    /// What of that is not released.
    pub reward_pending_minor: i64,
    /// What of that went back.
    pub reward_returned_minor: i64,
}

impl Founder<'_, '_> {
    /// Who a code names, if a sale of a plan counts for them.
    ///
    /// # Errors
    /// `NotFound` for an unknown plan.
    pub fn affiliate_of_sale(
        &mut self,
        company: &CompanyId,
        plan: &PlanId,
        code: &str,
        buyer: &UserId,
    ) -> Result<Option<Sold>> {
        let plan = self.plan_of(plan)?;
        affiliate::for_sale(self.tx, company, &plan, code, buyer)
    }

    /// What an affiliate earns by a payment of a membership they brought.
    ///
    /// # Errors
    /// `NotFound` for an unknown plan.
    pub fn affiliate_commission(
        &mut self,
        affiliate: &AffiliateId,
        plan: &PlanId,
        payment_index: i64,
    ) -> Result<Option<(UserId, Commission)>> {
        let plan = self.plan_of(plan)?;
        affiliate::commission_for_renewal(self.tx, affiliate, &plan, payment_index)
    }

    /// A sale that was made earlier. Nothing is booked, and no webhook hears of a membership that does not count.
    ///
    /// # Errors
    /// `NotFound` for an unknown plan.
    pub fn referral(&mut self, referral: &Referral) -> Result<MembershipId> {
        let plan = self.plan_of(&referral.plan)?;
        let membership = NewMembership {
            company: plan.company.clone(),
            access_pass: plan.access_pass.clone(),
            plan: Some(plan.id.clone()),
            user: referral.buyer.clone(),
            status: referral.status,
            paid_until: None,
        };
        let id = membership::create(self.tx, &membership)?;
        let paid = PaidReferral { membership: &id, plan: &plan, referral };
        store::referral::insert(self.tx, &paid)?;
        Ok(id)
    }
}
