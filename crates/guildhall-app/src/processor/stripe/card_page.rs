//! What the card page shows: Stripe's own form, for whoever has the unguessable id of the payment.

use super::client::Refused;
use super::intent;
use crate::Guildhall;
use crate::error::{Error, Result};
use crate::processor::Silence;
use crate::store;
use guildhall_core::ids::PaymentId;
use guildhall_core::money::Currency;

/// Stripe's own addresses. <https://docs.stripe.com/security/guide#content-security-policy>
const SCRIPT: &str = "https://js.stripe.com/v3/";
const SCRIPTS: &str = "https://js.stripe.com https://*.js.stripe.com";
const FRAMES: &str = "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com";
const CONNECTIONS: &str = "https://api.stripe.com";

/// The card page of a payment.
#[derive(Debug, Clone)]
pub enum CardPage {
    /// The buyer has to do something there.
    Asks {
        /// Whether a card is to be typed; else the buyer confirms what they began.
        needs_card: bool,
        /// What is due, in minor units of a currency; `None` where nothing is charged, and the card kept alone.
        due: Option<(i64, Currency)>,
        /// What the page may do with this intent, and nothing else.
        client_secret: String,
        /// What the page speaks to Stripe with.
        publishable_key: String,
        /// Where the page leads afterwards.
        return_url: String,
        /// What the page loads.
        sources: Sources,
    },
    /// There is nothing to do; it leads on.
    LeadsOn(String),
    /// Stripe does not answer.
    Silent,
}

/// What a card page loads, as a content security policy names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// Stripe's script.
    pub script: String,
    /// Where scripts may come from.
    pub scripts: String,
    /// What may be framed.
    pub frames: String,
    /// What scripts may speak to.
    pub connections: String,
}

impl Sources {
    fn of(other_origin: Option<String>) -> Self {
        match other_origin {
            None => Self {
                script: SCRIPT.into(),
                scripts: SCRIPTS.into(),
                frames: FRAMES.into(),
                connections: CONNECTIONS.into(),
            },
            Some(origin) => Self {
                script: format!("{origin}/js.stripe.com/v3/"),
                scripts: origin.clone(),
                frames: origin.clone(),
                connections: origin,
            },
        }
    }
}

/// The card page of a payment's last attempt.
///
/// # Errors
/// `NotFound` when Stripe was not asked to charge such a payment.
pub async fn card_page(hall: &Guildhall, payment: PaymentId) -> Result<CardPage> {
    let unknown = format!("There is no card to be asked for by `{payment}`.");
    let question = hall.store.read(move |read| store::stripe::last_of_payment(read, &payment)).await?;
    let (Some(client), Some(question)) = (hall.stripe.as_ref(), question) else {
        return Err(Error::NotFound(unknown));
    };
    let reference = question.reference.as_deref().unwrap_or_default();
    let intent = match intent::find(client, reference).await.map_err(Refused::into_silence) {
        Ok(intent) => intent,
        Err(Silence(what)) => {
            tracing::warn!(payment = %question.payment, what, "Stripe does not answer the card page");
            return Ok(CardPage::Silent);
        }
    };
    let (is_open, needs_card) = (intent.is_open(), intent.needs_card());
    match intent.client_secret {
        Some(client_secret) if is_open => Ok(CardPage::Asks {
            needs_card,
            due: question.amount(),
            client_secret,
            publishable_key: client.settings.publishable_key.clone(),
            return_url: question.return_url,
            sources: Sources::of(client.settings.other_origin()),
        }),
        _ => Ok(CardPage::LeadsOn(question.return_url)),
    }
}
