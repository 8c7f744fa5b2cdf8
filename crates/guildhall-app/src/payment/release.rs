//! Releases: when what a sale holds back may be spent. A seller's debt is paid back out of it first.

use super::{Payment, lane, require};
use crate::House;
use crate::affiliate;
use crate::error::Result;
use crate::jobs::{self, Work};
use crate::ledger;
use crate::payment::record;
use crate::store::{self, Tx};
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::posting::{Happening, Portion};
use guildhall_core::sale::repaid;

/// Queues the looks at a payment at which parts of it are released.
pub(crate) fn schedule_releases(tx: &mut Tx<'_>, payment: &Payment) -> Result<()> {
    let (Some(sale), Some((pending, reserve, reward))) = (payment.sale, payment.releases) else {
        return Ok(());
    };
    let mut moments = Vec::new();
    for (amount_minor, at) in
        [(sale.pending_minor, pending), (sale.reserve_minor, reserve), (sale.reward_pending_minor, reward)]
    {
        if amount_minor > 0 && !moments.contains(&at) {
            moments.push(at);
        }
    }
    for at in moments {
        let work = Work::Payment(payment.id.clone());
        jobs::enqueue_at(tx, &work, &lane(payment.id.as_str()), at)?;
    }
    Ok(())
}

/// Releases what of a sale is due; answers the payment as it stands then.
pub(super) fn release_due(tx: &mut Tx<'_>, _house: &House, id: &PaymentId) -> Result<Payment> {
    let looked = require(tx, id)?;
    let is_due = |payment: &Payment, now: i64| {
        let (Some(sale), Some((pending, reserve, reward))) = (payment.sale, payment.releases) else {
            return false;
        };
        (sale.pending_minor > 0 && pending <= now)
            || (sale.reserve_minor > 0 && reserve <= now)
            || (sale.reward_pending_minor > 0 && reward <= now)
    };
    if !is_due(&looked, tx.now) {
        return Ok(looked);
    }
    // Debts are read, and paid back out of what is released.
    tx.lock(&format!("money of {}", looked.company))?;
    tx.lock(&format!("payment {id}"))?;
    let mut payment = require(tx, id)?;
    let (Some(mut sale), Some((pending, reserve, reward))) = (payment.sale, payment.releases) else {
        return Ok(payment);
    };
    for (portion, at) in [(Portion::Pending, pending), (Portion::Reserve, reserve)] {
        if at > tx.now {
            continue;
        }
        let (left, amount_minor, word) = match portion {
            Portion::Pending => (sale.release_pending().0, sale.pending_minor, "release"),
            Portion::Reserve => (sale.release_reserve().0, sale.reserve_minor, "release_reserve"),
        };
        if amount_minor > 0 {
            let owed = ledger::owed_minor(tx, &payment.company, payment.currency)?;
            let repaid_minor = repaid(amount_minor, owed);
            let happening = Happening::Released { portion, amount_minor, repaid_minor };
            record::book(tx, &payment, word, &[happening], None)?;
            sale = left;
        }
    }
    if reward <= tx.now && sale.reward_pending_minor > 0 {
        let (left, amount_minor) = sale.release_reward();
        let earner = match &payment.affiliate {
            Some(id) => affiliate::user_of(tx, id)?,
            None => None,
        };
        let happening = Happening::RewardReleased { amount_minor };
        // What came back of the reward after it was released is released too, under a key of its own.
        let released_minor =
            sale.shares.reward_minor - sale.reward_returned_minor - sale.reward_pending_minor;
        let part = (released_minor > 0).then(|| released_minor.to_string());
        let word = "release_reward";
        record::book_part(tx, &payment, word, part.as_deref(), &[happening], earner.as_ref())?;
        sale = left;
    }
    payment.sale = Some(sale);
    store::payment::save(tx, &mut payment)?;
    Ok(payment)
}
