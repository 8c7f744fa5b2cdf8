//! Billing: what falls due of memberships is done when its time has come, once.
//!
//! The rules are `guildhall_core::billing`. Each change of a membership queues a look at it for the moment when
//! something falls due next ([`look_at`], by `membership::write`); a look that was overtaken by another change finds
//! nothing due. A renewal is a payment under a key that the store holds once (`billing::renewal_key`), so that whoever
//! looks twice, or dies in between, charges once.

use crate::House;
use crate::access;
use crate::error::{Error, Result};
use crate::jobs::{self, Work};
use crate::membership::{self, Membership};
use crate::payment::{self, Payment};
use crate::plan::Plan;
use crate::processor::Processor;
use crate::promo_code;
use crate::store::{self, Tx};
use crate::{Guildhall, company};
use guildhall_core::billing::{Due, Terms, renewal_key};
use guildhall_core::ids::{Id, MembershipId, PaymentId};
use guildhall_core::job::Failure;
use guildhall_core::membership::MembershipStatus;
use guildhall_core::payment::{Event, Stage};
use guildhall_core::price::Price;
use guildhall_core::receipt::BillingReason;

/// Queues a look at a membership.
pub(crate) fn look_at(tx: &mut Tx<'_>, id: &MembershipId, at: i64) -> Result<()> {
    jobs::enqueue_at(tx, &Work::Billing(id.clone()), &payment::lane(id.as_str()), at).map(|_| ())
}

/// Does what is due of a membership.
pub(crate) async fn carry_on(hall: &Guildhall, id: &MembershipId) -> std::result::Result<(), Failure> {
    let temporary = |error: Error| Failure::Temporary(error.told());
    let (wanted, house) = (id.clone(), hall.house());
    let begun = hall.store.write(move |tx| look(tx, &house, &wanted)).await.map_err(temporary)?;
    match begun {
        // The payment's own job goes on when this one does not.
        Some(payment) => payment::drive(hall, &payment).await.map_err(temporary).map(|_| ()),
        None => Ok(()),
    }
}

/// Looks at a membership; answers the payment whose processor is to be asked.
fn look(tx: &mut Tx<'_>, house: &House, id: &MembershipId) -> Result<Option<PaymentId>> {
    tx.lock(&format!("membership {id}"))?;
    let Some(mut membership) = store::membership::find(tx, id)? else { return Ok(None) };
    if membership.due_at.is_none_or(|at| at > tx.now) {
        return Ok(None);
    }
    // Whatever is due is done now; `write` queues what comes next.
    membership.due_at = None;
    let plan = membership::plan(tx, &membership)?;
    let terms = plan.as_ref().map(Plan::terms);
    let due = terms.and_then(|terms| membership.state.next_due(terms)).filter(|(at, _)| *at <= tx.now);
    let (Some(plan), Some((_, due))) = (plan, due) else {
        membership::write(tx, &mut membership, terms)?;
        return Ok(None);
    };
    match due {
        Due::Cancellation | Due::Expiration => {
            membership.state = membership.state.end(due);
            membership::write(tx, &mut membership, terms)?;
            Ok(None)
        }
        Due::Renewal => match ended_by(tx, &membership)? {
            Some(reason) => {
                membership::set_cancel_at_period_end(tx, id, true, Some(reason))?;
                Ok(None)
            }
            None => renew(tx, house, membership, &plan),
        },
    }
}

/// Why a membership ends instead of renewing, if it does: nobody pays for what they cannot have.
fn ended_by(tx: &mut Tx<'_>, membership: &Membership) -> Result<Option<&'static str>> {
    let Membership { company, access_pass, user, .. } = membership;
    if access::is_banned(tx, company, access_pass, user)? {
        return Ok(Some("banned"));
    }
    let is_there = store::access_pass::find(tx, access_pass)?.is_some();
    Ok((!is_there).then_some("access_pass_deleted"))
}

/// Begins to charge a renewal, or renews at once where nothing is charged.
fn renew(
    tx: &mut Tx<'_>,
    house: &House,
    mut membership: Membership,
    plan: &Plan,
) -> Result<Option<PaymentId>> {
    let key = key_of(&membership)?;
    let mut payment = match store::payment::of_renewal(tx, &key)? {
        Some(payment) => payment,
        None => draft(tx, &mut membership, plan, &key)?,
    };
    // What is under way is left to its own job, and queues the next look when it has ended.
    store::membership::update(tx, &membership)?;
    match payment.state.stage {
        Stage::Drafted | Stage::Failed => {}
        Stage::Returning | Stage::AutoRefunded => {
            // It was charged while the membership was to end, and given back: it ends, whatever was said since.
            membership::set_cancel_at_period_end(tx, &membership.id, true, None)?;
            return Ok(None);
        }
        _ => return Ok(None),
    }
    if !payment.state.is_chargeable {
        payment::begin(tx, house, &mut payment)?;
        return Ok(None);
    }
    let kept = match &membership.method {
        Some(id) => store::payment_method::find(tx, id)?,
        None => None,
    };
    // One that was removed is not charged, another that its holder agreed to is.
    let method = match kept {
        Some(method) => Some(method),
        None => store::payment_method::consented(tx, &membership.user, &membership.company)?,
    };
    payment.processor = method.as_ref().map(|method| method.processor);
    payment.method = method.map(|method| method.id);
    if payment.method.is_none() {
        // Without a way to pay an attempt fails before it is made.
        payment.processor = Some(Processor::PlatformBalance);
        if let Some(state) = payment.state.apply(Event::Begin)? {
            payment.state = state;
        }
        payment.last_attempt_at = Some(tx.now);
        payment.processor = None;
        store::payment::save(tx, &mut payment)?;
        let sentence = "There is no payment method that could be charged.";
        payment::fail(tx, house, &mut payment, "no_payment_method", sentence)?;
        return Ok(None);
    }
    payment::begin(tx, house, &mut payment)?;
    Ok(Some(payment.id))
}

fn key_of(membership: &Membership) -> Result<String> {
    let end = membership.state.paid_until;
    let end = end.ok_or_else(|| Error::internal("a membership without an end that renews"))?;
    Ok(renewal_key(membership.id.as_str(), end))
}

/// The payment of the next renewal, to be written down by its first attempt.
fn draft(tx: &mut Tx<'_>, membership: &mut Membership, plan: &Plan, key: &str) -> Result<Payment> {
    let subtotal_minor = plan.terms().renewal_due_minor(membership.quantity)?;
    let discount_minor = match &membership.promo_code {
        Some(promo) => {
            let index = membership.payments_due;
            promo_code::discount_minor(tx, promo, index, subtotal_minor, plan.currency)?
        }
        None => 0,
    };
    let tax = company::tax(tx, &membership.company)?;
    let price = Price::new(subtotal_minor, discount_minor, tax.rate, plan.currency);
    let mut payment = Payment::draft(
        tx,
        plan,
        &membership.user,
        membership.quantity,
        price,
        plan.currency,
        BillingReason::SubscriptionCycle,
    )?;
    payment.tax = tax.shown();
    payment.membership = Some(membership.id.clone());
    payment.renewal_key = Some(key.to_owned());
    payment.metadata.clone_from(&membership.metadata);
    payment.promo_code.clone_from(&membership.promo_code);
    payment.affiliate.clone_from(&membership.affiliate);
    membership.payments_due += 1;
    Ok(payment)
}

fn id_of(payment: &Payment) -> Result<&MembershipId> {
    payment.membership.as_ref().ok_or_else(|| Error::internal("a renewal without a membership"))
}

fn of_payment(tx: &mut Tx<'_>, payment: &Payment) -> Result<(Membership, Terms)> {
    membership::held(tx, id_of(payment)?)
}

/// A renewal was paid, or nothing of it was charged; `false` when there is nothing left to renew.
pub(crate) fn renewed(tx: &mut Tx<'_>, _house: &House, payment: &mut Payment, plan: &Plan) -> Result<bool> {
    let id = id_of(payment)?;
    tx.lock(&format!("membership {id}"))?;
    let mut membership = store::membership::require(tx, id)?;
    if payment.renewal_key != Some(key_of(&membership)?) {
        return Ok(false);
    }
    if membership.state.cancel_at_period_end {
        // Its end was asked for while this was charged.
        return Ok(false);
    }
    let Ok(state) = membership.state.renew(plan.terms(), tx.now) else { return Ok(false) };
    membership.state = state;
    membership::write(tx, &mut membership, Some(plan.terms()))?;
    Ok(true)
}

/// A renewal takes its time, or its processor does not answer: the member keeps access in the grace.
pub(crate) fn awaits(tx: &mut Tx<'_>, payment: &Payment) -> Result<()> {
    let (mut membership, terms) = of_payment(tx, payment)?;
    if let Ok(state) = membership.state.await_renewal() {
        membership.state = state;
        membership::write(tx, &mut membership, Some(terms))?;
    }
    Ok(())
}

/// A renewal was declined: it is tried again, or the membership expires. The caller writes the payment down.
pub(crate) fn failed(tx: &mut Tx<'_>, _house: &House, payment: &mut Payment) -> Result<()> {
    let (mut membership, terms) = of_payment(tx, payment)?;
    let Ok(state) = membership.state.fail_renewal(terms, tx.now) else {
        // It ended meanwhile: nobody tries again.
        give_up(payment)?;
        return Ok(());
    };
    membership.state = state;
    match membership.state.next_due(terms) {
        Some((at, Due::Renewal)) => payment.next_attempt_at = Some(at),
        _ => give_up(payment)?,
    }
    membership::write(tx, &mut membership, Some(terms))
}

fn give_up(payment: &mut Payment) -> Result<()> {
    if let Some(state) = payment.state.apply(Event::GiveUp)? {
        payment.state = state;
    }
    payment.next_attempt_at = None;
    Ok(())
}

/// The renewal of a membership that ended is not tried any more; one that is under way is given back if it succeeds.
/// What is not tried did not fall due: the caller writes the membership down.
pub(crate) fn drop_renewal(tx: &mut Tx<'_>, membership: &mut Membership) -> Result<()> {
    for mut payment in store::payment::of_membership(tx, &membership.id, 1)? {
        if payment.is_renewal() && matches!(payment.state.stage, Stage::Drafted | Stage::Failed) {
            payment.next_attempt_at = None;
            payment::change(tx, &mut payment, Event::Cancel)?;
            membership.payments_due -= 1;
        }
    }
    Ok(())
}

/// Refuses to change the end of a period while its renewal is being charged.
pub(crate) fn refuse_while_charged(tx: &mut Tx<'_>, membership: &mut Membership) -> Result<()> {
    let under_way = [Stage::Authorizing, Stage::NeedsAction, Stage::Pending, Stage::Charged];
    let latest = store::payment::of_membership(tx, &membership.id, 1)?;
    if latest.iter().any(|payment| payment.is_renewal() && under_way.contains(&payment.state.stage)) {
        return Err(Error::Conflict(
            "A renewal of this membership is being charged right now; try again when that has ended.".into(),
        ));
    }
    if membership.state.status == MembershipStatus::PastDue {
        // The renewal that failed is of a period whose end moves: another takes its place.
        drop_renewal(tx, membership)?;
    }
    Ok(())
}
