//! Posts: what may be written where, checked in one fixed order, each refusal with its own sentence.

use crate::money::{self, Currency};
use crate::{Invalid, invalid};
use linkify::{LinkFinder, LinkKind};

/// The longest message or forum post, in characters after trimming.
pub const LONGEST_CONTENT: usize = 10_000;
/// The longest title of a forum post, in characters after trimming.
pub const LONGEST_TITLE: usize = 200;
/// The most files one post carries.
pub const MOST_ATTACHMENTS: usize = 20;

/// Who may write in a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhoCanPost {
    /// Everyone with access.
    Everyone,
    /// The team.
    Admins,
}

impl WhoCanPost {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Admins => "admins",
        }
    }

    /// The value of the wire's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Everyone, Self::Admins].into_iter().find(|who| who.as_str() == word)
    }
}

/// The rules of one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRules {
    /// Who may write.
    pub who_can_post: WhoCanPost,
    /// The least time between two messages of one member, in milliseconds; 0 for none.
    pub cooldown_ms: i64,
    /// Words nobody but the team may write.
    pub banned_words: Vec<String>,
    /// Links are refused.
    pub ban_urls: bool,
    /// Files are refused.
    pub ban_media: bool,
}

impl Default for FeedRules {
    fn default() -> Self {
        Self {
            who_can_post: WhoCanPost::Everyone,
            cooldown_ms: 0,
            banned_words: Vec::new(),
            ban_urls: false,
            ban_media: false,
        }
    }
}

/// Until when a user is muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mute {
    /// Until this moment, in milliseconds.
    Until(i64),
    /// For good.
    Forever,
}

/// What is known of the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Writer {
    /// May enter the feed.
    pub has_access: bool,
    /// On the team.
    pub is_admin: bool,
    /// Banned from the company or the pass.
    pub is_banned: bool,
    /// Muted in the company.
    pub mute: Option<Mute>,
    /// When this writer last wrote here, in milliseconds.
    pub last_posted_at: Option<i64>,
}

/// Why a post was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The feed does not exist for this writer.
    NoAccess,
    /// The writer is banned.
    Banned,
    /// The writer is muted.
    Muted(Mute),
    /// Only the team writes here.
    AdminsOnly,
    /// Too soon after the last message; this many milliseconds are left.
    Cooldown(i64),
    /// The text holds this banned word.
    BannedWord(String),
    /// Links are not allowed here.
    Url,
    /// Files are not allowed here.
    Media,
    /// Nothing but white space.
    Empty,
    /// Longer than [`LONGEST_CONTENT`].
    TooLong(usize),
    /// More than [`MOST_ATTACHMENTS`] files.
    TooManyAttachments,
}

/// Whether the writer may write at all at `now` (milliseconds): access, ban, mute, who-can-post, cooldown.
///
/// # Errors
/// With the first reason against it.
pub fn may_write(writer: &Writer, rules: &FeedRules, now: i64) -> Result<(), Refusal> {
    if writer.is_banned {
        return Err(Refusal::Banned);
    }
    if !writer.has_access {
        return Err(Refusal::NoAccess);
    }
    match writer.mute {
        Some(Mute::Until(until)) if until <= now => {}
        Some(mute) => return Err(Refusal::Muted(mute)),
        None => {}
    }
    if writer.is_admin {
        return Ok(());
    }
    if rules.who_can_post == WhoCanPost::Admins {
        return Err(Refusal::AdminsOnly);
    }
    match writer.last_posted_at {
        Some(last) if last + rules.cooldown_ms > now => {
            Err(Refusal::Cooldown(last + rules.cooldown_ms - now))
        }
        _ => Ok(()),
    }
}

/// Whether this text with this many files may stand in the feed; answers the trimmed text.
///
/// # Errors
/// With the first reason against it: banned words, links, media, length. The team is exempt from the
/// first three.
pub fn may_stand<'a>(
    content: &'a str,
    attachments: usize,
    writer: &Writer,
    rules: &FeedRules,
) -> Result<&'a str, Refusal> {
    let trimmed = content.trim();
    if !writer.is_admin {
        if let Some(word) = rules.banned_words.iter().find(|word| holds_word(trimmed, word)) {
            return Err(Refusal::BannedWord(word.clone()));
        }
        if rules.ban_urls && holds_url(trimmed) {
            return Err(Refusal::Url);
        }
        if rules.ban_media && attachments > 0 {
            return Err(Refusal::Media);
        }
    }
    check_length(trimmed)?;
    if attachments > MOST_ATTACHMENTS {
        return Err(Refusal::TooManyAttachments);
    }
    Ok(trimmed)
}

/// Whether text of this length may stand anywhere.
///
/// # Errors
/// When it is empty or too long.
pub fn check_length(trimmed: &str) -> Result<(), Refusal> {
    if trimmed.is_empty() {
        return Err(Refusal::Empty);
    }
    match trimmed.len() {
        0..=LONGEST_CONTENT => Ok(()),
        _ => match trimmed.chars().count() {
            0..=LONGEST_CONTENT => Ok(()),
            count => Err(Refusal::TooLong(count)),
        },
    }
}

/// Whether the text holds the word as a whole, without regard to case.
#[must_use]
pub fn holds_word(text: &str, word: &str) -> bool {
    let word = word.trim().to_lowercase();
    if word.is_empty() {
        return false;
    }
    let text = text.to_lowercase();
    let mut from = 0;
    while let Some(found) = text[from..].find(&word) {
        let (start, end) = (from + found, from + found + word.len());
        let open_before = text[..start].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let open_after = text[end..].chars().next().is_none_or(|c| !c.is_alphanumeric());
        if open_before && open_after {
            return true;
        }
        from = start + text[start..].chars().next().map_or(1, char::len_utf8);
    }
    false
}

fn holds_url(text: &str) -> bool {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(false);
    finder.links(text).next().is_some()
}

/// Checks a forum post's title; answers it trimmed, `None` when empty.
///
/// # Errors
/// When it is longer than [`LONGEST_TITLE`] characters.
pub fn check_title(title: Option<&str>) -> Result<Option<&str>, Invalid> {
    let trimmed = title.map(str::trim).filter(|title| !title.is_empty());
    match trimmed {
        Some(title) if title.chars().count() > LONGEST_TITLE => {
            invalid(format!("`title` must be at most {LONGEST_TITLE} characters long."))
        }
        title => Ok(title),
    }
}

/// Checks the price of reading a post; answers minor units.
///
/// # Errors
/// When the amount is no amount of the currency or below its smallest price.
pub fn check_paywall(amount: f64, currency: Currency) -> Result<i64, Invalid> {
    let minor = money::minor_from_major(amount, currency)?;
    let smallest = currency.smallest_price_minor();
    if minor < smallest {
        let smallest = money::in_words(smallest, currency);
        return invalid(format!("`paywallAmount` must be at least {smallest}."));
    }
    Ok(minor)
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoAccess => formatter.write_str("There is no such feed, or you have no access to it."),
            Self::Banned => formatter.write_str("You are banned here and cannot post."),
            Self::Muted(Mute::Forever) => formatter.write_str("You are muted in this community."),
            Self::Muted(Mute::Until(until)) => {
                write!(
                    formatter,
                    "You are muted in this community until {} (seconds since 1970).",
                    until / 1000
                )
            }
            Self::AdminsOnly => formatter.write_str("Only the team can post here."),
            Self::Cooldown(left) => {
                write!(formatter, "You are posting too fast: wait {} more seconds.", (left + 999) / 1000)
            }
            Self::BannedWord(word) => write!(formatter, "The word \"{word}\" is not allowed here."),
            Self::Url => formatter.write_str("Links are not allowed here."),
            Self::Media => formatter.write_str("Files are not allowed here."),
            Self::Empty => formatter.write_str("The message is empty."),
            Self::TooLong(length) => {
                write!(formatter, "The message is {length} characters long; {LONGEST_CONTENT} is the most.")
            }
            Self::TooManyAttachments => write!(formatter, "A post carries at most {MOST_ATTACHMENTS} files."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member() -> Writer {
        Writer { has_access: true, ..Writer::default() }
    }

    fn admin() -> Writer {
        Writer { is_admin: true, ..member() }
    }

    #[test]
    fn reasons_stand_in_one_order() {
        let rules = FeedRules { who_can_post: WhoCanPost::Admins, cooldown_ms: 5000, ..FeedRules::default() };
        let everything_wrong = Writer {
            has_access: false,
            is_banned: true,
            mute: Some(Mute::Forever),
            last_posted_at: Some(999),
            ..Writer::default()
        };
        let now = 1000;
        assert_eq!(may_write(&everything_wrong, &rules, now), Err(Refusal::Banned));
        let unbanned = Writer { is_banned: false, ..everything_wrong };
        assert_eq!(may_write(&unbanned, &rules, now), Err(Refusal::NoAccess));
        let inside = Writer { has_access: true, ..unbanned };
        assert_eq!(may_write(&inside, &rules, now), Err(Refusal::Muted(Mute::Forever)));
        let heard = Writer { mute: Some(Mute::Until(1000)), ..inside };
        assert_eq!(may_write(&heard, &rules, now), Err(Refusal::AdminsOnly));
        let open = FeedRules { who_can_post: WhoCanPost::Everyone, ..rules };
        assert_eq!(may_write(&heard, &open, now), Err(Refusal::Cooldown(4999)));
        assert_eq!(may_write(&heard, &open, 5999), Ok(()));
    }

    #[test]
    fn the_team_is_exempt_from_all_but_mutes_and_bans() {
        let rules = FeedRules {
            who_can_post: WhoCanPost::Admins,
            cooldown_ms: 5000,
            banned_words: vec!["spam".into()],
            ban_urls: true,
            ban_media: true,
        };
        let writer = Writer { last_posted_at: Some(999), ..admin() };
        assert_eq!(may_write(&writer, &rules, 1000), Ok(()));
        assert_eq!(may_stand("spam https://example.com", 1, &writer, &rules), Ok("spam https://example.com"));
        let muted = Writer { mute: Some(Mute::Until(2000)), ..writer };
        assert_eq!(may_write(&muted, &rules, 1000), Err(Refusal::Muted(Mute::Until(2000))));
    }

    #[test]
    fn what_the_text_may_hold() {
        let rules = FeedRules {
            banned_words: vec!["Scam".into()],
            ban_urls: true,
            ban_media: true,
            ..FeedRules::default()
        };
        let refuse =
            |content: &str, files| may_stand(content, files, &member(), &rules).expect_err("refused");
        assert_eq!(refuse("a SCAM!", 0), Refusal::BannedWord("Scam".into()));
        assert_eq!(refuse("see https://example.com", 0), Refusal::Url);
        assert_eq!(refuse("see www.example.com/x", 0), Refusal::Url);
        assert_eq!(refuse("look", 1), Refusal::Media);
        assert_eq!(refuse("  \n ", 0), Refusal::Empty);
        assert_eq!(refuse(&"é".repeat(LONGEST_CONTENT + 1), 0), Refusal::TooLong(LONGEST_CONTENT + 1));
        assert_eq!(may_stand(" scampi ", 0, &member(), &rules), Ok("scampi"));
        let longest = "😀".repeat(LONGEST_CONTENT);
        assert_eq!(may_stand(&longest, 0, &member(), &rules), Ok(longest.as_str()));
        let many = MOST_ATTACHMENTS + 1;
        assert_eq!(may_stand("hi", many, &member(), &FeedRules::default()), Err(Refusal::TooManyAttachments));
    }

    #[test]
    fn words_are_whole() {
        assert!(holds_word("that, is BAD.", "bad"));
        assert!(!holds_word("badge", "bad"));
        assert!(holds_word("badge bad", "bad"));
        assert!(holds_word("ÄRGER!", "ärger"));
        assert!(!holds_word("anything", " "));
    }

    #[test]
    fn a_paywall_has_a_smallest_price() {
        let usd = Currency::parse("usd").expect("known");
        assert_eq!(check_paywall(0.5, usd), Ok(50));
        assert!(check_paywall(0.49, usd).expect_err("too small").0.contains("0.50 usd"));
    }
}
