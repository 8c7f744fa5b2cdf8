//! Entries: who waits for a plan that is not simply bought, and what is decided of them.
//!
//! People enter in person. A waitlist's entries are approved or denied one by one, by people who run the company or by
//! the operator; a raffle's are drawn (`raffle.rs`). An approval opens a checkout session of a week for its customer,
//! and either decision is told by a letter; both in the transaction that decides.

use crate::Guildhall;
use crate::access;
use crate::audit::Doer;
use crate::checkout::NewCheckoutSession;
use crate::company::Company;
use crate::error::{Error, Result, no_such};
use crate::mail::{self, EntryApproved, EntryDenied, Letter};
use crate::page::{Page, Part};
use crate::plan::Plan;
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
use serde_json::json;

/// How long an approved customer may buy, in hours (a week).
const HOURS_TO_BUY: u32 = 7 * 24;
const HOUR_MS: i64 = 60 * 60 * 1000;
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
    /// Where they buy, once that is approved.
    pub checkout: Option<CheckoutSessionId>,
    /// Why nobody can enter now, in a sentence for them.
    pub closed: Option<String>,
}

/// What a waitlist or raffle offers, and where the entry of `user` stands.
///
/// # Errors
/// `NotFound` for a plan that takes no entries, or is sold no more.
pub async fn look(hall: &Guildhall, user: Option<UserId>, plan: PlanId) -> Result<Offered> {
    hall.store
        .read(move |read| {
            let plan = open_plan(read, &plan)?;
            look_in(read, user.as_ref(), plan)
        })
        .await
}

fn look_in(read: &mut Read<'_>, user: Option<&UserId>, plan: Plan) -> Result<Offered> {
    let company = store::company::find(read, &plan.company)?
        .ok_or_else(|| Error::internal("a plan without its company"))?;
    let entry = match user {
        Some(user) => store::entry::of_user(read, &plan.id, user)?,
        None => None,
    };
    let checkout = match &entry {
        Some(entry) => store::entry::open_session(read, &entry.id)?,
        None => None,
    };
    let raffle = store::raffle::find(read, &plan.id)?;
    let entries = store::entry::count_of_plan(read, &plan.id)?;
    let closed = admit(&plan, raffle.as_ref(), entries, read.now).err().map(|error| error.told());
    Ok(Offered { plan, company, raffle, entries, entry, checkout, closed })
}

/// The same for whatever took entries once, also when it is sold no more.
///
/// # Errors
/// `NotFound` for a plan that takes no entries.
pub async fn look_always(hall: &Guildhall, user: Option<UserId>, plan: PlanId) -> Result<Offered> {
    hall.store
        .read(move |read| match store::plan::find(read, &plan)? {
            Some(plan) if plan.release_method != ReleaseMethod::BuyNow => look_in(read, user.as_ref(), plan),
            _ => Err(no_entries(&plan)),
        })
        .await
}

fn no_entries(plan: &PlanId) -> Error {
    Error::NotFound(format!("There is no waitlist and no raffle for `{plan}`."))
}

/// The plan, when it takes entries.
fn open_plan(read: &mut Read<'_>, id: &PlanId) -> Result<Plan> {
    match store::plan::find(read, id)? {
        Some(plan) if plan.release_method != ReleaseMethod::BuyNow && plan.archived_at.is_none() => Ok(plan),
        _ => Err(no_entries(id)),
    }
}

/// Whether one more may enter when so many have.
fn admit(plan: &Plan, raffle: Option<&Raffle>, entries: i64, now: i64) -> Result<()> {
    plan.entry_rules.admit(entries, now)?;
    if raffle.is_some_and(|raffle| raffle.closed_at.is_some()) {
        return Err(Error::Invalid("Entries are closed.".into()));
    }
    Ok(())
}

/// Enters a person for a plan, with answers as pairs of a field's id and a text. Who has entered already keeps the
/// entry they have.
///
/// # Errors
/// `NotFound` for a plan that takes no entries; `Invalid` while and after it takes none, when there are no entries
/// left, and for answers that do not fit what the plan asks; `Forbidden` for an app, and for somebody banned.
pub async fn enter(
    hall: &Guildhall,
    principal: &Principal,
    plan: PlanId,
    answers: Vec<(String, String)>,
) -> Result<Entry> {
    let person = in_person(principal, "Entering is done")?;
    hall.store.write(move |tx| enter_in(tx, &person, &plan, &answers)).await
}

/// The same within a transaction.
pub(crate) fn enter_in(
    tx: &mut Tx<'_>,
    person: &UserId,
    plan: &PlanId,
    answers: &[(String, String)],
) -> Result<Entry> {
    let plan = open_plan(tx, plan)?;
    // Held until the entry is counted: so the last place is taken once, and none is added to a closed raffle.
    lock(tx, &plan.id)?;
    if let Some(entry) = store::entry::of_user(tx, &plan.id, person)? {
        return Ok(entry);
    }
    if access::company_standing(tx, &plan.company, person)?.banned {
        return Err(Error::Forbidden("You are banned from this community.".into()));
    }
    let (raffle, entries) = (store::raffle::find(tx, &plan.id)?, store::entry::count_of_plan(tx, &plan.id)?);
    admit(&plan, raffle.as_ref(), entries, tx.now)?;
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
    let id = store::entry::insert(tx, &plan.id, &plan.company, person, &answers)?;
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

/// Approves or denies an entry. What was decided so before stays; approving again opens a new checkout when the last
/// one is over.
///
/// # Errors
/// `NotFound` for an entry that is none of the caller's to decide on, `Invalid` for an approval that is to be taken
/// back, `Conflict` for the entry of a raffle and for a plan that is sold no more, `Forbidden` for an app.
pub async fn decide(
    hall: &Guildhall,
    principal: &Principal,
    id: EntryId,
    decision: EntryStatus,
) -> Result<Entry> {
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
pub async fn decide_as_operator(hall: &Guildhall, id: EntryId, decision: EntryStatus) -> Result<Entry> {
    let origin = hall.origin().to_owned();
    hall.store.write(move |tx| decide_in(tx, &Doer::OPERATOR, &origin, &id, decision)).await
}

fn decide_in(
    tx: &mut Tx<'_>,
    doer: &Doer,
    origin: &str,
    id: &EntryId,
    decision: EntryStatus,
) -> Result<Entry> {
    let plan = find(tx, id)?.plan;
    lock(tx, &plan)?;
    let entry = find(tx, id)?;
    if entry.is_of_raffle {
        return Err(Error::Conflict("The entries of a raffle are drawn, not decided on.".into()));
    }
    match entry.status.decide(decision)? {
        Some(status) => store::entry::decide(tx, id, status)?,
        None if decision == EntryStatus::Approved && store::entry::open_session(tx, id)?.is_none() => {}
        None => return Ok(entry),
    }
    let entry = find(tx, id)?;
    let action = if decision == EntryStatus::Approved { "approve_entry" } else { "deny_entry" };
    doer.log(tx, &entry.company, action, id, json!({"plan": entry.plan.to_string()}))?;
    tell(tx, origin, &entry)?;
    Ok(entry)
}

/// Tells a customer what was decided: an approved one by a letter with the checkout that is opened for them, a denied
/// one by a letter. Who has no e-mail finds both on the waitlist's page.
pub(crate) fn tell(tx: &mut Tx<'_>, origin: &str, entry: &Entry) -> Result<()> {
    let company = store::company::find(tx, &entry.company)?
        .ok_or_else(|| Error::internal("an entry without its company"))?;
    let (name, what) =
        (entry.user.name.clone().unwrap_or_else(|| entry.user.username.clone()), &entry.plan_title);
    let letter = match entry.status {
        EntryStatus::Pending => return Ok(()),
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
    if let Some(address) = entry.user.email.as_deref().filter(|address| mail::check_address(address).is_ok())
    {
        mail::queue(tx, address, letter)?;
    }
    store::entry::set_told(tx, &entry.id)
}

/// The checkout of an approved entry: the one that is open, else a new one.
fn open_checkout(tx: &mut Tx<'_>, entry: &Entry) -> Result<CheckoutSessionId> {
    if let Some(open) = store::entry::open_session(tx, &entry.id)? {
        return Ok(open);
    }
    let Some(plan) = store::plan::find(tx, &entry.plan)? else {
        return no_such("plan", &entry.plan);
    };
    if plan.archived_at.is_some() && !entry.is_of_raffle {
        return Err(Error::Conflict("The plan is sold no more: there is nothing left to approve.".into()));
    }
    let session = NewCheckoutSession {
        plan: plan.id.clone(),
        company: plan.company.clone(),
        app: None,
        user: Some(entry.user.id.clone()),
        entry: Some(entry.id.clone()),
        amount_minor: plan.terms().first_due_minor(1)?,
        is_amount_fixed: false,
        currency: plan.currency,
        description: None,
        affiliate_code: None,
        redirect_url: plan.redirect_url.clone(),
        metadata: "{}".into(),
        expires_at: tx.now + i64::from(HOURS_TO_BUY) * HOUR_MS,
    };
    store::checkout::insert(tx, &session)
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

/// What the team's page shows: its company, and whether whoever looks decides.
///
/// # Errors
/// `NotFound` for a company where they do not hold `plan:waitlist:read`.
pub async fn desk(hall: &Guildhall, principal: &Principal, company: CompanyId) -> Result<(Company, bool)> {
    let (principal, person) = (principal.clone(), principal.acting_user()?.clone());
    hall.store
        .read(move |read| match store::company::find(read, &company)? {
            Some(found) if authorize(read, &principal, &company, Permission::PlanWaitlistRead).is_ok() => {
                let decides = decides(read, &person, &company)?;
                Ok((found, decides))
            }
            _ => no_such("company", &company),
        })
        .await
}
