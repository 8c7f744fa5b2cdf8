//! News of an attempt that was thought to have failed, while another one is about to begin: whoever comes second waits.

use super::*;
use crate::billing;
use crate::payment::settlement::settle;
use crate::processor::Answer;
use std::sync::mpsc;
use tokio::sync::oneshot;

const DECLINED: &str = "4000000000000002";
const FAILS_LATER: &str = "4000000000000341";

/// Whether a transaction waits for another on PostgreSQL; on SQLite every one does.
async fn somebody_waits(hall: &Guildhall) -> bool {
    if std::env::var_os("TEST_DATABASE_URL").is_none() {
        return true;
    }
    let waiting = hall.store.read(|read| {
        read.first("select 1 from pg_locks where locktype = 'advisory' and not granted limit 1", &[])
    });
    waiting.await.expect("it is told").is_some()
}

impl Scene {
    /// Takes news that the only attempt of a payment was charged after all, and does not write it down before `meanwhile`
    /// waits for it, or is done.
    async fn charged_after_all<T>(&self, payment: PaymentId, meanwhile: impl Future<Output = T>) -> T {
        let (begun, is_begun) = oneshot::channel();
        let (finish, finished) = mpsc::channel::<()>();
        let (house, mut begun) = (self.hall.house(), Some(begun));
        let settling = self.hall.store.write(move |tx| {
            tx.lock(&format!("payment {payment}"))?;
            if let Some(begun) = begun.take() {
                begun.send(()).expect("it is waited for");
                finished.recv().expect("it is told");
            }
            let charged = Answer::Charged { reference: "late".into(), method: None };
            settle(tx, &house, &payment, 1, &charged).map(|_| ())
        });
        let (done, mut is_done) = oneshot::channel();
        let (settled, answer, ()) = tokio::join!(
            settling,
            async {
                is_begun.await.expect("it is told");
                let answer = meanwhile.await;
                // Nobody listens where it was waited for.
                let _ = done.send(());
                answer
            },
            async {
                while is_done.try_recv().is_err() && !somebody_waits(&self.hall).await {
                    tokio::task::yield_now().await;
                }
                finish.send(()).expect("it is waited for");
            }
        );
        settled.expect("it is written");
        answer
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_for_news_of_the_attempt_before() {
    let scene = Scene::selling(ONCE).await;
    let order = scene.order(DECLINED, 2000);
    let again = Order { method: scene.order(GOOD, 2000).method, ..order.clone() };
    let placed = checkout::place(&scene.hall, order).await.expect("it is placed");
    assert_eq!(scene.payment(&placed.payment).await.state.stage, Stage::Failed);
    let meanwhile = checkout::place(&scene.hall, again);
    let second = scene.charged_after_all(placed.payment.clone(), meanwhile).await.expect("it is placed");
    assert_eq!((second.payment, second.outcome), (placed.payment.clone(), Outcome::Paid));
    let payment = scene.payment(&placed.payment).await;
    assert_eq!((payment.state.stage, payment.state.attempt), (Stage::Paid, 1));
    assert_eq!(payment.reference.as_deref(), Some("late"));
    scene.sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_waits_for_news_of_the_attempt_before() {
    let scene = Scene::selling(MONTHLY).await;
    scene.buy(FAILS_LATER, 1000).await;
    scene.advance(30 * DAY_MS).await;
    let (mut membership, payment) = scene.bought().await;
    assert_eq!((payment.state.stage, payment.failures), (Stage::Failed, 1));
    let id = membership.id.clone();
    // It is tried again at once.
    let write = scene.hall.store.write(move |tx| {
        membership.state.past_due_since = Some(tx.now - DAY_MS);
        membership.due_at = Some(tx.now);
        store::membership::update(tx, &membership)
    });
    write.await.expect("it is written");
    let meanwhile = billing::carry_on(&scene.hall, &id);
    scene.charged_after_all(payment.id.clone(), meanwhile).await.expect("nothing is due");
    let payment = scene.payment(&payment.id).await;
    assert_eq!((payment.state.stage, payment.state.attempt), (Stage::Paid, 1));
    scene.sound().await;
}
