//! Letters to buyers, queued in the transaction that records what they tell of, so that each is written once.

use super::Payment;
use crate::House;
use crate::error::Result;
use crate::mail::{self, Letter, NotSold};
use crate::store::{self, Read, Tx};
use crate::throttle;
use guildhall_core::account::email_key;
use guildhall_core::plan_words::price_in_full;
use guildhall_core::throttle::Throttle;

/// Whom a letter goes to, and what it is about.
struct About {
    email: String,
    name: String,
    what: String,
    company: String,
}

/// `None` when the buyer has no address that mail can be sent to.
fn about(read: &mut Read<'_>, payment: &Payment) -> Result<Option<About>> {
    let Some(user) = store::user::find(read, &payment.user)? else { return Ok(None) };
    let Some(email) = user.email.filter(|email| mail::check_address(email).is_ok()) else {
        return Ok(None);
    };
    let pass = store::access_pass::find(read, &payment.access_pass)?;
    let company = store::company::find(read, &payment.company)?;
    Ok(Some(About {
        email,
        name: user.name.unwrap_or(user.username),
        what: pass.map_or_else(|| "what you wanted".to_owned(), |found| found.pass.title),
        company: company.map_or_else(|| payment.company.to_string(), |company| company.title),
    }))
}

/// Tells that what was taken is given back: its buyer has what it was for already, or it cannot be had any more.
pub(super) fn given_back(tx: &mut Tx<'_>, house: &House, payment: &Payment, is_had: bool) -> Result<()> {
    let Some(about) = about(tx, payment)? else { return Ok(()) };
    let amount = price_in_full(payment.state.amount_minor, payment.currency);
    not_sold(tx, house, about, Some(amount), is_had)
}

/// Tells that what costs nothing was not sold to whom it belongs already. As nobody has to pay to have this written, an
/// address gets a few at a time.
pub(super) fn not_sold_twice(tx: &mut Tx<'_>, house: &House, payment: &Payment) -> Result<()> {
    let Some(about) = about(tx, payment)? else { return Ok(()) };
    match throttle::take(tx, Throttle::Letter, &email_key(&about.email)) {
        Ok(()) => not_sold(tx, house, about, None, true),
        Err(crate::Error::RateLimited { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn not_sold(
    tx: &mut Tx<'_>,
    house: &House,
    about: About,
    amount: Option<String>,
    is_had: bool,
) -> Result<()> {
    let About { email, name, what, company } = about;
    let link = format!("{}/account/purchases", house.origin);
    let letter = NotSold { name, what, company, amount, is_had, link };
    mail::queue(tx, &email, Letter::NotSold(letter)).map(|_| ())
}
