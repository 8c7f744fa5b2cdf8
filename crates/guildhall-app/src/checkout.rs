//! Checkout sessions: what a buyer is asked to pay, kept until paid or over.

use crate::Guildhall;
use crate::access_pass::{self, AccessPassKind, NewAccessPass, Visibility};
use crate::error::{Error, Result, no_such};
use crate::plan::{self, NewPlan};
use crate::principal::{CallingApp, Principal, authorize};
use crate::store::{self, Tx};
use guildhall_core::billing::Terms;
use guildhall_core::ids::{AppId, CheckoutSessionId, CompanyId, EntryId, Id, PlanId, UserId};
use guildhall_core::money::{self, Currency};
use guildhall_core::permission::Permission;
use guildhall_core::web_address::is_web;

/// How long a session waits for its buyer, in milliseconds (one day).
const LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;
/// The longest description of a charge, in characters.
const LONGEST_DESCRIPTION: usize = 200;
/// The largest metadata, in bytes of JSON.
const LARGEST_METADATA: usize = 8192;
/// The longest redirect address or affiliate code, in bytes.
const LONGEST_ADDRESS: usize = 2000;

/// A session as its page shows it.
#[derive(Debug, Clone)]
pub struct CheckoutSession {
    /// The id.
    pub id: CheckoutSessionId,
    /// The plan it sells.
    pub plan: PlanId,
    /// Minor units.
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
    /// What is charged for.
    pub description: Option<String>,
    /// When it is over, in milliseconds.
    pub expires_at: i64,
    /// Who sells.
    pub company_title: String,
    /// What is sold.
    pub pass_title: String,
}

/// A session about to be stored.
#[derive(Debug)]
pub(crate) struct NewCheckoutSession {
    pub(crate) plan: PlanId,
    pub(crate) company: CompanyId,
    pub(crate) app: Option<AppId>,
    pub(crate) user: Option<UserId>,
    /// The approved entry that opened it.
    pub(crate) entry: Option<EntryId>,
    pub(crate) amount_minor: i64,
    /// Whether the amount stays; else the plan says what is due.
    pub(crate) is_amount_fixed: bool,
    pub(crate) currency: Currency,
    pub(crate) description: Option<String>,
    pub(crate) affiliate_code: Option<String>,
    pub(crate) redirect_url: Option<String>,
    pub(crate) metadata: String,
    pub(crate) expires_at: i64,
}

/// What goes with a session and comes back in webhooks.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Who sent the buyer.
    pub affiliate_code: Option<String>,
    /// Where the buyer goes afterwards.
    pub redirect_url: Option<String>,
    /// The app's own JSON.
    pub metadata: Option<serde_json::Value>,
}

impl Extras {
    /// Checks every field; answers the metadata as JSON text.
    fn check(&self) -> Result<String> {
        let too_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > LONGEST_ADDRESS);
        if too_long(&self.affiliate_code) || too_long(&self.redirect_url) {
            let most = LONGEST_ADDRESS;
            return Err(Error::Invalid(format!(
                "`affiliateCode` and `redirectUrl` are at most {most} bytes long."
            )));
        }
        if self.redirect_url.as_deref().is_some_and(|url| !is_web(url)) {
            return Err(Error::Invalid("`redirectUrl` must start with `https://` or `http://`.".into()));
        }
        let metadata = match &self.metadata {
            None | Some(serde_json::Value::Null) => "{}".to_owned(),
            Some(value @ serde_json::Value::Object(_)) => value.to_string(),
            Some(_) => return Err(Error::Invalid("`metadata` must be a JSON object.".into())),
        };
        if metadata.len() > LARGEST_METADATA {
            return Err(Error::Invalid(format!("`metadata` is at most {LARGEST_METADATA} bytes of JSON.")));
        }
        Ok(metadata)
    }
}

/// What an app charges a user for.
#[derive(Debug, Clone)]
pub struct Charge {
    /// Who pays.
    pub user: UserId,
    /// Major units.
    pub amount: f64,
    /// The currency's code.
    pub currency: String,
    /// Shown to the payer.
    pub description: Option<String>,
    /// What goes with it.
    pub extras: Extras,
}

/// A session as its maker hears of it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The session.
    pub id: CheckoutSessionId,
    /// Its plan.
    pub plan: PlanId,
}

/// Opens a session in which a user can pay what an app asks. No method is saved yet that could be
/// charged at once, so the payer always acts.
///
/// # Errors
/// `Invalid` for an unsound amount or text, `NotFound` for a user that is none of the app's business, `Forbidden`
/// for a person inside the app.
pub async fn charge_user(hall: &Guildhall, principal: &Principal, charge: Charge) -> Result<Opened> {
    let app = principal.calling_app()?.clone();
    if principal.is_person {
        return Err(Error::Forbidden(
            "Only the app itself can charge its users: send `Authorization: Bearer <app API key>`.".into(),
        ));
    }
    let currency = Currency::parse(&charge.currency)?;
    let amount_minor = money::minor_from_major(charge.amount, currency)?;
    let smallest = currency.smallest_price_minor();
    if amount_minor < smallest {
        let smallest = money::in_words(smallest, currency);
        return Err(Error::Invalid(format!("`amount` must be at least {smallest}.")));
    }
    if charge.description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
        return Err(Error::Invalid(format!(
            "`description` is at most {LONGEST_DESCRIPTION} characters long."
        )));
    }
    let metadata = charge.extras.check()?;
    let principal = principal.clone();
    hall.store
        .write(move |tx| {
            principal.acting_user()?;
            if store::app::relation(tx, &app.id, &charge.user)?.is_none() {
                return no_such("user", &charge.user);
            }
            let company = principal.company.clone().unwrap_or_else(|| app.company.clone());
            let plan = plan_of_charge(tx, &app, &company, currency, amount_minor)?;
            let session = NewCheckoutSession {
                plan: plan.clone(),
                company,
                app: Some(app.id.clone()),
                user: Some(charge.user.clone()),
                entry: None,
                amount_minor,
                is_amount_fixed: true,
                currency,
                description: charge.description.clone(),
                affiliate_code: charge.extras.affiliate_code.clone(),
                redirect_url: charge.extras.redirect_url.clone(),
                metadata: metadata.clone(),
                expires_at: tx.now + LIFETIME_MS,
            };
            Ok(Opened { id: store::checkout::insert(tx, &session)?, plan })
        })
        .await
}

/// The plan that charges just this, under a hidden pass that stands for what the app charges.
fn plan_of_charge(
    tx: &mut Tx<'_>,
    app: &CallingApp,
    company: &CompanyId,
    currency: Currency,
    amount_minor: i64,
) -> Result<PlanId> {
    let route = format!("charges-{}", app.id.as_str());
    tx.lock(&format!("charges {company} {}", app.id))?;
    let pass = match store::checkout::pass_by_route(tx, company, &route)? {
        Some(pass) => pass,
        None => {
            let name = store::app::find(tx, &app.id)?.map_or_else(|| "App".to_owned(), |app| app.name);
            access_pass::create(
                tx,
                &NewAccessPass {
                    company: company.clone(),
                    kind: AccessPassKind::ApiOnly,
                    title: name,
                    route,
                    headline: None,
                    shortened_description: None,
                    visibility: Visibility::Hidden,
                },
            )?
        }
    };
    if let Some(plan) = store::checkout::plan_by_price(tx, &pass, currency, amount_minor)? {
        return Ok(plan);
    }
    let terms = Terms::OneTime { price_minor: amount_minor, expiration_days: None };
    let plan = NewPlan::of_terms(company.clone(), pass, currency, terms);
    plan::create(tx, &NewPlan { visibility: Visibility::Hidden, ..plan })
}

/// Opens a session for a plan.
///
/// # Errors
/// `NotFound` for a plan that is none of the caller's business, `Forbidden` naming the missing permission.
pub async fn create_session(
    hall: &Guildhall,
    principal: &Principal,
    plan: PlanId,
    extras: Extras,
) -> Result<Opened> {
    let metadata = extras.check()?;
    let principal = principal.clone();
    hall.store
        .write(move |tx| {
            let app = principal.calling_app()?;
            let found = store::plan::find(tx, &plan)?;
            let Some(found) = found else {
                return no_such("plan", &plan);
            };
            if app.company != found.company && !store::app::is_installed(tx, &app.id, &found.company)? {
                return no_such("plan", &plan);
            }
            for permission in [
                Permission::AccessPassCreate,
                Permission::AccessPassUpdate,
                Permission::CheckoutConfigurationCreate,
                Permission::PlanCreate,
            ] {
                authorize(tx, &principal, &found.company, permission)?;
            }
            let session = NewCheckoutSession {
                plan: found.id.clone(),
                company: found.company.clone(),
                app: Some(app.id.clone()),
                user: None,
                entry: None,
                amount_minor: found.initial_price_minor,
                is_amount_fixed: true,
                currency: found.currency,
                description: None,
                affiliate_code: extras.affiliate_code.clone(),
                redirect_url: extras.redirect_url.clone(),
                metadata: metadata.clone(),
                expires_at: tx.now + LIFETIME_MS,
            };
            Ok(Opened { id: store::checkout::insert(tx, &session)?, plan: found.id })
        })
        .await
}

/// The address of the page a session is paid on.
#[must_use]
pub fn purchase_url(hall: &Guildhall, id: &CheckoutSessionId) -> String {
    format!("{}/checkout/{id}", hall.settings.origin)
}

/// A session, to whoever holds its unguessable id.
///
/// # Errors
/// `NotFound`.
pub async fn find(hall: &Guildhall, id: CheckoutSessionId) -> Result<CheckoutSession> {
    hall.store
        .read(move |read| match store::checkout::find(read, &id)? {
            Some(session) => Ok(session),
            None => no_such("checkout session", &id),
        })
        .await
}
