//! Disputes that begin as warnings, and several of one payment.

use super::*;
use crate::dispute::{self, Heard, SANDBOX_DISPUTE_MS};
use crate::processor;
use crate::refund::{self, Wanted};
use guildhall_core::dispute::ANSWER_MS;
use guildhall_core::dispute::DisputeStatus::{self, *};

impl Scene {
    async fn hear(&self, payment: &PaymentId, reference: &str, status: DisputeStatus, minor: (i64, i64)) {
        let heard = Heard {
            payment: payment.clone(),
            reference: reference.into(),
            status,
            amount_minor: minor.0,
            fee_minor: minor.1,
            reason: None,
            needs_response_by: (!status.is_final()).then_some(NOW_MS + minor.0),
        };
        dispute::hear(&self.hall, heard)
            .await
            .unwrap_or_else(|error| panic!("{reference} {status:?}: {error:?}"));
    }
}

#[tokio::test]
async fn what_a_dispute_is_about_counts_from_when_the_bank_takes_the_money() {
    for news in [&[NeedsResponse, Lost][..], &[Lost]] {
        let scene = Scene::selling(ONCE).await;
        let payment = scene.buy(GOOD, 2000).await;
        let fees = scene.held(AccountKind::ProcessorFees, "sandbox").await;
        scene.hear(&payment, "dp_1", WarningNeedsResponse, (2000, 0)).await;
        for status in news {
            scene.hear(&payment, "dp_1", *status, (1500, 1700)).await;
        }
        let found = dispute::list(&scene.hall, None).await.expect("a list").remove(0);
        assert_eq!((found.amount_minor, found.fee_minor, found.status), (1500, 1700, Lost));
        let by = if news.len() == 2 { NOW_MS + 1500 } else { NOW_MS + 2000 };
        assert_eq!(found.needs_response_by, Some(by));
        assert_eq!(scene.held(AccountKind::ProcessorFees, "sandbox").await - fees, 1700);
        assert_eq!(scene.payment(&payment).await.state.lost_minor, 1500);
        scene.sound().await;
    }
}

#[tokio::test]
async fn a_payment_is_held_as_long_as_any_of_its_disputes_holds_it() {
    let scene = Scene::selling(ONCE).await;
    let payment = scene.buy(GOOD, 2000).await;
    // (which, its news, how the payment stands then, what can be refunded of it)
    for (reference, status, expected, refundable) in [
        ("dp_0", WarningClosed, None, 2000),
        ("dp_1", NeedsResponse, Some(NeedsResponse), 0),
        ("dp_1", UnderReview, Some(UnderReview), 0),
        ("dp_2", NeedsResponse, Some(NeedsResponse), 0),
        ("dp_1", Won, Some(NeedsResponse), 0),
        ("dp_2", Lost, Some(Lost), 1300),
    ] {
        scene.hear(&payment, reference, status, (700, 0)).await;
        let state = scene.payment(&payment).await.state;
        assert_eq!(
            (state.dispute, state.refundable_minor()),
            (expected, refundable),
            "{reference} {status:?}"
        );
    }
    scene.sound().await;
}

#[tokio::test]
async fn a_bank_takes_what_was_refunded_before_out_of_what_the_seller_has() {
    for (end, left_minor, returned_minor) in [(Won, 500, 1500), (Lost, 500 - 2000, 3500)] {
        let scene = Scene::selling(ONCE).await;
        let company = scene.company.as_str();
        let payment = scene.buy(GOOD, 2000).await;
        let kinds = [
            (AccountKind::Company, company),
            (AccountKind::CompanyDebt, company),
            (AccountKind::CompanyPending, company),
            (AccountKind::CompanyReserve, company),
            (AccountKind::UserPending, scene.bringer.as_str()),
            (AccountKind::ProcessorFees, "sandbox"),
            (AccountKind::PlatformFees, "platform_fees"),
        ];
        // What of the payment is still here, whosever it is.
        let here = async || {
            let mut sum_minor = 0;
            for (kind, owner) in kinds {
                sum_minor += scene.held(kind, owner).await;
            }
            sum_minor
        };
        assert_eq!(here().await, 2000);
        let wanted = Wanted { amount: Some(15.0), ..Wanted::default() };
        refund::create_by_operator(&scene.hall, payment.clone(), wanted).await.expect("a refund");
        assert_eq!(here().await, 500);
        scene.hear(&payment, "dp_1", NeedsResponse, (2000, 0)).await;
        assert_eq!((here().await, scene.held(AccountKind::Disputed, "sandbox").await), (500 - 2000, 2000));
        scene.hear(&payment, "dp_1", end, (2000, 0)).await;
        assert_eq!((here().await, scene.held(AccountKind::Disputed, "sandbox").await), (left_minor, 0));
        let found = scene.payment(&payment).await;
        assert_eq!(found.sale.expect("it was sold").returned_minor, returned_minor);
        assert_eq!(found.state.refundable_minor(), if end == Won { 500 } else { 0 });
        scene.sound().await;
    }
}

#[tokio::test]
async fn the_sandbox_and_the_ledger_agree_on_what_its_bank_took() {
    // Nothing, and some of it, was given back before.
    for refunded in [None, Some(5.0)] {
        let scene = Scene::selling(ONCE).await;
        let payment = scene.buy("4000000000000259", 2000).await;
        if let Some(amount) = refunded {
            let wanted = refund::Wanted { amount: Some(amount), ..refund::Wanted::default() };
            refund::create_by_operator(&scene.hall, payment.clone(), wanted).await.expect("a refund");
        }
        let held_minor = if refunded.is_some() { 1500 } else { 2000 };
        for (wait_ms, status, taken_minor) in
            [(SANDBOX_DISPUTE_MS, NeedsResponse, held_minor), (ANSWER_MS, Lost, 0)]
        {
            scene.advance(wait_ms).await;
            assert_eq!(scene.payment(&payment).await.state.dispute, Some(status), "{refunded:?}");
            let books = processor::reconcile_sandbox(&scene.hall).await.expect("books");
            let books: Vec<_> = books.iter().map(|one| (one.taken_minor, one.booked_minor)).collect();
            assert_eq!(books, [(taken_minor, taken_minor)], "{refunded:?} {status:?}");
        }
        scene.sound().await;
    }
}
