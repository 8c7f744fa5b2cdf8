//! Notifications: whom one may be for, and what it may say.

use crate::web_address::is_web;
use crate::{Invalid, invalid};

/// Longest title and subtitle, in characters.
pub const LONGEST_TITLE: usize = 200;
/// Longest content, in characters.
pub const LONGEST_CONTENT: usize = 2000;
/// The most users one send may name.
pub const MOST_USERS: usize = 10_000;
/// The longest `externalId`, link or rest path, in bytes.
pub const LONGEST_REFERENCE: usize = 2000;

/// Whom a notification is for, before `userIds` narrows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience<E, C> {
    /// Everyone with access to an experience.
    Experience(E),
    /// A company's team.
    CompanyTeam(C),
}

/// The audience of a send.
///
/// # Errors
/// Unless exactly one of the two is given.
pub fn audience<E, C>(experience: Option<E>, company_team: Option<C>) -> Result<Audience<E, C>, Invalid> {
    match (experience, company_team) {
        (Some(experience), None) => Ok(Audience::Experience(experience)),
        (None, Some(company)) => Ok(Audience::CompanyTeam(company)),
        _ => invalid("A notification has exactly one audience: give `experienceId` or `companyTeamId`."),
    }
}

/// What a notification says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// The headline.
    pub title: String,
    /// The text.
    pub content: String,
    /// Under the headline.
    pub subtitle: Option<String>,
    /// Where it leads, a whole address.
    pub link: Option<String>,
    /// Where it leads inside the app, a path.
    pub rest_path: Option<String>,
    /// The sender's own id of it.
    pub external_id: Option<String>,
}

impl Message {
    /// Checks every field.
    ///
    /// # Errors
    /// With the sentence for the first field that is unsound.
    pub fn check(&self) -> Result<(), Invalid> {
        within(&self.title, 1, LONGEST_TITLE, "title")?;
        within(&self.content, 1, LONGEST_CONTENT, "content")?;
        within(self.subtitle.as_deref().unwrap_or_default(), 0, LONGEST_TITLE, "subtitle")?;
        if self.link.is_some() && self.rest_path.is_some() {
            return invalid("Give `link` or `restPath`, not both.");
        }
        for (text, name) in
            [(&self.link, "link"), (&self.rest_path, "restPath"), (&self.external_id, "externalId")]
        {
            if text.as_ref().is_some_and(|text| text.len() > LONGEST_REFERENCE) {
                return invalid(format!("`{name}` must be at most {LONGEST_REFERENCE} bytes long."));
            }
        }
        if self.link.as_deref().is_some_and(|link| !is_web(link)) {
            return invalid("`link` must start with `https://` or `http://`.");
        }
        if self.rest_path.as_deref().is_some_and(|path| !path.starts_with('/') || path.starts_with("//")) {
            return invalid("`restPath` must start with one `/`.");
        }
        if self.external_id.as_deref().is_some_and(|id| id.trim().is_empty()) {
            return invalid("`externalId` must not be empty.");
        }
        Ok(())
    }
}

fn within(text: &str, shortest: usize, longest: usize, name: &str) -> Result<(), Invalid> {
    let length = text.trim().chars().count();
    if (shortest..=longest).contains(&length) {
        return Ok(());
    }
    invalid(format!("`{name}` must be {shortest} to {longest} characters long."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message { title: "t".into(), content: "c".into(), ..Message::default() }
    }

    #[test]
    fn one_audience() {
        assert_eq!(audience::<_, i32>(Some(1), None), Ok(Audience::Experience(1)));
        assert_eq!(audience::<i32, _>(None, Some(2)), Ok(Audience::CompanyTeam(2)));
        assert!(audience(Some(1), Some(2)).is_err());
        assert!(audience::<i32, i32>(None, None).is_err());
    }

    #[test]
    fn each_refusal_has_its_sentence() {
        assert_eq!(message().check(), Ok(()));
        let table = [
            (Message { title: " ".into(), ..message() }, "`title` must be 1 to 200"),
            (Message { content: "c".repeat(2001), ..message() }, "`content` must be 1 to 2000"),
            (Message { subtitle: Some("s".repeat(201)), ..message() }, "`subtitle` must be 0 to 200"),
            (Message { link: Some("javascript:alert(1)".into()), ..message() }, "`link` must start"),
            (Message { rest_path: Some("//evil".into()), ..message() }, "`restPath` must start"),
            (Message { external_id: Some(" ".into()), ..message() }, "`externalId` must not be empty"),
            (Message { external_id: Some("x".repeat(2001)), ..message() }, "at most 2000 bytes"),
            (
                Message { link: Some("https://a".into()), rest_path: Some("/b".into()), ..message() },
                "not both",
            ),
        ];
        for (message, sentence) in table {
            let error = message.check().expect_err(sentence);
            assert!(error.0.contains(sentence), "{error}");
        }
    }
}
