//! Billing: what falls due of memberships is done when its time has come, once.
//!
//! The rules are `guildhall_core::billing`. Each change of a membership queues a look at it for the moment when
//! something falls due next ([`look_at`], by `membership::write`); a look that was overtaken by another change finds
//! nothing due. A renewal is a payment under a key that the store holds once (`billing::renewal_key`), so that whoever
//! looks twice, or dies in between, charges once.

use crate::access;
use crate::company::{self, Tax};
use crate::error::{Error, Result};
use crate::jobs::{self, Work};
use crate::membership::{self, Membership};
use crate::payment::{self, Payment};
use crate::plan::Plan;
use crate::processor::Processor;
use crate::promo_code;
use crate::store::{self, Read, Tx};
use crate::{Guildhall, House};
use guildhall_core::billing::{Due, Renewals, Terms, renewal_key};
use guildhall_core::ids::{Id, MembershipId, PaymentId, PromoCodeId};
use guildhall_core::job::Failure;
use guildhall_core::membership::MembershipStatus;
use guildhall_core::payment::{self as rules, Event, Stage};
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
    let held = hold_renewal(tx, id)?;
    tx.lock(&format!("membership {id}"))?;
    let Some(mut membership) = due_by_now(tx, id)? else { return Ok(None) };
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
            drop_renewal(tx, &mut membership)?;
            membership::write(tx, &mut membership, terms)?;
            Ok(None)
        }
        Due::Renewal => match ended_by(tx, &membership)? {
            Some(reason) => {
                membership::set_cancel_at_period_end(tx, id, true, Some(reason))?;
                Ok(None)
            }
            None => renew(tx, house, membership, &plan, held.as_ref()),
        },
    }
}

/// A membership of which something is due.
fn due_by_now(tx: &mut Tx<'_>, id: &MembershipId) -> Result<Option<Membership>> {
    let now = tx.now;
    let found = store::membership::find(tx, id)?;
    Ok(found.filter(|membership| membership.due_at.is_some_and(|at| at <= now)))
}

/// Holds the payment of the renewal that may be due, if there was an attempt before; answers which. News of it holds the
/// payment first and then the membership, and so does whoever makes another attempt.
fn hold_renewal(tx: &mut Tx<'_>, id: &MembershipId) -> Result<Option<PaymentId>> {
    let Some(membership) = due_by_now(tx, id)?.filter(|one| one.state.paid_until.is_some()) else {
        return Ok(None);
    };
    let Some(payment) = store::payment::of_renewal(tx, &key_of(&membership)?)? else { return Ok(None) };
    tx.lock(&format!("payment {}", payment.id))?;
    Ok(Some(payment.id))
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

/// Begins to charge a renewal, or renews at once where nothing is charged. A payment of an attempt before is `held`.
fn renew(
    tx: &mut Tx<'_>,
    house: &House,
    mut membership: Membership,
    plan: &Plan,
    held: Option<&PaymentId>,
) -> Result<Option<PaymentId>> {
    let key = key_of(&membership)?;
    let mut payment = match store::payment::of_renewal(tx, &key)? {
        Some(payment) if held != Some(&payment.id) => {
            return Err(Error::Conflict("The renewal was just begun; look at it again.".into()));
        }
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

/// What the renewal costs that is a membership's `payment_index`-th payment, counted from zero: by its plan and its
/// company's tax as they are now, and with what its promo code takes off then.
fn renewal_price(
    read: &mut Read<'_>,
    plan: &Plan,
    quantity: i64,
    promo: Option<&PromoCodeId>,
    payment_index: i64,
) -> Result<(Price, Tax)> {
    let subtotal_minor = plan.terms().renewal_due_minor(quantity)?;
    let discount_minor = match promo {
        Some(promo) => promo_code::discount_minor(read, promo, payment_index, subtotal_minor, plan.currency)?,
        None => 0,
    };
    let tax = company::tax(read, &plan.company)?;
    Ok((Price::new(subtotal_minor, discount_minor, tax.rate, plan.currency), tax))
}

/// What the renewals of a plan cost from the one on that is its membership's `payment_index`-th payment, counted from
/// zero: what is told of them before they are charged. `None` where the plan charges none.
pub(crate) fn renewals_ahead(
    read: &mut Read<'_>,
    plan: &Plan,
    quantity: i64,
    promo: Option<&PromoCodeId>,
    payment_index: i64,
) -> Result<Option<Renewals>> {
    if plan.terms().renewal_due_minor(quantity)? == 0 {
        return Ok(None);
    }
    let charged_minor = |read: &mut Read<'_>, index| -> Result<i64> {
        let (price, _) = renewal_price(read, plan, quantity, promo, index)?;
        let state = rules::Payment::draft(price.total_minor, plan.currency)?;
        Ok(if state.is_chargeable { state.amount_minor } else { 0 })
    };
    let next_minor = charged_minor(read, payment_index)?;
    let left = match promo {
        Some(promo) => promo_code::payments_left(read, promo, payment_index)?,
        None => None,
    };
    let then = match left.filter(|left| *left > 0) {
        Some(left) => Some((left, charged_minor(read, payment_index + left)?)),
        None => None,
    };
    Ok(Some(Renewals { next_minor, then: then.filter(|(_, later_minor)| *later_minor != next_minor) }))
}

/// The same for a membership, from its next renewal on.
pub(crate) fn renewals_of(
    read: &mut Read<'_>,
    membership: &Membership,
    plan: &Plan,
) -> Result<Option<Renewals>> {
    // What is past due is a renewal that fell due already.
    let fell_due = i64::from(membership.state.status == MembershipStatus::PastDue);
    let next_index = (membership.payments_due - fell_due).max(0);
    renewals_ahead(read, plan, membership.quantity, membership.promo_code.as_ref(), next_index)
}

/// The payment of the next renewal, to be written down by its first attempt.
fn draft(tx: &mut Tx<'_>, membership: &mut Membership, plan: &Plan, key: &str) -> Result<Payment> {
    let (quantity, promo) = (membership.quantity, membership.promo_code.as_ref());
    let (price, tax) = renewal_price(tx, plan, quantity, promo, membership.payments_due)?;
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
        // Its end was asked for while this was charged, and comes with the period.
        membership::write(tx, &mut membership, Some(plan.terms()))?;
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

/// A renewal was declined: it is tried again, or the membership expires. That of a membership which is to end is left as
/// it is: it is tried again where its member wants to go on after all. The caller writes the payment down.
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
        Some((_, Due::Cancellation)) => payment.next_attempt_at = None,
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
    let Some(mut payment) = store::payment::latest_renewal(tx, &membership.id)? else { return Ok(()) };
    if matches!(payment.state.stage, Stage::Drafted | Stage::Failed) {
        payment.next_attempt_at = None;
        payment::change(tx, &mut payment, Event::Cancel)?;
        membership.payments_due -= 1;
    }
    Ok(())
}

/// Refuses to change the end of a period while its renewal is being charged.
pub(crate) fn refuse_while_charged(tx: &mut Tx<'_>, membership: &mut Membership) -> Result<()> {
    let under_way = [Stage::Authorizing, Stage::NeedsAction, Stage::Pending, Stage::Charged];
    let latest = store::payment::latest_renewal(tx, &membership.id)?;
    if latest.is_some_and(|payment| under_way.contains(&payment.state.stage)) {
        return Err(Error::Conflict(
            "A renewal of this membership is being charged right now; try again when that has ended.".into(),
        ));
    }
    // A renewal that failed is of a period whose end moves: another takes its place.
    drop_renewal(tx, membership)
}
