//! Balances: what a person or a company holds, and the money they take out of it.

use super::doors::{Door, doors};
use super::page::{Refused, refused_as, render, see_other};
use super::session::Button;
use crate::form::ProtectedForm;
use crate::session::{SignedIn, Visitor};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::ledger::Balance;
use guildhall_app::payout::{self, Overview, Owner, Payout, Wanted};
use guildhall_app::{Error, Guildhall, Principal, opaque_token};
use guildhall_core::ids::{CompanyId, Id, PayoutId};
use guildhall_core::moment::day;
use guildhall_core::money::{in_words, percent_in_words};
use guildhall_core::payout::{LONGEST_DESTINATION, PayoutStatus};
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// What was just done, as it stands in the address.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Parameters {
    done: Option<String>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Order {
    amount: String,
    currency: String,
    destination: String,
    key: String,
}

#[derive(Template)]
#[template(path = "balance.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    overview: &'a Overview,
    /// The company's other pages.
    doors: Vec<Door>,
    /// Where the forms go, before the last part.
    place: String,
    /// What was refused.
    order: Order,
    told: Option<&'static str>,
    refusal: Option<String>,
}

impl Page<'_> {
    fn free(&self, balance: &Balance) -> String {
        in_words(balance.balance_minor, balance.currency)
    }

    fn owed(&self, balance: &Balance) -> Option<String> {
        (balance.balance_minor < 0).then(|| in_words(balance.balance_minor.abs(), balance.currency))
    }

    fn pending(&self, balance: &Balance) -> Option<String> {
        (balance.pending_minor > 0).then(|| in_words(balance.pending_minor, balance.currency))
    }

    /// The codes of the currencies that something can be taken out of.
    fn currencies(&self) -> Vec<&'static str> {
        let free = self.overview.holdings.balances.iter().filter(|balance| balance.balance_minor > 0);
        free.map(|balance| balance.currency.code()).collect()
    }

    fn fee(&self) -> Option<String> {
        let basis_points = self.overview.fee_basis_points;
        (basis_points > 0).then(|| percent_in_words(basis_points))
    }

    fn longest_destination(&self) -> usize {
        LONGEST_DESTINATION
    }

    fn amount(&self, payout: &Payout) -> String {
        in_words(payout.amount_minor, payout.currency)
    }

    fn fee_of(&self, payout: &Payout) -> Option<String> {
        (payout.fee_minor > 0).then(|| in_words(payout.fee_minor, payout.currency))
    }

    fn state(&self, payout: &Payout) -> &'static str {
        match payout.status {
            PayoutStatus::Requested => "Asked for",
            PayoutStatus::InTransit => "On its way",
            PayoutStatus::Completed => "Paid",
            PayoutStatus::Failed => "Failed",
            PayoutStatus::Canceled => "Canceled",
            PayoutStatus::Denied => "Denied",
        }
    }

    fn can_be_canceled(&self, payout: &Payout) -> bool {
        self.overview.may_take_out && payout.status == PayoutStatus::Requested
    }

    fn day(&self, moment: &i64) -> String {
        day(*moment)
    }
}

/// Shows one's own balance.
pub(crate) async fn own(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Refused> {
    let owner = Owner::User(session.user.clone());
    show(&hall, &visitor, &Principal::in_person(session.user), owner, told(&parameters)).await
}

/// Shows a company's.
pub(crate) async fn of_company(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path(company): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Refused> {
    let owner = company_owner(&visitor, &company)?;
    show(&hall, &visitor, &Principal::in_person(session.user), owner, told(&parameters)).await
}

/// Asks for a payout of one's own.
pub(crate) async fn take_out(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    ProtectedForm(order): ProtectedForm<Order>,
) -> Result<Response, Refused> {
    let owner = Owner::User(session.user.clone());
    request(&hall, &visitor, &Principal::in_person(session.user), owner, order).await
}

/// Asks for a company's.
pub(crate) async fn take_out_of_company(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path(company): Path<String>,
    ProtectedForm(order): ProtectedForm<Order>,
) -> Result<Response, Refused> {
    let owner = company_owner(&visitor, &company)?;
    request(&hall, &visitor, &Principal::in_person(session.user), owner, order).await
}

/// Takes back a payout of one's own.
pub(crate) async fn cancel(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path(payout): Path<String>,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    let owner = Owner::User(session.user.clone());
    take_back(&hall, &visitor, &Principal::in_person(session.user), owner, &payout).await
}

/// Takes back a company's.
pub(crate) async fn cancel_of_company(
    State(hall): State<Arc<Guildhall>>,
    SignedIn { session, visitor }: SignedIn,
    Path((company, payout)): Path<(String, String)>,
    ProtectedForm(Button {}): ProtectedForm<Button>,
) -> Result<Response, Refused> {
    let owner = company_owner(&visitor, &company)?;
    take_back(&hall, &visitor, &Principal::in_person(session.user), owner, &payout).await
}

fn company_owner(visitor: &Visitor, company: &str) -> Result<Owner, Refused> {
    match CompanyId::parse(company) {
        Ok(company) => Ok(Owner::Company(company)),
        Err(error) => Err(Refused::from(Error::from(error)).seen_by(visitor)),
    }
}

fn told(parameters: &Parameters) -> Option<&'static str> {
    match parameters.done.as_deref() {
        Some("requested") => Some("The payout is asked for. The money is set aside until it is sent."),
        Some("canceled") => Some("The payout is canceled, and the money is back."),
        _ => None,
    }
}

async fn show(
    hall: &Guildhall,
    visitor: &Visitor,
    principal: &Principal,
    owner: Owner,
    told: Option<&'static str>,
) -> Result<Response, Refused> {
    let order = Order { key: opaque_token::fresh(hall), ..Order::default() };
    page(hall, visitor, principal, owner, order, told, None).await
}

async fn page(
    hall: &Guildhall,
    visitor: &Visitor,
    principal: &Principal,
    owner: Owner,
    order: Order,
    told: Option<&'static str>,
    refusal: Option<String>,
) -> Result<Response, Refused> {
    let place = owner.place();
    let overview = payout::overview(hall, principal, owner).await;
    let overview = overview.map_err(|error| Refused::from(error).seen_by(visitor))?;
    let doors = overview.company.iter().flat_map(|company| doors(company, overview.doors, "balance"));
    let doors = doors.collect();
    let page = Page { visitor, overview: &overview, doors, place, order, told, refusal };
    Ok(render(StatusCode::OK, &page))
}

async fn request(
    hall: &Guildhall,
    visitor: &Visitor,
    principal: &Principal,
    owner: Owner,
    order: Order,
) -> Result<Response, Refused> {
    let asked = match wanted(&order) {
        Ok(wanted) => payout::request(hall, principal, owner.clone(), wanted).await,
        Err(error) => Err(error),
    };
    let Err(error) = asked else {
        return Ok(see_other(&format!("{}/balance?done=requested", owner.place())));
    };
    // Nothing was done under the key of a form that was refused, or else it is another form's.
    let again = Order { key: opaque_token::fresh(hall), ..order };
    let shown = page(hall, visitor, principal, owner, again, None, Some(error.told())).await?;
    Ok(refused_as(&error, shown))
}

fn wanted(order: &Order) -> Result<Wanted, Error> {
    let text = order.amount.trim();
    let Ok(amount) = text.parse() else {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
        let sentence = format!("`{shown}` is no amount: write it in digits, such as 12.50.");
        return Err(Error::Invalid(sentence));
    };
    Ok(Wanted {
        amount,
        currency: order.currency.clone(),
        destination: order.destination.clone(),
        idempotence_key: order.key.clone(),
    })
}

async fn take_back(
    hall: &Guildhall,
    visitor: &Visitor,
    principal: &Principal,
    owner: Owner,
    payout: &str,
) -> Result<Response, Refused> {
    let refused = |error: Error| Refused::from(error).seen_by(visitor);
    let id = PayoutId::parse(payout).map_err(|error| refused(error.into()))?;
    let place = owner.place();
    payout::cancel(hall, principal, owner, id).await.map_err(refused)?;
    Ok(see_other(&format!("{place}/balance?done=canceled")))
}
