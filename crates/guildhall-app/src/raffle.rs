//! Raffles: plans whose entries are drawn, by a draw that anyone can compute again (`guildhall_core::raffle`).
//!
//! A raffle commits itself to its seed when its plan is made. Once entries are over, a job closes it, which denies those
//! of people who are banned and publishes the digest of the others; ten minutes later, when whoever wants to has kept that,
//! it draws, which publishes all; then it tells the customers, [`TOLD_AT_ONCE`] in a transaction. Each step is one
//! transaction under the plan's lock and does nothing where it was done before, so that two copies of the server and a
//! crash change nothing.

use crate::Guildhall;
use crate::access_pass::{self, Visibility};
use crate::audit::Doer;
use crate::entry;
use crate::error::{Error, Result, no_such};
use crate::jobs::{self, Work};
use crate::plan::{self, NewPlan};
use crate::processor;
use crate::store::{self, Tx};
use guildhall_core::ids::{AccessPassId, EntryId, Id, PlanId};
use guildhall_core::job::Failure;
use guildhall_core::plan::{PlanRequest, ReleaseMethod};
use guildhall_core::raffle::{Seed, Version, draw, entries_digest};
use guildhall_core::waitlist::{EntryRules, EntryStatus};
use serde_json::json;

/// How long the digest stands alone before the draw, in milliseconds (ten minutes).
const LOOK_MS: i64 = 10 * 60 * 1000;
/// How many customers are told in one transaction.
const TOLD_AT_ONCE: i64 = 200;
/// The lane of raffles' jobs.
const LANE: &str = "raffle";

/// What is public of a raffle. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Raffle {
    /// What is raffled off.
    pub plan: PlanId,
    /// What was published when it opened.
    pub commitment: String,
    /// How many win.
    pub places: i64,
    /// Since when it takes no more entries.
    pub closed_at: Option<i64>,
    /// The digest of its entries, once it is closed.
    pub entries_digest: Option<String>,
    /// When it was drawn.
    pub drawn_at: Option<i64>,
}

/// Opens the raffle of a new plan: makes its secret, publishes the commitment, and queues its end.
///
/// # Errors
/// `Invalid` for a plan without an end or places, or whose end has passed.
pub(crate) fn open(tx: &mut Tx<'_>, id: &PlanId, plan: &NewPlan) -> Result<()> {
    plan.entry_rules.check(true, tx.now)?;
    let (Some(places), Some(end)) = (plan.stock, plan.entry_rules.expires_at) else {
        return Err(Error::Invalid("A raffle needs `stock`: that many entries win.".into()));
    };
    let seed = Seed::new(tx.random_bytes());
    store::raffle::insert(tx, id, &seed, places)?;
    jobs::enqueue_at(tx, &Work::Raffle(id.clone()), LANE, end)?;
    Ok(())
}

/// What one step of a raffle leaves to be done.
#[derive(Debug, PartialEq, Eq)]
enum Left {
    Nothing,
    More,
}

/// Does what is due of a raffle.
pub(crate) async fn carry_on(hall: &Guildhall, plan: &PlanId) -> std::result::Result<(), Failure> {
    loop {
        let (origin, plan) = (hall.origin().to_owned(), plan.clone());
        let step = hall.store.write(move |tx| step(tx, &origin, &plan)).await;
        match step.map_err(|error| Failure::Temporary(format!("{error:?}")))? {
            Left::More => {}
            Left::Nothing => return Ok(()),
        }
    }
}

fn step(tx: &mut Tx<'_>, origin: &str, id: &PlanId) -> Result<Left> {
    entry::lock(tx, id)?;
    let (Some(raffle), Some(plan)) = (store::raffle::find(tx, id)?, store::plan::find(tx, id)?) else {
        return Ok(Left::Nothing);
    };
    let end = plan.entry_rules.expires_at.unwrap_or(0);
    match (raffle.closed_at, raffle.drawn_at) {
        (None, _) if tx.now < end => {
            jobs::enqueue_at(tx, &Work::Raffle(id.clone()), LANE, end)?;
            Ok(Left::Nothing)
        }
        (None, _) => {
            // Whoever is banned could not buy: a place that they won would be nobody's.
            store::entry::deny_banned(tx, id, &plan.access_pass)?;
            let entries = store::entry::pending_ids(tx, id)?;
            let digest = entries_digest(Version::Two, id.as_str(), places(&raffle), &entries);
            store::raffle::close(tx, id, &digest)?;
            jobs::enqueue_at(tx, &Work::Raffle(id.clone()), LANE, tx.now + LOOK_MS)?;
            let details = json!({"entries": entries.len(), "digest": digest});
            Doer::OPERATOR.log(tx, &plan.company, "close_raffle", id, details)?;
            Ok(Left::Nothing)
        }
        // The job that draws was queued when it closed.
        (Some(closed_at), None) if tx.now < closed_at + LOOK_MS => Ok(Left::Nothing),
        (Some(_), None) => {
            let winners = draw_in(tx, &raffle)?;
            Doer::OPERATOR.log(tx, &plan.company, "draw_raffle", id, json!({"winners": winners}))?;
            Ok(Left::More)
        }
        (Some(_), Some(_)) => {
            let untold = store::entry::to_tell(tx, id, TOLD_AT_ONCE)?;
            for entry in &untold {
                entry::tell(tx, origin, entry)?;
            }
            Ok(if untold.is_empty() { Left::Nothing } else { Left::More })
        }
    }
}

/// How many win.
fn places(raffle: &Raffle) -> usize {
    usize::try_from(raffle.places).unwrap_or(0)
}

/// Draws, and decides on every entry by it; answers how many won.
fn draw_in(tx: &mut Tx<'_>, raffle: &Raffle) -> Result<usize> {
    let (seed, entries) =
        (store::raffle::seed(tx, &raffle.plan)?, store::entry::pending_ids(tx, &raffle.plan)?);
    let (id, places) = (raffle.plan.as_str(), places(raffle));
    let published = raffle.entries_digest.as_deref().unwrap_or_default();
    // A raffle that an earlier server closed is drawn with the digest that it published.
    let Some(version) = Version::of_digest(published, id, places, &entries) else {
        return Err(Error::internal("the entries of a raffle are not those it was closed with"));
    };
    let drawn = draw(version, id, &seed, entries, places)?;
    if store::raffle::set_draw(tx, &raffle.plan, &drawn)? {
        for winner in &drawn.winners {
            store::entry::decide(tx, &EntryId::from_stored(winner.clone()), EntryStatus::Approved)?;
        }
        store::entry::deny_pending(tx, &raffle.plan)?;
    }
    Ok(drawn.winners.len())
}

/// What is public of a plan's raffle.
///
/// # Errors
/// `NotFound`.
pub async fn find(hall: &Guildhall, plan: PlanId) -> Result<Raffle> {
    hall.store
        .read(move |read| match store::raffle::find(read, &plan)? {
            Some(raffle) => Ok(raffle),
            None => no_such("raffle", &plan),
        })
        .await
}

/// The draw of a plan's raffle as JSON, once it is drawn.
///
/// # Errors
/// `Internal` only.
pub async fn published(hall: &Guildhall, plan: PlanId) -> Result<Option<String>> {
    hall.store.read(move |read| store::raffle::draw(read, &plan)).await
}

/// A raffle as the operator opens it.
#[derive(Debug, Clone)]
pub struct NewRaffle {
    /// What is raffled off.
    pub access_pass: AccessPassId,
    /// What winners pay; its stock is how many win.
    pub price: PlanRequest,
    /// What it is called.
    pub name: Option<String>,
    /// When and how many entries it takes.
    pub rules: EntryRules,
}

/// Makes a plan that is raffled off, by the operator, who asks nobody.
///
/// # Errors
/// `NotFound` for the pass, `Conflict` for one that stands for an app, `Invalid` for what no raffle may be.
pub async fn open_as_operator(hall: &Guildhall, new: NewRaffle) -> Result<PlanId> {
    let request = PlanRequest { release_method: Some(ReleaseMethod::Raffle), ..new.price.clone() };
    let sound = request.check()?;
    processor::check_prices(hall, sound.terms, sound.currency)?;
    hall.store
        .write(move |tx| {
            // Nobody deletes it until the raffle is there.
            access_pass::lock(tx, &new.access_pass)?;
            let Some(found) = store::access_pass::find(tx, &new.access_pass)? else {
                return Err(Error::NotFound(format!("There is no access pass `{}`.", new.access_pass)));
            };
            if found.pass.stands_for_app() {
                return Err(Error::Conflict(format!(
                    "The access pass `{}` stands for an app: nothing is raffled off by it.",
                    new.access_pass
                )));
            }
            let company = found.company.id;
            let plan =
                NewPlan::of_terms(company.clone(), new.access_pass.clone(), sound.currency, sound.terms);
            let plan = NewPlan {
                stock: sound.stock,
                release_method: sound.release_method,
                entry_rules: new.rules,
                visibility: Visibility::Visible,
                name: new.name.clone(),
                ..plan
            };
            let id = plan::create(tx, &plan)?;
            Doer::OPERATOR.log(tx, &company, "open_raffle", &id, json!({"places": plan.stock}))?;
            Ok(id)
        })
        .await
}

#[cfg(test)]
mod tests;
