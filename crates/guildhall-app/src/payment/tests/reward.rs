//! Rewards that come back after they were released.

use super::*;
use crate::principal::Principal;
use crate::refund;
use guildhall_core::refund::RefundStatus;

#[tokio::test]
async fn what_comes_back_of_a_reward_is_released_too_and_the_reserve_after_it() {
    let scene = Scene::selling(ONCE).await;
    let payment = scene.buy(GOOD, 2000).await;
    let half = refund::Wanted { amount: Some(10.0), ..refund::Wanted::default() };
    let refund = refund::create_by_operator(&scene.hall, payment.clone(), half).await.expect("a refund");
    assert_eq!(refund.status, RefundStatus::Succeeded);
    scene.advance(7 * DAY_MS).await;
    let (user, bringer) = (AccountKind::User, scene.bringer.as_str());
    assert_eq!(scene.held(user, bringer).await, 200);
    let reference = refund.reference.expect("the sandbox names it");
    let failed = RefundStatus::Failed;
    refund::hear(&scene.hall, &payment, &reference, failed, Some("sent back")).await.expect("heard");
    scene.advance(MINUTE_MS).await;
    assert_eq!(scene.held(user, bringer).await, 400);
    scene.advance(90 * DAY_MS).await;
    let sale = scene.payment(&payment).await.sale.expect("it was sold");
    assert_eq!((sale.pending_minor, sale.reserve_minor, sale.reward_pending_minor), (0, 0, 0));
    assert_eq!(scene.held(AccountKind::CompanyReserve, scene.company.as_str()).await, 0);
    scene.sound().await;
}

#[tokio::test]
async fn earnings_leave_out_what_only_comes_back() {
    let scene = Scene::selling(ONCE).await;
    let buyer = scene.buyer.clone();
    let write = scene.hall.store.write(move |tx| {
        let parties =
            ledger::Parties { company: None, person: Some(&buyer), affiliate: None, processor: "sandbox" };
        let (holder, amount_minor) = (guildhall_core::posting::Holder::User, 500);
        ledger::fund(tx, AccountKind::User, buyer.as_str(), usd(), 500, "let in")?;
        let asked =
            guildhall_core::posting::Happening::PayoutRequested { holder, amount_minor, fee_minor: 0 };
        ledger::book(tx, "payout", "payout", "wdrl_1", usd(), &[asked], &parties)?;
        let failed = guildhall_core::posting::Happening::PayoutFailed {
            holder,
            amount_minor,
            fee_minor: 0,
            repaid_minor: 0,
        };
        ledger::book(tx, "returned", "payout_returned", "wdrl_1", usd(), &[failed], &parties).map(|_| ())
    });
    write.await.expect("booked");
    let principal = Principal::in_person(scene.buyer.clone());
    let earned = ledger::earnings(&scene.hall, &principal, &scene.buyer).await.expect("readable");
    assert_eq!(earned.expect("one's own").day_minor, 0);
}
