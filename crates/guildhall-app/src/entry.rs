//! Entries: who waits for a plan that is not simply bought, and what is decided of them.
//!
//! People enter in person. A waitlist's entries are approved or denied one by one, by people who run the company or by
//! the operator; a raffle's are drawn (`raffle.rs`). An approval opens a checkout session of a week for its customer,
//! and either decision is told by a letter; both in the transaction that decides (`decision.rs`).

mod decision;

pub(crate) use decision::tell;
pub use decision::{Decided, Notice, decide, decide_as_operator};

use crate::Guildhall;
use crate::access;
use crate::affiliate;
use crate::company::{Company, Doors};
use crate::error::{Error, Result, no_such};
use crate::page::{Page, Part};
use crate::plan::{self, Plan};
use crate::principal::{Principal, authorize};
use crate::raffle::Raffle;
use crate::store::{self, Read, Tx};
use crate::user::User;
use guildhall_core::access::AccessLevel;
use guildhall_core::custom_field::check_answers;
use guildhall_core::ids::{AccessPassId, CheckoutSessionId, CompanyId, EntryId, PlanId, UserId};
use guildhall_core::permission::{Permission, Role};
use guildhall_core::plan::ReleaseMethod;
use guildhall_core::waitlist::EntryStatus;
use serde::{Deserialize, Serialize};

/// The most passes or plans that a filter names.
const MOST_NAMED: usize = 100;

/// One person's place on a waitlist or in a raffle. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The id.
    pub id: EntryId,
    /// What is waited for.
    pub plan: PlanId,
    /// What that is called.
    pub plan_title: String,
    /// Whether its entries are drawn.
    pub is_of_raffle: bool,
    /// The pass that the plan sells.
    pub access_pass: AccessPassId,
    /// What that is called.
    pub access_pass_title: String,
    /// Who sells it.
    pub company: CompanyId,
    /// Who waits.
    pub user: User,
    /// Where it stands.
    pub status: EntryStatus,
    /// What the plan asked and was answered.
    pub answers: Vec<Answer>,
    /// Who sent them, as their link said.
    pub affiliate_code: Option<String>,
    /// When it was decided on.
    pub decided_at: Option<i64>,
    /// When it was made.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
}

/// What a plan asked, as it was then, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The field's id.
    pub field: String,
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
}

/// Which entries a list holds; an empty list lets all through.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// Those for plans of these passes.
    pub access_passes: Vec<AccessPassId>,
    /// Those for these plans.
    pub plans: Vec<PlanId>,
    /// Those that stand so.
    pub statuses: Vec<EntryStatus>,
    /// Those made then or later, in milliseconds.
    pub from: Option<i64>,
    /// Those made then or earlier, in milliseconds.
    pub until: Option<i64>,
    /// Those of people whose username or name holds this, without regard to case.
    pub query: String,
    /// The newest first.
    pub descending: bool,
}

/// What the page of a waitlist or raffle shows.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The plan.
    pub plan: Plan,
    /// Who sells it.
    pub company: Company,
    /// The raffle, if it is one.
    pub raffle: Option<Raffle>,
    /// How many have entered.
    pub entries: i64,
    /// The entry of whoever looks.
    pub entry: Option<Entry>,
    /// Where they buy, once that is approved and until they have bought.
    pub checkout: Option<CheckoutSessionId>,
    /// Whether they have bought.
    pub has_bought: bool,
    /// Why nobody can enter now, in a sentence for them.
    pub closed: Option<String>,
}

/// What a waitlist or raffle offers, and where the entry of `user` stands; also when it is sold no more.
///
/// # Errors
/// `NotFound` for a plan that takes no entries.
pub async fn look(hall: &Guildhall, user: Option<UserId>, plan: PlanId) -> Result<Offered> {
    hall.store.read(move |read| look_in(read, user.as_ref(), &plan)).await
}

fn look_in(read: &mut Read<'_>, user: Option<&UserId>, plan: &PlanId) -> Result<Offered> {
    let plan = plan_of_entries(read, plan)?;
    let company = store::company::find(read, &plan.company)?
        .ok_or_else(|| Error::internal("a plan without its company"))?;
    let entry = match user {
        Some(user) => store::entry::of_user(read, &plan.id, user)?,
        None => None,
    };
    let has_bought = match &entry {
        Some(entry) => store::entry::has_bought(read, &entry.id)?,
        None => false,
    };
    let checkout = match &entry {
        Some(entry) if !has_bought => store::entry::open_session(read, &entry.id)?,
        _ => None,
    };
    let raffle = store::raffle::find(read, &plan.id)?;
    let entries = store::entry::count_of_plan(read, &plan.id)?;
    let closed = admit(read, &plan, raffle.as_ref(), entries)?;
    Ok(Offered { plan, company, raffle, entries, entry, checkout, has_bought, closed })
}

/// The plan, when it is one that is waited for or raffled off.
fn plan_of_entries(read: &mut Read<'_>, id: &PlanId) -> Result<Plan> {
    match store::plan::find(read, id)? {
        Some(plan) if plan.release_method != ReleaseMethod::BuyNow => Ok(plan),
        _ => Err(Error::NotFound(format!("There is no waitlist and no raffle for `{id}`."))),
    }
}

/// Why no one more may enter when so many have, in a sentence for them; `None` when they may.
fn admit(read: &mut Read<'_>, plan: &Plan, raffle: Option<&Raffle>, entries: i64) -> Result<Option<String>> {
    if !plan::is_sold(read, plan)? {
        return Ok(Some("This is sold no more.".into()));
    }
    if raffle.is_some_and(|raffle| raffle.closed_at.is_some()) {
        return Ok(Some("Entries are closed.".into()));
    }
    Ok(plan.entry_rules.admit(entries, read.now).err().map(|refusal| refusal.0))
}

/// Enters a person for a plan, with answers as pairs of a field's id and a text, and the code of who sent them, for whom
/// the sale will count. Who has entered already keeps the entry they have.
///
/// # Errors
/// `NotFound` for a plan that takes no entries; `Invalid` before and after it takes any, when there are no entries left
/// or it is sold no more, and for answers that do not fit what the plan asks; `Forbidden` for an app, and for somebody who is
/// banned from the community or from what the plan sells.
pub async fn enter(
    hall: &Guildhall,
    principal: &Principal,
    plan: PlanId,
    answers: Vec<(String, String)>,
    affiliate_code: Option<String>,
) -> Result<Entry> {
    let person = in_person(principal, "Entering is done")?;
    hall.store.write(move |tx| enter_in(tx, &person, &plan, &answers, affiliate_code.as_deref())).await
}

/// The same within a transaction.
pub(crate) fn enter_in(
    tx: &mut Tx<'_>,
    person: &UserId,
    plan: &PlanId,
    answers: &[(String, String)],
    affiliate_code: Option<&str>,
) -> Result<Entry> {
    let plan = plan_of_entries(tx, plan)?;
    // Held until the entry is counted: so the last place is taken once, and none is added to a closed raffle.
    lock(tx, &plan.id)?;
    if let Some(entry) = store::entry::of_user(tx, &plan.id, person)? {
        return Ok(entry);
    }
    if access::is_banned(tx, &plan.company, &plan.access_pass, person)? {
        return Err(Error::Forbidden("You are banned from this community.".into()));
    }
    let (raffle, entries) = (store::raffle::find(tx, &plan.id)?, store::entry::count_of_plan(tx, &plan.id)?);
    if let Some(refusal) = admit(tx, &plan, raffle.as_ref(), entries)? {
        return Err(Error::Invalid(refusal));
    }
    let answers = check_answers(&plan.custom_fields, answers)?;
    let asked = |field: &str| plan.custom_fields.iter().find(|known| known.id == field);
    let answers: Vec<Answer> = answers
        .into_iter()
        .map(|answer| Answer {
            question: asked(&answer.field).map_or_else(String::new, |field| field.name.clone()),
            field: answer.field,
            answer: answer.value,
        })
        .collect();
    let code = affiliate::code_of_link(affiliate_code);
    let id = store::entry::insert(tx, &plan.id, &plan.company, person, &answers, code.as_deref())?;
    find(tx, &id)
}

/// Holds everyone else who enters, or decides on entries, for the plan.
pub(crate) fn lock(tx: &mut Tx<'_>, plan: &PlanId) -> Result<()> {
    tx.lock(&format!("entries of {plan}"))
}

fn find(read: &mut Read<'_>, id: &EntryId) -> Result<Entry> {
    match store::entry::find(read, id)? {
        Some(entry) => Ok(entry),
        None => no_such("entry", id),
    }
}

/// The person who acts. An app could otherwise decide what the person it acts for may decide.
fn in_person(principal: &Principal, what: &str) -> Result<UserId> {
    if principal.app.is_some() {
        return Err(Error::Forbidden(format!(
            "{what} by a person who is signed in to the hall, not by an app."
        )));
    }
    principal.acting_user().cloned()
}

/// Whether a person decides on the entries of a company's plans.
fn decides(read: &mut Read<'_>, person: &UserId, company: &CompanyId) -> Result<bool> {
    let standing = access::company_standing(read, company, person)?;
    Ok(standing.level() == AccessLevel::Admin && standing.role.is_some_and(Role::decides_on_entries))
}

/// A company's entries, by when they were made.
///
/// # Errors
/// `Forbidden` without `plan:waitlist:read`, `Invalid` for a filter that names too much.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    filter: EntryFilter,
    part: Part<EntryId>,
) -> Result<Page<Entry>> {
    if filter.plans.len() > MOST_NAMED || filter.access_passes.len() > MOST_NAMED {
        return Err(Error::Invalid(format!("`planIds` and `accessPassIds` hold at most {MOST_NAMED} each.")));
    }
    let principal = principal.clone();
    hall.store
        .scan(move |read| {
            authorize(read, &principal, &company, Permission::PlanWaitlistRead)?;
            list_in(read, &company, &filter, &part)
        })
        .await
}

/// The same for the operator, who asks nobody.
///
/// # Errors
/// `NotFound` for the company.
pub async fn list_as_operator(
    hall: &Guildhall,
    company: CompanyId,
    filter: EntryFilter,
    part: Part<EntryId>,
) -> Result<Page<Entry>> {
    hall.store
        .scan(move |read| match store::company::find(read, &company)? {
            Some(_) => list_in(read, &company, &filter, &part),
            None => Err(Error::NotFound(format!("There is no company `{company}`."))),
        })
        .await
}

fn list_in(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &EntryFilter,
    part: &Part<EntryId>,
) -> Result<Page<Entry>> {
    let nodes = store::entry::list(read, company, filter, part)?;
    Ok(part.page(nodes, store::entry::count(read, company, filter)?))
}

/// What the team's page shows: its company, where else whoever looks may go, and whether they decide.
///
/// # Errors
/// `NotFound` for a company where they do not hold `plan:waitlist:read`.
pub async fn desk(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
) -> Result<(Company, Doors, bool)> {
    let (principal, person) = (principal.clone(), principal.acting_user()?.clone());
    hall.store
        .read(move |read| match store::company::find(read, &company)? {
            Some(found) if authorize(read, &principal, &company, Permission::PlanWaitlistRead).is_ok() => {
                let doors = Doors::of(read, &principal, &company)?;
                Ok((found, doors, decides(read, &person, &company)?))
            }
            _ => no_such("company", &company),
        })
        .await
}
