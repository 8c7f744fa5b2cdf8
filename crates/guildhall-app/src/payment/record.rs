//! Records: what a payment that was made brings about, in one transaction. The membership begins or is renewed, the
//! money is divided and booked, webhooks and the buyer are told.

use super::release::schedule_releases;
use super::settlement::release_claims;
use super::{Payment, letter};
use crate::House;
use crate::access;
use crate::access_pass;
use crate::affiliate;
use crate::billing;
use crate::checkout;
use crate::company_member;
use crate::dispute;
use crate::error::{Error, Result};
use crate::invoice;
use crate::ledger::{self, Booked, Parties};
use crate::membership::{self, Purchase};
use crate::plan::{self, Plan};
use crate::processor::{self, Processor};
use crate::store::{self, Read, Tx};
use crate::webhook;
use guildhall_core::affiliate::Commission;
use guildhall_core::fee::{FeeRate, divide};
use guildhall_core::ids::{CompanyId, Id, MembershipId, UserId};
use guildhall_core::payment::{Event, Payment as State};
use guildhall_core::posting::{Happening, Source};
use guildhall_core::receipt::{friendly_status, status};
use guildhall_core::sale::Sale;
use guildhall_core::webhook::{Event as Told, Money, Payment as Shown, Product, Subject};

/// What became of what is paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It is the buyer's.
    Done,
    /// It cannot be had any more, and nothing of it was written.
    Gone,
    /// Its buyer is banned from it, and nothing was written.
    Barred,
    /// Its buyer has it already, by this membership, and nothing was written.
    Had(MembershipId),
}

/// Records a payment that was charged, if what it was for can be had.
pub(super) fn deliver(tx: &mut Tx<'_>, house: &House, payment: &mut Payment) -> Result<Delivery> {
    let before = payment.state;
    let Some(plan) = store::plan::find(tx, &payment.plan)? else {
        return Err(Error::internal("a payment of a plan that is not there"));
    };
    match bring_about(tx, house, payment, &plan)? {
        Delivery::Done => {}
        undelivered => return Ok(undelivered),
    }
    let state = payment.state.apply(Event::Record)?;
    payment.state = state.unwrap_or(payment.state);
    // Where a card was kept alone there is nothing to divide.
    if payment.state.is_chargeable {
        sell(tx, house, payment, &plan)?;
    }
    payment.paid_at = Some(tx.now);
    // What was held is sold.
    payment.stock_held = 0;
    store::payment::save(tx, payment)?;
    note_spending(tx, payment, before)?;
    super::end_attempt(tx, payment)?;
    schedule_releases(tx, payment)?;
    dispute::expect_of_sandbox(tx, payment)?;
    tell(tx, payment, Told::PaymentSucceeded)?;
    if payment.sale.is_some_and(|sale| sale.shares.reward_minor > 0) {
        tell(tx, payment, Told::PaymentAffiliateRewardCreated)?;
    }
    if payment.state.is_chargeable {
        letter::receipt(tx, house, payment)?;
    }
    letter::choose_password(tx, house, payment)?;
    Ok(Delivery::Done)
}

/// Records a payment of which nothing is charged. What its buyer has already stays as it is.
pub(super) fn skipped(tx: &mut Tx<'_>, house: &House, payment: &mut Payment) -> Result<()> {
    let Some(plan) = store::plan::find(tx, &payment.plan)? else {
        return Err(Error::internal("a payment of a plan that is not there"));
    };
    payment.paid_at = Some(tx.now);
    match bring_about(tx, house, payment, &plan)? {
        Delivery::Done => {}
        Delivery::Had(membership) => {
            payment.membership = Some(membership);
            release_claims(tx, payment)?;
            return letter::not_sold_twice(tx, house, payment);
        }
        // Whoever typed an address is not told so.
        Delivery::Barred => return release_claims(tx, payment),
        Delivery::Gone => {
            return Err(Error::Conflict("What was asked for cannot be had any more.".into()));
        }
    }
    payment.stock_held = 0;
    store::payment::save(tx, payment)?;
    note_spending(tx, payment, payment.state)?;
    letter::choose_password(tx, house, payment)?;
    tell(tx, payment, Told::PaymentSucceeded)
}

/// Counts what the buyer spent by a payment, or has back of it, since it stood as `before`.
pub(crate) fn note_spending(tx: &mut Tx<'_>, payment: &Payment, before: State) -> Result<()> {
    let delta_minor = payment.state.spent_minor() - before.spent_minor();
    let membership = payment.membership.as_ref();
    company_member::note_payment(
        tx,
        &payment.company,
        &payment.user,
        membership,
        payment.currency,
        delta_minor,
    )
}

/// The membership that a payment begins or renews, and the invoice that it pays.
fn bring_about(tx: &mut Tx<'_>, house: &House, payment: &mut Payment, plan: &Plan) -> Result<Delivery> {
    if payment.is_renewal() {
        if !is_there(tx, plan)? {
            if let Some(membership) = &payment.membership {
                membership::end_now(tx, membership, Some("access_pass_deleted"))?;
            }
            return Ok(Delivery::Gone);
        }
        let is_renewed = billing::renewed(tx, house, payment, plan)?;
        return Ok(if is_renewed { Delivery::Done } else { Delivery::Gone });
    }
    if let Some(had) = had_before(tx, payment, plan)? {
        return Ok(Delivery::Had(had));
    }
    if payment.invoice.is_none() && access::is_banned(tx, &plan.company, &plan.access_pass, &payment.user)? {
        return Ok(Delivery::Barred);
    }
    if !is_there(tx, plan)? {
        return Ok(Delivery::Gone);
    }
    if payment.stock_held == 0 && !plan::take_stock(tx, &plan.id, payment.quantity)? {
        return Ok(Delivery::Gone);
    }
    if let Some(invoice) = &payment.invoice {
        match invoice::paid(tx, invoice, &payment.id) {
            Ok(()) => {}
            // It was withdrawn, or another payment paid it.
            Err(Error::Invalid(_) | Error::Conflict(_)) => {
                if payment.stock_held == 0 {
                    plan::put_back_stock(tx, &plan.id, payment.quantity)?;
                }
                return Ok(Delivery::Gone);
            }
            Err(error) => return Err(error),
        }
    }
    let purchase = Purchase {
        checkout_session: payment.checkout_session.clone(),
        promo_code: payment.promo_code.clone(),
        affiliate: payment.affiliate.clone(),
        method: payment.method.clone(),
        quantity: payment.quantity,
        metadata: payment.metadata.clone(),
        answers: payment.answers.clone(),
    };
    payment.membership = Some(membership::begin(tx, plan, &payment.user, &purchase)?);
    Ok(Delivery::Done)
}

/// Whether what a plan sells is there. Its seller may have deleted it since it was paid for; from here on nobody does.
fn is_there(tx: &mut Tx<'_>, plan: &Plan) -> Result<bool> {
    access_pass::lock(tx, &plan.access_pass)?;
    Ok(store::access_pass::find(tx, &plan.access_pass)?.is_some())
}

/// The membership that a buyer by a public link has already: one who typed an address is not told of it before, see
/// `checkout/buyer.rs`. Until the transaction ends nobody else begins one.
fn had_before(tx: &mut Tx<'_>, payment: &Payment, plan: &Plan) -> Result<Option<MembershipId>> {
    let session = match &payment.checkout_session {
        Some(session) => store::checkout::find(tx, session)?,
        None => None,
    };
    let Some(session) = session.filter(|session| session.is_public_link) else { return Ok(None) };
    checkout::lock_purchase(tx, &payment.user, &plan.id)?;
    let had = checkout::have_already(tx, plan, Some(&session), &payment.user)?;
    Ok(had.map(|membership| membership.id))
}

/// Divides what was paid and books it.
fn sell(tx: &mut Tx<'_>, house: &House, payment: &mut Payment, plan: &Plan) -> Result<()> {
    let processor = payment.processor.unwrap_or(Processor::PlatformBalance);
    let earner = earner(tx, payment, plan)?;
    let (fee, commission) = (processor_fee(tx, house, payment, processor)?, earner.as_ref());
    let shares = divide(
        payment.state.amount_minor,
        fee,
        house.money.platform_fee(),
        commission.map(|(_, commission)| *commission),
    )?;
    let reserve = match processor {
        Processor::PlatformBalance => 0,
        Processor::Sandbox | Processor::Stripe => house.money.reserve_basis_points,
    };
    let sale = Sale::new(shares, reserve);
    let amount_minor = payment.state.amount_minor;
    let charged = Happening::Charged { from: source(processor), amount_minor };
    let earner = earner.map(|(user, _)| user);
    book(tx, payment, "sale", &[charged, Happening::Sold { sale }], earner.as_ref())?;
    payment.sale = Some(sale);
    payment.releases = Some(house.money.releases(processor, tx.now));
    Ok(())
}

/// What the processor takes of a payment: what it said, else by its rate.
fn processor_fee(
    read: &mut Read<'_>,
    house: &House,
    payment: &Payment,
    processor: Processor,
) -> Result<FeeRate> {
    let told = match &payment.reference {
        Some(reference) => processor::told_fee_minor(read, processor, reference)?,
        None => None,
    };
    match told {
        Some(fee_minor) => Ok(FeeRate::new(0, fee_minor.clamp(0, payment.state.amount_minor))?),
        None => Ok(house.money.processor_fee(processor, payment.currency)),
    }
}

/// Who earns by a payment, and what.
fn earner(read: &mut Read<'_>, payment: &Payment, plan: &Plan) -> Result<Option<(UserId, Commission)>> {
    let Some(id) = &payment.affiliate else { return Ok(None) };
    let index = match &payment.membership {
        Some(membership) => store::membership::require(read, membership)?.payments_due - 1,
        None => 0,
    };
    affiliate::commission_for_renewal(read, id, plan, index.max(0))
}

/// Where the money of a processor comes from.
pub(crate) fn source(processor: Processor) -> Source {
    match processor {
        Processor::PlatformBalance => Source::Balance,
        Processor::Sandbox | Processor::Stripe => Source::Processor,
    }
}

/// Whom the money of a payment concerns.
pub(crate) fn posting_parties<'a>(payment: &'a Payment, affiliate: Option<&'a UserId>) -> Parties<'a> {
    Parties {
        company: Some(&payment.company),
        person: Some(&payment.user),
        affiliate,
        processor: payment.processor.unwrap_or(Processor::PlatformBalance).as_str(),
    }
}

/// Books what happens to the money of a payment, once for each word.
pub(super) fn book(
    tx: &mut Tx<'_>,
    payment: &Payment,
    word: &str,
    happenings: &[Happening],
    affiliate: Option<&UserId>,
) -> Result<()> {
    book_part(tx, payment, word, None, happenings, affiliate)
}

/// The same for a part of what happens more than once: each part once.
pub(super) fn book_part(
    tx: &mut Tx<'_>,
    payment: &Payment,
    word: &str,
    part: Option<&str>,
    happenings: &[Happening],
    affiliate: Option<&UserId>,
) -> Result<()> {
    let key = match part {
        Some(part) => format!("{word}:{}:{part}", payment.id),
        None => format!("{word}:{}", payment.id),
    };
    let parties = posting_parties(payment, affiliate);
    let booked = ledger::book(tx, &key, word, payment.id.as_str(), payment.currency, happenings, &parties)?;
    match booked {
        Booked::Now(_) => Ok(()),
        Booked::Before => Err(Error::internal(format!("{key} was booked before"))),
    }
}

/// Tells webhooks how a payment stands.
pub(crate) fn tell(tx: &mut Tx<'_>, payment: &Payment, event: Told) -> Result<()> {
    let shown = subject(tx, payment)?;
    webhook::emit(tx, &payment.company, event, &Subject::Payment(Box::new(shown))).map(|_| ())
}

/// What webhooks say of a payment.
pub(crate) fn subject(read: &mut Read<'_>, payment: &Payment) -> Result<Shown> {
    let company = company_shown(read, &payment.company)?;
    let product = store::access_pass::find(read, &payment.access_pass)?.map(|found| Product {
        id: found.pass.id.to_string(),
        title: found.pass.title,
        route: found.pass.route,
    });
    let method = match &payment.method {
        Some(method) => store::payment_method::find(read, method)?,
        None => None,
    };
    let membership = match &payment.membership {
        Some(id) => Some(store::membership::require(read, id)?),
        None => None,
    };
    let money = |minor: i64| Money { minor, currency: payment.currency.code().to_owned() };
    let is_card = method.as_ref().is_some_and(|method| method.last4.is_some());
    let refunded = payment.state.refunded_minor;
    Ok(Shown {
        id: payment.id.to_string(),
        company,
        membership: payment.membership.as_ref().map(ToString::to_string),
        membership_status: membership.map(|found| found.state.status.as_str().to_owned()),
        product,
        user: webhook::person(read, &payment.user)?,
        plan: Some(payment.plan.to_string()),
        line_item: None,
        created_at: payment.created_at,
        updated_at: payment.updated_at,
        paid_at: payment.paid_at,
        refunded_at: payment.refunded_at,
        last_payment_attempt: payment.last_attempt_at,
        next_payment_attempt: payment.next_attempt_at,
        status: status(&payment.state).as_str().to_owned(),
        substatus: friendly_status(&payment.state, payment.billing_reason).as_str().to_owned(),
        billing_reason: Some(payment.billing_reason.as_str().to_owned()),
        subtotal: money(payment.price.subtotal_minor),
        final_amount: money(payment.state.amount_minor),
        amount_after_fees: payment.sale.map(|sale| money(sale.shares.net_minor)),
        refunded_amount: (refunded > 0).then(|| money(refunded)),
        is_refundable: payment.state.refundable_minor() > 0,
        payments_failed: payment.failures,
        failure_message: payment.failure.as_ref().map(|(_, message)| message.clone()),
        checkout: payment.checkout_session.as_ref().map(ToString::to_string),
        card_brand: method.as_ref().and_then(|method| method.brand.clone()),
        card_last_4: method.as_ref().and_then(|method| method.last4.clone()),
        funding_method: None,
        wallet_type: None,
        calculated_statement_descriptor: None,
        issuer_identification_number: None,
        billing_usages: Vec::new(),
        company_buyer: None,
        payment_method_type: payment.processor.map(|processor| match processor {
            Processor::PlatformBalance => "platform_balance".to_owned(),
            Processor::Sandbox | Processor::Stripe if is_card => "card".to_owned(),
            Processor::Sandbox | Processor::Stripe => processor.as_str().to_owned(),
        }),
        metadata: serde_json::from_str(&payment.metadata).unwrap_or_default(),
    })
}

fn company_shown(read: &mut Read<'_>, id: &CompanyId) -> Result<guildhall_core::webhook::Company> {
    let Some(company) = store::company::find(read, id)? else {
        return Err(Error::internal("a payment of a company that is not there"));
    };
    Ok(webhook::of_company(company))
}
