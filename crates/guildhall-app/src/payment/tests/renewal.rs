//! Renewals whose processor is silent, whose member changes their mind meanwhile, or whose card was removed.

use super::*;
use crate::access_pass;
use crate::membership::{cancel_at_period_end, lengthen};
use crate::payment::MethodUse;
use crate::principal::Principal;
use crate::processor::KeptMethod;
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
