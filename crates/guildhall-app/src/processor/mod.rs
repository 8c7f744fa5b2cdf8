//! Processors: who takes buyers' money, asked between transactions and never inside one.
//!
//! Owns the one way in which a processor is asked ([`charge`], [`look_up`], [`give_back`]), so that use cases do not
//! know which it is. Each question is asked under a key; asking again under the same key does nothing a second time and
//! answers the same. An answer that does not come is [`Silence`]: nothing is known, and the question is asked again.
//! What a processor tells by itself is [`News`], which changes nothing a second time.

pub(crate) mod sandbox;

use crate::Guildhall;
use guildhall_core::ids::{PaymentId, PaymentMethodId, UserId};
use guildhall_core::money::Currency;

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
pub(crate) struct Charge {
    /// The key of this attempt; the same for every repetition.
    pub(crate) key: String,
    pub(crate) payment: PaymentId,
    /// Who pays.
    pub(crate) user: UserId,
    pub(crate) email: Option<String>,
    pub(crate) amount_minor: i64,
    pub(crate) currency: Currency,
    /// By which method; `None` where the processor's own page asks for one.
    pub(crate) method: Option<PaymentMethod>,
    /// Whether the buyer is there to take a second step.
    pub(crate) is_present: bool,
    /// Whether the method is to be kept, and may be charged again without the buyer.
    pub(crate) is_kept: bool,
    /// What is paid for, as the processor may show it.
    pub(crate) description: String,
    /// Where a second step leads back to.
    pub(crate) return_url: String,
}

/// What a processor answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The money was taken. A method that was kept on the way is told of.
    Charged { reference: String, method: Option<KeptMethod> },
    /// It was not, and will not be.
    Declined { reference: Option<String>, code: String, message: String },
    /// The buyer has to go somewhere first, to a path of this server or an address elsewhere.
    NeedsAction { reference: String, url: String },
    /// It takes its time.
    Pending { reference: String },
}

/// A method that a processor keeps for its buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptMethod {
    pub(crate) reference: String,
    pub(crate) brand: Option<String>,
    pub(crate) last4: Option<String>,
    pub(crate) expiry: Option<(i64, i64)>,
}

/// A charge that was asked for before.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The key that it was asked under.
    pub(crate) key: String,
    /// What the processor calls it, when it said so.
    pub(crate) reference: Option<String>,
}

/// What a processor is asked to give back.
#[derive(Debug, Clone)]
pub(crate) struct GiveBack {
    /// The same for every repetition.
    pub(crate) key: String,
    /// The charge, as the processor calls it.
    pub(crate) charge: String,
    pub(crate) amount_minor: i64,
    pub(crate) currency: Currency,
}

/// What a processor answers to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GivenBack {
    /// The buyer has it.
    Done { reference: String },
    /// It takes its time.
    Pending { reference: String },
    /// It cannot be given back.
    Failed { reference: Option<String>, message: String },
}

/// No answer came: nothing is known. Says what happened instead, for the log.
#[derive(Debug)]
pub(crate) struct Silence(pub(crate) String);

/// What a processor tells by itself, about a charge by its reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) processor: Processor,
    /// The charge, as the processor calls it.
    pub(crate) charge: String,
    pub(crate) what: WhatIsNew,
}

/// What is new of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WhatIsNew {
    /// The charge went on: ask how it stands.
    Charge,
    /// A refund, by the processor's name for it, stands so.
    Refund { reference: String, status: guildhall_core::refund::RefundStatus, message: Option<String> },
    /// The buyer's bank disputes it.
    Dispute {
        reference: String,
        status: guildhall_core::dispute::DisputeStatus,
        amount_minor: i64,
        fee_minor: i64,
        reason: Option<String>,
        needs_response_by: Option<i64>,
    },
}

/// Charges, or repeats the answer that a charge under the same key had.
///
/// # Errors
/// [`Silence`] when no answer came.
pub(crate) async fn charge(
    hall: &Guildhall,
    processor: Processor,
    charge: &Charge,
) -> std::result::Result<Answer, Silence> {
    match processor {
        Processor::Sandbox => sandbox::charge(hall, charge).await,
        Processor::PlatformBalance | Processor::Stripe => Err(not_asked(processor)),
    }
}

/// Asks how a charge stands by now.
///
/// # Errors
/// [`Silence`] when no answer came.
pub(crate) async fn look_up(
    hall: &Guildhall,
    processor: Processor,
    asked: &Asked,
) -> std::result::Result<Answer, Silence> {
    match processor {
        Processor::Sandbox => sandbox::look_up(hall, asked).await,
        Processor::PlatformBalance | Processor::Stripe => Err(not_asked(processor)),
    }
}

/// Gives back of a charge, or repeats the answer.
///
/// # Errors
/// [`Silence`] when no answer came.
pub(crate) async fn give_back(
    hall: &Guildhall,
    processor: Processor,
    wanted: &GiveBack,
) -> std::result::Result<GivenBack, Silence> {
    match processor {
        Processor::Sandbox => sandbox::give_back(hall, wanted).await,
        Processor::PlatformBalance | Processor::Stripe => Err(not_asked(processor)),
    }
}

/// Balances are moved by the ledger itself, in the transaction that records the payment.
fn not_asked(processor: Processor) -> Silence {
    Silence(format!("{} is asked by nobody", processor.as_str()))
}

/// Which processors take payments here, in the order in which they are offered.
pub(crate) fn available(hall: &Guildhall) -> Vec<Processor> {
    let mut available = Vec::new();
    if hall.settings.money.sandbox {
        available.push(Processor::Sandbox);
    }
    available.push(Processor::PlatformBalance);
    available
}

/// What the sandbox says it holds of buyers' money, beside what the ledger says that came from there, in minor units of
/// a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// The currency's code.
    pub currency: String,
    /// Taken and not given back, by the sandbox's own books.
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
