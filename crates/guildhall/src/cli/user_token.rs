//! `guildhall token …`

use super::Place;
use crate::serve;
use clap::Args;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::user_token;
use guildhall_core::ids::{AppId, Id, UserId};
use std::process::ExitCode;

/// Print a fresh user token, for development: what an app gets as `x-whop-user-token`. It lives for an hour.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Who looks at the app, user_….
    user: String,
    /// The app, app_….
    #[arg(long, value_name = "APP")]
    app: String,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        let user = UserId::parse(&self.user).map_err(|error| error.to_string())?;
        let app = AppId::parse(&self.app).map_err(|error| error.to_string())?;
        let config = self.place.load(&[])?;
        let hall = serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await?;
        let token = user_token::mint(&hall, app, user).await.map_err(|error| error.to_string())?;
        println!("{token}");
        Ok(ExitCode::SUCCESS)
    }
}
