//! Payments: a small machine from the draft to the money, and what is to be done after a crash.
//!
//! The store holds the stage; every step is one transaction. The processor is asked between transactions, under a key
//! that one attempt keeps ([`Payment::charge_key`]), so that asking again never charges again. The order is always:
//!
//! 1. `Begin` is committed, with the attempt's number.
//! 2. The processor is asked under the attempt's key.
//! 3. Its answer is committed: `Charge`, `NeedAction`, `Process` or `Decline`.
//! 4. `Record` is committed together with what was bought and the ledger's posting; both may stand in one transaction
//!    with 3. What cannot be delivered any more is `CannotDeliver`, and goes back.
//!
//! Where nothing is due at the start of what costs something later, a processor that asks for the card itself is asked to
//! keep one: `Keep` begins that attempt, and what is said here of a charge is then said of the card.
//!
//! Whoever finds a payment that nobody works on does what [`Payment::resume`] says. An answer that never came is no
//! answer: it leaves the stage as it is, and the processor is asked again under the same key. Only a definite no is
//! `Decline`, and only after one may another attempt begin. News that comes late or twice changes nothing, except that
//! money which was taken is never overlooked: it is recorded, or it goes back.

use crate::dispute::DisputeStatus;
use crate::money::Currency;
use crate::words::words;
use crate::{Invalid, invalid};

words! {
    /// Where a payment stands; the words are the store's, the wire's are in `receipt`.
    pub enum Stage {
        /// Nothing was asked of a processor.
        Drafted = "drafted",
        /// The processor was or is about to be asked; its answer is not known.
        Authorizing = "authorizing",
        /// The buyer has to do something first, e.g. confirm at their bank.
        NeedsAction = "needs_action",
        /// The processor takes its time, days perhaps.
        Pending = "pending",
        /// The money was taken, or the card kept; what was bought is not recorded.
        Charged = "charged",
        /// Recorded: the buyer has what they paid for.
        Paid = "paid",
        /// The money was taken, cannot be recorded, and is being given back.
        Returning = "returning",
        /// It was given back.
        AutoRefunded = "auto_refunded",
        /// The last attempt was declined; another may be made.
        Failed = "failed",
        /// Given up before anything was taken.
        Canceled = "canceled",
        /// All attempts were declined.
        Uncollectible = "uncollectible",
    }
}

/// What happens to a payment. Amounts are minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Nothing is charged: there is nothing due, or too little to be charged.
    Skip,
    /// An attempt begins.
    Begin,
    /// An attempt begins at which nothing is charged: the processor keeps a card for what falls due later.
    Keep,
    /// The processor: the buyer has to do something.
    NeedAction,
    /// The buyer came back from doing it; the processor is to be asked how it went.
    ActionDone,
    /// The processor: it will be decided later.
    Process,
    /// The processor: the money was taken.
    Charge,
    /// The processor: it was not, and will not be.
    Decline,
    /// What was bought is recorded.
    Record,
    /// What was bought cannot be recorded.
    CannotDeliver,
    /// The money was given back.
    Return,
    /// Given up.
    Cancel,
    /// No further attempt will be made.
    GiveUp,
    /// So much is refunded.
    Refund(i64),
    /// A refund of so much failed.
    UndoRefund(i64),
    /// A dispute over so much stands so. A payment may be disputed again after a dispute ended, and does not know one
    /// from another: whether news is late is asked of the dispute's own row first (`DisputeStatus::become_status`).
    Dispute(DisputeStatus, i64),
}

/// What is to be done with a payment that nobody works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing, until someone wants something of it.
    Nothing,
    /// Ask the processor, again perhaps, under the attempt's key.
    AskProcessor,
    /// Wait for the buyer, or for the session to end.
    AwaitBuyer,
    /// Wait for the processor's news, and ask for it now and then.
    AwaitProcessor,
    /// Record what was bought; or give the money back.
    Record,
    /// Give the money back, under the charge's key for that (`refund::stray_key`).
    GiveBack,
}

/// A payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// Where it stands.
    pub stage: Stage,
    /// What is due, in minor units.
    pub amount_minor: i64,
    /// Whether it is enough to be charged.
    pub is_chargeable: bool,
    /// Attempts begun so far; the number of the present one.
    pub attempt: i64,
    /// What was refunded, in minor units.
    pub refunded_minor: i64,
    /// What banks took back for good, in minor units.
    pub lost_minor: i64,
    /// The latest dispute.
    pub dispute: Option<DisputeStatus>,
}

impl Payment {
    /// A payment of what is due. Less than the currency's smallest price is not charged but skipped.
    ///
    /// # Errors
    /// When it is below zero or beyond [`crate::money::LARGEST_MINOR`].
    pub fn draft(amount_minor: i64, currency: Currency) -> Result<Self, Invalid> {
        if !(0..=crate::money::LARGEST_MINOR).contains(&amount_minor) {
            return invalid("What is due is zero or more, and no larger than an amount can be.");
        }
        Ok(Self {
            stage: Stage::Drafted,
            amount_minor,
            is_chargeable: amount_minor >= currency.smallest_price_minor(),
            attempt: 0,
            refunded_minor: 0,
            lost_minor: 0,
            dispute: None,
        })
    }

    /// The payment after an event. `Ok(None)` when the event changes nothing: it happened before, or is overtaken.
    ///
    /// # Errors
    /// When the event cannot happen to a payment that stands so.
    pub fn apply(self, event: Event) -> Result<Option<Self>, Invalid> {
        match event {
            Event::Refund(amount_minor) => self.refund(amount_minor).map(Some),
            Event::UndoRefund(amount_minor) => self.undo_refund(amount_minor).map(Some),
            Event::Dispute(status, amount_minor) => self.dispute(status, amount_minor),
            Event::Begin if !self.is_chargeable && matches!(self.stage, Stage::Drafted | Stage::Failed) => {
                invalid("What is due is too little to be charged.")
            }
            Event::Skip | Event::Keep if self.is_chargeable => invalid("What is due has to be charged."),
            event => {
                let stage = self.stage_after(event)?;
                let begins = matches!(event, Event::Begin | Event::Keep) && stage.is_some();
                let attempt = self.attempt + i64::from(begins);
                Ok(stage.map(|stage| Self { stage, attempt, ..self }))
            }
        }
    }

    /// The table of the machine: the stage after an event, `None` for the same.
    fn stage_after(self, event: Event) -> Result<Option<Stage>, Invalid> {
        use Stage::*;
        let next = match (self.stage, event) {
            (Drafted | Failed, Event::Skip) => Paid,
            (Drafted | Failed, Event::Begin | Event::Keep) => Authorizing,
            // Also when it took its time first, and then asks for another method or a step.
            (Authorizing | Pending, Event::NeedAction) => NeedsAction,
            (NeedsAction, Event::ActionDone) => Authorizing,
            (Authorizing | NeedsAction, Event::Process) => Pending,
            (Authorizing | NeedsAction | Pending, Event::Decline) => Failed,
            // Also when it was thought to have failed: the money was taken.
            (Authorizing | NeedsAction | Pending | Failed, Event::Charge) => Charged,
            // Nobody waits for what was bought any more.
            (Canceled | Uncollectible, Event::Charge) => Returning,
            (Charged, Event::Record) => Paid,
            (Charged, Event::CannotDeliver) => Returning,
            (Returning, Event::Return) => AutoRefunded,
            (Drafted | NeedsAction | Failed, Event::Cancel) => Canceled,
            (Failed, Event::GiveUp) => Uncollectible,
            // It happened before.
            (Paid, Event::Skip | Event::Record)
            | (Authorizing, Event::Begin | Event::Keep)
            | (Returning | AutoRefunded, Event::CannotDeliver)
            | (AutoRefunded, Event::Return)
            | (Canceled, Event::Cancel)
            | (Uncollectible, Event::GiveUp) => return Ok(None),
            // News of the processor, and a buyer who comes back: late, or twice.
            (stage, event) if stage != Drafted && event.is_news() => return Ok(None),
            (stage, event) => {
                let stage = stage.as_str();
                return invalid(format!("A payment that is `{stage}` does not take this step: {event:?}."));
            }
        };
        Ok(Some(next))
    }

    /// What can still be refunded, in minor units.
    #[must_use]
    pub fn refundable_minor(self) -> i64 {
        let is_held = self.dispute.is_some_and(DisputeStatus::holds_money);
        if self.stage == Stage::Paid && self.is_chargeable && !is_held {
            self.amount_minor - self.refunded_minor - self.lost_minor
        } else {
            0
        }
    }

    /// What the buyer has spent by it, less what went back, in minor units: nothing before it is recorded, nor where too
    /// little was due to be charged.
    #[must_use]
    pub fn spent_minor(self) -> i64 {
        if self.stage == Stage::Paid && self.is_chargeable {
            self.amount_minor - self.refunded_minor - self.lost_minor
        } else {
            0
        }
    }

    /// Whether all that was paid went back, by refunds or lost disputes: what it paid for ends then.
    #[must_use]
    pub fn is_all_gone(self) -> bool {
        self.stage == Stage::AutoRefunded
            || (self.stage == Stage::Paid
                && self.is_chargeable
                && self.refunded_minor + self.lost_minor >= self.amount_minor)
    }

    fn refund(self, amount_minor: i64) -> Result<Self, Invalid> {
        if self.dispute.is_some_and(DisputeStatus::holds_money) {
            return invalid("The payment is disputed: its bank decides whether the money goes back.");
        }
        if self.refundable_minor() == 0 {
            return invalid("There is nothing of this payment that can be refunded.");
        }
        if !(1..=self.refundable_minor()).contains(&amount_minor) {
            return invalid("A refund is more than zero, and no more than is left of the payment.");
        }
        Ok(Self { refunded_minor: self.refunded_minor + amount_minor, ..self })
    }

    fn undo_refund(self, amount_minor: i64) -> Result<Self, Invalid> {
        if !(1..=self.refunded_minor).contains(&amount_minor) {
            return invalid("So much of the payment was not refunded.");
        }
        Ok(Self { refunded_minor: self.refunded_minor - amount_minor, ..self })
    }

    fn dispute(self, status: DisputeStatus, amount_minor: i64) -> Result<Option<Self>, Invalid> {
        if self.stage != Stage::Paid || !self.is_chargeable {
            return invalid("Only a payment that was made can be disputed.");
        }
        if !(1..=self.amount_minor).contains(&amount_minor) {
            return invalid("What is disputed is more than zero, and no more than was paid.");
        }
        let before = self.dispute.filter(|before| !before.is_final() || *before == status);
        match before.map(|before| before.become_status(status)).transpose()? {
            Some(None) => return Ok(None),
            // A warning that was not heard of came to nothing.
            None if status == DisputeStatus::WarningClosed => return Ok(None),
            None if status.is_final() => return invalid("There is no dispute that could end so."),
            Some(Some(_)) | None => {}
        }
        let lost_minor = if status == DisputeStatus::Lost { amount_minor } else { 0 };
        let left = self.amount_minor - self.refunded_minor - self.lost_minor;
        Ok(Some(Self { dispute: Some(status), lost_minor: self.lost_minor + lost_minor.min(left), ..self }))
    }

    /// What is to be done when nobody works on it, e.g. after a crash.
    #[must_use]
    pub fn resume(self) -> Next {
        match self.stage {
            Stage::Authorizing => Next::AskProcessor,
            Stage::NeedsAction => Next::AwaitBuyer,
            Stage::Pending => Next::AwaitProcessor,
            Stage::Charged => Next::Record,
            Stage::Returning => Next::GiveBack,
            Stage::Drafted
            | Stage::Paid
            | Stage::AutoRefunded
            | Stage::Failed
            | Stage::Canceled
            | Stage::Uncollectible => Next::Nothing,
        }
    }

    /// Whether news of an attempt is news of this payment. A charge of an earlier attempt pays where nothing else does, and
    /// is given back otherwise, also while the present one is under way, which may be charged too.
    #[must_use]
    pub fn is_present(self, attempt: i64) -> bool {
        self.attempt == attempt
    }

    /// The processor's idempotence key of the present attempt.
    #[must_use]
    pub fn charge_key(self, payment_id: &str) -> String {
        format!("charge:{payment_id}:{}", self.attempt)
    }
}

impl Event {
    /// Whether it is told from outside, and may come late or twice.
    fn is_news(self) -> bool {
        matches!(self, Self::NeedAction | Self::ActionDone | Self::Process | Self::Charge | Self::Decline)
    }
}

#[cfg(test)]
mod tests;
