//! What is told of a payment while parts of it go back, and come back.

use super::*;
use crate::refund::{self, Wanted};
use guildhall_core::refund::RefundStatus;
use guildhall_core::webhook::Subject;

impl Scene {
    /// What webhooks say of a payment's refunds: whether more can be refunded, and whether something was.
    async fn told(&self, id: &PaymentId) -> (bool, bool) {
        let id = id.clone();
        let read = self.hall.store.read(move |read| {
            let payment = require(read, &id)?;
            subject(read, &payment)
        });
        let told = Subject::Payment(Box::new(read.await.expect("a payment"))).v1("");
        (told["refundable"] == true, !told["refunded_at"].is_null())
    }
}

#[tokio::test]
async fn what_is_left_of_a_payment_can_be_refunded_and_a_refund_that_failed_is_none() {
    let scene = Scene::selling(ONCE).await;
    let payment = scene.buy(GOOD, 2000).await;
    // The seller bears the fee of what is given back.
    let company = scene.company.clone();
    let write = scene
        .hall
        .store
        .write(move |tx| ledger::fund(tx, AccountKind::Company, company.as_str(), usd(), 500, "let in"));
    write.await.expect("they have some");
    assert_eq!(scene.told(&payment).await, (true, false));
    let mut references = Vec::new();
    for (amount, told) in [(5.0, (true, true)), (15.0, (false, true))] {
        let wanted = Wanted { amount: Some(amount), ..Wanted::default() };
        let refund = refund::create_by_operator(&scene.hall, payment.clone(), wanted).await;
        references.push(refund.expect("a refund").reference.expect("the sandbox names it"));
        assert_eq!(scene.told(&payment).await, told, "{amount}");
    }
    for (reference, told) in references.iter().zip([(true, true), (true, false)]) {
        refund::hear(&scene.hall, &payment, reference, RefundStatus::Failed, None).await.expect("heard");
        assert_eq!(scene.told(&payment).await, told);
    }
    scene.sound().await;
}
