//! Tables, and two years of billing against a calendar that counts days.

use super::MembershipStatus::*;
use super::*;
use crate::membership;
use proptest::prelude::*;

const START: i64 = 1_700_000_000_123;

fn monthly(trial_days: i64) -> Terms {
    Terms::Renewal { initial_price_minor: 500, renewal_price_minor: 2000, period_days: 30, trial_days }
}

fn day(number: i64) -> i64 {
    START + number * DAY_MS
}

/// When the renewal of a period that ends on that day is charged.
fn ahead_of(number: i64) -> i64 {
    day(number) - 5 * 60 * 1000
}

#[test]
fn what_is_due_at_the_start_and_later() {
    let once = Terms::OneTime { price_minor: 900, expiration_days: None };
    for (terms, quantity, first, renewal) in
        [(once, 1, 900, 0), (once, 3, 2700, 0), (monthly(0), 1, 2500, 2000), (monthly(7), 2, 1000, 4000)]
    {
        assert_eq!(terms.first_due_minor(quantity), Ok(first));
        assert_eq!(terms.renewal_due_minor(quantity), Ok(renewal));
    }
    for quantity in [0, -1, LARGEST_QUANTITY + 1] {
        assert!(once.first_due_minor(quantity).is_err());
    }
    let dear = Terms::OneTime { price_minor: crate::money::LARGEST_MINOR, expiration_days: None };
    assert!(dear.first_due_minor(2).expect_err("too much").0.contains("larger than an amount"));
}

#[test]
fn the_table_of_beginnings() {
    let once = |expiration_days| Terms::OneTime { price_minor: 900, expiration_days };
    let table = [
        (once(None), Completed, None, None),
        (once(Some(10)), Completed, Some(day(10)), Some((day(10), Due::Expiration))),
        (monthly(0), Active, Some(day(30)), Some((ahead_of(30), Due::Renewal))),
        (monthly(7), Trialing, Some(day(7)), Some((ahead_of(7), Due::Renewal))),
    ];
    for (terms, status, paid_until, due) in table {
        let begun = Subscription::begin(terms, START);
        assert_eq!((begun.status, begun.paid_until, begun.next_due(terms)), (status, paid_until, due));
    }
}

#[test]
fn retries_follow_the_schedule_and_then_it_expires() {
    let terms = monthly(0);
    let mut now = Subscription::begin(terms, START);
    let mut tried = Vec::new();
    while let Some((at, Due::Renewal)) = now.next_due(terms) {
        tried.push((at - ahead_of(0)) / DAY_MS);
        let is_valid = membership::is_valid(now.status, now.paid_until, at);
        assert_eq!(is_valid, at < day(33), "paid until day 30, and three days of grace");
        now = now.fail_renewal(terms, at).expect("it runs");
    }
    assert_eq!(tried, [30, 31, 33, 35, 37]);
    assert_eq!((now.status, now.paid_until), (Expired, Some(day(30))));
    assert!(now.renew(terms, day(38)).expect_err("ended").0.contains("`expired` cannot be renewed"));
}

#[test]
fn who_pays_late_pays_for_no_day_without_access() {
    let terms = monthly(0);
    let failed = Subscription::begin(terms, START).fail_renewal(terms, day(30)).expect("it runs");
    let in_grace = failed.renew(terms, day(31)).expect("it runs");
    assert_eq!(
        (in_grace.status, in_grace.period_start, in_grace.paid_until),
        (Active, day(30), Some(day(60)))
    );
    let at_its_end = failed.renew(terms, day(33)).expect("it runs");
    assert_eq!((at_its_end.period_start, at_its_end.paid_until), (day(33), Some(day(63))));
    let after_an_outage = Subscription::begin(terms, START).renew(terms, day(100)).expect("it runs");
    assert_eq!((after_an_outage.period_start, after_an_outage.paid_until), (day(100), Some(day(130))));
    assert_eq!((in_grace.failures, in_grace.past_due_since), (0, None));
}

#[test]
fn cancellations() {
    let terms = monthly(0);
    let begun = Subscription::begin(terms, START);
    let ending = begun.set_cancel_at_period_end(terms, true, day(3)).expect("allowed").expect("a change");
    assert_eq!(ending.set_cancel_at_period_end(terms, true, day(3)), Ok(None));
    assert_eq!(ending.set_cancel_at_period_end(terms, false, day(3)), Ok(Some(begun)));
    assert_eq!(ending.next_due(terms), Some((day(30), Due::Cancellation)));
    let ended = ending.end(Due::Cancellation);
    assert_eq!((ended.status, ended.next_due(terms)), (Canceled, None));
    assert_eq!(ended.cancel_now(day(31)), Ok(None));

    let now = begun.cancel_now(day(3)).expect("allowed").expect("a change");
    assert_eq!((now.status, now.paid_until), (Canceled, Some(day(3))));
    assert!(!membership::is_valid(now.status, now.paid_until, day(3)));
    let past_due = begun.fail_renewal(terms, day(30)).expect("it runs");
    let given_up =
        past_due.set_cancel_at_period_end(terms, true, day(31)).expect("allowed").expect("a change");
    assert_eq!((given_up.status, given_up.paid_until), (Canceled, Some(day(30))));

    let once = Terms::OneTime { price_minor: 1, expiration_days: None };
    let bought = Subscription::begin(once, START);
    assert!(bought.set_cancel_at_period_end(once, true, START).expect_err("no").0.contains("does not renew"));
    assert_eq!(bought.cancel_now(day(1)).expect("allowed").expect("a change").paid_until, Some(day(1)));
    assert!(Subscription { status: Drafted, ..begun }.cancel_now(START).is_err());
}

#[test]
fn free_days() {
    let terms = monthly(0);
    let begun = Subscription::begin(terms, START);
    let longer = begun.add_free_days(5, day(2)).expect("allowed");
    assert_eq!((longer.status, longer.next_due(terms)), (Active, Some((ahead_of(35), Due::Renewal))));
    let trial = Subscription::begin(monthly(7), START).add_free_days(5, day(2)).expect("allowed");
    assert_eq!((trial.status, trial.paid_until), (Trialing, Some(day(12))));
    let past_due =
        begun.fail_renewal(terms, day(30)).expect("it runs").add_free_days(5, day(32)).expect("allowed");
    assert_eq!((past_due.status, past_due.next_due(terms)), (Active, Some((ahead_of(37), Due::Renewal))));
    for days in [0, -1, MOST_FREE_DAYS + 1] {
        assert!(begun.add_free_days(days, START).expect_err("unsound").0.contains("Free days are 1 to 3650"));
    }
    let once = Subscription::begin(Terms::OneTime { price_minor: 1, expiration_days: None }, START);
    assert!(once.add_free_days(1, START).expect_err("endless").0.contains("no end"));
    let ended = begun.cancel_now(day(1)).expect("allowed").expect("a change");
    assert!(ended.add_free_days(1, day(1)).expect_err("ended").0.contains("`canceled` cannot be lengthened"));
}

#[test]
fn a_renewal_has_one_key_whatever_is_tried() {
    let terms = monthly(0);
    let begun = Subscription::begin(terms, START);
    let failed = begun.fail_renewal(terms, day(30)).expect("it runs");
    let key = |one: Subscription| renewal_key("mem_1", one.paid_until.expect("it ends"));
    assert_eq!(key(begun), key(failed));
    assert_ne!(key(begun), key(failed.renew(terms, day(31)).expect("it runs")));
}

/// Two years of daily bookkeeping, in whole days and by hand: nothing of it is taken from the code under test.
/// A renewal is tried five minutes before a day is full, and a period that begins with a late payment ends as much
/// earlier; so many times five minutes are counted apart. Answers the minutes of paid renewals and that of expiring.
fn calendar(period: i64, trial: i64, declines: &[bool]) -> (Vec<i64>, Option<i64>) {
    let mut declines = declines.iter().copied().chain(std::iter::repeat(false));
    let mut paid = Vec::new();
    let (mut end, mut early) = (if trial > 0 { trial } else { period }, 0);
    let mut first_failure: Option<i64> = None;
    for today in 0..730 {
        let is_try = match first_failure {
            None => today == end,
            Some(failed) => [1, 3, 5, 7].contains(&(today - failed)),
        };
        if !is_try {
            continue;
        }
        let minute = today * 24 * 60 - 5 * (early + 1);
        if declines.next() == Some(true) {
            let failed = *first_failure.get_or_insert(today);
            if today - failed == 7 {
                return (paid, Some(minute));
            }
        } else {
            // On the third day the grace has five minutes left: until then the new period is joined to the old one, if
            // that leads beyond today.
            if today - end <= 3 && today < end + period {
                end += period;
            } else {
                (end, early) = (today + period, early + 1);
            }
            first_failure = None;
            paid.push(minute);
        }
    }
    (paid, None)
}

proptest! {
    #[test]
    fn two_years_agree_with_a_calendar(
        period_days in 1_i64..100,
        trial_days in 0_i64..40,
        declines in proptest::collection::vec(any::<bool>(), 0..60),
    ) {
        let terms =
            Terms::Renewal { initial_price_minor: 0, renewal_price_minor: 2000, period_days, trial_days };
        let mut now = Subscription::begin(terms, START);
        let mut answers = declines.iter().copied();
        let (mut paid, mut keys) = (Vec::new(), std::collections::HashSet::new());
        let mut last = START;
        // The 729th day is tried a few minutes before it is full.
        while let Some((at, due)) = now.next_due(terms).filter(|(at, _)| *at < day(729)) {
            prop_assert_eq!(due, Due::Renewal);
            prop_assert!(at > last, "time goes on: nobody is charged twice at once");
            last = at;
            let key = renewal_key("mem_1", now.paid_until.expect("it ends"));
            now = if answers.next() == Some(true) {
                now.fail_renewal(terms, at).expect("it runs")
            } else {
                prop_assert!(keys.insert(key), "a period is charged once");
                paid.push((at - START) / 60_000);
                now.renew(terms, at).expect("it runs")
            };
        }
        let expired = (now.status == Expired).then(|| (last - START) / 60_000);
        prop_assert_eq!((paid, expired), calendar(period_days, trial_days, &declines));
    }
}

#[test]
fn a_renewal_under_way_keeps_access_for_the_grace() {
    let terms = monthly(0);
    let waiting = Subscription::begin(terms, START).await_renewal().expect("it runs");
    assert_eq!((waiting.status, waiting.failures), (PastDue, 0));
    assert!(membership::is_valid(waiting.status, waiting.paid_until, day(32)));
    assert_eq!(waiting.next_due(terms), None);
    let paid = waiting.renew(terms, day(32)).expect("it runs");
    assert_eq!((paid.status, paid.period_start), (Active, day(30)));
    let declined = waiting.fail_renewal(terms, day(32)).expect("it runs");
    assert_eq!(declined.next_due(terms), Some((day(33), Due::Renewal)));
    let ended = paid.cancel_now(day(40)).expect("allowed").expect("a change");
    assert!(ended.await_renewal().is_err());
}

#[test]
fn a_short_period_that_is_paid_late_is_not_over_before_it_began() {
    let daily =
        Terms::Renewal { initial_price_minor: 0, renewal_price_minor: 100, period_days: 1, trial_days: 0 };
    let begun = Subscription::begin(daily, START);
    let late = begun.fail_renewal(daily, day(1)).expect("it runs").renew(daily, day(3)).expect("it runs");
    assert_eq!((late.period_start, late.paid_until), (day(3), Some(day(4))));
}

#[test]
fn one_that_is_to_end_is_not_charged_again_whatever_becomes_of_its_renewal() {
    let terms = monthly(0);
    let begun = Subscription::begin(terms, START);
    let ending =
        begun.set_cancel_at_period_end(terms, true, ahead_of(30)).expect("allowed").expect("a change");
    for after in [ending.await_renewal(), ending.fail_renewal(terms, ahead_of(30))] {
        let after = after.expect("it runs");
        assert_eq!((after.status, after.failures, after.past_due_since), (Active, 0, None));
        assert_eq!(after.next_due(terms), Some((day(30), Due::Cancellation)));
        assert!(!membership::is_valid(after.status, after.paid_until, day(30)), "no grace");
        // Who wants it after all is charged at once.
        let kept = after.set_cancel_at_period_end(terms, false, day(30)).expect("allowed").expect("a change");
        assert_eq!(kept.next_due(terms), Some((ahead_of(30), Due::Renewal)));
    }
    let past_due = Subscription { cancel_at_period_end: true, ..begun.await_renewal().expect("it runs") };
    assert_eq!(past_due.next_due(terms), Some((day(30), Due::Cancellation)));
}
