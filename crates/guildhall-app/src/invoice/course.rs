//! What becomes of an invoice: it falls due, is charged, paid, sent again or withdrawn.

use super::paper::amount_in_full;
use super::{Invoice, link_at};
use crate::Guildhall;
use crate::audit::Doer;
use crate::checkout;
use crate::error::{Error, Result, no_such};
use crate::mail::{self, InvoiceLetter, Letter};
use crate::payment;
use crate::principal::{Principal, authorize, holds};
use crate::store::{self, Read, Tx};
use crate::webhook;
use guildhall_core::ids::{InvoiceId, PaymentId};
use guildhall_core::invoice::{InvoiceEvent, InvoiceStatus};
use guildhall_core::job::Failure;
use guildhall_core::moment::day_in_words;
use guildhall_core::permission::Permission;
use guildhall_core::plan_words;
use guildhall_core::webhook::{Event, LineItem, Money, Person, Subject};
use serde_json::json;

/// Marks an invoice as paid, in the transaction that records the payment; webhooks hear of it once.
///
/// # Errors
/// `Invalid` for an invoice that was withdrawn and `Conflict` for one that another payment paid: the money is to go back.
pub(crate) fn paid(tx: &mut Tx<'_>, id: &InvoiceId, payment: &PaymentId) -> Result<()> {
    let Some(invoice) = hold(tx, id)? else { return no_such("invoice", id) };
    match &invoice.payment {
        Some(other) if other != payment => {
            return Err(Error::Conflict(format!("The invoice {} is paid already.", invoice.number)));
        }
        _ => {}
    }
    if let Some(invoice) = happen(tx, &invoice, InvoiceEvent::Pay, Some(payment))? {
        tell(tx, Event::InvoicePaid, &invoice)?;
    }
    Ok(())
}

/// The job of the due date: marks an invoice that is not paid as past due, once, and reminds of it.
pub(crate) async fn fall_due(hall: &Guildhall, id: &InvoiceId) -> std::result::Result<(), Failure> {
    let (id, origin) = (id.clone(), hall.origin().to_owned());
    let write = hall.store.write(move |tx| {
        let Some(invoice) = hold(tx, &id)? else { return Ok(()) };
        if let Some(invoice) = happen(tx, &invoice, InvoiceEvent::FallDue, None)? {
            tell(tx, Event::InvoicePastDue, &invoice)?;
            write_letter(tx, &origin, &invoice)?;
        }
        Ok(())
    });
    write.await.map_err(|error| Failure::Temporary(format!("the store failed: {error:?}")))
}

/// The job that charges an invoice automatically; where that fails, its customer gets a letter, then or later
/// ([`not_charged`]).
pub(crate) async fn charge(hall: &Guildhall, id: &InvoiceId) -> std::result::Result<(), Failure> {
    let failed = |error: Error| Failure::Temporary(error.told());
    let Some(payment) = begin_charge(hall, id.clone()).await.map_err(failed)? else { return Ok(()) };
    payment::drive(hall, &payment).await.map_err(failed).map(|_| ())
}

/// Begins to charge an invoice, once; who agreed to nothing any more is asked by a letter.
async fn begin_charge(hall: &Guildhall, id: InvoiceId) -> Result<Option<PaymentId>> {
    let (house, origin) = (hall.house(), hall.origin().to_owned());
    let write = hall.store.write(move |tx| {
        let Some(invoice) = hold(tx, &id)? else { return Ok(None) };
        let Some(user) = invoice.user.clone().filter(|_| invoice.status.is_due()) else { return Ok(None) };
        if store::payment::of_session(tx, &invoice.session)?.is_some() {
            // What was begun is looked after by its own job.
            return Ok(None);
        }
        let payment = checkout::charge_consented(tx, &house, &invoice.session, &user)?;
        if payment.is_none() {
            write_letter(tx, &origin, &invoice)?;
        }
        Ok(payment)
    });
    write.await
}

/// Asks by letter for what could not be charged, in the transaction that records the decline.
pub(crate) fn not_charged(tx: &mut Tx<'_>, origin: &str, id: &InvoiceId) -> Result<()> {
    match hold(tx, id)? {
        Some(invoice) if invoice.status.is_due() => write_letter(tx, origin, &invoice).map(|_| ()),
        _ => Ok(()),
    }
}

/// Withdraws an invoice, for its company's team and apps; nobody can pay it any more. Once is enough.
///
/// # Errors
/// `Forbidden` without `invoice:create`, `NotFound` for one that is none of the caller's business, `Invalid` for one that
/// is paid.
pub async fn void(hall: &Guildhall, principal: &Principal, id: InvoiceId) -> Result<Invoice> {
    let principal = principal.clone();
    hall.store
        .write(move |tx| {
            managed(tx, &principal, &id)?;
            void_in(tx, &Doer::of(&principal), &id)
        })
        .await
}

pub(super) fn void_in(tx: &mut Tx<'_>, doer: &Doer, id: &InvoiceId) -> Result<Invoice> {
    let Some(invoice) = hold(tx, id)? else { return no_such("invoice", id) };
    let Some(invoice) = happen(tx, &invoice, InvoiceEvent::Void, None)? else { return Ok(invoice) };
    store::invoice::cancel_session(tx, &invoice.session)?;
    tell(tx, Event::InvoiceVoided, &invoice)?;
    doer.log(tx, &invoice.company, "void_invoice", &invoice.id, json!({"number": invoice.number}))?;
    Ok(invoice)
}

/// Sends an invoice that is to be paid once more; answers where to.
///
/// # Errors
/// `Forbidden` without `invoice:create`, `NotFound` for one that is none of the caller's business, `Invalid` for one that
/// is paid or withdrawn, or that no letter can reach.
pub async fn send(hall: &Guildhall, principal: &Principal, id: InvoiceId) -> Result<String> {
    let (principal, origin) = (principal.clone(), hall.origin().to_owned());
    hall.store
        .write(move |tx| {
            let invoice = managed(tx, &principal, &id)?;
            send_in(tx, &Doer::of(&principal), &origin, &invoice)
        })
        .await
}

pub(super) fn send_in(tx: &mut Tx<'_>, doer: &Doer, origin: &str, invoice: &Invoice) -> Result<String> {
    if !invoice.status.is_due() {
        return Err(Error::Invalid(format!(
            "The invoice {} is {}: it is not sent any more.",
            invoice.number,
            if invoice.status == InvoiceStatus::Paid { "paid" } else { "withdrawn" }
        )));
    }
    let Some(to) = write_letter(tx, origin, invoice)? else {
        return Err(Error::Invalid("There is no e-mail address that the invoice could go to.".into()));
    };
    doer.log(tx, &invoice.company, "send_invoice", &invoice.id, json!({"number": invoice.number}))?;
    Ok(to)
}

/// The invoice, for those of the company who may do something about it.
fn managed(read: &mut Read<'_>, principal: &Principal, id: &InvoiceId) -> Result<Invoice> {
    principal.acting_user()?;
    match store::invoice::find(read, id)? {
        Some(invoice) if holds(read, principal, &invoice.company, Permission::InvoiceRead)? => {
            authorize(read, principal, &invoice.company, Permission::InvoiceCreate)?;
            Ok(invoice)
        }
        _ => no_such("invoice", id),
    }
}

/// An invoice, which no other transaction changes until this one ends.
fn hold(tx: &mut Tx<'_>, id: &InvoiceId) -> Result<Option<Invoice>> {
    tx.lock(&format!("invoice {id}"))?;
    store::invoice::find(tx, id)
}

/// Lets something happen to an invoice that is held; answers it as it is then, or `None` when that changed nothing.
fn happen(
    tx: &mut Tx<'_>,
    invoice: &Invoice,
    event: InvoiceEvent,
    payment: Option<&PaymentId>,
) -> Result<Option<Invoice>> {
    let Some(status) = invoice.status.after(event)? else { return Ok(None) };
    if !store::invoice::set_status(tx, &invoice.id, invoice.status, status, payment)? {
        return Err(Error::internal("an invoice changed while it was held"));
    }
    store::invoice::find(tx, &invoice.id)
}

/// Tells webhooks what happened to an invoice.
pub(super) fn tell(tx: &mut Tx<'_>, event: Event, invoice: &Invoice) -> Result<()> {
    let money = |minor| Money { minor, currency: invoice.currency.code().to_owned() };
    let lines = store::invoice::lines(tx, &invoice.id)?.into_iter().map(|line| LineItem {
        total: money(line.unit_price_minor.saturating_mul(line.quantity)),
        unit_price: money(line.unit_price_minor),
        label: line.label,
        quantity: line.quantity,
    });
    let line_items = lines.collect();
    let Some(plan) = store::plan::find(tx, &invoice.plan)? else {
        return Err(Error::internal("an invoice without its plan"));
    };
    let user = match &invoice.user {
        Some(user) => store::user::find(tx, user)?,
        None => None,
    };
    let subject = guildhall_core::webhook::Invoice {
        id: invoice.id.to_string(),
        number: invoice.number.clone(),
        status: invoice.status.as_str().to_owned(),
        created_at: invoice.created_at,
        due_date: Some(invoice.due_at),
        email_address: invoice.email.clone(),
        fetch_invoice_token: invoice.token.clone(),
        plan: invoice.plan.to_string(),
        currency: invoice.currency.code().to_owned(),
        formatted_price: plan_words::formatted_price(plan.terms(), plan.currency),
        user: user.map(|user| Person {
            id: user.id.to_string(),
            username: user.username,
            name: user.name,
            email: user.email,
        }),
        line_items,
    };
    webhook::emit(tx, &invoice.company, event, &Subject::Invoice(Box::new(subject)))?;
    Ok(())
}

/// Where letters about an invoice go.
pub(super) fn letter_address(read: &mut Read<'_>, invoice: &Invoice) -> Result<Option<String>> {
    match (&invoice.email, &invoice.user) {
        (Some(email), _) => Ok(Some(email.clone())),
        (None, Some(user)) => Ok(store::user::find(read, user)?.and_then(|user| user.email)),
        (None, None) => Ok(None),
    }
}

/// Queues the letter that asks for the money, or reminds of it; answers where it goes, if there is somewhere.
pub(super) fn write_letter(tx: &mut Tx<'_>, origin: &str, invoice: &Invoice) -> Result<Option<String>> {
    let Some(to) = letter_address(tx, invoice)? else { return Ok(None) };
    let letter = InvoiceLetter {
        name: invoice.customer_name.clone().unwrap_or_default(),
        seller: invoice.seller_name.clone(),
        number: invoice.number.clone(),
        amount: amount_in_full(invoice),
        due: day_in_words(invoice.due_at),
        link: link_at(origin, invoice),
    };
    let letter = match invoice.status_at(tx.now) {
        InvoiceStatus::PastDue => Letter::InvoicePastDue(letter),
        _ => Letter::InvoiceSent(letter),
    };
    mail::queue(tx, &to, letter)?;
    Ok(Some(to))
}
