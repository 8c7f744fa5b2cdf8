//! The page of a checkout: what is to be paid, and how; and what became of it.
//!
//! Everything works without scripts. A form carries the session that it pays and the price that its reader saw, so that
//! it can be sent twice, come out of the browser's history, or be open in two tabs, and nothing is paid twice.

use super::affiliate::{carried, led_by};
use super::page::{Notice, refused_as, render, see_other};
use crate::form::ProtectedForm;
use crate::session::{Browser, Visitor, encoded};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use guildhall_app::checkout::{self, Buyer, Card, Method, Offer, Order, Standing, Target};
use guildhall_app::payment::{self, Outcome, Payment};
use guildhall_app::processor::{PaymentMethod, Processor};
use guildhall_app::{Error, Guildhall};
use guildhall_core::card::TEST_CARDS;
use guildhall_core::ids::{CheckoutSessionId, Id, PaymentId, PaymentMethodId};
use guildhall_core::money::percent_in_words;
use guildhall_core::plan_words::{later_in_words, price};
use guildhall_core::promo_code::LONGEST_CODE;
use guildhall_core::web_address::is_web;
use hyper::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

/// The fields of a form in their order.
type Fields = Vec<(String, String)>;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asking {
    promo: Option<String>,
    quantity: Option<String>,
    /// Who sent the reader.
    a: Option<String>,
}

/// What a page of the checkout shows.
struct Shown {
    offer: Offer,
    /// The last part of its address.
    target: String,
    promo_text: String,
    affiliate: Option<String>,
    email: String,
    /// Where somebody signs in and comes back.
    sign_in: String,
    answers: Fields,
}

impl Shown {
    fn money(&self, minor: &i64) -> String {
        price(*minor, self.offer.currency)
    }

    /// What became of the total.
    fn total_name(&self) -> &'static str {
        match self.offer.standing {
            Standing::Paid => "Paid",
            Standing::GivenBack => "Given back",
            _ => "To pay",
        }
    }

    fn paid_money(&self, payment: &Payment, minor: &i64) -> String {
        price(*minor, payment.currency)
    }

    fn has_tax(&self) -> bool {
        self.offer.tax.rate.basis_points > 0
    }

    fn tax_name(&self) -> String {
        let percent = percent_in_words(self.offer.tax.rate.basis_points);
        format!("{} {percent}", self.offer.tax.label)
    }

    fn what(&self) -> &str {
        self.offer.description.as_deref().unwrap_or(&self.offer.pass_title)
    }

    /// What falls due after the first payment.
    fn later(&self) -> Option<String> {
        later_in_words(self.offer.plan.terms(), self.offer.renewals?, self.offer.plan.currency)
    }

    fn answer(&self, field: &str) -> &str {
        let name = format!("field:{field}");
        self.answers.iter().find(|(given, _)| *given == name).map_or("", |(_, value)| value)
    }

    /// Whether it has to be known how the buyer pays: now, or when it renews.
    fn needs_method(&self) -> bool {
        self.offer.price.total_minor > 0 || self.offer.renewals.is_some()
    }

    /// Whether there is anything that a promo code could be taken off, now or later.
    fn takes_promo(&self) -> bool {
        let costs = self.offer.price.subtotal_minor > 0 || self.offer.renewals.is_some();
        costs && !self.offer.is_price_fixed
    }

    fn takes_sandbox(&self) -> bool {
        self.offer.processors.contains(&Processor::Sandbox)
    }

    fn takes_stripe(&self) -> bool {
        self.offer.processors.contains(&Processor::Stripe)
    }

    fn has_saved(&self) -> bool {
        self.offer.methods.iter().any(|method| method.last4.is_some())
    }

    fn card_name(&self, method: &PaymentMethod) -> String {
        card_name(method)
    }

    fn button(&self) -> String {
        match self.offer.price.total_minor {
            0 => "Get it".to_owned(),
            due => format!("Pay {}", self.money(&due)),
        }
    }

    /// Whether it is meant for one person, and nobody is signed in.
    fn asks_to_sign_in(&self) -> bool {
        self.offer.standing == Standing::SignInFirst
    }

    /// Where entries for the plan are taken, or explained.
    fn place_of_entries(&self, page: &str) -> String {
        led_by(&format!("/{page}/{}", self.offer.plan.id), self.affiliate.as_deref())
    }

    /// Numbers in groups, and what happens with each.
    fn test_cards(&self) -> Vec<(String, &'static str)> {
        let grouped = |number: &str| {
            let digits: Vec<char> = number.chars().collect();
            digits.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
        };
        TEST_CARDS.iter().map(|card| (grouped(card.number), card.what)).collect()
    }
}

/// A card in words.
pub(super) fn card_name(method: &PaymentMethod) -> String {
    let brand = method.brand.as_deref().unwrap_or("card");
    let mut letters = brand.chars();
    let brand: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let last4 = method.last4.as_deref().unwrap_or("····");
    match method.expiry {
        Some((month, year)) => format!("{brand} ending in {last4}, expires {month:02}/{:02}", year % 100),
        None => format!("{brand} ending in {last4}"),
    }
}

#[derive(Template)]
#[template(path = "checkout.html")]
struct Page<'a> {
    visitor: &'a Visitor,
    shown: &'a Shown,
    /// Why the last order was not taken.
    problem: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "checkout_done.html")]
struct Done<'a> {
    visitor: &'a Visitor,
    shown: &'a Shown,
    emblem: &'static str,
    title: &'static str,
    lead: &'a str,
    /// Whether it is looked again soon.
    reloads: bool,
    onward: Option<(String, String)>,
}

/// Shows what is to be paid, or what became of it.
pub(crate) async fn page(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(target): Path<String>,
    Query(asking): Query<Asking>,
) -> Response {
    if let Ok(session) = CheckoutSessionId::parse(&target) {
        // Where nothing is known yet, asking the processor again may tell.
        if let Err(Error::Internal(cause)) = checkout::progress(&hall, session).await {
            tracing::error!(cause = ?cause, "a payment cannot be looked after");
        }
    }
    match shown(&hall, &visitor, &target, asking, Vec::new()).await {
        Ok(shown) => visitor.keep(show(&visitor, &shown, None)),
        Err(error) => missing(&visitor, &error),
    }
}

fn missing(visitor: &Visitor, error: &Error) -> Response {
    let lead = error.told();
    let notice = Notice { visitor, title: "No such checkout", lead: &lead, details: &[] };
    match error {
        Error::NotFound(_) => render(StatusCode::NOT_FOUND, &notice),
        _ => refused_as(error, render(StatusCode::OK, &Notice { title: "Not possible", ..notice })),
    }
}

async fn shown(
    hall: &Guildhall,
    visitor: &Visitor,
    target: &str,
    asking: Asking,
    answers: Fields,
) -> Result<Shown, Error> {
    let quantity = match asking.quantity.as_deref().map(str::trim) {
        None | Some("") => 1,
        Some(text) => text
            .parse()
            .map_err(|_| Error::Invalid("The quantity is a whole number, 1 or more.".to_owned()))?,
    };
    let viewer = visitor.session.as_ref().map(|session| session.user.clone());
    let promo = asking.promo.clone().filter(|code| !code.trim().is_empty());
    let offer = checkout::offer(hall, Target::parse(target)?, viewer, promo, quantity).await?;
    let affiliate = carried(asking.a);
    let promo_text = asking.promo.unwrap_or_default();
    let place = place_of(target, affiliate.as_deref(), &promo_text, quantity);
    let email = answers.iter().find(|(name, _)| name == "email").map(|(_, value)| value.clone());
    Ok(Shown {
        offer,
        target: target.to_owned(),
        promo_text,
        affiliate,
        email: email.unwrap_or_default(),
        sign_in: format!("/sign-in?return_to={}", encoded(&place)),
        answers,
    })
}

/// The address of a checkout as somebody looks at it, so that they come back to the same.
fn place_of(target: &str, affiliate: Option<&str>, promo: &str, quantity: i64) -> String {
    let (promo, quantity) = (promo.trim(), quantity.to_string());
    let asked = [
        affiliate.map(|code| ("a", code)),
        // What is longer is no code.
        (1..=LONGEST_CODE).contains(&promo.len()).then_some(("promo", promo)),
        (quantity != "1").then_some(("quantity", quantity.as_str())),
    ];
    let asked: Vec<String> =
        asked.into_iter().flatten().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if asked.is_empty() {
        return format!("/checkout/{target}");
    }
    format!("/checkout/{target}?{}", asked.join("&"))
}

/// The page for where the checkout stands.
fn show(visitor: &Visitor, shown: &Shown, problem: Option<&str>) -> Response {
    let done = |emblem, title, lead: &str, reloads, onward| {
        render(StatusCode::OK, &Done { visitor, shown, emblem, title, lead, reloads, onward })
    };
    let charged = shown.offer.payment.as_ref().is_none_or(|payment| payment.state.is_chargeable);
    let account = Some(("To my purchases".to_owned(), "/account/purchases".to_owned()));
    match &shown.offer.standing {
        Standing::Open | Standing::Declined(_) | Standing::SignInFirst => {
            let declined = match &shown.offer.standing {
                Standing::Declined(sentence) => Some(sentence.as_str()),
                _ => None,
            };
            render(StatusCode::OK, &Page { visitor, shown, problem: problem.or(declined) })
        }
        Standing::Paid => {
            let lead = match visitor.session {
                Some(_) => "Thank you. What you bought is yours.",
                None => {
                    "Thank you. What you bought belongs to the account of your e-mail: sign in to use it. If it has no password yet, a letter says how to choose one."
                }
            };
            done("✓", "Paid", lead, false, onward(shown).or(account))
        }
        Standing::UnderWay => done(
            "…",
            "Being paid",
            "The payment is under way, and its outcome is not known yet. This page looks again by itself; there is no need to pay again.",
            true,
            None,
        ),
        Standing::SecondStep(place) => done(
            "⚿",
            "One more step",
            "Your bank asks you to confirm the payment.",
            false,
            Some(("Go on".to_owned(), place.clone())),
        ),
        Standing::GivenBack => done(
            "↩",
            if charged { "Given back" } else { "Not to be had" },
            // Why is between the seller and the owner of the address.
            match (charged, &visitor.session) {
                (true, Some(_)) => {
                    "What you paid for could not be had any more. Your money is given back, all of it."
                }
                (true, None) => {
                    "What you paid for could not be had. Your money is given back, all of it; a letter to your address says why."
                }
                (false, Some(_)) => "What you asked for could not be had any more. Nothing was charged.",
                (false, None) => {
                    "What you asked for could not be had. Nothing was charged; a letter to your address says why."
                }
            },
            false,
            account,
        ),
        closed => {
            let (title, lead) = closed_words(closed);
            let onward = match closed {
                Standing::Had => account,
                Standing::Waitlist => {
                    Some(("To the waitlist".to_owned(), shown.place_of_entries("waitlist")))
                }
                Standing::Raffle => Some(("To the raffle".to_owned(), shown.place_of_entries("raffles"))),
                _ => None,
            };
            done("·", title, problem.unwrap_or(lead), false, onward)
        }
    }
}

fn closed_words(standing: &Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Over => ("This checkout is over", "Its time has run out. Nothing was charged."),
        Standing::Withdrawn => ("Withdrawn", "The seller withdrew this checkout. Nothing was charged."),
        Standing::SoldOut => ("Sold out", "There is nothing left to buy here."),
        Standing::NotSold => ("Not for sale", "This is sold no more."),
        Standing::Waitlist => ("By waitlist", "This is given to whom the waitlist lets in."),
        Standing::Raffle => ("By raffle", "This is given to whom the raffle draws."),
        Standing::NotForYou => {
            ("Not for you", "This checkout is meant for somebody else: sign in as the one who was asked.")
        }
        _ => ("You have this already", "There is nothing to pay."),
    }
}

/// Where the seller wants the buyer to go.
fn onward(shown: &Shown) -> Option<(String, String)> {
    let place = shown.offer.redirect_url.clone().filter(|place| is_web(place))?;
    let host = place.split("://").nth(1)?.split(['/', '?', '#']).next()?;
    Some((format!("Back to {host}"), place.clone()))
}

/// Takes an order.
pub(crate) async fn pay(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Browser(browser): Browser,
    Path(target): Path<String>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Response {
    let order = match read(&visitor, browser.device.address, &target, &fields) {
        Ok(order) => order,
        Err(error) => return again(&hall, &visitor, &target, fields, &error).await,
    };
    match checkout::place(&hall, order).await {
        Ok(placed) => match placed.outcome {
            Outcome::SecondStep(place) if place.starts_with('/') => see_other(&place),
            // A bank's own page is led to by a link: the answer to a form may lead no further than this server.
            _ => see_other(&format!("/checkout/{}", placed.session)),
        },
        Err(error) => again(&hall, &visitor, &target, fields, &error).await,
    }
}

/// Shows the page again, with why the order was not taken and what was typed into it, but for the card.
async fn again(hall: &Guildhall, visitor: &Visitor, target: &str, fields: Fields, error: &Error) -> Response {
    let asking = Asking {
        promo: field(&fields, "promo").map(str::to_owned),
        quantity: field(&fields, "quantity").map(str::to_owned),
        a: field(&fields, "a").map(str::to_owned),
    };
    let sentence = error.told();
    match shown(hall, visitor, target, asking, fields).await {
        Ok(shown) => visitor.keep(refused_as(error, show(visitor, &shown, Some(&sentence)))),
        Err(missing_error) => missing(visitor, &missing_error),
    }
}

fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}

/// Reads an order out of a form.
fn read(visitor: &Visitor, sent_from: String, target: &str, fields: &Fields) -> Result<Order, Error> {
    let said = |name: &str| field(fields, name).unwrap_or_default();
    let whole = |name: &str| {
        let unreadable = || Error::Invalid("The form is not whole: reload the page.".to_owned());
        said(name).parse::<i64>().map_err(|_| unreadable())
    };
    let session = CheckoutSessionId::parse(said("session"))?;
    if session.as_str().len() > 64 {
        return Err(Error::Invalid("The form is not whole: reload the page.".to_owned()));
    }
    let buyer = match &visitor.session {
        Some(session) => Buyer::SignedIn(session.user.clone()),
        None => Buyer::Email(said("email").trim().to_owned()),
    };
    let method = match said("method") {
        "card" => Method::Card(Card {
            number: said("card_number").to_owned(),
            expiry: said("card_expiry").to_owned(),
            code: said("card_code").to_owned(),
        }),
        // Where nothing is to be paid nothing is asked.
        "balance" | "" => Method::Balance,
        "stripe" => Method::Elsewhere(Processor::Stripe),
        saved => Method::Saved(PaymentMethodId::parse(saved)?),
    };
    let answers = fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("field:")?.to_owned(), value.clone())))
        .collect();
    Ok(Order {
        target: Target::parse(target)?,
        session,
        buyer,
        sent_from,
        method,
        consents: said("consent") == "yes",
        promo: field(fields, "promo").map(str::to_owned).filter(|code| !code.trim().is_empty()),
        quantity: whole("quantity")?,
        seen_minor: whole("seen")?,
        answers,
        affiliate_code: field(fields, "a").map(str::to_owned).filter(|code| !code.is_empty()),
    })
}

/// The way back from a second step that a processor asked for.
pub(crate) async fn come_back(
    State(hall): State<Arc<Guildhall>>,
    visitor: Visitor,
    Path(payment): Path<String>,
) -> Response {
    let found = match PaymentId::parse(&payment) {
        Ok(id) => match payment::come_back(&hall, id.clone()).await {
            Ok(_) => payment::session_of(&hall, id).await,
            Err(error) => Err(error),
        },
        Err(error) => Err(error.into()),
    };
    match found {
        Ok(session) => see_other(&format!("/checkout/{session}")),
        Err(error) => missing(&visitor, &error),
    }
}
