//! Deciding on entries, and telling those who wait.

use super::{Entry, decides, find, in_person, lock};
use crate::Guildhall;
use crate::access;
use crate::audit::Doer;
use crate::checkout::NewCheckoutSession;
use crate::error::{Error, Result, no_such};
use crate::mail::{self, EntryApproved, EntryDenied, Letter};
use crate::plan;
use crate::principal::Principal;
use crate::store::{self, Tx};
use guildhall_core::ids::{CheckoutSessionId, EntryId, PlanId};
use guildhall_core::waitlist::EntryStatus;
use serde_json::json;

/// How long an approved customer may buy, in hours (a week).
const HOURS_TO_BUY: u32 = 7 * 24;
const HOUR_MS: i64 = 60 * 60 * 1000;

/// How somebody learns what was decided of their entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// By a letter that is on its way.
    Letter,
    /// On the page of the waitlist alone: there is no address to write to.
    Page,
    /// Not again: it was decided so before, and who was approved can still buy, or has bought.
    Before,
}

/// An entry that was decided on.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The entry.
    pub entry: Entry,
    /// How its customer learns of it.
    pub notice: Notice,
}

/// Approves or denies an entry. What was decided so before stays; approving again opens a new checkout when the last
/// one is over and nothing was bought, also for who won a raffle.
///
/// # Errors
/// `NotFound` for an entry that is none of the caller's to decide on, `Invalid` for an approval that is to be taken
/// back, `Conflict` for the entry of a raffle that did not win, for a plan that is sold no more and for somebody who is
/// banned from it, `Forbidden` for an app.
pub async fn decide(
    hall: &Guildhall,
    principal: &Principal,
    id: EntryId,
    decision: EntryStatus,
) -> Result<Decided> {
    let person = in_person(principal, "Entries are decided on")?;
    let (doer, origin) = (Doer::of(principal), hall.origin().to_owned());
    hall.store
        .write(move |tx| {
            let entry = find(tx, &id)?;
            if !decides(tx, &person, &entry.company)? {
                return no_such("entry", &id);
            }
            decide_in(tx, &doer, &origin, &id, decision)
        })
        .await
}

/// The same by the operator, who asks nobody.
///
/// # Errors
/// As for [`decide`].
pub async fn decide_as_operator(hall: &Guildhall, id: EntryId, decision: EntryStatus) -> Result<Decided> {
    let origin = hall.origin().to_owned();
    hall.store.write(move |tx| decide_in(tx, &Doer::OPERATOR, &origin, &id, decision)).await
}

fn decide_in(
    tx: &mut Tx<'_>,
    doer: &Doer,
    origin: &str,
    id: &EntryId,
    decision: EntryStatus,
) -> Result<Decided> {
    let plan = find(tx, id)?.plan;
    lock(tx, &plan)?;
    let entry = find(tx, id)?;
    let is_approval = decision == EntryStatus::Approved;
    if entry.is_of_raffle && !(is_approval && entry.status == EntryStatus::Approved) {
        return Err(Error::Conflict("The entries of a raffle are drawn, not decided on.".into()));
    }
    match entry.status.decide(decision)? {
        Some(status) => store::entry::decide(tx, id, status)?,
        None if is_approval
            && store::entry::open_session(tx, id)?.is_none()
            && !store::entry::has_bought(tx, id)? => {}
        None => return Ok(Decided { entry, notice: Notice::Before }),
    }
    if is_approval && !is_sold(tx, &plan)? {
        return Err(Error::Conflict("The plan is sold no more: there is nothing left to approve.".into()));
    }
    let entry = find(tx, id)?;
    if is_approval && access::is_banned(tx, &entry.company, &entry.access_pass, &entry.user.id)? {
        return Err(Error::Conflict(format!(
            "`{}` is banned and could not buy: lift the ban first.",
            entry.user.username
        )));
    }
    let action = if decision == EntryStatus::Approved { "approve_entry" } else { "deny_entry" };
    doer.log(tx, &entry.company, action, id, json!({"plan": entry.plan.to_string()}))?;
    let notice = tell(tx, origin, &entry)?;
    Ok(Decided { entry, notice })
}

fn is_sold(tx: &mut Tx<'_>, plan: &PlanId) -> Result<bool> {
    match store::plan::find(tx, plan)? {
        Some(plan) => plan::is_sold(tx, &plan),
        None => no_such("plan", plan),
    }
}

/// Tells a customer what was decided: an approved one by a letter with the checkout that is opened for them, a denied
/// one by a letter. Who has no e-mail finds both on the waitlist's page.
pub(crate) fn tell(tx: &mut Tx<'_>, origin: &str, entry: &Entry) -> Result<Notice> {
    let company = store::company::find(tx, &entry.company)?
        .ok_or_else(|| Error::internal("an entry without its company"))?;
    let (name, what) =
        (entry.user.name.clone().unwrap_or_else(|| entry.user.username.clone()), &entry.plan_title);
    let letter = match entry.status {
        EntryStatus::Pending => return Ok(Notice::Page),
        EntryStatus::Approved => {
            let session = open_checkout(tx, entry)?;
            Letter::EntryApproved(EntryApproved {
                name,
                what: what.clone(),
                company: company.title,
                is_of_raffle: entry.is_of_raffle,
                link: format!("{origin}/checkout/{session}"),
                valid_hours: HOURS_TO_BUY,
            })
        }
        EntryStatus::Denied => Letter::EntryDenied(EntryDenied {
            name,
            what: what.clone(),
            company: company.title,
            is_of_raffle: entry.is_of_raffle,
            link: format!("{origin}/waitlist/{}", entry.plan),
        }),
    };
    let address = entry.user.email.as_deref().filter(|address| mail::check_address(address).is_ok());
    if let Some(address) = address {
        mail::queue(tx, address, letter)?;
    }
    store::entry::set_told(tx, &entry.id)?;
    Ok(if address.is_some() { Notice::Letter } else { Notice::Page })
}

/// The checkout of an approved entry: the one that is open, else a new one. Who won a raffle is told so whatever became
/// of the plan; the checkout refuses what is sold no more.
fn open_checkout(tx: &mut Tx<'_>, entry: &Entry) -> Result<CheckoutSessionId> {
    if let Some(open) = store::entry::open_session(tx, &entry.id)? {
        return Ok(open);
    }
    let Some(plan) = store::plan::find(tx, &entry.plan)? else {
        return no_such("plan", &entry.plan);
    };
    let session = NewCheckoutSession {
        plan: plan.id.clone(),
        company: plan.company.clone(),
        app: None,
        user: Some(entry.user.id.clone()),
        entry: Some(entry.id.clone()),
        invoice: None,
        amount_minor: plan.terms().first_due_minor(1)?,
        is_amount_fixed: false,
        currency: plan.currency,
        description: None,
        affiliate_code: entry.affiliate_code.clone(),
        redirect_url: plan.redirect_url.clone(),
        metadata: "{}".into(),
        expires_at: tx.now + i64::from(HOURS_TO_BUY) * HOUR_MS,
    };
    store::checkout::insert(tx, &session)
}
