//! Moderation: bans and mutes, each one written to the audit log.

use crate::Guildhall;
use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::feed::{self, FeedName};
use crate::principal::{Principal, authorize};
use crate::store::{self, Read, Tx};
use guildhall_core::experience::check_expiry;
use guildhall_core::ids::{AccessPassId, CompanyId, Id, UserId};
use guildhall_core::permission::{Permission, Role};
use serde_json::json;

/// The longest reason in one's own words, in characters.
const LONGEST_REASON: usize = 500;

/// Whom to ban, and from what.
#[derive(Debug, Clone)]
pub struct Ban {
    /// The user.
    pub user: UserId,
    /// Only from this pass; from the whole company when `None`.
    pub access_pass: Option<AccessPassId>,
    /// One of the wire's `BanReasons`.
    pub reason: Option<String>,
    /// In one's own words.
    pub custom_reason: Option<String>,
    /// Also empties the user's posts in this feed.
    pub delete_messages_in: Option<FeedName>,
}

/// Bans a user. Banning again changes the reason.
///
/// # Errors
/// `Forbidden` without `member:moderate`, or against the owner or a team that outranks the caller;
/// `NotFound` for users, passes and feeds that are none of the company's.
pub async fn ban(hall: &Guildhall, principal: &Principal, ban: Ban) -> Result<()> {
    if ban.custom_reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(Error::Invalid(format!("`customReason` is at most {LONGEST_REASON} characters long.")));
    }
    let principal = principal.clone();
    hall.store.write(move |tx| ban_in(tx, &principal, &ban)).await
}

fn ban_in(tx: &mut Tx<'_>, principal: &Principal, ban: &Ban) -> Result<()> {
    let company = match &ban.access_pass {
        Some(pass) => match store::access::company_of_pass(tx, pass)? {
            Some(company) if is_within_reach(tx, principal, &company)? => company,
            _ => return no_such("access pass", pass),
        },
        None => own_company(principal)?,
    };
    let actor = moderate(tx, principal, &company, Permission::MemberModerate, &ban.user)?;
    let pass = ban.access_pass.as_ref().map_or("", Id::as_str);
    let (reason, custom_reason) = (ban.reason.as_deref(), ban.custom_reason.as_deref());
    store::moderation::ban(tx, &company, &ban.user, pass, reason, custom_reason, &actor)?;
    let deleted = match &ban.delete_messages_in {
        Some(feed) => delete_messages(tx, &company, feed, &ban.user)?,
        None => 0,
    };
    let details =
        json!({"accessPass": pass, "reason": reason, "customReason": custom_reason, "postsDeleted": deleted});
    Doer::of(principal).log(tx, &company, "ban", &ban.user, details)
}

fn delete_messages(tx: &mut Tx<'_>, company: &CompanyId, name: &FeedName, user: &UserId) -> Result<u64> {
    let Some(feed) = feed::locate(tx, name)? else {
        return no_such("feed", name);
    };
    match feed.place {
        Some(place) if place.company == *company => store::post::delete_by_author(tx, &feed.id, user),
        _ => no_such("feed", name),
    }
}

/// Lifts every ban of a user in the caller's company.
///
/// # Errors
/// As for [`ban`].
pub async fn unban(hall: &Guildhall, principal: &Principal, user: UserId) -> Result<()> {
    let principal = principal.clone();
    hall.store
        .write(move |tx| {
            let company = own_company(&principal)?;
            moderate(tx, &principal, &company, Permission::MemberModerate, &user)?;
            let lifted = store::moderation::unban(tx, &company, &user)?;
            Doer::of(&principal).log(tx, &company, "unban", &user, json!({"lifted": lifted}))
        })
        .await
}

/// Mutes a user until a moment (seconds since 1970), or for good.
///
/// # Errors
/// As for [`ban`], with `chat:moderate`; `Invalid` for a moment that does not lie ahead.
pub async fn mute(hall: &Guildhall, principal: &Principal, user: UserId, until: Option<i64>) -> Result<()> {
    let principal = principal.clone();
    hall.store
        .write(move |tx| {
            let until_ms = until
                .map(|seconds| check_expiry(seconds, tx.now))
                .transpose()
                .map_err(|error| Error::Invalid(error.0.replace("`expiresAt`", "`mutedUntil`")))?;
            let company = own_company(&principal)?;
            let actor = moderate(tx, &principal, &company, Permission::ChatModerate, &user)?;
            store::moderation::mute(tx, &company, &user, until_ms, &actor)?;
            Doer::of(&principal).log(tx, &company, "mute", &user, json!({"until": until}))
        })
        .await
}

/// Lets a muted user speak again.
///
/// # Errors
/// As for [`mute`].
pub async fn unmute(hall: &Guildhall, principal: &Principal, user: UserId) -> Result<()> {
    let principal = principal.clone();
    hall.store
        .write(move |tx| {
            let company = own_company(&principal)?;
            moderate(tx, &principal, &company, Permission::ChatModerate, &user)?;
            let lifted = store::moderation::unmute(tx, &company, &user)?;
            Doer::of(&principal).log(tx, &company, "unmute", &user, json!({"lifted": lifted}))
        })
        .await
}

fn own_company(principal: &Principal) -> Result<CompanyId> {
    let app = principal.calling_app()?;
    Ok(principal.company.clone().unwrap_or_else(|| app.company.clone()))
}

fn is_within_reach(read: &mut Read<'_>, principal: &Principal, company: &CompanyId) -> Result<bool> {
    let app = principal.calling_app()?;
    Ok(app.company == *company || store::app::is_installed(read, &app.id, company)?)
}

/// Whether the caller may moderate this user; answers who acts.
fn moderate(
    read: &mut Read<'_>,
    principal: &Principal,
    company: &CompanyId,
    permission: Permission,
    subject: &UserId,
) -> Result<UserId> {
    let actor = principal.acting_user()?.clone();
    authorize(read, principal, company, permission)?;
    if store::user::find(read, subject)?.is_none() {
        return no_such("user", subject);
    }
    match store::access::record(read, company, subject)?.role {
        Some(Role::Owner) => Err(Error::Forbidden("The owner can be neither banned nor muted.".into())),
        Some(_) => {
            let own = store::access::record(read, company, &actor)?.role;
            if matches!(own, Some(Role::Owner | Role::Admin)) || principal.is_agent {
                return Ok(actor);
            }
            Err(Error::Forbidden("Only the owner or an admin can moderate the team.".into()))
        }
        None => Ok(actor),
    }
}
