//! The letters: what each says, as text and as HTML.

use super::purchase::{ChoosePassword, NotSold, Receipt};
use askama::Template;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A letter that asks someone to follow a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// To the owner of an address with an account, with which someone asked for another.
    AccountExists(AccountExists),
    /// To someone for whom an account was made when they bought something.
    ChoosePassword(ChoosePassword),
    /// To the owner of an address that was given with a new account.
    ConfirmEmail(ConfirmEmail),
    /// To someone whose entry was approved, or won.
    EntryApproved(EntryApproved),
    /// To someone whose entry was denied, or did not win.
    EntryDenied(EntryDenied),
    /// To someone who was not sold what was asked for with their address.
    NotSold(NotSold),
    /// To someone whose payout could not be made.
    PayoutFailed(PayoutFailed),
    /// To someone who was paid out.
    PayoutPaid(PayoutPaid),
    /// To whom an invoice is for, when it was not paid in time.
    InvoicePastDue(InvoiceLetter),
    /// To whom an invoice is for.
    InvoiceSent(InvoiceLetter),
    /// To someone who paid.
    Receipt(Receipt),
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

/// Asks for money, or reminds of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLetter {
    /// How the customer is called; empty when nobody said.
    pub name: String,
    /// Who asks.
    pub seller: String,
    /// The invoice's number.
    pub number: String,
    /// How much, with the currency.
    pub amount: String,
    /// The day it is due on.
    pub due: String,
    /// Where it is shown.
    pub link: String,
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

/// Tells someone that money which was to leave a balance is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutFailed {
    /// How they call themselves.
    pub name: String,
    /// How much, in words.
    pub amount: String,
    /// The company whose balance it is; `None` for their own.
    pub company: Option<String>,
    /// Why.
    pub reason: String,
    /// Where they see the balance.
    pub link: String,
}

/// Tells someone that money has left a balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutPaid {
    /// How they call themselves.
    pub name: String,
    /// How much, in words.
    pub amount: String,
    /// The company whose balance it is; `None` for their own.
    pub company: Option<String>,
    /// Where they see the balance.
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
pub(super) struct Words<'a> {
    pub(super) subject: Cow<'static, str>,
    /// Empty when it is not known.
    pub(super) name: &'a str,
    pub(super) lead: Cow<'static, str>,
    pub(super) button: &'static str,
    pub(super) link: &'a str,
    /// How long the link counts; `None` for as long as there is something to see.
    pub(super) valid_hours: Option<u32>,
    /// What to do when they did not ask for it.
    pub(super) otherwise: &'static str,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a>(&'a Words<'a>, &'a [(String, String)]);

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a>(&'a Words<'a>, &'a [(String, String)]);

impl Letter {
    /// The line it is announced with.
    #[must_use]
    pub fn subject(&self) -> Cow<'static, str> {
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
        let lines = self.lines();
        Ok((Text(&words, lines).render()?, Html(&words, lines).render()?))
    }

    /// What stands between its lead and its link, as labels and texts.
    fn lines(&self) -> &[(String, String)] {
        match self {
            Self::Receipt(receipt) => &receipt.lines,
            _ => &[],
        }
    }

    fn words(&self) -> Words<'_> {
        match self {
            Self::AccountExists(AccountExists { name, link, valid_hours }) => Words {
                subject: "You have an account already".into(),
                name,
                lead: "Someone, most likely you, asked for an account with this address. There is one already: sign in with it, or choose a new password if you forgot yours.".into(),
                button: "Choose a new password",
                link,
                valid_hours: Some(*valid_hours),
                otherwise: "If it was not you, leave this letter alone: nothing has changed.",
            },
            Self::ChoosePassword(letter) => letter.words(),
            Self::ConfirmEmail(ConfirmEmail { name, link, valid_hours }) => Words {
                subject: "Confirm your e-mail".into(),
                name,
                lead: "Please confirm that this address is yours. It is how you come back in when you lose your password.".into(),
                button: "Confirm this address",
                link,
                valid_hours: Some(*valid_hours),
                otherwise: "If you made no account, leave this letter alone: without a confirmation nothing is sent to you again.",
            },
            Self::EntryApproved(approved) => approved.words(),
            Self::EntryDenied(denied) => denied.words(),
            Self::NotSold(told) => told.words(),
            Self::PayoutFailed(failed) => failed.words(),
            Self::PayoutPaid(paid) => paid.words(),
            Self::InvoicePastDue(letter) => Words {
                subject: format!("Past due: invoice {} from {}", letter.number, letter.seller).into(),
                lead: format!(
                    "{} asked you for {} by {}, with the invoice {}. It has not been paid yet.",
                    letter.seller, letter.amount, letter.due, letter.number
                )
                .into(),
                ..letter.words()
            },
            Self::InvoiceSent(letter) => Words {
                subject: format!("Invoice {} from {}", letter.number, letter.seller).into(),
                lead: format!(
                    "{} sends you the invoice {} over {}, due on {}.",
                    letter.seller, letter.number, letter.amount, letter.due
                )
                .into(),
                ..letter.words()
            },
            Self::Receipt(receipt) => receipt.words(),
            Self::ResetPassword(ResetPassword { name, link, valid_hours }) => Words {
                subject: "Reset your password".into(),
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

impl InvoiceLetter {
    fn words(&self) -> Words<'_> {
        Words {
            subject: Cow::Borrowed(""),
            name: &self.name,
            lead: Cow::Borrowed(""),
            button: "See and pay the invoice",
            link: &self.link,
            valid_hours: None,
            otherwise: "The link opens the invoice to whoever has it. If you know nothing of it, leave this letter alone.",
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
            subject: subject.into(),
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
            subject: subject.into(),
            name: &self.name,
            lead: lead.into(),
            button: "See where your entry stands",
            link: &self.link,
            valid_hours: None,
            otherwise: "Nothing was charged.",
        }
    }
}

impl PayoutFailed {
    fn words(&self) -> Words<'_> {
        let (amount, balance, reason) = (&self.amount, balance_of(self.company.as_deref()), &self.reason);
        Words {
            subject: "A payout could not be made".into(),
            name: &self.name,
            lead: format!("The payout of {amount} from {balance} could not be made. The reason: {reason}")
                .into(),
            button: "See the balance",
            link: &self.link,
            valid_hours: None,
            otherwise: "The money is back in the balance, with what was taken as its fee.",
        }
    }
}

impl PayoutPaid {
    fn words(&self) -> Words<'_> {
        let (amount, balance) = (&self.amount, balance_of(self.company.as_deref()));
        Words {
            subject: "A payout was made".into(),
            name: &self.name,
            lead: format!("The payout of {amount} from {balance} was made.").into(),
            button: "See the balance",
            link: &self.link,
            valid_hours: None,
            otherwise: "If nobody of yours asked for it, tell the operator of this hall.",
        }
    }
}

/// Whose balance a letter is about.
fn balance_of(company: Option<&str>) -> Cow<'static, str> {
    company.map_or("your balance".into(), |company| format!("the balance of {company}").into())
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
            paid_out(name, link),
            not_paid_out(name, link, Some("The Open Workshop")),
            not_paid_out(name, link, None),
            not_sold(name, link, Some("$20.00 USD"), true),
            not_sold(name, link, Some("$20.00 USD"), false),
            not_sold(name, link, None, true),
            not_sold(name, link, None, false),
            receipt(name, link, true),
            receipt(name, link, false),
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

    fn paid_out(name: &str, link: &str) -> Letter {
        let (name, link, amount) = (name.into(), link.into(), "12.50 usd".into());
        Letter::PayoutPaid(PayoutPaid { name, amount, company: None, link })
    }

    fn not_paid_out(name: &str, link: &str, company: Option<&str>) -> Letter {
        let (name, link, amount) = (name.into(), link.into(), "12.50 usd".into());
        let (company, reason) = (company.map(str::to_owned), "The account is closed.".into());
        Letter::PayoutFailed(PayoutFailed { name, amount, company, reason, link })
    }

    fn not_sold(name: &str, link: &str, amount: Option<&str>, is_had: bool) -> Letter {
        let (name, link, amount) = (name.into(), link.into(), amount.map(str::to_owned));
        let (what, company) = ("The bench course".into(), "The Open Workshop".into());
        Letter::NotSold(NotSold { name, what, company, amount, is_had, link })
    }

    fn receipt(name: &str, link: &str, is_renewal: bool) -> Letter {
        let (name, link, amount, day) = (name.into(), link.into(), "$20.00 USD".into(), "1 May 2024".into());
        let (what, company) = ("The bench course".into(), "The Open Workshop".into());
        let lines = vec![("The bench <i>course".into(), "$20.00".into()), ("Account".into(), "@mira".into())];
        Letter::Receipt(Receipt { name, what, company, amount, day, is_renewal, lines, link })
    }

    #[test]
    fn a_receipt_lists_its_lines() {
        let link = "https://hall.example.com/account/purchases";
        let (text, html) = receipt("Mira", link, false).write().expect("it renders");
        let expected = "for “The bench course” on 1 May 2024.

The bench <i>course: $20.00
Account: @mira

See your purchases:
";
        assert!(text.contains(expected), "{text}");
        assert!(html.contains("The bench &#60;i&#62;course</td>") && html.contains(">@mira</td>"), "{html}");
        let (text, _) = receipt("Mira", link, true).write().expect("it renders");
        assert!(text.contains("was renewed on 1 May 2024 for $20.00 USD."), "{text}");
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

    #[test]
    fn letters_about_invoices_name_what_is_asked_for() {
        let letter = InvoiceLetter {
            name: String::new(),
            seller: "Kim <& Co>".into(),
            number: "KIM-0001".into(),
            amount: "$12.50 USD".into(),
            due: "15 May 2024".into(),
            link: "https://hall.example.com/invoices/inv_1/t0k3n".into(),
        };
        let sent = Letter::InvoiceSent(letter.clone());
        assert_eq!(sent.subject(), "Invoice KIM-0001 from Kim <& Co>");
        let (text, html) = sent.write().expect("it renders");
        assert!(text.starts_with("Hello,\n"), "{text}");
        assert!(text.contains("the invoice KIM-0001 over $12.50 USD, due on 15 May 2024."), "{text}");
        assert!(!text.contains("hours") && !html.contains("hours"), "the link does not run out");
        assert!(html.contains("Kim &#60;&#38; Co&#62;") && !html.contains("<& Co>"), "{html}");
        let late = Letter::InvoicePastDue(letter);
        assert_eq!(late.subject(), "Past due: invoice KIM-0001 from Kim <& Co>");
        let (text, _) = late.write().expect("it renders");
        assert!(
            text.contains("by 15 May 2024, with the invoice KIM-0001. It has not been paid yet."),
            "{text}"
        );
    }
}
