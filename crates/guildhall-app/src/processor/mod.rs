//! Processors: who takes buyers' money, asked between transactions and never inside one.
//!
//! Owns the one way in which a processor is asked ([`charge`], [`look_up`], [`give_back`]), so that use cases do not
//! know which it is. Each question is asked under a key; asking again under the same key does nothing a second time and
//! answers the same. An answer that does not come is [`Silence`]: nothing is known, and the question is asked again.
//! What a processor tells by itself is [`News`], which changes nothing a second time.

mod news;
pub(crate) mod sandbox;
pub mod stripe;

pub(crate) use news::{Kept, queue, tell};

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::store::Read;
use guildhall_core::billing::Terms;
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::{PaymentId, PaymentMethodId, UserId};
use guildhall_core::money::{Currency, in_words};
use guildhall_core::refund::RefundStatus;

/// A processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Processor {
    /// The balance of the buyer here.
    PlatformBalance,
    /// Test cards, and money that is not real.
    Sandbox,
    /// Stripe, when the operator configured it.
    Stripe,
}

impl Processor {
    /// Every processor.
    pub const ALL: [Self; 3] = [Self::PlatformBalance, Self::Sandbox, Self::Stripe];

    /// The store's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PlatformBalance => "platform_balance",
            Self::Sandbox => "sandbox",
            Self::Stripe => "stripe",
        }
    }

    /// Whether it says of each charge what it keeps of it; else that is a rate ([`crate::money::Settings`]).
    pub(crate) fn tells_its_fee(self) -> bool {
        self == Self::Stripe
    }

    /// The processor of the store's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|processor| processor.as_str() == word)
    }
}

/// How somebody pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethod {
    /// The id.
    pub id: PaymentMethodId,
    /// Whose it is.
    pub user: UserId,
    /// Who takes the money.
    pub processor: Processor,
    /// What the processor knows the method by.
    pub reference: String,
    /// The brand of a card, one of the wire's `CardBrands`.
    pub brand: Option<String>,
    /// A card's last four digits.
    pub last4: Option<String>,
    /// The month and the year in which a card expires.
    pub expiry: Option<(i64, i64)>,
}

/// What a processor is asked to charge.
#[derive(Debug, Clone)]
pub struct Charge {
    /// The key of this attempt; the same for every repetition.
    pub key: String,
    /// What is paid by it.
    pub payment: PaymentId,
    /// Who pays.
    pub user: UserId,
    /// Their e-mail, for the processor's own records.
    pub email: Option<String>,
    /// How much, in minor units; zero where nothing is charged, and a method is kept alone.
    pub amount_minor: i64,
    /// Of which currency.
    pub currency: Currency,
    /// By which method; `None` where the processor's own page asks for one.
    pub method: Option<PaymentMethod>,
    /// Whether the buyer is there to take a second step.
    pub is_present: bool,
    /// Whether the method is to be kept, and may be charged again without the buyer.
    pub is_kept: bool,
    /// What is paid for, as the processor may show it.
    pub description: String,
    /// Where a second step leads back to.
    pub return_url: String,
}

/// What a processor answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The money was taken, unless nothing was to be. A method that was kept on the way is told of.
    Charged {
        /// What the processor calls the charge.
        reference: String,
        /// The method that was kept.
        method: Option<KeptMethod>,
    },
    /// It was not, and will not be.
    Declined {
        /// What the processor calls the charge, when it has a name for it.
        reference: Option<String>,
        /// The processor's word for why.
        code: String,
        /// The same as a sentence for the buyer.
        message: String,
    },
    /// The buyer has to go somewhere first, to a path of this server or an address elsewhere.
    NeedsAction {
        /// What the processor calls the charge.
        reference: String,
        /// Where.
        url: String,
    },
    /// It takes its time.
    Pending {
        /// What the processor calls the charge.
        reference: String,
    },
}

/// A method that a processor keeps for its buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMethod {
    /// What the processor knows the method by.
    pub reference: String,
    /// The brand of a card, one of the wire's `CardBrands`.
    pub brand: Option<String>,
    /// A card's last four digits.
    pub last4: Option<String>,
    /// The month and the year in which a card expires.
    pub expiry: Option<(i64, i64)>,
}

/// A charge that was asked for before.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The key that it was asked under.
    pub key: String,
    /// What the processor calls it, when it said so.
    pub reference: Option<String>,
}

/// What a processor is asked to give back.
#[derive(Debug, Clone)]
pub struct GiveBack {
    /// The same for every repetition.
    pub key: String,
    /// The charge, as the processor calls it.
    pub charge: String,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// Of which currency.
    pub currency: Currency,
}

/// What a processor answers to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenBack {
    /// The buyer has it.
    Done {
        /// What the processor calls the refund.
        reference: String,
    },
    /// It takes its time.
    Pending {
        /// What the processor calls the refund.
        reference: String,
    },
    /// It cannot be given back.
    Failed {
        /// What the processor calls the refund, when it has a name for it.
        reference: Option<String>,
        /// Why, as a sentence.
        message: String,
    },
}

/// A charge as it was asked for, by whichever attempt of a payment.
#[derive(Debug, Clone)]
pub(crate) struct AskedFor {
    /// Who was asked.
    pub(crate) processor: Processor,
    /// What the processor calls the charge.
    pub(crate) reference: String,
    /// The key of its attempt.
    pub(crate) key: String,
    /// What was to be paid by it.
    pub(crate) payment: PaymentId,
    /// Who was to pay, as far as the processor still knows them.
    pub(crate) payer: Option<UserId>,
    /// By which method, as the processor calls it; `None` where the card page asked for one.
    pub(crate) method: Option<String>,
    /// How much was to be charged, in minor units; `None` where nothing was.
    pub(crate) amount: Option<(i64, Currency)>,
}

/// No answer came: nothing is known. Says what happened instead, for the log.
#[derive(Debug)]
pub struct Silence(pub String);

/// What a processor tells by itself, about a charge by its reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Who tells it.
    pub processor: Processor,
    /// The charge, as the processor calls it.
    pub charge: String,
    /// What.
    pub what: WhatIsNew,
}

/// What is new of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhatIsNew {
    /// The charge went on: ask how it stands.
    Charge,
    /// A refund, by the processor's name for it, stands so.
    Refund {
        /// What the processor calls the refund.
        reference: String,
        /// How it stands.
        status: RefundStatus,
        /// Why it failed, when it did.
        message: Option<String>,
    },
    /// The buyer's bank disputes it.
    Dispute {
        /// What the processor calls the dispute.
        reference: String,
        /// How it stands.
        status: DisputeStatus,
        /// What is disputed, in minor units of the charge's currency.
        amount_minor: i64,
        /// What the processor takes for it so far, in the same.
        fee_minor: i64,
        /// The bank's reason, as the processor words it.
        reason: Option<String>,
        /// Until when the seller may answer, in milliseconds.
        needs_response_by: Option<i64>,
    },
}

/// The processors that buyers are offered here, in the order in which they are shown: Stripe when the operator
/// configured it, the sandbox when it takes payments, their balance here always. Real money and money that is not real
/// stand side by side only where the operator says so.
#[must_use]
pub fn available(hall: &Guildhall) -> Vec<Processor> {
    let offered = [
        (Processor::Stripe, hall.stripe.is_some()),
        (Processor::Sandbox, hall.settings.money.sandbox),
        (Processor::PlatformBalance, true),
    ];
    offered.into_iter().filter(|(_, is_offered)| *is_offered).map(|(processor, _)| processor).collect()
}

/// Charges, or repeats the answer that a charge under the same key had.
///
/// # Errors
/// [`Silence`] when no answer came.
pub async fn charge(
    hall: &Guildhall,
    processor: Processor,
    charge: &Charge,
) -> std::result::Result<Answer, Silence> {
    match processor {
        Processor::Sandbox => sandbox::charge(hall, charge).await,
        Processor::Stripe => stripe::charge(hall, charge).await,
        Processor::PlatformBalance => Err(not_asked(processor)),
    }
}

/// Asks how a charge stands by now.
///
/// # Errors
/// [`Silence`] when no answer came.
pub async fn look_up(
    hall: &Guildhall,
    processor: Processor,
    asked: &Asked,
) -> std::result::Result<Answer, Silence> {
    match processor {
        Processor::Sandbox => sandbox::look_up(hall, asked).await,
        Processor::Stripe => stripe::look_up(hall, asked).await,
        Processor::PlatformBalance => Err(not_asked(processor)),
    }
}

/// Asks that a charge which waits for its buyer be charged no more, e.g. when they gave it up or their time is over;
/// answers how it stands then. One that was charged meanwhile stays so.
///
/// # Errors
/// [`Silence`] when no answer came.
pub async fn call_off(
    hall: &Guildhall,
    processor: Processor,
    asked: &Asked,
) -> std::result::Result<Answer, Silence> {
    match processor {
        Processor::Sandbox => sandbox::call_off(hall, asked).await,
        Processor::Stripe => stripe::call_off(hall, asked).await,
        Processor::PlatformBalance => Err(not_asked(processor)),
    }
}

/// Gives back of a charge, or repeats the answer.
///
/// # Errors
/// [`Silence`] when no answer came.
pub async fn give_back(
    hall: &Guildhall,
    processor: Processor,
    wanted: &GiveBack,
) -> std::result::Result<GivenBack, Silence> {
    match processor {
        Processor::Sandbox => sandbox::give_back(hall, wanted).await,
        Processor::Stripe => stripe::give_back(hall, wanted).await,
        Processor::PlatformBalance => Err(not_asked(processor)),
    }
}

/// The charge that a processor calls so. The sandbox, which tells no news by itself, and balances have none.
///
/// # Errors
/// `Internal` only.
pub(crate) fn asked_for(
    read: &mut Read<'_>,
    processor: Processor,
    reference: &str,
) -> Result<Option<AskedFor>> {
    match processor {
        Processor::Stripe => stripe::asked_for(read, reference),
        Processor::Sandbox | Processor::PlatformBalance => Ok(None),
    }
}

/// What a processor said that it keeps of a charge, in minor units of the charge's currency; `None` where it has not yet,
/// or does not tell ([`Processor::tells_its_fee`]).
///
/// # Errors
/// `Internal` only.
pub(crate) fn told_fee_minor(
    read: &mut Read<'_>,
    processor: Processor,
    reference: &str,
) -> Result<Option<i64>> {
    match processor {
        Processor::Stripe => {
            let asked = crate::store::stripe::find_by_reference(read, reference)?;
            Ok(asked.and_then(|question| question.fee_minor))
        }
        Processor::Sandbox | Processor::PlatformBalance => Ok(None),
    }
}

/// Refuses prices that no card could be charged: where Stripe takes payments, they are whole steps of their currency.
///
/// # Errors
/// `Invalid` for one that is finer.
pub(crate) fn check_prices(hall: &Guildhall, terms: Terms, currency: Currency) -> Result<()> {
    let prices = match terms {
        Terms::OneTime { price_minor, .. } => [price_minor, 0],
        Terms::Renewal { initial_price_minor, renewal_price_minor, .. } => {
            [initial_price_minor, renewal_price_minor]
        }
    };
    let finer = prices.into_iter().find(|minor| currency.in_steps(*minor) != *minor);
    match finer {
        Some(minor) if hall.stripe.is_some() => Err(Error::Invalid(format!(
            "Cards are charged in steps of {}, and {} is finer than that.",
            in_words(currency.step_minor(), currency),
            in_words(minor, currency)
        ))),
        _ => Ok(()),
    }
}

/// Balances are moved by the ledger itself, in the transaction that records the payment.
fn not_asked(processor: Processor) -> Silence {
    Silence(format!("{} is asked by nobody", processor.as_str()))
}

/// What the sandbox says it holds of buyers' money, beside what the ledger says that came from there, in minor units of
/// a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// The currency's code.
    pub currency: String,
    /// Taken, and neither given back nor taken back by a bank, by the sandbox's own books.
    pub taken_minor: i64,
    /// Come from the sandbox, by the ledger.
    pub booked_minor: i64,
}

/// Holds the sandbox's books beside the ledger: where they differ, a charge was lost or counted twice, or is under way
/// right now.
///
/// # Errors
/// `Internal` only.
pub async fn reconcile_sandbox(hall: &Guildhall) -> crate::Result<Vec<Reconciled>> {
    hall.store.scan(crate::store::sandbox::reconcile).await
}
