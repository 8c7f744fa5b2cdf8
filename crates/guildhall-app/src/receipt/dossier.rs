//! A payment with all that became of it, as its seller's team reads it.

use super::{Receipt, Sight, find, membership_in};
use crate::Guildhall;
use crate::company::{self, Company, Doors};
use crate::dispute::Dispute;
use crate::error::{Result, no_such};
use crate::membership_list::BoughtMembership;
use crate::payment::{self, Payment, StrayCharge};
use crate::principal::{Principal, holds};
use crate::processor::Processor;
use crate::refund::{self, Refund};
use crate::store::{self, Read};
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::{CompanyId, InvoiceId, PaymentId};
use guildhall_core::permission::Permission;
use guildhall_core::price::Price;
use guildhall_core::refund::RefundStatus;
use guildhall_core::sale::Sale;

/// A payment, and all that the team may know of it. Amounts are minor units of its currency, times milliseconds.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// Who was paid.
    pub company: Company,
    /// Where else whoever looks may go.
    pub doors: Doors,
    /// Whether they may give it back, and answer disputes of it.
    pub may_manage: bool,
    /// The payment, as they may see it.
    pub receipt: Receipt,
    /// How many were bought.
    pub quantity: i64,
    /// What it is for, in its maker's words.
    pub description: Option<String>,
    /// The price, line by line.
    pub price: Price,
    /// The name of the tax, and its rate in hundredths of a percent.
    pub tax: Option<(String, i64)>,
    /// The invoice that it pays; `None` for callers that may not see invoices.
    pub invoice: Option<InvoiceId>,
    /// How it was divided; `None` before it was paid, and where nothing was charged.
    pub sale: Option<Sale>,
    /// When what is pending of the seller's part is released.
    pub releases_at: Option<i64>,
    /// How many attempts were declined.
    pub failures: i64,
    /// When the next attempt begins by itself.
    pub next_attempt_at: Option<i64>,
    /// What it bought; `None` before that is recorded.
    pub membership: Option<BoughtMembership>,
    /// What was given back of it, oldest first.
    pub refunds: Vec<Refund>,
    /// Where banks took it back or warned that they may, newest first.
    pub disputes: Vec<Dispute>,
    /// What its processor calls the charge that it knows as its own.
    pub charge: Option<String>,
    /// Charges that go back, oldest first: what other attempts took beside it, and its own where what it is for cannot be
    /// had any more.
    pub stray_charges: Vec<StrayCharge>,
    /// Whether disputes of it are answered here, and not where its processor asks.
    pub is_answered_here: bool,
}

impl Dossier {
    /// What its seller has of it now, in minor units: their part, less what of that went back, is held by a bank, or was
    /// taken for disputes. Below zero where those cost more. `None` for what was not sold.
    #[must_use]
    pub fn kept_minor(&self) -> Option<i64> {
        let sale = self.sale?;
        let refunded = self.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
        let refunded: i64 = refunded.map(|refund| refund.drawn.seller_minor()).sum();
        let disputed: i64 = self.taken().map(|dispute| dispute.drawn.seller_minor()).sum();
        Some(sale.shares.net_minor - refunded - disputed - self.dispute_fees_minor())
    }

    /// What disputes of it cost, however they end, in minor units.
    #[must_use]
    pub fn dispute_fees_minor(&self) -> i64 {
        let began = |dispute: &&Dispute| {
            !dispute.status.is_warning() && dispute.status != DisputeStatus::WarningClosed
        };
        self.disputes.iter().filter(began).map(|dispute| dispute.fee_minor).sum()
    }

    /// What banks hold of it or took for good, in minor units.
    #[must_use]
    pub fn taken_minor(&self) -> i64 {
        self.taken().map(|dispute| dispute.drawn.total_minor()).sum()
    }

    fn taken(&self) -> impl Iterator<Item = &Dispute> {
        let is_taken =
            |dispute: &&Dispute| dispute.status.holds_money() || dispute.status == DisputeStatus::Lost;
        self.disputes.iter().filter(is_taken)
    }
}

/// A payment of a company, to its team.
///
/// # Errors
/// `NotFound` for a company that the caller is not on the team of, and for a payment that is not the company's;
/// `Forbidden` without `payment:basic:read`.
pub async fn show(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: PaymentId,
) -> Result<Dossier> {
    let principal = principal.clone();
    let read = hall.store.read(move |read| {
        let company = company::enter(read, &principal, &company, Permission::PaymentRead)?;
        let sight = Sight::of(read, &principal, &company.id)?;
        let Some(receipt) = find(read, &company.id, &id, sight)? else {
            return no_such("payment", &id);
        };
        collect(read, &principal, company, receipt, sight)
    });
    read.await
}

fn collect(
    read: &mut Read<'_>,
    principal: &Principal,
    company: Company,
    receipt: Receipt,
    sight: Sight,
) -> Result<Dossier> {
    let mut may = |permission| holds(read, principal, &company.id, permission);
    let (may_manage, sees_invoices) = (may(Permission::PaymentManage)?, may(Permission::InvoiceRead)?);
    let payment: Payment = payment::require(read, &receipt.id)?;
    let membership = match &receipt.membership {
        Some(id) => membership_in(read, &company.id, id, sight)?,
        None => None,
    };
    Ok(Dossier {
        doors: Doors::of(read, principal, &company.id)?,
        may_manage,
        quantity: payment.quantity,
        description: payment.description,
        price: payment.price,
        tax: payment.tax,
        invoice: payment.invoice.filter(|_| sees_invoices),
        sale: payment.sale,
        releases_at: payment.releases.map(|(pending, _, _)| pending),
        failures: payment.failures,
        next_attempt_at: payment.next_attempt_at,
        membership,
        refunds: refund::of_payment(read, &receipt.id)?,
        disputes: store::dispute::of_payment(read, &receipt.id)?,
        stray_charges: store::stray_charge::of_payment(read, &receipt.id)?,
        charge: payment.reference,
        is_answered_here: payment.processor == Some(Processor::Sandbox),
        company,
        receipt,
    })
}
