//! The letters: what each says, as text and as HTML.

use askama::Template;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A letter that asks someone to follow a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// To the owner of an address with an account, with which someone asked for another.
    AccountExists(AccountExists),
    /// To the owner of an address that was given with a new account.
    ConfirmEmail(ConfirmEmail),
    /// To someone whose entry was approved, or won.
    EntryApproved(EntryApproved),
    /// To someone whose entry was denied, or did not win.
    EntryDenied(EntryDenied),
    /// To someone who forgot a password.
    ResetPassword(ResetPassword),
}

/// Tells someone that they have an account already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountExists {
    /// How they call themselves.
    pub name: String,
    /// Where they choose a new password, should that be what they lack.
    pub link: String,
    /// How long the link counts.
    pub valid_hours: u32,
}

/// Asks whether an address is really theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmEmail {
    /// How they call themselves.
    pub name: String,
    /// Where they confirm it.
    pub link: String,
    /// How long the link counts.
    pub valid_hours: u32,
}

/// Tells someone that they may buy what they waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryApproved {
    /// How they call themselves.
    pub name: String,
    /// What they waited for.
    pub what: String,
    /// Who sells it.
    pub company: String,
    /// Whether they won it in a raffle.
    pub is_of_raffle: bool,
    /// Where they buy it.
    pub link: String,
    /// How long the link counts.
    pub valid_hours: u32,
}

/// Tells someone that they may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryDenied {
    /// How they call themselves.
    pub name: String,
    /// What they waited for.
    pub what: String,
    /// Who sells it.
    pub company: String,
    /// Whether it was raffled off.
    pub is_of_raffle: bool,
    /// Where they see where their entry stands.
    pub link: String,
}

/// Lets someone choose a new password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetPassword {
    /// How they call themselves.
    pub name: String,
    /// Where they choose it.
    pub link: String,
    /// How long the link counts.
    pub valid_hours: u32,
}

/// What every letter consists of.
struct Words<'a> {
    subject: &'static str,
    name: &'a str,
    lead: Cow<'static, str>,
    button: &'static str,
    link: &'a str,
    /// How long the link counts, where that ends.
    valid_hours: Option<u32>,
    /// What to do when they did not ask for it.
    otherwise: &'static str,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a>(&'a Words<'a>);

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a>(&'a Words<'a>);

impl Letter {
    /// The line it is announced with.
    #[must_use]
    pub fn subject(&self) -> &'static str {
        self.words().subject
    }

    /// The link that it is about.
    #[must_use]
    pub fn link(&self) -> &str {
        self.words().link
    }

    /// The text and the HTML.
    pub(super) fn write(&self) -> askama::Result<(String, String)> {
        let words = self.words();
        Ok((Text(&words).render()?, Html(&words).render()?))
    }

    fn words(&self) -> Words<'_> {
        match self {
            Self::AccountExists(AccountExists { name, link, valid_hours }) => Words {
                subject: "You have an account already",
                name,
                lead: "Someone, most likely you, asked for an account with this address. There is one already: sign in with it, or choose a new password if you forgot yours.".into(),
                button: "Choose a new password",
                link,
                valid_hours: Some(*valid_hours),
                otherwise: "If it was not you, leave this letter alone: nothing has changed.",
            },
            Self::ConfirmEmail(ConfirmEmail { name, link, valid_hours }) => Words {
                subject: "Confirm your e-mail",
                name,
                lead: "Please confirm that this address is yours. It is how you come back in when you lose your password.".into(),
                button: "Confirm this address",
                link,
                valid_hours: Some(*valid_hours),
                otherwise: "If you made no account, leave this letter alone: without a confirmation nothing is sent to you again.",
            },
            Self::EntryApproved(approved) => approved.words(),
            Self::EntryDenied(denied) => denied.words(),
            Self::ResetPassword(ResetPassword { name, link, valid_hours }) => Words {
                subject: "Reset your password",
                name,
                lead: "Someone, most likely you, asked to choose a new password for your account.".into(),
                button: "Choose a new password",
                link,
                valid_hours: Some(*valid_hours),
                otherwise: "If it was not you, leave this letter alone: your password stays as it is.",
            },
        }
    }
}

impl EntryApproved {
    fn words(&self) -> Words<'_> {
        let (what, company) = (&self.what, &self.company);
        let (subject, lead) = match self.is_of_raffle {
            true => (
                "You won a place",
                format!("The draw for “{what}” of {company} is done, and your entry won."),
            ),
            false => (
                "Your entry was approved",
                format!(
                    "You waited for “{what}” of {company}, and your entry was approved: you can buy it now."
                ),
            ),
        };
        Words {
            subject,
            name: &self.name,
            lead: lead.into(),
            button: "Go to the checkout",
            link: &self.link,
            valid_hours: Some(self.valid_hours),
            otherwise: "If you do not want it any more, leave this letter alone: nothing is charged.",
        }
    }
}

impl EntryDenied {
    fn words(&self) -> Words<'_> {
        let (what, company) = (&self.what, &self.company);
        let (subject, lead) = match self.is_of_raffle {
            true => (
                "Your entry did not win",
                format!("The draw for “{what}” of {company} is done. Your entry did not win this time."),
            ),
            false => (
                "Your entry was not approved",
                format!("You waited for “{what}” of {company}. Your entry was not approved this time."),
            ),
        };
        Words {
            subject,
            name: &self.name,
            lead: lead.into(),
            button: "See where your entry stands",
            link: &self.link,
            valid_hours: None,
            otherwise: "Nothing was charged.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_the_same_in_text_and_html_and_escapes_what_people_wrote() {
        let (name, link) = ("Mira <b>&", "https://hall.example.com/confirm?token=abc&x=1");
        let letters = [
            Letter::AccountExists(AccountExists { name: name.into(), link: link.into(), valid_hours: 1 }),
            Letter::ConfirmEmail(ConfirmEmail { name: name.into(), link: link.into(), valid_hours: 24 }),
            Letter::ResetPassword(ResetPassword { name: name.into(), link: link.into(), valid_hours: 1 }),
            approved(name, link, true),
            approved(name, link, false),
            denied(name, link, true),
            denied(name, link, false),
        ];
        for letter in letters {
            let (text, html) = letter.write().expect("it renders");
            assert!(text.contains("Hello Mira <b>&,") && text.contains(&format!("\n{link}\n")), "{text}");
            assert!(!html.contains("<b>") && html.contains("Hello Mira &#60;b&#62;&#38;,"), "{html}");
            assert!(html.contains("href=\"https://hall.example.com/confirm?token=abc&#38;x=1\""), "{html}");
            let words = letter.words();
            for words in [words.lead.as_ref(), words.otherwise] {
                assert!(text.contains(words) && html.contains(words), "{words}");
            }
            assert_eq!(text.contains("The link counts for"), words.valid_hours.is_some(), "{text}");
            assert_eq!(letter.link(), link);
            let stored = serde_json::to_string(&letter).expect("JSON");
            assert_eq!(serde_json::from_str::<Letter>(&stored).expect("the same"), letter);
        }
    }

    fn approved(name: &str, link: &str, is_of_raffle: bool) -> Letter {
        let (name, link) = (name.into(), link.into());
        let (what, company) = ("The bench course".into(), "The Open Workshop".into());
        Letter::EntryApproved(EntryApproved { name, what, company, is_of_raffle, link, valid_hours: 168 })
    }

    fn denied(name: &str, link: &str, is_of_raffle: bool) -> Letter {
        let (name, link) = (name.into(), link.into());
        let (what, company) = ("The bench course".into(), "The Open Workshop".into());
        Letter::EntryDenied(EntryDenied { name, what, company, is_of_raffle, link })
    }

    #[test]
    fn hours_are_counted_in_words_that_fit() {
        let hours = |valid_hours| {
            let letter = ResetPassword { name: "Mira".into(), link: "https://x".into(), valid_hours };
            Letter::ResetPassword(letter).write().expect("it renders").0
        };
        assert!(hours(1).contains("for one hour."), "{}", hours(1));
        assert!(hours(24).contains("for 24 hours."), "{}", hours(24));
        assert!(hours(168).contains("for 7 days."), "{}", hours(168));
    }
}
