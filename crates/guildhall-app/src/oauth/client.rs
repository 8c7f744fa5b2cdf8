//! Which app asks: an app that shows one of its API keys, or one that can keep none.

use crate::Guildhall;
use crate::error::Result;
use crate::principal;
use crate::store;
use crate::store::oauth::GrantRow;
use guildhall_core::ids::{AppId, Id};
use guildhall_core::oauth::{Refusal, RefusalKind};

const NO_SECRET: &str = "`client_secret` is missing: send an API key of the app.";

/// Who a client says it is.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The app's id.
    pub client_id: String,
    /// One of the app's API keys; a public client has none.
    pub secret: Option<String>,
}

/// The answer to a client, or the refusal it reads.
pub(super) type Answered<T> = std::result::Result<T, Refusal>;

/// A client that exists, and whether it showed its secret.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) app: AppId,
    is_proved: bool,
}

impl Client {
    /// Whether the client may use a grant of this app, public or not.
    pub(super) fn check_reach(&self, app: &AppId, is_public: bool, noun: &str) -> Answered<()> {
        if *app != self.app {
            return Err(no_grant(&format!("There is no such {noun} of this app.")));
        }
        if !self.is_proved && !is_public {
            return Err(unknown_client(NO_SECRET));
        }
        Ok(())
    }

    /// The same for a grant that must count.
    pub(super) fn check_use(&self, grant: &GrantRow, noun: &str) -> Answered<()> {
        self.check_reach(&grant.app, grant.is_public, noun)?;
        if grant.is_revoked {
            return Err(no_grant(&format!("The {noun} was revoked.")));
        }
        Ok(())
    }
}

fn unknown_client(sentence: &str) -> Refusal {
    Refusal::new(RefusalKind::InvalidClient, sentence)
}

pub(super) fn no_grant(sentence: &str) -> Refusal {
    Refusal::new(RefusalKind::InvalidGrant, sentence)
}

/// Finds out which app asks.
pub(super) async fn authenticate(hall: &Guildhall, presented: &Presented) -> Result<Answered<Client>> {
    let Ok(app) = AppId::parse(&presented.client_id) else {
        return Ok(Err(unknown_client("`client_id` is not the id of an app.")));
    };
    if let Some(secret) = &presented.secret {
        return Ok(match principal::app_of_key(hall, secret).await? {
            Some(holder) if holder == app => Ok(Client { app, is_proved: true }),
            _ => Err(unknown_client("`client_secret` is not a live API key of this app.")),
        });
    }
    let sought = app.clone();
    let uris = hall.store.read(move |read| store::oauth::redirect_uris(read, &sought)).await?;
    match uris.iter().any(|uri| uri.is_public) {
        true => Ok(Ok(Client { app, is_proved: false })),
        false => Ok(Err(unknown_client(NO_SECRET))),
    }
}
