//! Letters to buyers, queued in the transaction that records what they tell of, so that each is written once.

use super::Payment;
use crate::House;
use crate::error::{Error, Result};
use crate::mail::{self, ChoosePassword, Letter, NotSold, Receipt};
use crate::store::{self, Read, Tx};
use crate::{membership, password, password_reset, promo_code, throttle};
use guildhall_core::account::email_key;
use guildhall_core::moment::day_in_words;
use guildhall_core::money::percent_in_words;
use guildhall_core::plan_words::{price, price_in_full};
use guildhall_core::throttle::Throttle;

/// Whom a letter goes to, and what it is about.
struct About {
    email: String,
    name: String,
    username: String,
    what: String,
    company: String,
}

/// `None` when the buyer has no address that mail can be sent to.
fn about(read: &mut Read<'_>, payment: &Payment) -> Result<Option<About>> {
    let Some(user) = store::user::find(read, &payment.user)? else { return Ok(None) };
    let Some(email) = user.email.filter(|email| mail::check_address(email).is_ok()) else {
        return Ok(None);
    };
    let pass = store::access_pass::find_ever(read, &payment.access_pass)?;
    let company = store::company::find(read, &payment.company)?;
    Ok(Some(About {
        email,
        name: user.name.unwrap_or_else(|| user.username.clone()),
        username: user.username,
        what: pass.map_or_else(|| "what you wanted".to_owned(), |pass| pass.title),
        company: company.map_or_else(|| payment.company.to_string(), |company| company.title),
    }))
}

/// Tells what was paid.
pub(super) fn receipt(tx: &mut Tx<'_>, house: &House, payment: &Payment) -> Result<()> {
    let Some(about) = about(tx, payment)? else { return Ok(()) };
    let lines = lines(tx, payment, &about)?;
    let letter = Receipt {
        name: about.name,
        what: payment.description.clone().unwrap_or(about.what),
        company: about.company,
        amount: price_in_full(payment.state.amount_minor, payment.currency),
        day: day_in_words(payment.paid_at.unwrap_or(tx.now)),
        is_renewal: payment.is_renewal(),
        lines,
        link: membership::manage_url(&house.origin),
    };
    mail::queue(tx, &about.email, Letter::Receipt(letter)).map(|_| ())
}

/// What was paid, line by line, and for whom.
fn lines(read: &mut Read<'_>, payment: &Payment, about: &About) -> Result<Vec<(String, String)>> {
    let money = |minor| price(minor, payment.currency);
    let (parts, mut lines) = (payment.price, Vec::new());
    let times = if payment.quantity > 1 { format!(" × {}", payment.quantity) } else { String::new() };
    lines.push((format!("{}{times}", about.what), money(parts.subtotal_minor)));
    if parts.discount_minor > 0 {
        let code = match &payment.promo_code {
            Some(id) => promo_code::code_of(read, id)?,
            None => None,
        };
        let label = code.map_or_else(|| "Discount".to_owned(), |code| format!("Promo code {code}"));
        lines.push((label, money(-parts.discount_minor)));
    }
    if let Some((label, basis_points)) = &payment.tax {
        let is_added = parts.total_minor > parts.subtotal_minor - parts.discount_minor;
        let of_which = if is_added { "" } else { "of which " };
        let label = format!("{of_which}{label} {}", percent_in_words(*basis_points));
        lines.push((label, money(parts.tax_minor)));
    }
    lines.push(("Paid".to_owned(), price_in_full(payment.state.amount_minor, payment.currency)));
    lines.push(("For the account".to_owned(), format!("@{}", about.username)));
    lines.push(("Payment".to_owned(), payment.id.to_string()));
    Ok(lines)
}

/// Lets a buyer whose account was made by the purchase choose a password. Whoever paid nothing has few such letters
/// written to an address.
pub(super) fn choose_password(tx: &mut Tx<'_>, house: &House, payment: &Payment) -> Result<()> {
    let Some(account) = store::account::find(tx, &payment.user)? else { return Ok(()) };
    if payment.is_renewal() || account.password_hash != password::NONE {
        return Ok(());
    }
    let Some(About { email, username, what, company, .. }) = about(tx, payment)? else { return Ok(()) };
    if !payment.state.is_chargeable && !may_write(tx, &email)? {
        return Ok(());
    }
    let (link, valid_hours) = password_reset::first_link(tx, &house.origin, &account)?;
    let letter = ChoosePassword { username, what, company, link, valid_hours };
    mail::queue(tx, &email, Letter::ChoosePassword(letter)).map(|_| ())
}

/// Tells that what was taken is given back: its buyer has what it was for already, or it cannot be had any more.
pub(super) fn given_back(tx: &mut Tx<'_>, house: &House, payment: &Payment, is_had: bool) -> Result<()> {
    let Some(about) = about(tx, payment)? else { return Ok(()) };
    let was_charged = payment.state.is_chargeable;
    if !was_charged && !may_write(tx, &about.email)? {
        return Ok(());
    }
    let amount = was_charged.then(|| price_in_full(payment.state.amount_minor, payment.currency));
    not_sold(tx, house, about, amount, is_had)
}

/// Tells that what costs nothing was not sold to whom it belongs already. As nobody has to pay to have this written, an
/// address gets a few at a time.
pub(super) fn not_sold_twice(tx: &mut Tx<'_>, house: &House, payment: &Payment) -> Result<()> {
    let Some(about) = about(tx, payment)? else { return Ok(()) };
    match may_write(tx, &about.email)? {
        true => not_sold(tx, house, about, None, true),
        false => Ok(()),
    }
}

fn may_write(tx: &mut Tx<'_>, email: &str) -> Result<bool> {
    match throttle::take(tx, Throttle::Letter, &email_key(email)) {
        Ok(()) => Ok(true),
        Err(Error::RateLimited { .. }) => Ok(false),
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
    let About { email, name, what, company, .. } = about;
    let link = membership::manage_url(&house.origin);
    let letter = NotSold { name, what, company, amount, is_had, link };
    mail::queue(tx, &email, Letter::NotSold(letter)).map(|_| ())
}
