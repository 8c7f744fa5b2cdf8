//! What happened, written in the transaction that makes it happen, with a delivery for each webhook that listens.

use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::jobs::{self, Work};
use crate::store::webhook::Kept;
use crate::store::{self, Read, Tx};
use guildhall_core::ids::{AppId, CompanyId, Id, MembershipId, UserId, WebhookDeliveryId, WebhookEventId};
use guildhall_core::webhook::{
    Company, CustomFieldResponse, Event, KEPT_MS, Membership, Person, Product, Subject, sample,
};

use super::Webhook;
use crate::affiliate;
use crate::checkout::Answered;
use crate::membership::Membership as Bought;

/// How many events that were kept long enough one new event removes: more than one, so that they never pile up.
const REMOVED_AT_ONCE: i64 = 20;

/// Writes down what happened in a company, and queues it for every webhook that listens. `event` is the company's name
/// for it; apps hear its twin.
///
/// # Errors
/// `Internal` only.
pub(crate) fn emit(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    event: Event,
    subject: &Subject,
) -> Result<WebhookEventId> {
    let (id, now): (WebhookEventId, i64) = (tx.mint(), tx.now);
    let kept = Kept {
        id,
        event: event.plain(),
        company: company.clone(),
        subject: subject.clone(),
        created_at: now,
    };
    store::webhook::insert_event(tx, &kept)?;
    for webhook in listeners(tx, &kept)? {
        queue(tx, &webhook, &kept)?;
    }
    remove_before(tx, now - KEPT_MS)?;
    Ok(kept.id)
}

/// The webhooks that hear of an event.
pub(super) fn listeners(read: &mut Read<'_>, event: &Kept) -> Result<Vec<Webhook>> {
    let mut webhooks = store::webhook::listening(read, &event.company)?;
    webhooks
        .retain(|webhook| name_for(webhook, event.event).is_some_and(|name| webhook.events.contains(&name)));
    Ok(webhooks)
}

/// What a webhook calls an event; `None` when its side never hears of it.
pub(super) fn name_for(webhook: &Webhook, event: Event) -> Option<Event> {
    if webhook.app.is_some() { event.twin() } else { Some(event.plain()) }
}

/// Queues an event for a webhook that has not heard of it yet.
pub(super) fn queue(tx: &mut Tx<'_>, webhook: &Webhook, event: &Kept) -> Result<WebhookDeliveryId> {
    let id: WebhookDeliveryId = tx.mint();
    // Of one webhook, what is about one thing is sent in the order in which it happened.
    let line = format!("{}:{}", webhook.id, event.subject.id());
    let job = jobs::enqueue(tx, &Work::Webhook(id.clone()), webhook.id.as_str(), Some(&line))?;
    store::webhook::insert_delivery(tx, &id, &webhook.id, &event.id, &job)?;
    Ok(id)
}

/// Removes the oldest events from before a moment, with all that hangs on them.
fn remove_before(tx: &mut Tx<'_>, moment: i64) -> Result<()> {
    let Some(last) = store::webhook::last_to_remove(tx, moment, REMOVED_AT_ONCE)? else { return Ok(()) };
    for job in store::webhook::jobs_up_to(tx, &last)? {
        if let Some(job) = store::job::find(tx, &job)? {
            // One that is being done right now finds nothing left to do.
            store::job::remove(tx, &job)?;
        }
    }
    store::webhook::remove_events_up_to(tx, &last)
}

/// What webhooks say of a membership.
pub(crate) fn membership_subject(read: &mut Read<'_>, membership: &Bought) -> Result<Subject> {
    // A membership may end after its pass was deleted.
    let pass = store::access_pass::find_ever(read, &membership.access_pass)?;
    let Some(pass) = pass else { return no_such("access pass", &membership.access_pass) };
    let Some(company) = store::company::find(read, &membership.company)? else {
        return no_such("company", &membership.company);
    };
    let plan = match &membership.plan {
        Some(id) => store::plan::find(read, id)?,
        None => None,
    };
    let product = Product { id: pass.id.to_string(), title: pass.title, route: pass.route };
    let renews = membership.state.paid_until.map(|_| membership.state.period_start);
    let affiliate = match &membership.affiliate {
        Some(id) => affiliate::username(read, id)?,
        None => None,
    };
    Ok(Subject::Membership(Box::new(Membership {
        id: membership.id.to_string(),
        company: of_company(company),
        product,
        plan: membership.plan.as_ref().map(ToString::to_string),
        user: person(read, &membership.user)?,
        created_at: membership.created_at,
        updated_at: membership.updated_at,
        expires_at: membership.state.paid_until,
        renewal_period_start: renews,
        renewal_period_end: membership.state.paid_until,
        quantity: membership.quantity,
        status: membership.state.status.as_str().to_owned(),
        valid: membership.is_valid(read.now),
        cancel_at_period_end: membership.state.cancel_at_period_end,
        canceled_at: membership.canceled_at,
        license_key: membership.license_key.clone(),
        metadata: serde_json::from_str(&membership.metadata).unwrap_or_default(),
        checkout: membership.checkout_session.as_ref().map(ToString::to_string),
        affiliate_username: affiliate,
        company_buyer: None,
        promo_code: membership.promo_code.as_ref().map(ToString::to_string),
        currency: plan.as_ref().map(|plan| plan.currency.code().to_owned()),
        marketplace: false,
        custom_field_responses: answers(membership)?,
    })))
}

/// What was answered at checkout.
fn answers(membership: &Bought) -> Result<Vec<CustomFieldResponse>> {
    let given: Vec<Answered> = serde_json::from_str(&membership.answers).map_err(Error::internal)?;
    let given = given.into_iter().map(|answer| CustomFieldResponse {
        id: format!("{}:{}", membership.id, answer.field),
        custom_field_id: answer.field,
        question: answer.question,
        value: Some(answer.value),
    });
    Ok(given.collect())
}

/// A user as webhooks show one.
pub(crate) fn person(read: &mut Read<'_>, user: &UserId) -> Result<Option<Person>> {
    let user = store::user::find(read, user)?;
    Ok(user.map(|user| Person {
        id: user.id.to_string(),
        username: user.username,
        name: user.name,
        email: user.email,
    }))
}

pub(crate) fn of_company(company: crate::company::Company) -> Company {
    Company { id: company.id.to_string(), title: company.title, route: company.route }
}

/// Where a sample happens.
#[derive(Debug, Clone)]
pub enum Origin {
    /// In the only company there is.
    OnlyCompany,
    /// In this one.
    Company(CompanyId),
    /// In the one that owns this app.
    App(AppId),
}

/// Lets a sample of an event happen, as if it were real to all who listen; says where it did.
///
/// # Errors
/// `NotFound` when there is no such company or app, `Invalid` when none is named and there are several.
pub async fn trigger(hall: &Guildhall, origin: Origin, event: Event) -> Result<(WebhookEventId, CompanyId)> {
    let write = hall.store.write(move |tx| {
        let company = match &origin {
            Origin::Company(company) => company.clone(),
            Origin::App(id) => match store::app::find(tx, id)? {
                Some(app) => app.company,
                None => return no_such("app", id),
            },
            Origin::OnlyCompany => match <[CompanyId; 1]>::try_from(store::company::first(tx, 2)?) {
                Ok([only]) => only,
                Err(_) => return Err(Error::Invalid("Say in which company: there is not just one.".into())),
            },
        };
        let subject = sample_in(tx, &company, event)?;
        Ok((emit(tx, &company, event, &subject)?, company))
    });
    write.await
}

/// A sample of an event in a company, about things of its own.
pub(super) fn sample_in(tx: &mut Tx<'_>, company: &CompanyId, event: Event) -> Result<Subject> {
    let Some(found) = store::company::find(tx, company)? else { return no_such("company", company) };
    let fresh: MembershipId = tx.mint();
    let tail = fresh.as_str().trim_start_matches(MembershipId::PREFIX);
    Ok(sample(event, &of_company(found), tx.now, tail))
}

/// An event that happened.
#[derive(Debug, Clone)]
pub struct Happened(pub(crate) Kept);

impl Happened {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &WebhookEventId {
        &self.0.id
    }

    /// By the company's name for it.
    #[must_use]
    pub fn event(&self) -> Event {
        self.0.event
    }

    /// When, in milliseconds.
    #[must_use]
    pub fn at(&self) -> i64 {
        self.0.created_at
    }

    /// Where it happened.
    #[must_use]
    pub fn company(&self) -> &CompanyId {
        &self.0.company
    }
}

/// How many events [`happened_since`] answers at most.
pub const MOST_HAPPENED: usize = 1000;

/// The first events since a moment (milliseconds), at most [`MOST_HAPPENED`].
///
/// # Errors
/// `Internal` only.
pub async fn happened_since(hall: &Guildhall, since: i64) -> Result<Vec<Happened>> {
    let most = i64::try_from(MOST_HAPPENED).expect("it is a small number");
    let scan = hall.store.scan(move |read| store::webhook::events_between(read, since, i64::MAX, None, most));
    Ok(scan.await?.into_iter().map(Happened).collect())
}
