//! Receipts: a company's payments, as its team reads them.
//!
//! Reads payments and writes nothing. A page holds at most 200, read from the index of its order; with a filter the rows
//! that it leaves out are passed on the way.

mod dossier;

pub use dossier::{Dossier, show};

use crate::Guildhall;
use crate::company::{self, Company, Doors};
use crate::company_member::{CompanyMember, withhold};
use crate::error::Result;
use crate::membership_list::BoughtMembership;
use crate::page::Page;
use crate::plan::Plan;
use crate::principal::{Principal, authorize, holds};
use crate::promo_code::PromoCode;
use crate::store::{self, Read};
use guildhall_core::cursor::{Cursor, Key, Window};
use guildhall_core::ids::{AccessPassId, CompanyId, MembershipId, PaymentId, PlanId, PromoCodeId};
use guildhall_core::money::Currency;
use guildhall_core::payment::Payment;
use guildhall_core::permission::Permission;
use guildhall_core::receipt::{BillingReason, Outcome, ReceiptOrder};

/// A payment with what belongs to it. Amounts are minor units of its currency, times milliseconds.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The payment's id.
    pub id: PaymentId,
    /// Where it stands.
    pub payment: Payment,
    /// Its currency.
    pub currency: Currency,
    /// Why there is a payment.
    pub billing_reason: BillingReason,
    /// Who was asked for the money, in the store's word.
    pub processor: Option<String>,
    /// The brand of the card.
    pub brand: Option<String>,
    /// Its last four digits.
    pub last4: Option<String>,
    /// What the processor said when it was declined.
    pub failure_message: Option<String>,
    /// What the processor, the platform and whoever brought the buyer took.
    pub fees_minor: i64,
    /// When it began.
    pub created_at: i64,
    /// When it was paid.
    pub paid_at: Option<i64>,
    /// When a processor was asked last.
    pub last_attempt_at: Option<i64>,
    /// When the buyer's bank warned last that it may take it back.
    pub warned_at: Option<i64>,
    /// The company that was paid.
    pub company: CompanyId,
    /// What was bought.
    pub membership: Option<MembershipId>,
    /// The pass that it is of; `None` for callers that may not see passes.
    pub access_pass: Option<AccessPassId>,
    /// The plan that it was bought by; `None` for callers that may not see plans.
    pub plan: Option<Plan>,
    /// The promo code that it was bought with; `None` for callers that may not see promo codes.
    pub promo_code: Option<PromoCode>,
    /// The buyer; `None` for callers that may not see members.
    pub member: Option<CompanyMember>,
}

impl Receipt {
    /// Where the receipt stands in a list.
    #[must_use]
    pub fn cursor(&self, order: ReceiptOrder) -> String {
        let key = match order {
            ReceiptOrder::CreatedAt => self.created_at,
            ReceiptOrder::FinalAmount => self.payment.amount_minor,
            ReceiptOrder::PaidAt => self.paid_at.unwrap_or(0),
        };
        Cursor { key: Key::Number(key), id: self.id.to_string() }.text(order)
    }

    /// Takes the buyer's e-mail away from whoever may not see it.
    fn withhold(&mut self, sight: Sight) {
        self.member.iter_mut().for_each(|member| withhold(&mut member.user, sight.emails));
    }

    /// What was bought, by the name of its pass; `None` for callers that may not see that.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        let plan = self.plan.as_ref().filter(|_| self.access_pass.is_some());
        plan.map(|plan| plan.access_pass_title.as_str())
    }

    /// How it was paid: `card`, `platform_balance`, or not at all.
    #[must_use]
    pub fn method_type(&self) -> Option<&'static str> {
        match self.processor.as_deref() {
            Some("platform_balance") => Some("platform_balance"),
            _ if self.last4.is_some() || self.brand.is_some() => Some("card"),
            _ => None,
        }
    }
}

/// Which receipts a list holds. An empty part wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptFilter {
    /// For one of these passes.
    pub access_passes: Vec<AccessPassId>,
    /// By one of these plans.
    pub plans: Vec<PlanId>,
    /// In one of these currencies, by their codes.
    pub currencies: Vec<String>,
    /// For one of these reasons.
    pub billing_reasons: Vec<BillingReason>,
    /// Taken by one of these, in the wire's words.
    pub processors: Vec<String>,
    /// That went so.
    pub outcomes: Vec<Outcome>,
    /// Begun at this moment or later, in milliseconds.
    pub from_ms: Option<i64>,
    /// Begun at this moment or earlier, in milliseconds.
    pub until_ms: Option<i64>,
    /// Whose id, or whose buyer's username, name or e-mail where the caller may see them, holds this, without regard to
    /// case.
    pub query: String,
}

/// What a caller may see beside the payments themselves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    pub(crate) members: bool,
    pub(crate) emails: bool,
    pub(crate) access_passes: bool,
    pub(crate) plans: bool,
    pub(crate) promo_codes: bool,
}

impl Sight {
    pub(crate) fn of(read: &mut Read<'_>, principal: &Principal, company: &CompanyId) -> Result<Self> {
        let mut may = |permission| holds(read, principal, company, permission);
        let members = may(Permission::MemberRead)?;
        Ok(Self {
            members,
            emails: members && may(Permission::MemberEmailRead)?,
            access_passes: may(Permission::AccessPassRead)?,
            plans: may(Permission::PlanRead)?,
            promo_codes: may(Permission::PromoCodeRead)?,
        })
    }
}

/// A company's receipts.
///
/// # Errors
/// `Forbidden` without `payment:basic:read`.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    filter: ReceiptFilter,
    window: Window<ReceiptOrder>,
) -> Result<Page<Receipt>> {
    let principal = principal.clone();
    let scan = hall.store.scan(move |read| {
        authorize(read, &principal, &company, Permission::PaymentRead)?;
        list_in(read, &principal, &company, &filter, &window)
    });
    scan.await
}

/// What the team's page of payments shows.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Whose they are.
    pub company: Company,
    /// Where else whoever looks may go.
    pub doors: Doors,
    /// The payments.
    pub receipts: Page<Receipt>,
}

/// A company's receipts, as its team's page shows them.
///
/// # Errors
/// `NotFound` for a company that the caller is not on the team of, `Forbidden` without `payment:basic:read`.
pub async fn desk(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    filter: ReceiptFilter,
    window: Window<ReceiptOrder>,
) -> Result<Desk> {
    let principal = principal.clone();
    let scan = hall.store.scan(move |read| {
        let company = company::enter(read, &principal, &company, Permission::PaymentRead)?;
        let doors = Doors::of(read, &principal, &company.id)?;
        let receipts = list_in(read, &principal, &company.id, &filter, &window)?;
        Ok(Desk { company, doors, receipts })
    });
    scan.await
}

fn list_in(
    read: &mut Read<'_>,
    principal: &Principal,
    company: &CompanyId,
    filter: &ReceiptFilter,
    window: &Window<ReceiptOrder>,
) -> Result<Page<Receipt>> {
    let sight = Sight::of(read, principal, company)?;
    let mut receipts = store::receipt::list(read, company, filter, sight, window)?;
    receipts.iter_mut().for_each(|receipt| receipt.withhold(sight));
    let total = store::receipt::count(read, company, filter, sight)?;
    Ok(store::listed::page(window, receipts, total))
}

/// One of a company's receipts, as a caller with this sight sees it.
pub(crate) fn find(
    read: &mut Read<'_>,
    company: &CompanyId,
    id: &PaymentId,
    sight: Sight,
) -> Result<Option<Receipt>> {
    let mut found = store::receipt::find(read, company, id, sight)?;
    found.iter_mut().for_each(|receipt| receipt.withhold(sight));
    Ok(found)
}

/// What a payment bought, to a caller that sees its receipt; `None` for nothing, and for a membership without a plan.
///
/// # Errors
/// `Internal` only.
pub async fn membership(
    hall: &Guildhall,
    principal: &Principal,
    receipt: &Receipt,
) -> Result<Option<BoughtMembership>> {
    let Some(id) = receipt.membership.clone() else {
        return Ok(None);
    };
    let (principal, company) = (principal.clone(), receipt.company.clone());
    let read = hall.store.read(move |read| {
        let sight = Sight::of(read, &principal, &company)?;
        membership_in(read, &company, &id, sight)
    });
    read.await
}

fn membership_in(
    read: &mut Read<'_>,
    company: &CompanyId,
    id: &MembershipId,
    sight: Sight,
) -> Result<Option<BoughtMembership>> {
    let mut found = store::membership_list::find(read, company, id)?;
    if let Some(membership) = &mut found {
        let holder = membership.holder.take().filter(|_| sight.members);
        membership.holder = holder.map(|holder| holder.shown(sight.emails));
    }
    Ok(found)
}

/// The promo code of a membership, to callers that may see promo codes.
///
/// # Errors
/// `Internal` only.
pub async fn promo_code_if_shown(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: PromoCodeId,
) -> Result<Option<PromoCode>> {
    let principal = principal.clone();
    let read =
        hall.store.read(move |read| match holds(read, &principal, &company, Permission::PromoCodeRead)? {
            true => store::promo_code::find(read, &id),
            false => Ok(None),
        });
    read.await
}
