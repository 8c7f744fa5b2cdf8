//! Payments: what a buyer owes and pays, from the draft to the money, the membership and the ledger.
//!
//! The machine is `guildhall_core::payment`; here its steps are committed and its processor is asked. The order is
//! always: [`begin`] commits the attempt, the processor is asked between transactions (`attempt.rs`; what the buyer does
//! meanwhile in `second_step.rs`), and its answer is committed together with what was bought (`settlement.rs`) and the
//! letter to its buyer (`letter.rs`). Each attempt queues a job that does what `Payment::resume` says should the server
//! die anywhere in between, so that there is one charge and one membership, or none of either; what ends the attempt
//! removes the job. What of a sale is released when is in `release.rs`, what its processor keeps of it and tells later in
//! `late_fee.rs`; money that another attempt took beside the one that paid is given back in `stray.rs`.

mod attempt;
mod late_fee;
mod letter;
mod method;
mod news;
mod record;
mod release;
mod second_step;
mod settlement;
mod show;
mod stray;

pub use attempt::Outcome;
pub(crate) use attempt::{carry_on, charge_of, drive, outcome};
pub(crate) use late_fee::carry_on as carry_on_late_fee;
pub use method::{MethodUse, methods, remove_method};
pub(crate) use method::{agree, consented, from_elsewhere, keep_method};
pub(crate) use news::hear;
pub(crate) use record::{note_spending, posting_parties, source, subject};
pub(crate) use release::schedule_releases;
pub use second_step::{SecondStep, come_back, give_up, second_step, session_of, take_second_step};
pub(crate) use settlement::{fail, settle};
pub use show::{Shown, show};
pub use stray::StrayCharge;
pub(crate) use stray::carry_on as carry_on_stray;

use crate::Guildhall;
use crate::House;
use crate::company_member;
use crate::error::{Error, Result, no_such};
use crate::jobs::{self, Work};
use crate::plan::Plan;
use crate::processor::Processor;
use crate::store::{self, Tx};
use guildhall_core::billing::Terms;
use guildhall_core::ids::{
    AccessPassId, AffiliateId, AppId, CheckoutSessionId, CompanyId, EntryId, Id, InvoiceId, JobId,
    MembershipId, PaymentId, PaymentMethodId, PlanId, PromoCodeId, UserId,
};
use guildhall_core::money::Currency;
use guildhall_core::payment as rules;
use guildhall_core::payment::{Event, Stage};
use guildhall_core::price::Price;
use guildhall_core::receipt::BillingReason;
use guildhall_core::sale::Sale;
use sha2::{Digest, Sha256};

/// How long an attempt may take before somebody else looks after it, in milliseconds.
const LOOK_AFTER_MS: i64 = 60_000;

/// A payment. Times are milliseconds; amounts are minor units of its currency.
#[derive(Debug, Clone)]
pub struct Payment {
    /// The id.
    pub id: PaymentId,
    /// Who sells.
    pub company: CompanyId,
    /// Who pays.
    pub user: UserId,
    /// What is bought.
    pub plan: PlanId,
    /// The pass that the plan sells.
    pub access_pass: AccessPassId,
    /// What it pays for, once that exists.
    pub membership: Option<MembershipId>,
    /// The checkout it was made in.
    pub checkout_session: Option<CheckoutSessionId>,
    /// Which renewal it is.
    pub renewal_key: Option<String>,
    /// The invoice it pays.
    pub invoice: Option<InvoiceId>,
    /// The waitlist's entry that let the buyer in.
    pub entry: Option<EntryId>,
    /// The app that asked for it.
    pub app: Option<AppId>,
    /// Why there is one.
    pub billing_reason: BillingReason,
    /// What it is for, in its maker's words.
    pub description: Option<String>,
    /// The maker's own JSON object, as text.
    pub metadata: String,
    /// Where the buyer goes afterwards.
    pub redirect_url: Option<String>,
    /// What was answered to the plan's fields, as JSON text.
    pub answers: String,
    /// How many of the plan.
    pub quantity: i64,
    /// The currency.
    pub currency: Currency,
    /// The price, line by line.
    pub price: Price,
    /// The name of the tax, and its rate in hundredths of a percent.
    pub tax: Option<(String, i64)>,
    /// Where it stands.
    pub state: rules::Payment,
    /// Who is asked for the money.
    pub processor: Option<Processor>,
    /// By which method.
    pub method: Option<PaymentMethodId>,
    /// What else may be done with the method.
    pub method_use: MethodUse,
    /// What the processor calls the charge.
    pub reference: Option<String>,
    /// Where the buyer takes the second step.
    pub action_url: Option<String>,
    /// From where somebody typed the buyer's address, while the attempt counts there as one that paid nothing.
    pub tried_from: Option<String>,
    /// How many attempts were declined.
    pub failures: i64,
    /// Why the last one was, in the processor's word and as a sentence.
    pub failure: Option<(String, String)>,
    /// How many of the plan's stock it holds.
    pub stock_held: i64,
    /// The promo code that was used.
    pub promo_code: Option<PromoCodeId>,
    /// Who brought the buyer.
    pub affiliate: Option<AffiliateId>,
    /// How it was divided, and what is left of the parts.
    pub sale: Option<Sale>,
    /// When the parts are released: what is pending, in reserve, and of the reward.
    pub releases: Option<(i64, i64, i64)>,
    /// When it was made.
    pub created_at: i64,
    /// When it changed last.
    pub updated_at: i64,
    /// When it was paid.
    pub paid_at: Option<i64>,
    /// When something of it was refunded last.
    pub refunded_at: Option<i64>,
    /// When the last attempt began.
    pub last_attempt_at: Option<i64>,
    /// When the next begins by itself.
    pub next_attempt_at: Option<i64>,
}

impl Payment {
    /// Whether it renews a membership.
    #[must_use]
    pub fn is_renewal(&self) -> bool {
        self.renewal_key.is_some()
    }

    /// A payment of nothing yet, for a plan.
    pub(crate) fn draft(
        tx: &Tx<'_>,
        plan: &Plan,
        user: &UserId,
        quantity: i64,
        price: Price,
        currency: Currency,
        billing_reason: BillingReason,
    ) -> Result<Self> {
        Ok(Self {
            id: tx.mint(),
            company: plan.company.clone(),
            user: user.clone(),
            plan: plan.id.clone(),
            access_pass: plan.access_pass.clone(),
            membership: None,
            checkout_session: None,
            renewal_key: None,
            invoice: None,
            entry: None,
            app: None,
            billing_reason,
            description: None,
            metadata: "{}".to_owned(),
            redirect_url: None,
            answers: "[]".to_owned(),
            quantity,
            currency,
            price,
            tax: None,
            state: rules::Payment::draft(price.total_minor, currency)?,
            processor: None,
            method: None,
            reference: None,
            action_url: None,
            tried_from: None,
            failures: 0,
            failure: None,
            method_use: MethodUse::Kept,
            stock_held: 0,
            promo_code: None,
            affiliate: None,
            sale: None,
            releases: None,
            created_at: tx.now,
            updated_at: tx.now,
            paid_at: None,
            refunded_at: None,
            last_attempt_at: None,
            next_attempt_at: None,
        })
    }
}

/// Begins an attempt, or skips the charge of what is too little, unless a card is to be kept for what falls due later;
/// writes the payment down. The caller asks the processor
/// after the commit, by [`drive`].
pub(crate) fn begin(tx: &mut Tx<'_>, house: &House, payment: &mut Payment) -> Result<()> {
    let event = match payment.state.is_chargeable {
        true => Event::Begin,
        false if keeps_card(tx, payment)? => Event::Keep,
        false => Event::Skip,
    };
    if let Some(state) = payment.state.apply(event)? {
        payment.state = state;
    }
    payment.failure = None;
    payment.reference = None;
    payment.action_url = None;
    payment.next_attempt_at = None;
    payment.last_attempt_at = Some(tx.now);
    store::payment::save(tx, payment)?;
    company_member::meet(tx, &payment.company, &payment.user)?;
    if payment.state.stage == Stage::Paid {
        return record::skipped(tx, house, payment);
    }
    let (job, work) = (job_of_attempt(payment), Work::Payment(payment.id.clone()));
    jobs::enqueue_as(tx, &job, &work, &lane(payment.id.as_str()), tx.now + LOOK_AFTER_MS)
}

/// The job that looks after the present attempt, should nobody else do so. It is known by what the attempt is, so that
/// whatever ends the attempt finds it.
fn job_of_attempt(payment: &Payment) -> JobId {
    let digest = Sha256::digest(payment.state.charge_key(payment.id.as_str()));
    let random = std::array::from_fn(|at| digest[at]);
    JobId::mint(payment.last_attempt_at.unwrap_or(payment.created_at), random)
}

/// Nothing is left to do of the present attempt: its job goes, unless somebody is at it and finds that out.
fn end_attempt(tx: &mut Tx<'_>, payment: &Payment) -> Result<()> {
    jobs::drop_waiting(tx, &job_of_attempt(payment))
}

/// Whether nothing is charged now, and the processor asks the buyer itself for the card that pays later.
fn keeps_card(read: &mut store::Read<'_>, payment: &Payment) -> Result<bool> {
    let asks_itself = payment.processor == Some(Processor::Stripe) && payment.method.is_none();
    if !asks_itself || payment.is_renewal() {
        return Ok(false);
    }
    let terms = store::plan::find(read, &payment.plan)?.map(|plan| plan.terms());
    Ok(matches!(terms, Some(Terms::Renewal { renewal_price_minor: 1.., .. })))
}

/// Has a payment looked after at a moment, should nobody have done so before.
pub(crate) fn look_after(tx: &mut Tx<'_>, payment: &Payment, at: i64) -> Result<()> {
    jobs::enqueue_at(tx, &Work::Payment(payment.id.clone()), &lane(payment.id.as_str()), at).map(|_| ())
}

/// The lane of work on a payment or membership: there are eight, so that such work is done in parallel, and mail and
/// webhooks keep their places.
pub(crate) fn lane(id: &str) -> String {
    format!("billing-{}", id.bytes().last().unwrap_or(0) % 8)
}

/// A company's payments, newest first, at most a thousand: for an operator at the machine.
///
/// # Errors
/// `Internal` only.
pub async fn list(hall: &Guildhall, company: CompanyId, most: u16) -> Result<Vec<Payment>> {
    let most = i64::from(most.min(1000));
    // No id is greater than this one.
    hall.store
        .scan(move |read| {
            store::payment::of_company(read, &company, "pay_zzzzzzzzzzzzzzzzzzzzzzzzzzzz", most)
        })
        .await
}

/// A payment that must be there.
pub(crate) fn require(tx: &mut store::Read<'_>, id: &PaymentId) -> Result<Payment> {
    match store::payment::find(tx, id)? {
        Some(payment) => Ok(payment),
        None => no_such("payment", id),
    }
}

/// Writes a change of a payment's state down; `None` changes nothing.
pub(crate) fn change(tx: &mut Tx<'_>, payment: &mut Payment, event: Event) -> Result<bool> {
    let Some(state) = payment.state.apply(event).map_err(Error::from)? else { return Ok(false) };
    payment.state = state;
    store::payment::save(tx, payment)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
