//! Invoices that are charged automatically, and declined when nobody waits for the answer any more.

use super::*;
use crate::invoice::{self, Goods, NewInvoice};
use crate::payment::MethodUse;
use crate::principal::Principal;
use crate::processor::{Answer, KeptMethod};
use guildhall_core::invoice::CollectionMethod;
use guildhall_core::plan::{ReleaseMethod, SoundPlan};

impl Scene {
    /// How many letters are about to be sent.
    async fn letters(&self) -> usize {
        let queued = jobs::list(&self.hall, false, 100).await.expect("a list");
        queued.iter().filter(|job| job.kind == "mail").count()
    }
}

#[tokio::test]
async fn what_is_declined_late_is_asked_for_by_letter() {
    let scene = Scene::selling(ONCE).await;
    scene.buy(GOOD, 2000).await;
    let (buyer, company) = (scene.buyer.clone(), scene.company.clone());
    let write = scene.hall.store.write(move |tx| {
        let silent = KeptMethod { reference: "pm_1".into(), brand: None, last4: None, expiry: None };
        let method =
            store::payment_method::find_or_insert(tx, &buyer, Processor::Stripe, &silent, MethodUse::Kept)?;
        store::payment_method::consent(tx, &buyer, &company, &method)?;
        Ok(method)
    });
    let method = write.await.expect("it is agreed to");
    let plan = SoundPlan {
        currency: usd(),
        terms: ONCE,
        stock: None,
        release_method: ReleaseMethod::BuyNow,
        custom_fields: Vec::new(),
    };
    let new = NewInvoice {
        company: Some(scene.company.clone()),
        collection_method: CollectionMethod::ChargeAutomatically,
        due_at: NOW_MS + 14 * DAY_MS,
        email: Some("buyer@example.com".into()),
        member: Some(scene.buyer.to_string()),
        customer_name: None,
        payment_method: Some(method),
        goods: Goods::New("Two days at the lathe".into()),
        plan,
        plan_description: None,
        redirect_url: None,
        visibility: Visibility::Hidden,
        internal_notes: None,
    };
    let owner = Principal::in_person(scene.owner.clone());
    let created = invoice::create(&scene.hall, &owner, new).await.expect("an invoice");
    jobs::run_due(&scene.hall).await.expect("jobs run");
    assert_eq!(scene.letters().await, 0);
    let (id, house) = (created.view.invoice.session, scene.hall.house());
    let write = scene.hall.store.write(move |tx| {
        let payment = store::payment::of_session(tx, &id)?.expect("it is being charged");
        let declined =
            Answer::Declined { reference: None, code: "card_declined".into(), message: "No.".into() };
        for _ in 0..2 {
            settlement::settle(tx, &house, &payment.id, payment.state.attempt, &declined)?;
        }
        Ok(payment.state.stage)
    });
    assert_eq!(write.await.expect("it is declined"), Stage::Authorizing);
    assert_eq!(scene.letters().await, 1);
}
