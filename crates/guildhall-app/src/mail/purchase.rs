//! The letters to buyers.

use super::letter::Words;
use serde::{Deserialize, Serialize};

/// Tells someone that what was asked for with their address was not sold to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSold {
    /// How they call themselves.
    pub name: String,
    /// What was asked for.
    pub what: String,
    /// Who sells it.
    pub company: String,
    /// What was paid and is given back, in words; `None` where nothing was due.
    pub amount: Option<String>,
    /// Whether they have it already; else it could not be had any more.
    pub is_had: bool,
    /// Where they see what they have.
    pub link: String,
}

/// Lets someone for whom an account was made choose a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoosePassword {
    /// The username that the account was given.
    pub username: String,
    /// What they bought.
    pub what: String,
    /// Who sold it.
    pub company: String,
    /// Where they choose it.
    pub link: String,
    /// How long the link counts.
    pub valid_hours: u32,
}

/// Tells someone what they paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// How they call themselves.
    pub name: String,
    /// What they paid for.
    pub what: String,
    /// Who sold it.
    pub company: String,
    /// How much, with the currency.
    pub amount: String,
    /// The day it was paid on.
    pub day: String,
    /// Whether a membership was renewed by it.
    pub is_renewal: bool,
    /// What the amount is made of, and what identifies the payment, as labels and texts.
    pub lines: Vec<(String, String)>,
    /// Where they see what they bought.
    pub link: String,
}

impl ChoosePassword {
    pub(super) fn words(&self) -> Words<'_> {
        let Self { username, what, company, link, valid_hours } = self;
        Words {
            subject: "Choose a password".into(),
            name: "",
            lead: format!(
                "You bought “{what}” of {company} with this address, and an account was made for it: {username}. Choose a password to sign in and use what you bought."
            )
            .into(),
            button: "Choose a password",
            link,
            valid_hours: Some(*valid_hours),
            otherwise: "Later, “Forgot it?” on the sign-in page sends you another link. If you bought nothing, leave this letter alone.",
        }
    }
}

impl Receipt {
    pub(super) fn words(&self) -> Words<'_> {
        let Self { what, company, amount, day, .. } = self;
        let lead = match self.is_renewal {
            true => format!("Your membership “{what}” of {company} was renewed on {day} for {amount}."),
            false => format!("You paid {amount} to {company} for “{what}” on {day}."),
        };
        Words {
            subject: format!("Receipt from {company}").into(),
            name: &self.name,
            lead: lead.into(),
            button: "See your purchases",
            link: &self.link,
            valid_hours: None,
            otherwise: "If you know nothing of this payment, tell the seller, or the operator of this hall.",
        }
    }
}

impl NotSold {
    pub(super) fn words(&self) -> Words<'_> {
        let (what, company) = (&self.what, &self.company);
        let lead = match (&self.amount, self.is_had) {
            (Some(amount), true) => format!(
                "Someone, most likely you, paid {amount} for “{what}” of {company} with this address. You have it already, so it was not sold a second time: all of the money is given back."
            ),
            (Some(amount), false) => format!(
                "You paid {amount} for “{what}” of {company}, and it could not be had any more: all of the money is given back."
            ),
            (None, false) => format!(
                "You asked for “{what}” of {company}, and it could not be had any more. Nothing was charged."
            ),
            (None, true) => format!(
                "Someone, most likely you, asked for “{what}” of {company} with this address. You have it already, and nothing was charged."
            ),
        };
        Words {
            subject: match (self.is_had, &self.amount) {
                (true, _) => "You have this already".into(),
                (false, Some(_)) => "Your money is given back".into(),
                (false, None) => "It could not be had any more".into(),
            },
            name: &self.name,
            lead: lead.into(),
            button: "See what you have",
            link: &self.link,
            valid_hours: None,
            otherwise: "If it was not you, leave this letter alone: nothing of yours has changed.",
        }
    }
}
