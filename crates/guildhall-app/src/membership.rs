//! Memberships: one user's hold of one access pass, from its beginning to its end.
//!
//! What falls due of one is decided by `guildhall_core::billing` and done in `billing.rs`; here it is begun, shown, and
//! changed by its member or its seller. Every change is written by [`write`], which tells webhooks when the membership
//! begins or ceases to count, and queues the next look at it.

mod operator;
mod own;

pub use operator::{History, cancel_at_period_end, end, history, lengthen};
pub(crate) use own::manage_url;
pub use own::{OwnMembership, Purchases, cancel_own, purchases};

use crate::access_pass;
use crate::billing;
use crate::company_member;
use crate::error::{Error, Result, no_such};
use crate::plan::Plan;
use crate::store::{self, Read, Tx};
use crate::webhook;
use guildhall_core::billing::{Subscription, Terms};
use guildhall_core::ids::{
    AccessPassId, AffiliateId, CheckoutSessionId, CompanyId, MembershipId, PaymentMethodId, PlanId,
    PromoCodeId, UserId,
};
use guildhall_core::license_key;
use guildhall_core::membership::{GRACE_MS, MembershipStatus, is_valid};
use guildhall_core::webhook::Event;

/// A membership. Times are milliseconds.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The id.
    pub id: MembershipId,
    /// The company that sells the pass.
    pub company: CompanyId,
    /// The pass.
    pub access_pass: AccessPassId,
    /// The plan it was bought by.
    pub plan: Option<PlanId>,
    /// Who holds it.
    pub user: UserId,
    /// Where it stands, as billing sees it.
    pub state: Subscription,
    /// How many of the plan it is for.
    pub quantity: i64,
    /// When it was ended, or is to end by its member's or seller's wish.
    pub canceled_at: Option<i64>,
    /// Why.
    pub cancelation_reason: Option<String>,
    /// How many payments fell due so far.
    pub payments_due: i64,
    /// When something falls due next.
    pub due_at: Option<i64>,
    /// Whether webhooks were told last that it counts.
    pub told_valid: bool,
    /// What a member types into the seller's software.
    pub license_key: Option<String>,
    /// The seller's own JSON object, as text.
    pub metadata: String,
    /// What was answered at checkout, as JSON text.
    pub answers: String,
    /// The checkout it was bought in.
    pub checkout_session: Option<CheckoutSessionId>,
    /// The promo code it was bought with.
    pub promo_code: Option<PromoCodeId>,
    /// Who brought its buyer.
    pub affiliate: Option<AffiliateId>,
    /// What its renewals are charged by.
    pub method: Option<PaymentMethodId>,
    /// When it began.
    pub created_at: i64,
    /// When it changed last.
    pub updated_at: i64,
}

impl Membership {
    /// Whether it counts at a moment.
    #[must_use]
    pub fn is_valid(&self, now: i64) -> bool {
        is_valid(self.state.status, self.state.paid_until, now)
    }
}

/// What a new membership is made of, by a founder.
#[derive(Debug, Clone)]
pub struct NewMembership {
    /// The company that sells the pass.
    pub company: CompanyId,
    /// The pass.
    pub access_pass: AccessPassId,
    /// The plan it was bought by.
    pub plan: Option<PlanId>,
    /// Who holds it.
    pub user: UserId,
    /// Where it stands.
    pub status: MembershipStatus,
    /// The end of what was paid for, in milliseconds; `None` without end.
    pub paid_until: Option<i64>,
}

/// What a purchase leaves with its membership.
#[derive(Debug, Default)]
pub(crate) struct Purchase {
    pub(crate) checkout_session: Option<CheckoutSessionId>,
    pub(crate) promo_code: Option<PromoCodeId>,
    pub(crate) affiliate: Option<AffiliateId>,
    pub(crate) method: Option<PaymentMethodId>,
    pub(crate) quantity: i64,
    pub(crate) metadata: String,
    pub(crate) answers: String,
}

/// Makes a membership as it is said, and its holder a member; webhooks hear of one that counts.
pub(crate) fn create(tx: &mut Tx<'_>, new: &NewMembership) -> Result<MembershipId> {
    // Nobody deletes the pass meanwhile.
    access_pass::keep(tx, &new.access_pass)?;
    let mut membership = stated(tx, new);
    store::membership::insert(tx, &membership)?;
    let terms = terms(tx, &membership)?;
    write(tx, &mut membership, terms)?;
    Ok(membership.id)
}

/// Makes a membership of which nobody hears, and of which nothing falls due.
pub(crate) fn create_quietly(tx: &mut Tx<'_>, new: &NewMembership) -> Result<MembershipId> {
    access_pass::keep(tx, &new.access_pass)?;
    let mut membership = stated(tx, new);
    membership.told_valid = membership.is_valid(tx.now);
    store::membership::insert(tx, &membership)?;
    store::membership::update(tx, &membership)?;
    company_member::refresh(tx, &membership.company, &membership.user)?;
    Ok(membership.id)
}

/// A membership as a founder says it.
fn stated(tx: &Tx<'_>, new: &NewMembership) -> Membership {
    let state = Subscription {
        status: new.status,
        period_start: tx.now,
        paid_until: new.paid_until,
        cancel_at_period_end: false,
        past_due_since: None,
        failures: 0,
    };
    let mut membership = fresh(tx, &new.company, &new.access_pass, &new.user, state);
    membership.plan.clone_from(&new.plan);
    membership
}

fn fresh(
    tx: &Tx<'_>,
    company: &CompanyId,
    access_pass: &AccessPassId,
    user: &UserId,
    state: Subscription,
) -> Membership {
    Membership {
        id: tx.mint(),
        company: company.clone(),
        access_pass: access_pass.clone(),
        plan: None,
        user: user.clone(),
        state,
        quantity: 1,
        canceled_at: None,
        cancelation_reason: None,
        payments_due: 0,
        due_at: None,
        told_valid: false,
        license_key: None,
        metadata: "{}".to_owned(),
        answers: "[]".to_owned(),
        checkout_session: None,
        promo_code: None,
        affiliate: None,
        method: None,
        created_at: tx.now,
        updated_at: tx.now,
    }
}

/// Begins the membership of a purchase: its first payment was made, or nothing was due.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    plan: &Plan,
    user: &UserId,
    purchase: &Purchase,
) -> Result<MembershipId> {
    access_pass::keep(tx, &plan.access_pass)?;
    end_shut_out(tx, &plan.id, user)?;
    let state = Subscription::begin(plan.terms(), tx.now);
    let mut membership = fresh(tx, &plan.company, &plan.access_pass, user, state);
    membership.plan = Some(plan.id.clone());
    membership.quantity = purchase.quantity;
    membership.payments_due = 1;
    membership.metadata.clone_from(&purchase.metadata);
    membership.answers.clone_from(&purchase.answers);
    membership.checkout_session.clone_from(&purchase.checkout_session);
    membership.promo_code.clone_from(&purchase.promo_code);
    membership.affiliate.clone_from(&purchase.affiliate);
    membership.method.clone_from(&purchase.method);
    let prefix = store::access_pass::license_key_prefix(tx, &plan.access_pass)?;
    membership.license_key = Some(license_key::mint(prefix.as_deref(), tx.random_bytes()));
    store::membership::insert(tx, &membership)?;
    write(tx, &mut membership, Some(plan.terms()))?;
    Ok(membership.id)
}

/// A membership's plan; `None` for one without.
pub(crate) fn plan(read: &mut Read<'_>, membership: &Membership) -> Result<Option<Plan>> {
    membership.plan.as_ref().map_or(Ok(None), |id| store::plan::find(read, id))
}

/// Ends what somebody holds of a plan that is past due and opens nothing any more: it is bought anew instead, and not
/// charged beside that.
fn end_shut_out(tx: &mut Tx<'_>, plan: &PlanId, user: &UserId) -> Result<()> {
    let now = tx.now;
    for held in store::membership::of_plan(tx, plan, user)? {
        if held.state.status == MembershipStatus::PastDue && !held.is_valid(now) {
            end_now(tx, &held.id, Some("bought_anew"))?;
        }
    }
    Ok(())
}

/// What a membership's plan charges, and when; `None` for one without a plan.
fn terms(read: &mut Read<'_>, membership: &Membership) -> Result<Option<Terms>> {
    Ok(plan(read, membership)?.map(|plan| plan.terms()))
}

/// Writes a membership down, tells webhooks when it begins or ceases to count, and queues the next look at it.
pub(crate) fn write(tx: &mut Tx<'_>, membership: &mut Membership, terms: Option<Terms>) -> Result<()> {
    membership.updated_at = tx.now;
    let counts = membership.is_valid(tx.now);
    let changed = counts != membership.told_valid;
    membership.told_valid = counts;
    let due_at = next_look(membership, terms, tx.now);
    if due_at != membership.due_at {
        membership.due_at = due_at;
        if let Some(at) = due_at {
            billing::look_at(tx, &membership.id, at)?;
        }
    }
    store::membership::update(tx, membership)?;
    company_member::refresh(tx, &membership.company, &membership.user)?;
    if changed {
        let event = if counts { Event::MembershipWentValid } else { Event::MembershipWentInvalid };
        tell(tx, membership, event)?;
    }
    Ok(())
}

/// When a membership is to be looked at next: when something falls due, or when it ceases to count.
fn next_look(membership: &Membership, terms: Option<Terms>, now: i64) -> Option<i64> {
    let due = terms.and_then(|terms| membership.state.next_due(terms)).map(|(at, _)| at);
    let ends = membership.state.paid_until.filter(|_| membership.told_valid).map(|end| {
        let grace = if membership.state.status == MembershipStatus::PastDue { GRACE_MS } else { 0 };
        end.saturating_add(grace)
    });
    [due, ends.filter(|end| *end > now)].into_iter().flatten().min()
}

/// Tells webhooks of a membership.
pub(crate) fn tell(tx: &mut Tx<'_>, membership: &Membership, event: Event) -> Result<()> {
    let subject = webhook::membership_subject(tx, membership)?;
    webhook::emit(tx, &membership.company, event, &subject).map(|_| ())
}

/// A membership and its terms, held by the transaction.
pub(crate) fn held(tx: &mut Tx<'_>, id: &MembershipId) -> Result<(Membership, Terms)> {
    tx.lock(&format!("membership {id}"))?;
    let Some(membership) = store::membership::find(tx, id)? else { return no_such("membership", id) };
    match terms(tx, &membership)? {
        Some(terms) => Ok((membership, terms)),
        None => {
            Err(Error::Conflict("The membership was given without a plan: nothing of it falls due.".into()))
        }
    }
}

/// Ends a membership at once.
pub(crate) fn end_now(tx: &mut Tx<'_>, id: &MembershipId, reason: Option<&str>) -> Result<bool> {
    let (mut membership, terms) = held(tx, id)?;
    let Some(state) = membership.state.cancel_now(tx.now)? else { return Ok(false) };
    membership.state = state;
    membership.canceled_at = Some(tx.now);
    membership.cancelation_reason = reason.map(str::to_owned);
    billing::drop_renewal(tx, &mut membership)?;
    write(tx, &mut membership, Some(terms))?;
    Ok(true)
}

/// Has a membership end with its period, or renew after all.
pub(crate) fn set_cancel_at_period_end(
    tx: &mut Tx<'_>,
    id: &MembershipId,
    cancel: bool,
    reason: Option<&str>,
) -> Result<bool> {
    let (mut membership, terms) = held(tx, id)?;
    let Some(state) = membership.state.set_cancel_at_period_end(terms, cancel, tx.now)? else {
        return Ok(false);
    };
    let ends_now = state.status == MembershipStatus::Canceled;
    membership.state = state;
    membership.canceled_at = cancel.then_some(tx.now);
    membership.cancelation_reason = reason.filter(|_| cancel).map(str::to_owned);
    if ends_now {
        billing::drop_renewal(tx, &mut membership)?;
    }
    write(tx, &mut membership, Some(terms))?;
    if !ends_now {
        tell(tx, &membership, Event::MembershipCancelAtPeriodEndChanged)?;
    }
    Ok(true)
}

/// Lengthens a membership's present period by so many days.
pub(crate) fn add_free_days(tx: &mut Tx<'_>, id: &MembershipId, days: i64) -> Result<i64> {
    let (mut membership, terms) = held(tx, id)?;
    billing::refuse_while_charged(tx, &mut membership)?;
    membership.state = membership.state.add_free_days(days, tx.now)?;
    write(tx, &mut membership, Some(terms))?;
    Ok(membership.state.paid_until.unwrap_or(i64::MAX))
}
