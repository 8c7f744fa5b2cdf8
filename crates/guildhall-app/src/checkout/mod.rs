//! Checkout: what a buyer is asked to pay, and how they pay it.
//!
//! A **session** is made by an app or an invoice (`session.rs`) or, for the public link of a plan, by the page that is
//! sent; it is paid once. What is asked is worked out in one place ([`quote`]), for the page that shows it (`offer.rs`)
//! and for the order that comes back (`order.rs`), which says what its buyer saw: another price is refused.

mod buyer;
mod charge;
mod offer;
mod order;
mod session;

pub use buyer::Buyer;
pub(crate) use charge::charge_consented;
pub use charge::{Charge, Charged, charge_user};
pub use offer::{Offer, Standing, offer};
pub use order::{Card, Method, Order, Placed, place, progress};
pub use session::{Extras, Opened, create_session, purchase_url};

use crate::billing;
use crate::company::{self, Tax};
use crate::error::{Error, Result, no_such};
use crate::invoice;
use crate::membership::Membership;
use crate::payment::Payment;
use crate::plan::{self, Plan};
use crate::promo_code::{self, Applied};
use crate::store::{self, Read, Tx};
use guildhall_core::billing::Renewals;
use guildhall_core::ids::{AppId, CheckoutSessionId, CompanyId, EntryId, Id, InvoiceId, PlanId, UserId};
use guildhall_core::money::Currency;
use guildhall_core::plan::ReleaseMethod;
use guildhall_core::price::{Price, TaxRate};
use serde::{Deserialize, Serialize};

/// A session as it is kept. Times are milliseconds, amounts minor units.
#[derive(Debug, Clone)]
pub struct CheckoutSession {
    /// The id.
    pub id: CheckoutSessionId,
    /// The plan it sells.
    pub plan: PlanId,
    /// Who sells.
    pub company: CompanyId,
    /// The app that made it.
    pub app: Option<AppId>,
    /// The one user who may pay.
    pub user: Option<UserId>,
    /// What is asked, where its maker fixed it; else the plan says.
    pub fixed_minor: Option<i64>,
    /// The currency.
    pub currency: Currency,
    /// What is charged for.
    pub description: Option<String>,
    /// Who sent the buyer.
    pub affiliate_code: Option<String>,
    /// Where the buyer goes afterwards.
    pub redirect_url: Option<String>,
    /// The maker's own JSON object, as text.
    pub metadata: String,
    /// The invoice that it pays.
    pub invoice: Option<InvoiceId>,
    /// The waitlist's entry that let its buyer in.
    pub entry: Option<EntryId>,
    /// When it is over.
    pub expires_at: i64,
    /// When it was withdrawn.
    pub canceled_at: Option<i64>,
    /// Whether it was made by the page of a plan's public link.
    pub is_public_link: bool,
}

impl CheckoutSession {
    /// Whether it sells also what its buyer has already: what an app charges and what an invoice asks for, at a price
    /// that they fixed, is bought as often as it is asked for.
    pub(crate) fn sells_again(&self) -> bool {
        self.fixed_minor.is_some()
    }
}

/// A session about to be stored.
#[derive(Debug)]
pub(crate) struct NewCheckoutSession {
    pub(crate) plan: PlanId,
    pub(crate) company: CompanyId,
    pub(crate) app: Option<AppId>,
    pub(crate) user: Option<UserId>,
    /// The approved entry that opened it.
    pub(crate) entry: Option<EntryId>,
    /// The invoice that it pays.
    pub(crate) invoice: Option<InvoiceId>,
    pub(crate) amount_minor: i64,
    /// Whether the amount stands whatever the plan says later.
    pub(crate) is_amount_fixed: bool,
    pub(crate) currency: Currency,
    pub(crate) description: Option<String>,
    pub(crate) affiliate_code: Option<String>,
    pub(crate) redirect_url: Option<String>,
    pub(crate) metadata: String,
    pub(crate) expires_at: i64,
}

/// What a page of the checkout is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A session.
    Session(CheckoutSessionId),
    /// The public link of a plan.
    Plan(PlanId),
}

impl Target {
    /// Reads the last part of a checkout's address.
    ///
    /// # Errors
    /// `NotFound` when it is neither a session's id nor a plan's.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with(PlanId::PREFIX) {
            return PlanId::parse(text).map(Self::Plan).map_err(Into::into);
        }
        CheckoutSessionId::parse(text)
            .map(Self::Session)
            .map_err(|_| Error::NotFound("There is no such checkout.".into()))
    }
}

/// An answer to one of a plan's fields, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The field's id.
    pub field: String,
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub value: String,
}

/// What is asked of a buyer.
#[derive(Debug)]
pub(crate) struct Quote {
    pub(crate) plan: Plan,
    pub(crate) currency: Currency,
    pub(crate) price: Price,
    pub(crate) tax: Tax,
    pub(crate) promo: Option<Applied>,
    /// What its renewals will cost, where the plan charges any.
    pub(crate) renewals: Option<Renewals>,
}

/// Works out what is asked.
///
/// # Errors
/// `Invalid` for a quantity or promo code that does not do.
pub(crate) fn quote(
    read: &mut Read<'_>,
    plan: Plan,
    session: Option<&CheckoutSession>,
    quantity: i64,
    promo: Option<&str>,
    buyer: Option<&UserId>,
) -> Result<Quote> {
    let fixed = session.and_then(|session| session.fixed_minor);
    // An entry wins one place.
    let is_single = fixed.is_some() || session.is_some_and(|session| session.entry.is_some());
    let (subtotal_minor, currency) = match (fixed, session) {
        _ if is_single && quantity != 1 => {
            return Err(Error::Invalid("The quantity of this checkout is 1.".into()));
        }
        (Some(fixed), Some(session)) => (fixed, session.currency),
        _ => (plan.terms().first_due_minor(quantity)?, plan.currency),
    };
    let promo = match promo.map(str::trim).filter(|code| !code.is_empty()) {
        Some(_) if fixed.is_some() => {
            return Err(Error::Invalid("This price takes no promo code.".into()));
        }
        Some(code) => Some(promo_code::quote(read, &plan, code, buyer)?),
        None => None,
    };
    let discount_minor = match &promo {
        Some(applied) => applied.discount.off(subtotal_minor, currency)?,
        None => 0,
    };
    let tax = match session.and_then(|session| session.invoice.as_ref()) {
        Some(invoice) => invoice::tax(read, invoice)?,
        None => company::tax(read, &plan.company)?,
    };
    // A price that was fixed is what is paid, tax and all.
    let rate = TaxRate { is_included: tax.rate.is_included || fixed.is_some(), ..tax.rate };
    let price = Price::new(subtotal_minor, discount_minor, rate, currency);
    let code = promo.as_ref().map(|applied| &applied.id);
    let renewals = billing::renewals_ahead(read, &plan, quantity, code, 1)?;
    Ok(Quote { plan, currency, price, tax: Tax { rate, ..tax }, promo, renewals })
}

/// The session and plan of a target.
pub(crate) fn look(read: &mut Read<'_>, target: &Target) -> Result<(Option<CheckoutSession>, Plan)> {
    let (session, plan) = match target {
        Target::Session(id) => match store::checkout::find(read, id)? {
            Some(session) => {
                let plan = session.plan.clone();
                (Some(session), plan)
            }
            None => return no_such("checkout session", id),
        },
        Target::Plan(id) => (None, id.clone()),
    };
    let found = store::plan::find(read, &plan)?;
    match found {
        Some(plan) => Ok((session, plan)),
        None => no_such("plan", &plan),
    }
}

/// Where a buyer goes afterwards: as the session says, else the plan, else what it sells.
pub(crate) fn onward(
    read: &mut Read<'_>,
    session: Option<&CheckoutSession>,
    plan: &Plan,
) -> Result<Option<String>> {
    let said = session.and_then(|session| session.redirect_url.as_ref()).or(plan.redirect_url.as_ref());
    match said {
        Some(place) => Ok(Some(place.clone())),
        None => {
            let pass = store::access_pass::find_ever(read, &plan.access_pass)?;
            Ok(pass.and_then(|pass| pass.redirect_purchase_url))
        }
    }
}

/// Why a plan is not simply bought by its public link; `None` when it is.
pub(crate) fn closed(
    read: &mut Read<'_>,
    plan: &Plan,
    session: Option<&CheckoutSession>,
) -> Result<Option<Standing>> {
    if session.is_none_or(|session| session.invoice.is_none()) && !plan::is_sold(read, plan)? {
        return Ok(Some(Standing::NotSold));
    }
    Ok(match plan.release_method {
        ReleaseMethod::BuyNow => None,
        _ if session.is_some_and(|session| session.entry.is_some()) => None,
        ReleaseMethod::Waitlist => Some(Standing::Waitlist),
        ReleaseMethod::Raffle => Some(Standing::Raffle),
    })
}

/// Holds every other purchase of a plan for the same buyer until the transaction ends.
pub(crate) fn lock_purchase(tx: &mut Tx<'_>, buyer: &UserId, plan: &PlanId) -> Result<()> {
    tx.lock(&format!("purchase {buyer} {plan}"))
}

/// Whether the order that a payment was made for can still be paid: its checkout is not over, and its buyer did not get
/// the same another way. What was bought without a checkout says itself whether it can be had.
pub(crate) fn stands(read: &mut Read<'_>, payment: &Payment) -> Result<bool> {
    let Some(id) = &payment.checkout_session else { return Ok(true) };
    let (Some(session), Some(plan)) =
        (store::checkout::find(read, id)?, store::plan::find(read, &payment.plan)?)
    else {
        return Ok(false);
    };
    let is_open = session.canceled_at.is_none() && session.expires_at > read.now;
    Ok(is_open && have_already(read, &plan, Some(&session), &payment.user)?.is_none())
}

/// A membership of a plan that its buyer has already and that would be bought a second time.
pub(crate) fn have_already(
    read: &mut Read<'_>,
    plan: &Plan,
    session: Option<&CheckoutSession>,
    buyer: &UserId,
) -> Result<Option<Membership>> {
    if session.is_some_and(CheckoutSession::sells_again) {
        return Ok(None);
    }
    let now = read.now;
    let held = store::membership::of_plan(read, &plan.id, buyer)?;
    Ok(held.into_iter().find(|membership| membership.is_valid(now)))
}
