//! What a founder tells of earlier days: payments and what became of memberships, without anybody being charged.

use super::Founder;
use crate::company_member;
use crate::error::{Result, no_such};
use crate::processor::Processor;
use crate::store;
use guildhall_core::ids::{
    AccessPassId, AttachmentId, CompanyId, MembershipId, PaymentId, PlanId, PromoCodeId, UserId,
};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::money::Currency;
use guildhall_core::payment::Payment;
use guildhall_core::receipt::BillingReason;

/// A payment of earlier days. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct EarlierPayment {
    /// Who was paid.
    pub company: CompanyId,
    /// Who paid.
    pub user: UserId,
    /// For which plan.
    pub plan: PlanId,
    /// Of which pass.
    pub access_pass: AccessPassId,
    /// For which membership.
    pub membership: Option<MembershipId>,
    /// Why.
    pub billing_reason: BillingReason,
    /// In which currency.
    pub currency: Currency,
    /// Where it stands.
    pub stands: Payment,
    /// Who was asked for the money.
    pub processor: Option<Processor>,
    /// The brand and the last four digits of the card.
    pub card: Option<(String, String)>,
    /// Why it was declined.
    pub failure_message: Option<String>,
    /// What the processor took.
    pub processor_fee_minor: i64,
    /// What the platform took.
    pub platform_fee_minor: i64,
    /// What took something off the price.
    pub promo_code: Option<PromoCodeId>,
    /// When it was paid, in milliseconds.
    pub paid_at: Option<i64>,
}

/// What time has made of a membership. Times are milliseconds.
#[derive(Debug, Clone)]
pub struct EarlierMembership {
    /// Where it stands.
    pub status: MembershipStatus,
    /// The end of what was paid for.
    pub paid_until: Option<i64>,
    /// When it was canceled.
    pub canceled_at: Option<i64>,
    /// Why.
    pub cancelation_reason: Option<String>,
    /// Whether it will not renew.
    pub cancel_at_period_end: bool,
    /// How many payments fell due.
    pub payments_due: i64,
    /// How many of the plan.
    pub quantity: i64,
    /// What took something off its price.
    pub promo_code: Option<PromoCodeId>,
}

impl EarlierMembership {
    /// One that stands so, of one plan, with one payment due.
    #[must_use]
    pub fn standing(status: MembershipStatus, paid_until: Option<i64>) -> Self {
        Self {
            status,
            paid_until,
            canceled_at: None,
            cancelation_reason: None,
            cancel_at_period_end: false,
            payments_due: 1,
            quantity: 1,
            promo_code: None,
        }
    }
}

impl Founder<'_, '_> {
    /// A payment of the moment of this founding, counted in what its buyer spent. The ledger does not hear of it.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn payment(&mut self, payment: &EarlierPayment) -> Result<PaymentId> {
        let id = store::earlier::insert_payment(self.tx, payment)?;
        company_member::note_payment(
            self.tx,
            &payment.company,
            &payment.user,
            payment.membership.as_ref(),
            payment.currency,
            payment.stands.spent_minor(),
        )?;
        Ok(id)
    }

    /// Lets a membership stand as time has left it.
    ///
    /// # Errors
    /// `NotFound` for an unknown one.
    pub fn age_membership(&mut self, id: &MembershipId, earlier: &EarlierMembership) -> Result<()> {
        match store::earlier::set_membership(self.tx, id, earlier)? {
            Some((company, user)) => company_member::refresh(self.tx, &company, &user),
            None => no_such("membership", id),
        }
    }

    /// A promo code that takes a part off the first so many payments.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn percentage_off(
        &mut self,
        company: &CompanyId,
        code: &str,
        basis_points: i64,
        currency: Currency,
        number_of_intervals: i64,
    ) -> Result<PromoCodeId> {
        store::earlier::insert_promo_code(self.tx, company, code, basis_points, currency, number_of_intervals)
    }

    /// A user's picture and country.
    ///
    /// # Errors
    /// `Internal` only.
    pub fn profile(
        &mut self,
        user: &UserId,
        picture: Option<&AttachmentId>,
        country: Option<&str>,
    ) -> Result<()> {
        let picture = picture.map(ToString::to_string);
        store::earlier::set_profile(self.tx, user, picture.as_deref(), country)
    }
}
