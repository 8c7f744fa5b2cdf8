//! The sandbox: a processor of its own, whose cards are the test cards of `guildhall_core::card`.
//!
//! It keeps what it was asked in tables that nothing else reads, in transactions of its own, as a processor elsewhere
//! would: so a crash between charge and record is as real as it is there. What its bank takes back for good is noted with
//! the end of the dispute, which the sandbox decides itself.

use super::{Answer, Asked, Charge, GiveBack, GivenBack, Silence};
use crate::Guildhall;
use crate::error::Error;
use crate::store::{self, Tx};
use guildhall_core::card::{self, Outcome, TEST_CARDS};
use guildhall_core::ids::{SandboxChargeId, SandboxRefundId};

/// A charge as the sandbox knows it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) id: SandboxChargeId,
    pub(crate) user: String,
    pub(crate) last4: String,
    pub(crate) amount_minor: i64,
    pub(crate) status: Status,
    pub(crate) failure_code: Option<String>,
    /// How often it was asked for.
    pub(crate) asked: i64,
}

/// Where a charge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Charged,
    Declined,
    NeedsAction,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Charged => "charged",
            Self::Declined => "declined",
            Self::NeedsAction => "needs_action",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Charged, Self::Declined, Self::NeedsAction].into_iter().find(|one| one.as_str() == word)
    }
}

/// What happens with a card of these last four digits, which no two test cards share.
pub(crate) fn outcome(last4: &str) -> Option<Outcome> {
    TEST_CARDS.iter().find(|card| card.number.ends_with(last4)).map(|card| card.outcome)
}

/// The path of the page on which the second step of a payment is taken.
fn second_step(charge: &Charge) -> String {
    format!("/sandbox/{}", charge.payment)
}

pub(super) async fn charge(hall: &Guildhall, charge: &Charge) -> std::result::Result<Answer, Silence> {
    let asked = charge.clone();
    let known = hall.store.write(move |tx| ask(tx, &asked)).await.map_err(|error| silent(&error))?;
    let Some((known, is_silent)) = known else { return Ok(unknown_card()) };
    if is_silent {
        return Err(Silence("the sandbox's test card finds the processor down".into()));
    }
    Ok(answer(known, &second_step(charge)))
}

/// Charges in a transaction of its caller, where nothing can be lost in between.
pub(crate) fn charge_in(tx: &mut Tx<'_>, charge: &Charge) -> crate::Result<Answer> {
    let known = ask(tx, charge)?;
    Ok(known.map_or_else(unknown_card, |(known, _)| answer(known, &second_step(charge))))
}

fn unknown_card() -> Answer {
    let message = "The sandbox takes test cards only, such as 4242 4242 4242 4242.".to_owned();
    Answer::Declined { reference: None, code: "unknown_card".into(), message }
}

/// What the sandbox does when it is asked to charge; says whether its answer gets lost.
fn ask(tx: &mut Tx<'_>, charge: &Charge) -> crate::Result<Option<(Known, bool)>> {
    tx.lock(&format!("sandbox {}", charge.key))?;
    if let Some(known) = store::sandbox::find(tx, &charge.key)? {
        store::sandbox::note_asked(tx, &charge.key)?;
        return Ok(Some((known, false)));
    }
    let last4 = charge.method.as_ref().and_then(|method| method.last4.clone()).unwrap_or_default();
    let Some(outcome) = outcome(&last4) else { return Ok(None) };
    let has_paid = store::sandbox::has_paid(tx, &charge.user, &last4)?;
    let asked = card::Asked { before: false, has_paid, second_step_done: false };
    let (status, failure_code, is_silent) = match outcome.answer(asked) {
        card::Answer::Charged => (Status::Charged, None, false),
        // Nobody is there to take the step.
        card::Answer::NeedsAction if !charge.is_present => {
            (Status::Declined, Some("authentication_required"), false)
        }
        card::Answer::NeedsAction => (Status::NeedsAction, None, false),
        card::Answer::Declined(decline) => (Status::Declined, Some(decline.as_str()), false),
        card::Answer::Silence => (Status::Charged, None, true),
    };
    let known = Known {
        id: tx.mint(),
        user: charge.user.to_string(),
        last4,
        amount_minor: charge.amount_minor,
        status,
        failure_code: failure_code.map(str::to_owned),
        asked: 1,
    };
    store::sandbox::insert(tx, &charge.key, &known, charge.currency)?;
    Ok(Some((known, is_silent)))
}

fn answer(known: Known, second_step: &str) -> Answer {
    match known.status {
        Status::Charged => Answer::Charged { reference: known.id.to_string(), method: None },
        Status::NeedsAction => {
            Answer::NeedsAction { reference: known.id.to_string(), url: second_step.to_owned() }
        }
        Status::Declined => {
            let code = known.failure_code.unwrap_or_else(|| card::Decline::Generic.as_str().to_owned());
            let sentence = card::Decline::from_word(&code).map(card::Decline::sentence);
            let message = match (sentence, code.as_str()) {
                (Some(sentence), _) => sentence,
                (None, "authentication_required") => {
                    "The card's bank asks its holder to confirm the payment."
                }
                (None, "canceled") => "The payment was not confirmed.",
                (None, _) => card::Decline::Generic.sentence(),
            };
            Answer::Declined { reference: Some(known.id.to_string()), message: message.to_owned(), code }
        }
    }
}

pub(super) async fn look_up(hall: &Guildhall, asked: &Asked) -> std::result::Result<Answer, Silence> {
    let key = asked.key.clone();
    let known = hall
        .store
        .read(move |read| store::sandbox::find(read, &key))
        .await
        .map_err(|error| silent(&error))?;
    known.map(|known| answer(known, "")).ok_or_else(|| Silence("the sandbox knows no such charge".into()))
}

/// The buyer does not take the second step.
pub(super) async fn call_off(hall: &Guildhall, asked: &Asked) -> std::result::Result<Answer, Silence> {
    let key = asked.key.clone();
    hall.store.write(move |tx| take_second_step(tx, &key, false)).await.map_err(|error| silent(&error))?;
    look_up(hall, asked).await
}

/// The buyer takes the second step of a charge, or refuses to. `false` when it does not wait for one.
pub(crate) fn take_second_step(tx: &mut Tx<'_>, key: &str, confirmed: bool) -> crate::Result<bool> {
    let status = if confirmed { Status::Charged } else { Status::Declined };
    store::sandbox::end_second_step(tx, key, status, if confirmed { None } else { Some("canceled") })
}

pub(super) async fn give_back(
    hall: &Guildhall,
    wanted: &GiveBack,
) -> std::result::Result<GivenBack, Silence> {
    let wanted = wanted.clone();
    let write = hall.store.write(move |tx| {
        tx.lock(&format!("sandbox {}", wanted.charge))?;
        if let Some(reference) = store::sandbox::find_refund(tx, &wanted.key)? {
            return Ok(GivenBack::Done { reference: reference.to_string() });
        }
        let id: SandboxRefundId = tx.mint();
        if store::sandbox::refund(tx, &wanted.key, &id, &wanted.charge, wanted.amount_minor)? {
            return Ok(GivenBack::Done { reference: id.to_string() });
        }
        let message = "The sandbox has not so much of this charge left.".to_owned();
        Ok(GivenBack::Failed { reference: None, message })
    });
    write.await.map_err(|error| silent(&error))
}

/// The buyer's bank takes a charge back for good, what was given back of it before left out.
pub(crate) fn lose(tx: &mut Tx<'_>, charge: &str) -> crate::Result<()> {
    store::sandbox::lose(tx, charge)
}

fn silent(error: &Error) -> Silence {
    Silence(format!("the sandbox's tables do not answer: {error:?}"))
}
