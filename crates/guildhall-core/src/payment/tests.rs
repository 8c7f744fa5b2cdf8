//! The whole table of the machine, and crashes at every point of a purchase.

use super::*;
use crate::refund::stray_key;
use proptest::prelude::*;
use std::collections::HashMap;

fn usd() -> Currency {
    Currency::parse("usd").expect("a known currency")
}

fn at(stage: Stage) -> Payment {
    Payment { stage, attempt: 1, ..Payment::draft(1000, usd()).expect("sound") }
}

const EVENTS: [Event; 11] = [
    Event::Begin,
    Event::NeedAction,
    Event::ActionDone,
    Event::Process,
    Event::Charge,
    Event::Decline,
    Event::Record,
    Event::CannotDeliver,
    Event::Return,
    Event::Cancel,
    Event::GiveUp,
];

/// A row a stage, a column an event: the stage it leads to, `=` for no change, `-` for refused.
const TABLE: &str = "
              begin         need_action   action_done  process  charge     decline  record  cannot_deliver  return         cancel    give_up
drafted       authorizing   -             -            -        -          -        -       -               -              canceled  -
authorizing   =             needs_action  =            pending  charged    failed   -       -               -              -         -
needs_action  -             =             authorizing  pending  charged    failed   -       -               -              canceled  -
pending       -             needs_action  =            =        charged    failed   -       -               -              -         -
charged       -             =             =            =        =          =        paid    returning       -              -         -
paid          -             =             =            =        =          =        =       -               -              -         -
returning     -             =             =            =        =          =        -       =               auto_refunded  -         -
auto_refunded -             =             =            =        =          =        -       =               =              -         -
failed        authorizing   =             =            =        charged    =        -       -               -              canceled  uncollectible
canceled      -             =             =            =        returning  =        -       -               -              =         -
uncollectible -             =             =            =        returning  =        -       -               -              -         =
";

#[test]
fn every_stage_takes_every_event_as_the_table_says() {
    let rows: Vec<Vec<&str>> = TABLE.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), Stage::ALL.len());
    for (row, stage) in rows.iter().zip(Stage::ALL) {
        assert_eq!((row[0], row.len()), (stage.as_str(), EVENTS.len() + 1));
        for (cell, event) in row[1..].iter().zip(EVENTS) {
            let got = match at(*stage).apply(event) {
                Ok(Some(after)) => after.stage.as_str(),
                Ok(None) => "=",
                Err(_) => "-",
            };
            assert_eq!(got, *cell, "{stage:?} and {event:?}");
        }
    }
}

#[test]
fn each_attempt_has_its_key_and_no_other_has() {
    let first =
        Payment::draft(1000, usd()).expect("sound").apply(Event::Begin).expect("allowed").expect("a change");
    assert_eq!(first.charge_key("pay_1"), "charge:pay_1:1");
    let waited = first.apply(Event::NeedAction).expect("allowed").expect("a change");
    let back = waited.apply(Event::ActionDone).expect("allowed").expect("a change");
    assert_eq!(back.charge_key("pay_1"), first.charge_key("pay_1"));
    let failed = back.apply(Event::Decline).expect("allowed").expect("a change");
    let second = failed.apply(Event::Begin).expect("allowed").expect("a change");
    assert_eq!(second.charge_key("pay_1"), "charge:pay_1:2");
    assert!(second.is_present(2) && !second.is_present(1));
}

#[test]
fn what_is_too_little_is_skipped_and_the_rest_is_not() {
    for (amount, is_chargeable) in [(0, false), (49, false), (50, true)] {
        let draft = Payment::draft(amount, usd()).expect("sound");
        assert_eq!(draft.apply(Event::Begin).is_ok(), is_chargeable, "{amount}");
        assert_eq!(draft.apply(Event::Skip).is_ok(), !is_chargeable, "{amount}");
    }
    let skipped =
        Payment::draft(49, usd()).expect("sound").apply(Event::Skip).expect("allowed").expect("paid");
    assert_eq!((skipped.stage, skipped.refundable_minor()), (Stage::Paid, 0));
    assert_eq!(skipped.apply(Event::Skip), Ok(None));
    assert!(skipped.apply(Event::Refund(1)).is_err());
    assert!(skipped.apply(Event::Dispute(DisputeStatus::NeedsResponse, 1)).is_err());
    assert!(Payment::draft(-1, usd()).is_err());
}

#[test]
fn a_card_is_kept_for_later_where_nothing_is_charged() {
    let step = |payment: Payment, event| payment.apply(event).expect("allowed").expect("a change");
    assert!(Payment::draft(50, usd()).expect("sound").apply(Event::Keep).is_err());
    let draft = Payment::draft(0, usd()).expect("sound");
    let first = step(draft, Event::Keep);
    assert_eq!((first.stage, first.attempt, first.resume()), (Stage::Authorizing, 1, Next::AskProcessor));
    assert_eq!(first.apply(Event::Keep), Ok(None));
    let failed = step(step(first, Event::NeedAction), Event::Decline);
    // Another card, or none: a code made it free for good.
    let second = step(failed, Event::Keep);
    assert_eq!(second.charge_key("pay_1"), "charge:pay_1:2");
    assert_eq!(step(failed, Event::Skip).stage, Stage::Paid);
    assert!(failed.apply(Event::Begin).is_err());
    let kept = step(step(second, Event::Charge), Event::Record);
    assert_eq!((kept.stage, kept.spent_minor(), kept.refundable_minor()), (Stage::Paid, 0, 0));
    assert!(!kept.is_all_gone());
}

/// Every stage, with nothing, a part or all refunded, in every dispute or none.
#[test]
fn refunds_are_of_what_is_left_of_a_payment_that_no_bank_holds() {
    let disputes = DisputeStatus::ALL.iter().copied().map(Some).chain([None]);
    for dispute in disputes {
        for stage in Stage::ALL.iter().copied() {
            for refunded_minor in [0, 400, 1000] {
                let payment = Payment { refunded_minor, dispute, ..at(stage) };
                let is_free =
                    !matches!(dispute, Some(DisputeStatus::NeedsResponse | DisputeStatus::UnderReview));
                for amount in [-1, 0, 1, 600, 601, 1000, 1001] {
                    let expected =
                        stage == Stage::Paid && is_free && amount > 0 && refunded_minor + amount <= 1000;
                    let got = payment.apply(Event::Refund(amount));
                    assert_eq!(got.is_ok(), expected, "{payment:?} {amount}");
                    if let Ok(Some(after)) = got {
                        assert_eq!(after.apply(Event::UndoRefund(amount)), Ok(Some(payment)));
                    }
                }
            }
        }
    }
    assert!(at(Stage::Paid).apply(Event::UndoRefund(1)).is_err());
}

#[test]
fn disputes_follow_their_own_table_and_may_come_again() {
    use DisputeStatus::*;
    let step = |payment: Payment, status| payment.apply(Event::Dispute(status, 700));
    let paid = at(Stage::Paid);
    assert_eq!(step(paid, WarningClosed), Ok(None));
    for status in [Won, Lost] {
        assert!(step(paid, status).is_err(), "{status:?}");
    }
    for stage in Stage::ALL.iter().filter(|stage| **stage != Stage::Paid) {
        assert!(step(at(*stage), NeedsResponse).is_err(), "{stage:?}");
    }
    for amount in [0, 1001] {
        assert!(paid.apply(Event::Dispute(NeedsResponse, amount)).is_err());
    }
    let open = step(paid, NeedsResponse).expect("allowed").expect("a change");
    assert_eq!((open.refundable_minor(), step(open, NeedsResponse)), (0, Ok(None)));
    let won = step(open, Won).expect("allowed").expect("a change");
    assert_eq!((won.refundable_minor(), step(won, Won)), (1000, Ok(None)));
    // Another dispute of the same payment.
    let again = step(won, UnderReview).expect("allowed").expect("a change");
    let lost = step(again, Lost).expect("allowed").expect("a change");
    assert_eq!((lost.lost_minor, lost.refundable_minor()), (700, 300));
    assert_eq!(step(lost, Lost), Ok(None));
    let rest = lost.apply(Event::Refund(300)).expect("allowed").expect("a change");
    assert_eq!((lost.is_all_gone(), rest.is_all_gone(), paid.is_all_gone()), (false, true, false));
}

#[test]
fn what_to_do_after_a_crash() {
    let table = [
        (Stage::Drafted, Next::Nothing),
        (Stage::Authorizing, Next::AskProcessor),
        (Stage::NeedsAction, Next::AwaitBuyer),
        (Stage::Pending, Next::AwaitProcessor),
        (Stage::Charged, Next::Record),
        (Stage::Paid, Next::Nothing),
        (Stage::Returning, Next::GiveBack),
        (Stage::AutoRefunded, Next::Nothing),
        (Stage::Failed, Next::Nothing),
        (Stage::Canceled, Next::Nothing),
        (Stage::Uncollectible, Next::Nothing),
    ];
    assert_eq!(table.len(), Stage::ALL.len());
    for (stage, next) in table {
        assert_eq!(at(stage).resume(), next, "{stage:?}");
    }
}

/// A processor that answers a key always as it did at first, and a store that keeps what was committed.
#[derive(Default)]
struct World {
    answers: HashMap<String, Event>,
    script: Vec<Event>,
    taken: i64,
    given_back: HashMap<String, ()>,
    memberships: i64,
    is_sold_out: bool,
}

impl World {
    fn ask(&mut self, key: &str) -> Event {
        if let Some(answer) = self.answers.get(key) {
            return *answer;
        }
        let answer = self.script.pop().unwrap_or(Event::Charge);
        self.taken += i64::from(answer == Event::Charge);
        self.answers.insert(key.to_owned(), answer);
        answer
    }

    /// The buyer confirmed, or the processor made up its mind: the attempt is charged.
    fn complete(&mut self, key: &str) -> Event {
        if self.answers.insert(key.to_owned(), Event::Charge) != Some(Event::Charge) {
            self.taken += 1;
        }
        Event::Charge
    }

    /// One step of whoever works on the payment; the answer is what they would commit.
    fn step(&mut self, payment: Payment) -> Option<Event> {
        let key = payment.charge_key("pay_1");
        match payment.resume() {
            Next::AskProcessor => Some(self.ask(&key)),
            Next::AwaitBuyer | Next::AwaitProcessor => Some(self.complete(&key)),
            Next::Record if self.is_sold_out => Some(Event::CannotDeliver),
            Next::Record => Some(Event::Record),
            Next::GiveBack => {
                self.given_back.insert(stray_key(&key, 0), ());
                Some(Event::Return)
            }
            Next::Nothing if matches!(payment.stage, Stage::Drafted | Stage::Failed) => Some(Event::Begin),
            Next::Nothing => None,
        }
    }
}

proptest! {
    /// Whoever works on the payment dies after any step and before its commit, as often as chance wants; another comes,
    /// and in the end there is one charge and one membership, or none of both.
    #[test]
    fn crashes_end_in_one_charge_and_one_membership(
        crashes in proptest::collection::vec(any::<bool>(), 0..40),
        script in proptest::collection::vec(
            prop_oneof![Just(Event::Decline), Just(Event::NeedAction), Just(Event::Process), Just(Event::Charge)], 0..4),
        is_sold_out in any::<bool>(),
    ) {
        let mut world = World { script, is_sold_out, ..World::default() };
        let mut payment = Payment::draft(1000, usd()).expect("sound");
        let mut crashes = crashes.into_iter();
        let mut steps = 0;
        while let Some(event) = world.step(payment) {
            steps += 1;
            prop_assert!(steps < 200, "it comes to an end");
            // What the processor did stays done; what was to be committed is lost.
            if crashes.next() == Some(true) {
                continue;
            }
            if let Some(after) = payment.apply(event).expect("the machine takes what its own advice leads to") {
                // The membership is made in the transaction that records.
                world.memberships += i64::from(after.stage == Stage::Paid && payment.stage != Stage::Paid);
                payment = after;
            }
        }
        prop_assert_eq!(world.taken, 1);
        let given_back = i64::try_from(world.given_back.len()).expect("a few");
        prop_assert_eq!((world.memberships, given_back), if is_sold_out { (0, 1) } else { (1, 0) });
    }
}

#[test]
fn what_was_spent_is_what_was_charged_and_stayed() {
    let usd = Currency::parse("usd").expect("a known currency");
    let draft = Payment::draft(1000, usd).expect("sound");
    let paid = Payment { stage: Stage::Paid, attempt: 1, ..draft };
    let table = [
        (draft, 0),
        (paid, 1000),
        (Payment { refunded_minor: 300, lost_minor: 200, ..paid }, 500),
        (Payment { is_chargeable: false, ..paid }, 0),
        (Payment { stage: Stage::AutoRefunded, ..paid }, 0),
        (Payment { stage: Stage::Charged, ..paid }, 0),
    ];
    for (payment, expected) in table {
        assert_eq!(payment.spent_minor(), expected, "{payment:?}");
    }
}
