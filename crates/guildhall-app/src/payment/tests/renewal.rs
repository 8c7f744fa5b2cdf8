//! Renewals whose processor is silent, whose member changes their mind meanwhile, or whose card was removed.

use super::*;
use crate::access_pass;
use crate::membership::{cancel_at_period_end, lengthen};
use crate::payment::MethodUse;
use crate::principal::Principal;
use crate::processor::{Answer, KeptMethod};
use guildhall_core::membership::MembershipStatus;

const RENEW_AHEAD_MS: i64 = 5 * MINUTE_MS;

fn kept(reference: &str, last4: &str) -> KeptMethod {
    KeptMethod { reference: reference.into(), brand: None, last4: Some(last4.into()), expiry: None }
}

impl Scene {
    /// Has the membership renewed by a processor that nothing reaches; answers the method that it was bought by.
    async fn renew_in_silence(&self) -> PaymentMethodId {
        let (mut membership, _) = self.bought().await;
        let buyer = self.buyer.clone();
        let write = self.hall.store.write(move |tx| {
            let silent = store::payment_method::find_or_insert(
                tx,
                &buyer,
                Processor::Stripe,
                &kept("pm_1", "4242"),
                MethodUse::Kept,
            )?;
            let method = membership.method.replace(silent).expect("it was paid by a card");
            store::membership::update(tx, &membership)?;
            membership.method = Some(method.clone());
            Ok(method)
        });
        write.await.expect("it is written")
    }

    /// The processor of the payment under way can be reached again: it is the sandbox.
    async fn break_silence(&self, method: &PaymentMethodId) {
        let (_, mut payment) = self.bought().await;
        let method = method.clone();
        let write = self.hall.store.write(move |tx| {
            payment.processor = Some(Processor::Sandbox);
            payment.method = Some(method.clone());
            store::payment::save(tx, &mut payment)
        });
        write.await.expect("it is written");
    }
}

#[tokio::test]
async fn a_silent_processor_is_asked_until_it_answers_and_the_member_has_the_grace() {
    let scene = Scene::selling(MONTHLY).await;
    scene.buy(GOOD, 1000).await;
    let method = scene.renew_in_silence().await;
    // (days, how the membership stands, whether it counts)
    for (days, status, counts) in [
        (29, MembershipStatus::Active, true),
        (2, MembershipStatus::PastDue, true),
        (9, MembershipStatus::PastDue, false),
    ] {
        scene.advance(days * DAY_MS).await;
        let (membership, payment) = scene.bought().await;
        assert_eq!((membership.state.status, membership.told_valid), (status, counts), "{days}");
        assert_eq!(payment.is_renewal(), days != 29);
        if payment.is_renewal() {
            assert_eq!(payment.state.stage, Stage::Authorizing);
        }
    }
    scene.sound().await;
    scene.break_silence(&method).await;
    scene.advance(61 * MINUTE_MS).await;
    let (membership, payment) = scene.bought().await;
    assert_eq!((payment.state.stage, payment.state.attempt), (Stage::Paid, 1));
    assert_eq!((membership.state.status, membership.told_valid), (MembershipStatus::Active, true));
    scene.sound().await;
}

#[tokio::test]
async fn a_renewal_that_is_charged_while_its_end_is_asked_for_goes_back() {
    let scene = Scene::selling(MONTHLY).await;
    scene.buy(GOOD, 1000).await;
    let method = scene.renew_in_silence().await;
    scene.advance(30 * DAY_MS - RENEW_AHEAD_MS).await;
    let (membership, payment) = scene.bought().await;
    assert_eq!(
        (membership.state.status, payment.state.stage),
        (MembershipStatus::Active, Stage::Authorizing)
    );
    cancel_at_period_end(&scene.hall, membership.id.clone(), true).await.expect("it is to end");
    scene.break_silence(&method).await;
    scene.advance(2 * MINUTE_MS).await;
    let (found, payment) = scene.bought().await;
    assert_eq!(payment.state.stage, Stage::AutoRefunded);
    assert_eq!((found.state.paid_until, found.told_valid), (membership.state.paid_until, true));
    // Too late to go on: nothing could be charged for that period any more.
    cancel_at_period_end(&scene.hall, membership.id.clone(), false).await.expect("it is to go on");
    scene.advance(DAY_MS).await;
    let (found, _) = scene.bought().await;
    assert_eq!((found.state.status, found.told_valid), (MembershipStatus::Canceled, false));
    scene.sound().await;
}

impl Scene {
    /// Has a renewal begin whose processor is silent, and its member ask for the end meanwhile; answers the method that the
    /// membership was bought by.
    async fn end_while_charged(&self) -> PaymentMethodId {
        self.buy(GOOD, 1000).await;
        let method = self.renew_in_silence().await;
        self.advance(30 * DAY_MS - RENEW_AHEAD_MS).await;
        let (membership, payment) = self.bought().await;
        assert_eq!(payment.state.stage, Stage::Authorizing);
        cancel_at_period_end(&self.hall, membership.id, true).await.expect("it is to end");
        method
    }

    /// The processor of the newest payment declines it.
    async fn decline(&self) {
        let (_, payment) = self.bought().await;
        let house = self.hall.house();
        let write = self.hall.store.write(move |tx| {
            let declined =
                Answer::Declined { reference: None, code: "card_declined".into(), message: "No.".into() };
            settlement::settle(tx, &house, &payment.id, payment.state.attempt, &declined)
        });
        assert_eq!(write.await.expect("it is declined").state.stage, Stage::Failed);
    }
}

#[tokio::test]
async fn a_renewal_that_is_declined_while_its_end_is_asked_for_is_not_charged_again() {
    let scene = Scene::selling(MONTHLY).await;
    scene.end_while_charged().await;
    scene.decline().await;
    let (membership, payment) = scene.bought().await;
    assert_eq!((membership.state.status, membership.told_valid), (MembershipStatus::Active, true));
    assert_eq!(payment.next_attempt_at, None);
    scene.advance(RENEW_AHEAD_MS).await;
    for _ in 0..2 {
        let (membership, payment) = scene.bought().await;
        assert_eq!((membership.state.status, membership.told_valid), (MembershipStatus::Canceled, false));
        assert_eq!((payment.state.stage, payment.state.attempt), (Stage::Canceled, 1));
        assert_eq!((membership.payments_due, membership.due_at), (1, None));
        scene.advance(10 * DAY_MS).await;
    }
    scene.sound().await;
}

#[tokio::test]
async fn a_renewal_that_was_declined_is_tried_at_once_for_who_goes_on_after_all() {
    let scene = Scene::selling(MONTHLY).await;
    let method = scene.end_while_charged().await;
    scene.decline().await;
    let (membership, _) = scene.bought().await;
    cancel_at_period_end(&scene.hall, membership.id, false).await.expect("it is to go on");
    scene.advance(1).await;
    let (_, payment) = scene.bought().await;
    assert_eq!((payment.state.stage, payment.state.attempt), (Stage::Authorizing, 2));
    scene.break_silence(&method).await;
    scene.advance(2 * MINUTE_MS).await;
    let (membership, payment) = scene.bought().await;
    assert_eq!((membership.state.status, payment.state.stage), (MembershipStatus::Active, Stage::Paid));
    assert_eq!((membership.state.failures, membership.payments_due), (0, 2));
    scene.sound().await;
}

#[tokio::test]
async fn a_silent_processor_keeps_nobody_from_ending() {
    let scene = Scene::selling(MONTHLY).await;
    let method = scene.end_while_charged().await;
    scene.advance(2 * DAY_MS).await;
    let (membership, payment) = scene.bought().await;
    assert_eq!((membership.state.status, membership.told_valid), (MembershipStatus::Canceled, false));
    assert_eq!(payment.state.stage, Stage::Authorizing);
    scene.break_silence(&method).await;
    scene.advance(61 * MINUTE_MS).await;
    let (membership, payment) = scene.bought().await;
    assert_eq!(payment.state.stage, Stage::AutoRefunded);
    assert_eq!((membership.state.status, membership.told_valid), (MembershipStatus::Canceled, false));
    scene.sound().await;
}

#[tokio::test]
async fn a_renewal_of_who_was_banned_while_it_was_charged_goes_back() {
    let scene = Scene::selling(MONTHLY).await;
    scene.buy(GOOD, 1000).await;
    let method = scene.renew_in_silence().await;
    scene.advance(30 * DAY_MS).await;
    let (company, buyer, owner) = (scene.company.clone(), scene.buyer.clone(), scene.owner.clone());
    let write = scene
        .hall
        .store
        .write(move |tx| store::moderation::ban(tx, &company, &buyer, "", None, None, &owner));
    write.await.expect("they are banned");
    scene.break_silence(&method).await;
    scene.advance(61 * MINUTE_MS).await;
    let (membership, payment) = scene.bought().await;
    assert_eq!(payment.state.stage, Stage::AutoRefunded);
    assert_eq!(membership.state.status, MembershipStatus::Canceled);
    assert_eq!(membership.cancelation_reason.as_deref(), Some("banned"));
    scene.sound().await;
}

#[tokio::test]
async fn a_renewal_of_what_was_deleted_while_it_was_charged_goes_back() {
    let scene = Scene::selling(MONTHLY).await;
    scene.buy(GOOD, 1000).await;
    let method = scene.renew_in_silence().await;
    // Shut out, so that nobody counts as a member.
    scene.advance(34 * DAY_MS).await;
    let (membership, _) = scene.bought().await;
    assert!(!membership.told_valid);
    let owner = Principal::in_person(scene.owner.clone());
    access_pass::delete(&scene.hall, &owner, membership.access_pass).await.expect("it is deleted");
    scene.break_silence(&method).await;
    scene.advance(61 * MINUTE_MS).await;
    let (membership, payment) = scene.bought().await;
    assert_eq!(payment.state.stage, Stage::AutoRefunded);
    assert_eq!(membership.state.status, MembershipStatus::Canceled);
    scene.sound().await;
}

#[tokio::test]
async fn a_card_that_was_removed_gives_way_to_the_one_that_was_agreed_to() {
    let scene = Scene::selling(MONTHLY).await;
    scene.buy(GOOD, 1000).await;
    let (membership, _) = scene.bought().await;
    let (buyer, company) = (scene.buyer.clone(), scene.company.clone());
    let write = scene.hall.store.write(move |tx| {
        let other = store::payment_method::find_or_insert(
            tx,
            &buyer,
            Processor::Sandbox,
            &kept("other", "4444"),
            MethodUse::Kept,
        )?;
        store::payment_method::consent(tx, &buyer, &company, &other)?;
        Ok(other)
    });
    let other = write.await.expect("another card");
    let first = membership.method.expect("it was paid by a card");
    remove_method(&scene.hall, scene.buyer.clone(), first).await.expect("it is removed");
    scene.advance(30 * DAY_MS).await;
    let (membership, payment) = scene.bought().await;
    assert_eq!((payment.state.stage, payment.method), (Stage::Paid, Some(other)));
    assert_eq!(membership.state.status, MembershipStatus::Active);
}

#[tokio::test]
async fn a_renewal_that_is_dropped_did_not_fall_due() {
    let scene = Scene::selling(MONTHLY).await;
    scene.buy("4000000000000341", 1000).await;
    scene.advance(30 * DAY_MS).await;
    let (membership, payment) = scene.bought().await;
    assert_eq!((membership.payments_due, payment.state.stage), (2, Stage::Failed));
    lengthen(&scene.hall, membership.id, 10).await.expect("free days");
    let (membership, payment) = scene.bought().await;
    assert_eq!((membership.payments_due, payment.state.stage), (1, Stage::Canceled));
}
