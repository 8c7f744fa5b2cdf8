//! Who is calling: an app, a person inside an app, or nobody; the acting user, and a company if one is named.
//!
//! An API key makes the app the caller. A user token alone makes the person the caller, who needs every right for
//! herself, and of the app has what it was granted and nothing of its own. Both together: the key counts, and the
//! token must be for the same app. An access token (OAuth) makes the person the caller, who may then do what its scopes
//! name and nothing else: a use case refuses it by itself, in [`Principal::acting_user`] and [`authorize`], unless it
//! asks for a scope by [`Principal::user_with`].

use crate::Guildhall;
use crate::access;
use crate::error::{Error, Result};
use crate::oauth;
use crate::opaque_token;
use crate::store::api_key::KeyHolder;
use crate::store::app::Relation;
use crate::store::{self, Read};
use crate::user_token;
use guildhall_core::access::{AccessLevel, Standing};
use guildhall_core::ids::{AppId, CompanyId, Id, UserId};
use guildhall_core::oauth::{Scope, Scopes};
use guildhall_core::permission::Permission;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The header of user tokens.
pub const USER_TOKEN_HEADER: &str = "x-whop-user-token";

/// What a request brings with it, as it stands in the headers.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// The token of `Authorization: Bearer …`.
    pub bearer: Option<String>,
    /// `x-whop-user-token`.
    pub user_token: Option<String>,
    /// `x-on-behalf-of`.
    pub on_behalf_of: Option<String>,
    /// `x-company-id`.
    pub company: Option<String>,
}

impl Credentials {
    /// Reads them; a key may also stand in `Authorization` without the word `Bearer` before it.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let bearer = text(AUTHORIZATION.as_str()).map(|value| {
            let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            token.map_or(value.clone(), |(_, token)| token.trim().to_owned())
        });
        Self {
            bearer,
            user_token: text(USER_TOKEN_HEADER),
            on_behalf_of: text("x-on-behalf-of"),
            company: text("x-company-id"),
        }
    }
}

/// The calling app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallingApp {
    /// The app.
    pub id: AppId,
    /// The company that owns it.
    pub company: CompanyId,
}

/// Who is calling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// The app whose key was sent, or inside which a person calls; `None` for an anonymous caller.
    pub app: Option<CallingApp>,
    /// The user acted for.
    pub user: Option<UserId>,
    /// The acting user is the app's own agent, and has what the app has.
    pub is_agent: bool,
    /// A person calls, by a user token, and not the app.
    pub is_person: bool,
    /// The company of `x-company-id`.
    pub company: Option<CompanyId>,
    /// What the person is limited to, when an access token was sent.
    pub scopes: Option<Scopes>,
}

impl Principal {
    /// A person who is signed in to the hall itself, inside no app.
    #[must_use]
    pub fn in_person(user: UserId) -> Self {
        Self { user: Some(user), is_person: true, ..Self::default() }
    }

    /// The acting user, who may do anything.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody acts, `Forbidden` for somebody limited to scopes.
    pub fn acting_user(&self) -> Result<&UserId> {
        match &self.scopes {
            Some(scopes) => Err(Error::Forbidden(beyond(scopes, "this"))),
            None => self.any_user(),
        }
    }

    /// The acting user, for what a scope opens.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody acts, `Forbidden` for somebody limited to other scopes.
    pub fn user_with(&self, scope: Scope) -> Result<&UserId> {
        match &self.scopes {
            Some(scopes) if !scopes.holds(scope) => Err(Error::Forbidden(beyond(scopes, "this"))),
            _ => self.any_user(),
        }
    }

    /// Whether the caller may ask for a field of the API; see [`Self::user_with`] for what is asked inside it.
    ///
    /// # Errors
    /// `Forbidden` for somebody limited to scopes, unless the field is the one they open.
    pub fn check_field(&self, field: &str) -> Result<()> {
        match &self.scopes {
            Some(scopes) if field != "viewer" => Err(Error::Forbidden(beyond(scopes, &format!("`{field}`")))),
            _ => Ok(()),
        }
    }

    fn any_user(&self) -> Result<&UserId> {
        match (&self.user, &self.app) {
            (Some(user), _) => Ok(user),
            (None, Some(_)) => Err(Error::Unauthenticated(
                "The app has no agent user to act as: send `x-on-behalf-of` with a user id.".into(),
            )),
            (None, None) => Err(Error::Unauthenticated(
                "This needs a caller: send `Authorization: Bearer <app API key>`.".into(),
            )),
        }
    }

    /// The app, where it calls itself: what is the app's own business is none of a person's inside it.
    #[must_use]
    pub fn app_itself(&self) -> Option<&CallingApp> {
        self.app.as_ref().filter(|_| !self.is_person)
    }

    /// The calling app, or the one that a person calls inside.
    ///
    /// # Errors
    /// `Unauthenticated` when there is none.
    pub fn calling_app(&self) -> Result<&CallingApp> {
        self.app.as_ref().ok_or_else(|| {
            Error::Unauthenticated(
                "This needs a calling app: send `Authorization: Bearer <app API key>`.".into(),
            )
        })
    }
}

/// Finds out who is calling.
///
/// # Errors
/// `Unauthenticated` for an unknown or revoked key and for a user token that does not count, `Forbidden` for a user
/// the app may not act for, `Invalid` for headers that are not ids or do not go together.
pub async fn resolve(hall: &Guildhall, credentials: Credentials) -> Result<Principal> {
    let Some(bearer) = &credentials.bearer else {
        return match (&credentials.user_token, &credentials.on_behalf_of, &credentials.company) {
            (Some(token), _, _) => person(hall, token, &credentials).await,
            (None, None, None) => Ok(Principal::default()),
            _ => Err(Error::Unauthenticated(
                "`x-on-behalf-of` and `x-company-id` need `Authorization: Bearer <app API key>`.".into(),
            )),
        };
    };
    if oauth::is_access_token(bearer) {
        return oauth::resolve(hall, bearer, &credentials).await;
    }
    let company = credentials.company.as_deref().map(CompanyId::parse).transpose()?;
    let user = credentials.on_behalf_of.as_deref().map(UserId::parse).transpose()?;
    let holder = holder_of(hall, bearer).await?;
    if let Some(token) = &credentials.user_token
        && user_token::holder_of(hall, token).await?.bearer.app != holder.app
    {
        return Err(Error::Unauthenticated("The user token is for another app than the API key.".into()));
    }
    let is_plain = user.is_none() && company.as_ref().is_none_or(|company| *company == holder.company);
    if is_plain {
        let app = CallingApp { id: holder.app.clone(), company: holder.company.clone() };
        let user = holder.first_agent.clone();
        return Ok(Principal { app: Some(app), user, is_agent: true, company, ..Principal::default() });
    }
    hall.store.read(move |read| acting_for(read, &holder, user.clone(), company.clone())).await
}

/// The person whose token it is.
async fn person(hall: &Guildhall, token: &str, credentials: &Credentials) -> Result<Principal> {
    if credentials.on_behalf_of.is_some() {
        return Err(Error::Invalid(
            "`x-on-behalf-of` does not go with a user token, which says itself who acts: leave it out."
                .into(),
        ));
    }
    let company = credentials.company.as_deref().map(CompanyId::parse).transpose()?;
    let holder = user_token::holder_of(hall, token).await?;
    let app = CallingApp { id: holder.bearer.app.clone(), company: holder.company.clone() };
    if let Some(named) = company.clone() {
        let app = app.clone();
        hall.store.read(move |read| check_reach(read, &app.id, &app.company, &named)).await?;
    }
    let user = Some(holder.bearer.user.clone());
    Ok(Principal { app: Some(app), user, is_person: true, company, ..Principal::default() })
}

/// Whether an app may name a company: its own, or one that installed it.
fn check_reach(read: &mut Read<'_>, app: &AppId, own: &CompanyId, named: &CompanyId) -> Result<()> {
    if named == own || store::app::is_installed(read, app, named)? {
        return Ok(());
    }
    Err(Error::Forbidden(format!("The app is not installed in the company `{named}`.")))
}

/// The app whose live API key it is.
pub(crate) async fn app_of_key(hall: &Guildhall, key: &str) -> Result<Option<AppId>> {
    match holder_of(hall, key).await {
        Ok(holder) => Ok(Some(holder.app.clone())),
        Err(Error::Unauthenticated(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whose key it is.
async fn holder_of(hall: &Guildhall, key: &str) -> Result<Arc<KeyHolder>> {
    let hash = opaque_token::hash(key);
    let now_ms = hall.clock.now_ms();
    if let Some(holder) = hall.credentials.find(&hash, now_ms) {
        return Ok(holder);
    }
    let changes = hall.credentials.changes();
    let found = hall.store.read(move |read| store::api_key::find_holder(read, &hash)).await?;
    let known = found.filter(|holder| bool::from(holder.key_hash.as_slice().ct_eq(&hash)));
    let holder = known
        .ok_or_else(|| Error::Unauthenticated("The API key is unknown or revoked.".into()))
        .map(Arc::new)?;
    hall.credentials.keep(hash, Arc::clone(&holder), changes, now_ms);
    Ok(holder)
}

fn acting_for(
    read: &mut Read<'_>,
    holder: &KeyHolder,
    user: Option<UserId>,
    company: Option<CompanyId>,
) -> Result<Principal> {
    if let Some(named) = &company {
        check_reach(read, &holder.app, &holder.company, named)?;
    }
    let (user, is_agent) = match user {
        None => (holder.first_agent.clone(), true),
        Some(user) => match store::app::relation(read, &holder.app, &user)? {
            Some(relation) => (Some(user), relation == Relation::Agent),
            None => {
                return Err(Error::Forbidden(format!(
                    "The app may not act for `{user}`: not its agent, nor the owner of its company, nor of a company that installed it."
                )));
            }
        },
    };
    let app = CallingApp { id: holder.app.clone(), company: holder.company.clone() };
    Ok(Principal { app: Some(app), user, is_agent, company, ..Principal::default() })
}

/// Whether the caller may do something in a company: the app was granted it, and the person it acts
/// for holds it.
///
/// # Errors
/// `Forbidden` naming the permission, `Unauthenticated` when nobody is calling.
pub(crate) fn authorize(
    read: &mut Read<'_>,
    principal: &Principal,
    company: &CompanyId,
    permission: Permission,
) -> Result<()> {
    if holds(read, principal, company, permission)? {
        return Ok(());
    }
    principal.acting_user()?;
    Err(missing(permission, &format!("in the company `{company}`")))
}

/// The same question, answered yes or no.
pub(crate) fn holds(
    read: &mut Read<'_>,
    principal: &Principal,
    company: &CompanyId,
    permission: Permission,
) -> Result<bool> {
    if principal.scopes.is_some() || !app_holds(read, principal, company, permission)? {
        return Ok(false);
    }
    let Some(user) = &principal.user else {
        return Ok(false);
    };
    if principal.is_agent {
        return Ok(true);
    }
    Ok(person_holds(permission, &access::company_standing(read, company, user)?))
}

/// The same as [`authorize`] where the acting user's standing is known already.
///
/// # Errors
/// `Forbidden` naming the permission.
pub(crate) fn authorize_with(
    read: &mut Read<'_>,
    principal: &Principal,
    company: &CompanyId,
    permission: Permission,
    standing: &Standing,
) -> Result<()> {
    if principal.scopes.is_none()
        && app_holds(read, principal, company, permission)?
        && (principal.is_agent || person_holds(permission, standing))
    {
        return Ok(());
    }
    Err(missing(permission, &format!("in the company `{company}`")))
}

/// Whether a company is the caller's business at all: an app's own or one that installed it, a person's team.
pub(crate) fn is_within_reach(
    read: &mut Read<'_>,
    principal: &Principal,
    company: &CompanyId,
) -> Result<bool> {
    match (&principal.app, &principal.user) {
        (Some(app), _) => Ok(app.company == *company || store::app::is_installed(read, &app.id, company)?),
        (None, Some(user)) => Ok(access::company_standing(read, company, user)?.role.is_some()),
        (None, None) => Ok(false),
    }
}

fn app_holds(
    read: &mut Read<'_>,
    principal: &Principal,
    company: &CompanyId,
    permission: Permission,
) -> Result<bool> {
    match &principal.app {
        Some(app) if app.company != *company => store::app::is_granted(read, &app.id, company, permission),
        _ => Ok(true),
    }
}

fn person_holds(permission: Permission, standing: &Standing) -> bool {
    let level = standing.level();
    permission.held_by(standing.role.filter(|_| level == AccessLevel::Admin), level == AccessLevel::Customer)
}

/// What somebody limited to scopes is told.
fn beyond(scopes: &Scopes, what: &str) -> String {
    format!("The access token is limited to the scope `{scopes}`, which does not open {what}.")
}

/// The refusal for lack of a permission.
pub(crate) fn missing(permission: Permission, place: &str) -> Error {
    Error::Forbidden(format!("The permission `{}` is missing {place}.", permission.as_str()))
}
