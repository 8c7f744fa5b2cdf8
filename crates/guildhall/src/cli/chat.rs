//! `guildhall chat …`

use super::Place;
use crate::serve;
use clap::Args;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::feed;
use guildhall_core::ids::{ExperienceId, Id};
use guildhall_core::post::WhoCanPost;
use std::process::ExitCode;

/// Shows the rules of a chat or forum, after changing what is given.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The chat or forum, exp_….
    experience: String,
    /// Who may post: everyone or admins.
    #[arg(long, value_name = "WHO")]
    who_can_post: Option<String>,
    /// The least time between two messages of one member; 0 for none.
    #[arg(long, value_name = "SECONDS")]
    cooldown_seconds: Option<u32>,
    /// Words that members may not write, separated by commas; empty for none.
    #[arg(long, value_name = "WORDS")]
    banned_words: Option<String>,
    /// Whether links are refused.
    #[arg(long, value_name = "true|false")]
    ban_urls: Option<bool>,
    /// Whether files are refused.
    #[arg(long, value_name = "true|false")]
    ban_media: Option<bool>,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        let experience = ExperienceId::parse(&self.experience).map_err(|error| error.to_string())?;
        let config = self.place.load(&[])?;
        let hall = serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await?;
        let told = |error: guildhall_app::Error| format!("{error}");
        let mut rules = feed::rules(&hall, experience.clone()).await.map_err(told)?;
        if let Some(word) = &self.who_can_post {
            rules.who_can_post = WhoCanPost::from_word(word)
                .ok_or_else(|| format!("--who-can-post must be everyone or admins, not \"{word}\""))?;
        }
        if let Some(seconds) = self.cooldown_seconds {
            rules.cooldown_ms = i64::from(seconds) * 1000;
        }
        if let Some(words) = &self.banned_words {
            let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
            rules.banned_words = words.map(str::to_owned).collect();
        }
        rules.ban_urls = self.ban_urls.unwrap_or(rules.ban_urls);
        rules.ban_media = self.ban_media.unwrap_or(rules.ban_media);
        feed::set_rules(&hall, experience, rules.clone()).await.map_err(told)?;
        println!("who can post   {}", rules.who_can_post.as_str());
        println!("cooldown       {} s", rules.cooldown_ms / 1000);
        println!("banned words   {}", rules.banned_words.join(", "));
        println!("links refused  {}", rules.ban_urls);
        println!("files refused  {}", rules.ban_media);
        Ok(ExitCode::SUCCESS)
    }
}
