//! Where signing in through an app may lead, said on the app's page: an address a line, and those of public clients in
//! a list of their own.

use super::app::{Done, Sent, again, told};
use super::page::{Refused, see_other};
use crate::form::ProtectedForm;
use crate::session::SignedIn;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::{Error, Guildhall, Principal, oauth};
use guildhall_core::Invalid;
use guildhall_core::ids::{AppId, Id};
use guildhall_core::oauth::RedirectUri;
use serde::Deserialize;
use std::sync::Arc;

/// Both lists, as the form says them: an address a line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Addresses {
    /// Of clients that keep an API key as their secret.
    pub(super) secret: String,
    /// Of clients that can keep none.
    pub(super) public: String,
}

impl Addresses {
    pub(super) fn of(uris: &[RedirectUri]) -> Self {
        let list = |is_public| {
            let lines = uris.iter().filter(|uri| uri.is_public == is_public).map(|uri| uri.uri.as_str());
            lines.collect::<Vec<_>>().join("\n")
        };
        Self { secret: list(false), public: list(true) }
    }

    fn read(&self) -> Result<Vec<RedirectUri>, Invalid> {
        let lines = |text: &str, is_public| -> Result<Vec<RedirectUri>, Invalid> {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.map(|line| RedirectUri::parse(line, is_public)).collect()
        };
        let mut uris = lines(&self.secret, false)?;
        for public in lines(&self.public, true)? {
            if uris.iter().any(|uri| uri.uri == public.uri && !uri.is_public) {
                return Err(Invalid(format!(
                    "`{}` stands in both lists: a client either keeps an API key or is public.",
                    public.uri
                )));
            }
            uris.push(public);
        }
        Ok(uris)
    }
}

/// Registers these addresses and no others.
pub(crate) async fn replace(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(app): Path<String>,
    ProtectedForm(addresses): ProtectedForm<Addresses>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let principal = Principal::in_person(session.user);
    let app = AppId::parse(&app).map_err(|error| told(&visitor, error.into()))?;
    let set = match addresses.read() {
        Ok(uris) => oauth::set_redirect_uris(&hall, &principal, app.clone(), uris).await,
        Err(invalid) => Err(invalid.into()),
    };
    match set {
        Ok(()) => Ok(see_other(&format!("/developer/apps/{app}?done=addresses#sign-in"))),
        Err(Error::Invalid(sentence)) => {
            let sent = Sent::Addresses(addresses);
            again(&hall, &visitor, &principal, app, sent, Done::Refused(&sentence)).await
        }
        Err(error) => Err(told(&visitor, error)),
    }
}
