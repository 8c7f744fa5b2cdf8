//! `guildhall oauth …`

use super::Place;
use crate::serve;
use clap::{Args, Subcommand};
use guildhall_app::clock::{Clock, Random};
use guildhall_app::oauth;
use guildhall_core::ids::{AppId, Id};
use guildhall_core::oauth::RedirectUri;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show or change where an app's answers to signing in may go.
    Redirect {
        #[command(subcommand)]
        command: Redirect,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Redirect {
    /// Show the redirect URIs of an app.
    List {
        #[command(flatten)]
        of: App,
    },
    /// Register a redirect URI: https, or http on this machine. It is matched letter for letter.
    Add {
        #[command(flatten)]
        of: App,
        /// The address, e.g. https://example.com/api/auth/callback/whop.
        uri: String,
        /// For an app in a browser or on a device, which can keep no secret: it sends none, and must use PKCE.
        #[arg(long)]
        public: bool,
    },
    /// Take a redirect URI away.
    Remove {
        #[command(flatten)]
        of: App,
        /// The address, as it is registered.
        uri: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct App {
    #[command(flatten)]
    place: Place,
    /// The app, app_….
    app: String,
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        let Self::Redirect { command } = self;
        let (Redirect::List { of } | Redirect::Add { of, .. } | Redirect::Remove { of, .. }) = &command;
        let app = AppId::parse(&of.app).map_err(|error| error.to_string())?;
        let config = of.place.load(&[])?;
        let hall = serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await?;
        let told = |error: guildhall_app::Error| error.to_string();
        match command {
            Redirect::List { .. } => {}
            Redirect::Add { uri, public, .. } => {
                let uri = RedirectUri::parse(&uri, public).map_err(|error| error.to_string())?;
                oauth::add_redirect_uri(&hall, app.clone(), uri).await.map_err(told)?;
            }
            Redirect::Remove { uri, .. } => {
                oauth::remove_redirect_uri(&hall, app.clone(), uri).await.map_err(told)?;
            }
        }
        let uris = oauth::redirect_uris(&hall, app).await.map_err(told)?;
        if uris.is_empty() {
            println!("There is no redirect URI: nobody can sign in to this app.");
        }
        for uri in &uris {
            println!("{}{}", uri.uri, if uri.is_public { "  (public: PKCE, no secret)" } else { "" });
        }
        Ok(ExitCode::SUCCESS)
    }
}
