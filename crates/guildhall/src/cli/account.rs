//! `guildhall account …`

use super::Place;
use crate::serve;
use clap::Subcommand;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::password_reset;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print a link under which someone chooses a new password, once, within an hour: for when no mail is sent.
    ResetLink {
        #[command(flatten)]
        place: Place,
        /// Where clients reach the server, when that is not the address it listens on.
        #[arg(long, value_name = "ORIGIN")]
        public_origin: Option<String>,
        /// A username, an e-mail or a user id.
        name: String,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        let Self::ResetLink { place, public_origin, name } = self;
        let config = place.load(&[("public_origin", public_origin)])?;
        let origin = serve::expected_origin(&config);
        let hall = serve::open_hall(&config, &origin, Clock::system(), Random::System).await?;
        let link = password_reset::link(&hall, &name).await.map_err(|error| error.to_string())?;
        println!("{link}");
        Ok(ExitCode::SUCCESS)
    }
}
