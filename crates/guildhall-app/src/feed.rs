//! Feeds: finding the one a caller names, and the rules that hold in it.

use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::store::feed::Feed;
use crate::store::{self, Read};
use guildhall_core::ids::{ExperienceId, FeedId, Id};
use guildhall_core::post::FeedRules;

/// Which feed a caller names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedName {
    /// A chat's or forum's, by its experience.
    Experience(ExperienceId),
    /// By its own id.
    Feed(FeedId),
}

impl FeedName {
    /// Reads a name from the wire's pair of optional ids. A feed id may also be an experience's, as
    /// early clients send it.
    ///
    /// # Errors
    /// `Invalid` when neither is given, or one is no such id.
    pub fn parse(feed: Option<&str>, experience: Option<&str>) -> Result<Self> {
        match (feed, experience) {
            (Some(id), _) if id.starts_with(ExperienceId::PREFIX) => {
                Ok(Self::Experience(ExperienceId::parse(id)?))
            }
            (Some(id), _) => Ok(Self::Feed(FeedId::parse(id)?)),
            (None, Some(id)) => Ok(Self::Experience(ExperienceId::parse(id)?)),
            (None, None) => Err(Error::Invalid(
                "Name a feed: give `feedId` or `experienceId`.".into(),
            )),
        }
    }
}

impl std::fmt::Display for FeedName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Experience(id) => id.fmt(formatter),
            Self::Feed(id) => id.fmt(formatter),
        }
    }
}

/// Finds a feed by its name, whoever asks.
pub(crate) fn locate(read: &mut Read<'_>, name: &FeedName) -> Result<Option<Feed>> {
    match name {
        FeedName::Experience(id) => store::feed::of_experience(read, id),
        FeedName::Feed(id) => store::feed::find(read, id),
    }
}

/// The rules of a chat or forum, for its operator.
///
/// # Errors
/// `NotFound` when the experience has no feed.
pub async fn rules(hall: &Guildhall, experience: ExperienceId) -> Result<FeedRules> {
    hall.store
        .read(move |read| match store::feed::of_experience(read, &experience)? {
            Some(feed) => Ok(feed.rules),
            None => no_such("chat or forum", &experience),
        })
        .await
}

/// Changes the rules of a chat or forum, for its operator.
///
/// # Errors
/// `NotFound` when the experience has no feed, `Invalid` for a negative cooldown.
pub async fn set_rules(hall: &Guildhall, experience: ExperienceId, rules: FeedRules) -> Result<()> {
    if rules.cooldown_ms < 0 {
        return Err(Error::Invalid("The cooldown must not be negative.".into()));
    }
    hall.store
        .write(move |tx| match store::feed::of_experience(tx, &experience)? {
            Some(feed) => store::feed::set_rules(tx, &feed.id, &rules),
            None => no_such("chat or forum", &experience),
        })
        .await
}
