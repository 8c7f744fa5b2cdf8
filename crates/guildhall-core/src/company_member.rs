//! Members of a company: everybody who ever held a membership of it or paid it, as one person.

use crate::billing::Terms;
use crate::cursor::Order;
use crate::membership::{MembershipStatus, is_valid};
use crate::money::Currency;
use crate::words::words;

/// How many days a month has where income is counted by the month.
const MONTH_DAYS: i128 = 30;

words! {
    /// Whether somebody is in; the wire's `MemberStatuses`.
    pub enum MemberStatus {
        /// They began something and never finished it.
        Drafted = "drafted",
        /// They hold a membership that counts.
        Joined = "joined",
        /// They held one.
        Left = "left",
    }
}

words! {
    /// What the list of members is ordered by; the wire's `MembersSortableColumns`.
    pub enum MemberOrder {
        /// When they came on record.
        CreatedAt = "created_at",
        /// Their id.
        Id = "id",
        /// When they first held a membership.
        JoinedAt = "joined_at",
        /// When something happened to a membership of theirs.
        MostRecentAction = "most_recent_action",
        /// What they spent in usd.
        UsdTotalSpent = "usd_total_spent",
    }
}

impl Order for MemberOrder {
    fn word(self) -> &'static str {
        self.as_str()
    }

    fn is_by_word(self) -> bool {
        self == Self::Id
    }
}

words! {
    /// What happened last to a member; the wire's `MemberMostRecentActions`.
    pub enum RecentAction {
        /// Paid up, and will not renew.
        Canceling = "canceling",
        /// What they paid for each period ended.
        Churned = "churned",
        /// Began something.
        Drafted = "drafted",
        /// Holds something that ends by itself.
        Expiring = "expiring",
        /// Paid the last part; nothing is sold in parts here.
        FinishedSplitPay = "finished_split_pay",
        /// Holds something that is free.
        Joined = "joined",
        /// What they held once ended.
        Left = "left",
        /// Bought something for good.
        PaidOnce = "paid_once",
        /// Paid the first period.
        PaidSubscriber = "paid_subscriber",
        /// A renewal failed and is being retried.
        PastDue = "past_due",
        /// What they paid awaits a decision.
        Paused = "paused",
        /// Waits to be let in; entries are listed by themselves.
        PendingEntry = "pending_entry",
        /// Paid a further period.
        Renewing = "renewing",
        /// Is in a trial.
        Trialing = "trialing",
    }
}

/// A membership as its holder's company counts it. Times are milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Where it stands.
    pub status: MembershipStatus,
    /// The end of what was paid for; `None` without end.
    pub paid_until: Option<i64>,
    /// Whether it will not renew.
    pub cancel_at_period_end: bool,
    /// How many payments fell due, the first one included.
    pub payments_due: i64,
    /// How many of the plan.
    pub quantity: i64,
    /// What its plan charges, in which currency; `None` without a plan.
    pub terms: Option<(Terms, Currency)>,
}

impl Held {
    /// What happened last to it.
    #[must_use]
    pub fn recent_action(&self, now: i64) -> RecentAction {
        let renews = matches!(self.terms, Some((Terms::Renewal { .. }, _)));
        match self.status {
            MembershipStatus::Drafted => RecentAction::Drafted,
            MembershipStatus::PastDue => RecentAction::PastDue,
            MembershipStatus::Unresolved => RecentAction::Paused,
            MembershipStatus::Canceled if is_valid(self.status, self.paid_until, now) => {
                RecentAction::Canceling
            }
            MembershipStatus::Canceled | MembershipStatus::Expired if renews => RecentAction::Churned,
            MembershipStatus::Canceled | MembershipStatus::Expired => RecentAction::Left,
            MembershipStatus::Active | MembershipStatus::Completed | MembershipStatus::Trialing
                if self.cancel_at_period_end =>
            {
                RecentAction::Canceling
            }
            MembershipStatus::Trialing => RecentAction::Trialing,
            MembershipStatus::Active | MembershipStatus::Completed => self.running(),
        }
    }

    fn running(&self) -> RecentAction {
        match self.terms {
            Some((Terms::Renewal { initial_price_minor, renewal_price_minor, .. }, _))
                if initial_price_minor > 0 || renewal_price_minor > 0 =>
            {
                if self.payments_due > 1 {
                    RecentAction::Renewing
                } else {
                    RecentAction::PaidSubscriber
                }
            }
            _ if self.paid_until.is_some() => RecentAction::Expiring,
            Some((Terms::OneTime { price_minor, .. }, _)) if price_minor > 0 => RecentAction::PaidOnce,
            _ => RecentAction::Joined,
        }
    }

    /// What it brings in a month, in minor units rounded down: the renewal price by thirty days. A trial brings
    /// nothing yet, and what is canceled brings nothing more.
    #[must_use]
    pub fn monthly_minor(&self, currency: Currency, now: i64) -> i64 {
        let is_paid = matches!(self.status, MembershipStatus::Active | MembershipStatus::PastDue);
        match self.terms {
            Some((terms @ Terms::Renewal { period_days, .. }, own))
                if own == currency && is_paid && is_valid(self.status, self.paid_until, now) =>
            {
                let due = i128::from(terms.renewal_due_minor(self.quantity).unwrap_or(0));
                i64::try_from(due * MONTH_DAYS / i128::from(period_days.max(1))).unwrap_or(i64::MAX)
            }
            _ => 0,
        }
    }
}

/// Whether the holder of these memberships is in.
#[must_use]
pub fn status(held: &[Held], now: i64) -> MemberStatus {
    if held.iter().any(|one| is_valid(one.status, one.paid_until, now)) {
        MemberStatus::Joined
    } else if held.iter().any(|one| one.status != MembershipStatus::Drafted) {
        MemberStatus::Left
    } else {
        MemberStatus::Drafted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000_000_000;

    fn usd() -> Currency {
        Currency::parse("usd").expect("a known currency")
    }

    fn held(status: MembershipStatus, terms: Option<Terms>) -> Held {
        Held {
            status,
            paid_until: None,
            cancel_at_period_end: false,
            payments_due: 1,
            quantity: 1,
            terms: terms.map(|terms| (terms, usd())),
        }
    }

    fn renewal(price: i64, period_days: i64) -> Option<Terms> {
        Some(Terms::Renewal {
            initial_price_minor: 0,
            renewal_price_minor: price,
            period_days,
            trial_days: 0,
        })
    }

    fn one_time(price_minor: i64) -> Option<Terms> {
        Some(Terms::OneTime { price_minor, expiration_days: None })
    }

    #[test]
    fn the_words_are_the_contracts() {
        let contract = include_str!("../../../tests/contract/schema.graphql");
        let words_of = |name: &str| -> Vec<&str> {
            let (_, rest) = contract.split_once(&format!("enum {name} {{")).expect("the contract has it");
            rest.split_once('}').expect("it ends").0.split_whitespace().collect()
        };
        let ours: Vec<&str> = MemberStatus::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(ours, words_of("MemberStatuses"));
        let ours: Vec<&str> = MemberOrder::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(ours, words_of("MembersSortableColumns"));
        let ours: Vec<&str> = RecentAction::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(ours, words_of("MemberMostRecentActions"));
    }

    #[test]
    fn the_table_of_recent_actions() {
        use MembershipStatus::*;
        let paid = renewal(1000, 30);
        let (ahead, behind) = (Some(NOW + 1), Some(NOW - 1));
        let table = [
            (held(Drafted, paid), RecentAction::Drafted),
            (held(Trialing, paid), RecentAction::Trialing),
            (Held { cancel_at_period_end: true, ..held(Trialing, paid) }, RecentAction::Canceling),
            (held(Active, paid), RecentAction::PaidSubscriber),
            (Held { payments_due: 2, ..held(Active, paid) }, RecentAction::Renewing),
            (Held { cancel_at_period_end: true, ..held(Active, paid) }, RecentAction::Canceling),
            (held(Active, renewal(0, 30)), RecentAction::Joined),
            (held(PastDue, paid), RecentAction::PastDue),
            (Held { paid_until: ahead, ..held(Canceled, paid) }, RecentAction::Canceling),
            (Held { paid_until: behind, ..held(Canceled, paid) }, RecentAction::Churned),
            (held(Canceled, one_time(1000)), RecentAction::Left),
            (held(Expired, paid), RecentAction::Churned),
            (held(Expired, one_time(1000)), RecentAction::Left),
            (held(Expired, None), RecentAction::Left),
            (held(Completed, one_time(1000)), RecentAction::PaidOnce),
            (Held { paid_until: ahead, ..held(Completed, one_time(1000)) }, RecentAction::Expiring),
            (held(Completed, one_time(0)), RecentAction::Joined),
            (held(Completed, None), RecentAction::Joined),
            (held(Unresolved, paid), RecentAction::Paused),
        ];
        for (membership, expected) in table {
            assert_eq!(membership.recent_action(NOW), expected, "{membership:?}");
        }
    }

    #[test]
    fn the_table_of_statuses() {
        use MembershipStatus::*;
        let of = |statuses: &[MembershipStatus]| -> Vec<Held> {
            statuses.iter().map(|status| held(*status, None)).collect()
        };
        let table: [(&[MembershipStatus], MemberStatus); 5] = [
            (&[], MemberStatus::Drafted),
            (&[Drafted], MemberStatus::Drafted),
            (&[Drafted, Expired], MemberStatus::Left),
            (&[Expired, Unresolved], MemberStatus::Left),
            (&[Expired, Active, Drafted], MemberStatus::Joined),
        ];
        for (statuses, expected) in table {
            assert_eq!(status(&of(statuses), NOW), expected, "{statuses:?}");
        }
    }

    #[test]
    fn the_table_of_monthly_income() {
        use MembershipStatus::*;
        let behind = Some(NOW - 1);
        let table = [
            (held(Active, renewal(1000, 30)), 1000),
            (Held { quantity: 3, ..held(Active, renewal(1000, 30)) }, 3000),
            (held(Active, renewal(12_000, 365)), 986),
            (held(Active, renewal(500, 7)), 2142),
            (held(PastDue, renewal(1000, 30)), 1000),
            (held(Trialing, renewal(1000, 30)), 0),
            (Held { paid_until: Some(NOW + 1), ..held(Canceled, renewal(1000, 30)) }, 0),
            (Held { paid_until: behind, ..held(Active, renewal(1000, 30)) }, 0),
            (held(Completed, one_time(1000)), 0),
            (held(Active, None), 0),
        ];
        for (membership, expected) in table {
            assert_eq!(membership.monthly_minor(usd(), NOW), expected, "{membership:?}");
        }
        let eur = Currency::parse("eur").expect("a known currency");
        assert_eq!(held(Active, renewal(1000, 30)).monthly_minor(eur, NOW), 0);
    }
}
