//! Webhooks: telling other servers what happens here.
//!
//! Owns who may hear of what ([`create`] and its neighbours), what happened ([`emit`], in the transaction that
//! makes it happen), the way to the receivers (`delivery.rs`, as jobs), and the record of it all. A receiver is
//! called between transactions, never inside one. Bounds: [`guildhall_core::webhook::MOST_WEBHOOKS`] a company,
//! one try as long as [`Settings`] says, events kept for [`guildhall_core::webhook::KEPT_MS`].

mod delivery;
mod event;
mod receiver;
mod record;
mod wire;

pub(crate) use delivery::deliver;
pub use delivery::{Tested, forward, test};
pub use event::{Happened, MOST_HAPPENED, Origin, happened_since, trigger};
pub(crate) use event::{emit, membership_subject, of_company, person};
pub use receiver::check_own_url;
pub use record::{
    Attempt, Delivery, MOST_LISTED, Progress, Replay, Replayed, all, deliveries, replay, story,
};

use crate::Guildhall;
use crate::access;
use crate::clock::Random;
use crate::error::{Error, Result, no_such};
use crate::outbound::{Reach, Resolver};
use crate::principal::{Principal, authorize, holds};
use crate::store::{self, Read, Tx};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guildhall_core::access::AccessLevel;
use guildhall_core::ids::{AppId, CompanyId, Id, WebhookId};
use guildhall_core::permission::Permission;
use guildhall_core::webhook::{ApiVersion, Event, MOST_WEBHOOKS, check_events};
use receiver::check_url;
use std::time::Duration;

/// How webhooks are sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where receivers may be.
    pub reach: Reach,
    /// How long one try may take.
    pub longest_try: Duration,
    /// What finds their addresses.
    pub resolver: Resolver,
}

impl Settings {
    /// To receivers within reach, for twenty seconds a try.
    #[must_use]
    pub fn within(reach: Reach) -> Self {
        Self { reach, longest_try: Duration::from_secs(20), resolver: Resolver::System }
    }
}

/// A webhook.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The id.
    pub id: WebhookId,
    /// The company it is managed in.
    pub company: CompanyId,
    /// Set when it hears of every company that installed this app.
    pub app: Option<AppId>,
    /// Where its events are sent.
    pub url: String,
    /// In which form.
    pub api_version: ApiVersion,
    /// What it listens to.
    pub events: Vec<Event>,
    /// What its events are signed with.
    pub secret: String,
    /// Whether events are sent.
    pub enabled: bool,
    /// Why it was switched off, when its receiver asked for that.
    pub disabled_reason: Option<String>,
    /// When it was made, in milliseconds.
    pub created_at: i64,
    /// Whether it reads the e-mail addresses of its own company, as whoever said last where it is sent might.
    pub reads_emails: bool,
    /// Set when an app of another company said so.
    pub by_app: Option<AppId>,
}

impl Webhook {
    /// The id of the company or app whose events it hears.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.app.as_ref().map_or_else(|| self.company.as_str(), Id::as_str)
    }
}

/// What a new webhook is made of, or what is changed of one; what is left out is usual, or stays.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Where events are to be sent.
    pub url: Option<String>,
    /// `v5` or `v1`.
    pub api_version: Option<String>,
    /// What it listens to.
    pub events: Option<Vec<Event>>,
    /// Whether events are sent.
    pub enabled: Option<bool>,
}

/// Whose events a webhook hears.
enum Resource {
    Company(CompanyId),
    App(AppId, CompanyId),
}

/// Makes a webhook of a company or an app. Without `resource` it is the company of `x-company-id`, else the calling
/// app itself when only `app_` events are wanted, else the app's own company. It reads e-mail addresses of that company
/// when its maker holds `member:email:read` there.
///
/// # Errors
/// `Invalid` for an address, version or list of events that cannot be; `Forbidden` without
/// `developer:manage_webhook`; `NotFound` for an app that is not there; `Conflict` when there are too many.
pub async fn create(
    hall: &Guildhall,
    principal: &Principal,
    resource: Option<String>,
    wanted: Wanted,
) -> Result<Webhook> {
    principal.acting_user()?;
    let (principal, reach) = (principal.clone(), hall.settings.webhooks.reach);
    let write = hall.store.write(move |tx| {
        let (company, app) = match whose(tx, &principal, resource.as_deref(), wanted.events.as_deref())? {
            Resource::Company(company) => (company, None),
            Resource::App(app, company) => (company, Some(app)),
        };
        authorize(tx, &principal, &company, Permission::DeveloperManageWebhook)?;
        let of_side = |event: &Event| event.is_for_apps() == app.is_some();
        let usual = || Event::ALL.iter().copied().filter(of_side).collect();
        let new = Webhook {
            id: tx.mint(),
            url: String::new(),
            api_version: ApiVersion::V5,
            events: wanted.events.clone().unwrap_or_else(usual),
            secret: secret_of(tx.random_bytes()),
            enabled: true,
            disabled_reason: None,
            created_at: tx.now,
            reads_emails: false,
            by_app: None,
            company,
            app,
        };
        let wanted = Wanted { url: Some(wanted.url.clone().unwrap_or_default()), ..wanted.clone() };
        let new = changed(tx, &principal, new, &wanted, reach)?;
        tx.lock(&format!("webhooks of {}", new.company))?;
        if store::webhook::count(tx, &new.company)? >= MOST_WEBHOOKS {
            return Err(Error::Conflict(format!(
                "The company has {MOST_WEBHOOKS} webhooks, which is the most: delete one first."
            )));
        }
        store::webhook::insert(tx, &new)?;
        Ok(new)
    });
    write.await
}

fn whose(
    read: &mut Read<'_>,
    principal: &Principal,
    resource: Option<&str>,
    events: Option<&[Event]>,
) -> Result<Resource> {
    match resource {
        Some(id) if id.starts_with(CompanyId::PREFIX) => Ok(Resource::Company(CompanyId::parse(id)?)),
        Some(id) if id.starts_with(AppId::PREFIX) => {
            let id = AppId::parse(id)?;
            match store::app::find(read, &id)? {
                Some(app) if is_near(read, principal, &app.company)? => Ok(Resource::App(id, app.company)),
                _ => no_such("app", &id),
            }
        }
        Some(_) => Err(Error::Invalid(
            "`resourceId` is the id of a company (`biz_…`) or of an app (`app_…`) whose events are heard."
                .into(),
        )),
        None => {
            let app = principal.calling_app()?;
            let are_for_apps = events.is_some_and(|events| events.iter().all(|event| event.is_for_apps()));
            Ok(match &principal.company {
                Some(company) => Resource::Company(company.clone()),
                None if are_for_apps => Resource::App(app.id.clone(), app.company.clone()),
                None => Resource::Company(app.company.clone()),
            })
        }
    }
}

/// Whether the caller belongs to a company: as an app that is its own or installed there, or as one of its team.
fn is_near(read: &mut Read<'_>, principal: &Principal, company: &CompanyId) -> Result<bool> {
    let is_installed = match principal.app_itself() {
        Some(app) => app.company == *company || store::app::is_installed(read, &app.id, company)?,
        None => false,
    };
    match &principal.user {
        Some(user) if !is_installed => {
            Ok(access::company_standing(read, company, user)?.level() == AccessLevel::Admin)
        }
        _ => Ok(is_installed),
    }
}

/// A new secret to sign with.
#[must_use]
pub fn fresh_secret(random: &Random) -> String {
    secret_of(random.bytes())
}

fn secret_of(bytes: [u8; 32]) -> String {
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// A webhook as it is wanted, if it can be. Who says where it is sent decides by their own right whether e-mail addresses
/// go there, so that nobody reads them by a webhook who may not; whoever changes something else changes nothing of that.
fn changed(
    read: &mut Read<'_>,
    principal: &Principal,
    webhook: Webhook,
    wanted: &Wanted,
    reach: Reach,
) -> Result<Webhook> {
    let mut webhook = webhook;
    if let Some(url) = &wanted.url {
        webhook.url = url.trim().to_owned();
        check_url(&webhook.url, reach)?;
        webhook.reads_emails = holds(read, principal, &webhook.company, Permission::MemberEmailRead)?;
        let from_elsewhere = principal.app.as_ref().filter(|app| app.company != webhook.company);
        webhook.by_app = from_elsewhere.map(|app| app.id.clone());
    }
    if let Some(version) = &wanted.api_version {
        webhook.api_version = ApiVersion::parse(version)?;
    }
    if let Some(events) = &wanted.events {
        webhook.events = Event::ALL.iter().copied().filter(|event| events.contains(event)).collect();
    }
    check_events(&webhook.events, webhook.app.is_some())?;
    if let Some(enabled) = wanted.enabled {
        webhook.enabled = enabled;
        webhook.disabled_reason = None;
    }
    Ok(webhook)
}

/// A webhook that the caller may look after.
fn managed(read: &mut Read<'_>, principal: &Principal, id: &WebhookId) -> Result<Webhook> {
    principal.acting_user()?;
    let Some(webhook) = store::webhook::find(read, id)? else {
        return no_such("webhook", id);
    };
    let permission = Permission::DeveloperManageWebhook;
    if holds(read, principal, &webhook.company, permission)? {
        return Ok(webhook);
    }
    match is_near(read, principal, &webhook.company)? {
        true => authorize(read, principal, &webhook.company, permission).map(|()| webhook),
        false => no_such("webhook", id),
    }
}

/// A webhook of a company, or of one of its apps.
///
/// # Errors
/// `Forbidden` without `developer:manage_webhook`, `NotFound`.
pub async fn find(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    id: WebhookId,
) -> Result<Webhook> {
    let principal = principal.clone();
    let read = hall.store.read(move |read| {
        authorize(read, &principal, &company, Permission::DeveloperManageWebhook)?;
        match store::webhook::find(read, &id)? {
            Some(webhook) if webhook.company == company => Ok(webhook),
            _ => no_such("webhook", &id),
        }
    });
    read.await
}

/// Every webhook of a company and of its apps, oldest first.
///
/// # Errors
/// `Forbidden` without `developer:manage_webhook`.
pub async fn list(hall: &Guildhall, principal: &Principal, company: CompanyId) -> Result<Vec<Webhook>> {
    let principal = principal.clone();
    let read = hall.store.read(move |read| {
        authorize(read, &principal, &company, Permission::DeveloperManageWebhook)?;
        store::webhook::of_company(read, &company)
    });
    read.await
}

/// Changes a webhook. One that its receiver had switched off is on again when `enabled` says so. With `url`, also the same,
/// it is decided anew whether it reads e-mail addresses, as by [`create`].
///
/// # Errors
/// As for [`create`]; `NotFound` for a webhook that is none of the caller's business.
pub async fn update(
    hall: &Guildhall,
    principal: &Principal,
    id: WebhookId,
    wanted: Wanted,
) -> Result<Webhook> {
    let (principal, reach) = (principal.clone(), hall.settings.webhooks.reach);
    let write = hall.store.write(move |tx: &mut Tx<'_>| {
        let webhook = managed(tx, &principal, &id)?;
        let webhook = changed(tx, &principal, webhook, &wanted, reach)?;
        store::webhook::update(tx, &webhook)?;
        Ok(webhook)
    });
    write.await
}

/// Deletes a webhook: nothing is sent to it any more. What was sent stays on record.
///
/// # Errors
/// As for [`update`].
pub async fn delete(hall: &Guildhall, principal: &Principal, id: WebhookId) -> Result<()> {
    let principal = principal.clone();
    let write = hall.store.write(move |tx| {
        let webhook = managed(tx, &principal, &id)?;
        store::webhook::delete(tx, &webhook.id)
    });
    write.await
}
