//! Sessions that an app makes for a plan.

use super::NewCheckoutSession;
use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::principal::{Principal, authorize};
use crate::store;
use guildhall_core::ids::{CheckoutSessionId, PlanId};
use guildhall_core::permission::Permission;
use guildhall_core::web_address::is_web;

/// How long a session waits for its buyer, in milliseconds (one day).
pub(super) const LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;
/// The largest metadata, in bytes of JSON.
const LARGEST_METADATA: usize = 8192;
/// The longest redirect address or affiliate code, in bytes.
const LONGEST_ADDRESS: usize = 2000;

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
    pub(super) fn check(&self) -> Result<String> {
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

/// A session as its maker hears of it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The session.
    pub id: CheckoutSessionId,
    /// Its plan.
    pub plan: PlanId,
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
                invoice: None,
                amount_minor: found.terms().first_due_minor(1)?,
                is_amount_fixed: false,
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
