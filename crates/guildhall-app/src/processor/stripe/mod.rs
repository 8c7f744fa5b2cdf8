//! Stripe: cards that we never see. Their numbers are typed into Stripe's own form, on the card page or at their bank.
//!
//! A charge is a PaymentIntent, made under the attempt's key; where a card is kept alone, it is a SetupIntent, which is
//! asked about in the same way. What is asked is written down before it is sent
//! (`question.rs`), so that asking again asks the very same, and also finds what was made when Stripe has forgotten the
//! key. How an intent stands is read in `intent.rs`, a refund in `refund.rs`, what Stripe tells by itself in `event.rs`.
//! Nothing here is asked inside a transaction. Bounds: a question takes as long as [`Settings`] says, two MiB of an
//! answer are read.

mod amount;
mod balance;
mod card_page;
mod client;
mod customer;
mod event;
mod intent;
mod question;
mod refund;
mod settings;
mod signature;

pub use card_page::{CardPage, Sources, card_page};
pub(crate) use client::Client;
pub use event::take_event;
pub(crate) use question::Question;
pub(super) use question::asked_for;
pub(super) use refund::give_back;
pub use settings::{ApiBase, Secret, Settings, parse_publishable_key};

use super::{Answer, Asked, Charge, Silence};
use crate::Guildhall;
use crate::error::Error;
use crate::store;
use client::{Refused, Trouble, form};
use intent::Intent;

/// Whether money is real; the two know nothing of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Live,
    Test,
}

impl Mode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

type Heard<T> = std::result::Result<T, Silence>;

/// Charges, or makes the intent for which the card page asks for a card.
pub(super) async fn charge(hall: &Guildhall, charge: &Charge) -> Heard<Answer> {
    let client = client(hall)?;
    let key = charge.key.clone();
    if let Some(question) =
        hall.store.read(move |read| store::stripe::find(read, &key)).await.map_err(silent)?
    {
        return repeat(hall, client, &question).await;
    }
    let Some(amount) = amount::to_stripe(charge.amount_minor, charge.currency) else {
        return Ok(Answer::Declined {
            reference: None,
            code: "amount_not_supported".into(),
            message: format!("A card cannot be charged this amount of {}.", charge.currency.code()),
        });
    };
    let customer = customer::of(hall, client, charge).await?;
    let question = Question::of(charge, amount, &customer);
    let wanted = question.clone();
    // Whoever asks the same at the same time comes second, and asks what was written down.
    let (question, is_first) = hall
        .store
        .write(move |tx| {
            let is_first = store::stripe::insert(tx, &wanted)?;
            let noted = store::stripe::find(tx, &wanted.key)?;
            Ok((noted.unwrap_or_else(|| wanted.clone()), is_first))
        })
        .await
        .map_err(silent)?;
    if is_first { ask(hall, client, &question).await } else { repeat(hall, client, &question).await }
}

/// Asks how a charge stands.
pub(super) async fn look_up(hall: &Guildhall, asked: &Asked) -> Heard<Answer> {
    repeat(hall, client(hall)?, &find(hall, asked).await?).await
}

/// Cancels the intent of a charge that waits for its buyer.
pub(super) async fn call_off(hall: &Guildhall, asked: &Asked) -> Heard<Answer> {
    let (client, question) = (client(hall)?, find(hall, asked).await?);
    let reference = match &question.reference {
        Some(reference) => Some(reference.clone()),
        None => {
            let made = intent::made_under(client, &question).await;
            made.map_err(Refused::into_silence)?.map(|intent| intent.id)
        }
    };
    let Some(reference) = reference else {
        return Err(Silence("Stripe has not got what was asked".into()));
    };
    match cancel(client, &question, &reference).await {
        Ok(canceled) => settle(hall, client, &question, canceled).await,
        // It does not wait any more.
        Err(Refused::Question(_)) => repeat(hall, client, &question).await,
        Err(refused) => Err(refused.into_silence()),
    }
}

async fn cancel(
    client: &Client,
    question: &Question,
    reference: &str,
) -> std::result::Result<Intent, Refused> {
    let path = intent::path(reference, "/cancel").map_err(|Silence(what)| Refused::Silence(what))?;
    client.post(&path, "", &format!("{}:cancel", question.key)).await
}

/// Cancels the intent of a charge that was declined, so that nobody pays it later beside another attempt.
async fn call_off_declined(client: &Client, question: &Question, reference: &str) -> Heard<()> {
    match cancel(client, question, reference).await {
        // One that cannot be canceled is at its end.
        Ok(_) | Err(Refused::Question(_)) => Ok(()),
        Err(refused) => Err(refused.into_silence()),
    }
}

/// What was asked before.
async fn find(hall: &Guildhall, asked: &Asked) -> Heard<Question> {
    let asked = asked.clone();
    let read = hall.store.read(move |read| match &asked.reference {
        Some(reference) => store::stripe::find_by_reference(read, reference),
        None => store::stripe::find(read, &asked.key),
    });
    read.await.map_err(silent)?.ok_or_else(|| Silence("Stripe was not asked this".into()))
}

/// Asks what was asked before: for the intent, where its name is known; else for one that was made under the key, as
/// Stripe forgets keys after a day and answers what broke within one with what broke; else the same again.
async fn repeat(hall: &Guildhall, client: &Client, question: &Question) -> Heard<Answer> {
    if let Some(reference) = &question.reference {
        let intent = intent::find(client, reference).await.map_err(Refused::into_silence)?;
        return settle(hall, client, question, intent).await;
    }
    match intent::made_under(client, question).await {
        // Lists do not tell all of it.
        Ok(Some(made)) => {
            let intent = intent::find(client, &made.id).await.map_err(Refused::into_silence)?;
            settle(hall, client, question, intent).await
        }
        Ok(None) => ask(hall, client, question).await,
        Err(refused) => Err(refused.into_silence()),
    }
}

async fn ask(hall: &Guildhall, client: &Client, question: &Question) -> Heard<Answer> {
    match client.post(question.path(), &question.form, &question.key).await {
        Ok(intent) => settle(hall, client, question, intent).await,
        Err(Refused::Card(trouble)) => {
            let reference = trouble.intent();
            if let Some(reference) = &reference {
                note(hall, question, reference).await?;
                call_off_declined(client, question, reference).await?;
            }
            Ok(Answer::Declined { reference, code: trouble.word(), message: trouble.sentence() })
        }
        Err(Refused::Question(trouble)) => refuse(hall, question, trouble).await,
        Err(refused) => Err(refused.into_silence()),
    }
}

/// Nothing was done. What the buyer can mend is a decline; a customer that Stripe has not got is forgotten, and made
/// anew when the question comes again.
async fn refuse(hall: &Guildhall, question: &Question, trouble: Box<Trouble>) -> Heard<Answer> {
    let is_of_method = trouble.param.as_deref() == Some("payment_method") && question.has_method;
    let is_of_amount = matches!(trouble.code.as_deref(), Some("amount_too_small" | "amount_too_large"));
    if is_of_method || is_of_amount {
        let code = trouble.code.clone().unwrap_or_else(|| "payment_method_unusable".to_owned());
        return Ok(Answer::Declined { reference: None, code, message: trouble.sentence() });
    }
    if trouble.param.as_deref() == Some("customer") {
        let (key, customer) = (question.key.clone(), question.customer.clone());
        let forget = hall.store.write(move |tx| {
            store::stripe::delete(tx, &key)?;
            store::stripe::delete_customer(tx, &customer)
        });
        forget.await.map_err(silent)?;
    }
    Err(Refused::Question(trouble).into_silence())
}

/// Answers as an intent stands, whose name and fee are noted first.
async fn settle(hall: &Guildhall, client: &Client, question: &Question, intent: Intent) -> Heard<Answer> {
    if question.reference.is_none() {
        note(hall, question, &intent.id).await?;
    }
    if let (None, Some(fee_minor)) = (question.fee_minor, intent.fee_minor()) {
        let key = question.key.clone();
        let noted = hall.store.write(move |tx| store::stripe::set_fee(tx, &key, fee_minor));
        noted.await.map_err(silent)?;
    }
    if question.has_method && intent.needs_card() {
        call_off_declined(client, question, &intent.id).await?;
    }
    if question.has_method && !question.is_present && intent.needs_action() {
        // Nobody is there to take the step, and nobody shall take it when another attempt is under way.
        let canceled = cancel(client, question, &intent.id).await.map_err(Refused::into_silence)?;
        return canceled.answer(question);
    }
    intent.answer(question)
}

async fn note(hall: &Guildhall, question: &Question, reference: &str) -> Heard<()> {
    let (key, reference) = (question.key.clone(), reference.to_owned());
    hall.store.write(move |tx| store::stripe::set_reference(tx, &key, &reference)).await.map_err(silent)
}

fn client(hall: &Guildhall) -> Heard<&Client> {
    hall.stripe.as_ref().ok_or_else(|| Silence("Stripe is not configured".into()))
}

#[expect(clippy::needless_pass_by_value, reason = "as a store's failure comes")]
fn silent(error: Error) -> Silence {
    Silence(format!("what Stripe was asked cannot be written down: {error:?}"))
}
