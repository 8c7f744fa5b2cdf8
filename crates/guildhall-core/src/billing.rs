//! Billing: when a membership's payments fall due, and what becomes of it when they are made or missed.
//!
//! A period is so many days of 24 hours. A renewal is charged [`RENEW_AHEAD_MS`] before the period ends, so that nobody
//! is shut out for the moment that charging takes. The next period begins where the last one ended, not when somebody
//! came round to charging it, so that due times do not drift; only a member who was shut out because the payment came
//! later than the grace begins anew with that payment, and pays for no day without access. Whatever was missed, one
//! payment is due at a time: nobody is charged for several periods at once.
//!
//! A failed renewal is tried again [`RETRY_DAYS`] after the first failure; the member keeps access for
//! [`membership::GRACE_MS`](crate::membership::GRACE_MS) after the period. When the last retry fails, the membership
//! expires. A renewal has a key made of the membership and the end of the period it follows ([`renewal_key`]); the
//! store holds each key once, so that no period is charged twice.

use crate::membership::{GRACE_MS, MembershipStatus};
use crate::{Invalid, invalid};

/// A day, in milliseconds.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// On which days after the first failure a renewal is tried again.
pub const RETRY_DAYS: [i64; 4] = [1, 3, 5, 7];
/// How long before the end of a period its renewal is charged, in milliseconds (5 minutes).
pub const RENEW_AHEAD_MS: i64 = 5 * 60 * 1000;
/// How many free days can be given at once.
pub const MOST_FREE_DAYS: i64 = 3650;
/// How many of a thing one membership can be for.
pub const LARGEST_QUANTITY: i64 = 1000;

/// What a plan charges, and when. Prices are minor units for a quantity of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Paid once.
    OneTime {
        /// What it costs.
        price_minor: i64,
        /// How many days it lasts; `None` for good.
        expiration_days: Option<i64>,
    },
    /// Paid each period.
    Renewal {
        /// What is due at the start, beside the first period.
        initial_price_minor: i64,
        /// What each period costs.
        renewal_price_minor: i64,
        /// How many days a period has.
        period_days: i64,
        /// How many days come before the first period and cost no renewal price; zero for none.
        trial_days: i64,
    },
}

impl Terms {
    /// What is due at the start, in minor units: the price, or the initial price and, without a trial, the first
    /// period's.
    ///
    /// # Errors
    /// When the quantity is not 1 to [`LARGEST_QUANTITY`], or the product no amount.
    pub fn first_due_minor(self, quantity: i64) -> Result<i64, Invalid> {
        match self {
            Self::OneTime { price_minor, .. } => times(price_minor, quantity),
            Self::Renewal { initial_price_minor, renewal_price_minor, trial_days, .. } => {
                let first_period = if trial_days > 0 { 0 } else { renewal_price_minor };
                times(initial_price_minor + first_period, quantity)
            }
        }
    }

    /// What is due by each renewal, in minor units; zero where nothing renews.
    ///
    /// # Errors
    /// As of [`Terms::first_due_minor`].
    pub fn renewal_due_minor(self, quantity: i64) -> Result<i64, Invalid> {
        match self {
            Self::OneTime { .. } => Ok(0),
            Self::Renewal { renewal_price_minor, .. } => times(renewal_price_minor, quantity),
        }
    }
}

/// What the renewals ahead of a membership cost, with tax, and after what its promo code takes off. Amounts are minor
/// units; zero where nothing is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewals {
    /// What the next one costs.
    pub next_minor: i64,
    /// How many cost that, and what each costs after them; `None` where all cost the same.
    pub then: Option<(i64, i64)>,
}

fn times(price_minor: i64, quantity: i64) -> Result<i64, Invalid> {
    if !(1..=LARGEST_QUANTITY).contains(&quantity) {
        return invalid(format!("The quantity is 1 to {LARGEST_QUANTITY}."));
    }
    match price_minor.checked_mul(quantity) {
        Some(due) if due <= crate::money::LARGEST_MINOR => Ok(due),
        _ => invalid("The price for this quantity is larger than an amount can be."),
    }
}

/// A membership as billing sees it. Times are milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// Where it stands.
    pub status: MembershipStatus,
    /// When the present period, trial or purchase began.
    pub period_start: i64,
    /// When it ends; `None` for never.
    pub paid_until: Option<i64>,
    /// Whether it ends instead of renewing.
    pub cancel_at_period_end: bool,
    /// When the renewal that is past due failed first.
    pub past_due_since: Option<i64>,
    /// How often that renewal failed.
    pub failures: i64,
}

/// What falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A renewal is to be charged, for the first time or again.
    Renewal,
    /// The membership ends as its member or company wanted.
    Cancellation,
    /// The membership runs out.
    Expiration,
}

impl Subscription {
    /// A membership whose first payment was made, or was not due.
    #[must_use]
    pub fn begin(terms: Terms, now: i64) -> Self {
        let (status, days) = match terms {
            Terms::OneTime { expiration_days, .. } => (MembershipStatus::Completed, expiration_days),
            Terms::Renewal { trial_days, .. } if trial_days > 0 => {
                (MembershipStatus::Trialing, Some(trial_days))
            }
            Terms::Renewal { period_days, .. } => (MembershipStatus::Active, Some(period_days)),
        };
        Self {
            status,
            period_start: now,
            paid_until: days.map(|days| after_days(now, days)),
            cancel_at_period_end: false,
            past_due_since: None,
            failures: 0,
        }
    }

    /// What falls due next, and when. While a renewal's payment is under way, so that its end is not known, nothing is:
    /// that is for the caller to see, who holds the payment.
    #[must_use]
    pub fn next_due(&self, terms: Terms) -> Option<(i64, Due)> {
        let end = self.paid_until?;
        match self.status {
            MembershipStatus::Active | MembershipStatus::Trialing | MembershipStatus::PastDue
                if self.cancel_at_period_end =>
            {
                Some((end, Due::Cancellation))
            }
            MembershipStatus::Active | MembershipStatus::Trialing | MembershipStatus::Completed => {
                let renews = matches!(terms, Terms::Renewal { .. });
                let renewal = (end.saturating_sub(RENEW_AHEAD_MS), Due::Renewal);
                Some(if renews { renewal } else { (end, Due::Expiration) })
            }
            MembershipStatus::PastDue => {
                let failed = usize::try_from(self.failures).unwrap_or(usize::MAX);
                let days = RETRY_DAYS.get(failed.checked_sub(1)?)?;
                Some((after_days(self.past_due_since?, *days), Due::Renewal))
            }
            MembershipStatus::Canceled
            | MembershipStatus::Drafted
            | MembershipStatus::Expired
            | MembershipStatus::Unresolved => None,
        }
    }

    /// The membership after a renewal that was paid at `now`, or of which nothing was due.
    ///
    /// # Errors
    /// When it does not renew, or has ended.
    pub fn renew(self, terms: Terms, now: i64) -> Result<Self, Invalid> {
        let (Terms::Renewal { period_days, .. }, Some(end)) = (terms, self.paid_until) else {
            return invalid("Only a membership of a plan that renews is renewed.");
        };
        self.refuse_unless_running("renewed")?;
        let never_shut_out = now < end.saturating_add(GRACE_MS);
        let is_ahead = now < after_days(end, period_days).saturating_sub(RENEW_AHEAD_MS);
        let period_start = if never_shut_out && is_ahead { end } else { now };
        Ok(Self {
            status: MembershipStatus::Active,
            period_start,
            paid_until: Some(after_days(period_start, period_days)),
            past_due_since: None,
            failures: 0,
            ..self
        })
    }

    /// The membership while the payment of a renewal is under way and needs time, the processor's or the member's: past
    /// due, with access in the grace, and without a failure counted. One that is to end stays as it is: its end was asked
    /// for meanwhile, and comes with the period.
    ///
    /// # Errors
    /// When it has ended.
    pub fn await_renewal(self) -> Result<Self, Invalid> {
        self.refuse_unless_running("renewed")?;
        let status = if self.cancel_at_period_end { self.status } else { MembershipStatus::PastDue };
        Ok(Self { status, ..self })
    }

    /// The membership after a renewal that was declined at `now`: past due, or expired when that was the last retry. One
    /// that is to end stays as it is, and ends with the period: the renewal is not wanted any more.
    ///
    /// # Errors
    /// When it does not renew, or has ended.
    pub fn fail_renewal(self, terms: Terms, now: i64) -> Result<Self, Invalid> {
        if !matches!(terms, Terms::Renewal { .. }) {
            return invalid("Only a membership of a plan that renews is renewed.");
        }
        self.refuse_unless_running("renewed")?;
        if self.cancel_at_period_end {
            return Ok(self);
        }
        let failures = self.failures + 1;
        let has_retry = usize::try_from(failures).is_ok_and(|failures| failures <= RETRY_DAYS.len());
        let status = if has_retry { MembershipStatus::PastDue } else { MembershipStatus::Expired };
        Ok(Self { status, past_due_since: self.past_due_since.or(Some(now)), failures, ..self })
    }

    /// The membership after it ran out, or ended as was wanted: what [`Subscription::next_due`] said.
    #[must_use]
    pub fn end(self, due: Due) -> Self {
        let status = match due {
            Due::Cancellation => MembershipStatus::Canceled,
            Due::Expiration => MembershipStatus::Expired,
            Due::Renewal => self.status,
        };
        Self { status, ..self }
    }

    /// Ends it at once. `Ok(None)` when it has ended.
    ///
    /// # Errors
    /// When it was never begun.
    pub fn cancel_now(self, now: i64) -> Result<Option<Self>, Invalid> {
        match self.status {
            MembershipStatus::Canceled if self.paid_until.is_some_and(|end| end <= now) => Ok(None),
            MembershipStatus::Expired => Ok(None),
            MembershipStatus::Drafted => invalid("The membership was never begun."),
            _ => {
                let paid_until = Some(self.paid_until.map_or(now, |end| end.min(now)));
                Ok(Some(Self { status: MembershipStatus::Canceled, paid_until, ..self }))
            }
        }
    }

    /// Has it end with the present period, or renew after all. One that is past due has no paid period left, and ends
    /// at once. `Ok(None)` when it is so already.
    ///
    /// # Errors
    /// When it does not renew, or has ended.
    pub fn set_cancel_at_period_end(
        self,
        terms: Terms,
        cancel: bool,
        now: i64,
    ) -> Result<Option<Self>, Invalid> {
        if !matches!(terms, Terms::Renewal { .. }) {
            return invalid(
                "The membership does not renew: there is no period at whose end it could be canceled.",
            );
        }
        self.refuse_unless_running("changed")?;
        if self.status == MembershipStatus::PastDue && cancel {
            return self.cancel_now(now);
        }
        let changed = Self { cancel_at_period_end: cancel, ..self };
        Ok((changed != self).then_some(changed))
    }

    /// Lengthens the present period. One that is past due is active again, and its renewal falls due after the free
    /// days, as if it had never failed.
    ///
    /// # Errors
    /// When the days are not 1 to [`MOST_FREE_DAYS`], and when it has ended, or never ends.
    pub fn add_free_days(self, days: i64, now: i64) -> Result<Self, Invalid> {
        if !(1..=MOST_FREE_DAYS).contains(&days) {
            return invalid(format!("Free days are 1 to {MOST_FREE_DAYS}."));
        }
        self.refuse_unless_running("lengthened")?;
        let Some(end) = self.paid_until else {
            return invalid("The membership has no end that could be put off.");
        };
        let is_past_due = self.status == MembershipStatus::PastDue;
        Ok(Self {
            status: if is_past_due { MembershipStatus::Active } else { self.status },
            paid_until: Some(after_days(end.max(now), days)),
            past_due_since: None,
            failures: 0,
            ..self
        })
    }

    fn refuse_unless_running(&self, what: &str) -> Result<(), Invalid> {
        match self.status {
            MembershipStatus::Active
            | MembershipStatus::Completed
            | MembershipStatus::PastDue
            | MembershipStatus::Trialing => Ok(()),
            status => invalid(format!("A membership that is `{}` cannot be {what}.", status.as_str())),
        }
    }
}

fn after_days(moment: i64, days: i64) -> i64 {
    moment.saturating_add(days.saturating_mul(DAY_MS))
}

/// The key of the renewal that follows the period which ends at `paid_until` (milliseconds): the same for every retry.
#[must_use]
pub fn renewal_key(membership_id: &str, paid_until: i64) -> String {
    format!("renewal:{membership_id}:{paid_until}")
}

#[cfg(test)]
mod tests;
