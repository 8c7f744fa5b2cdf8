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
            (None, _) => format!(
                "Someone, most likely you, asked for “{what}” of {company} with this address. You have it already, and nothing was charged."
            ),
        };
        Words {
            subject: match self.is_had {
                true => "You have this already".into(),
                false => "Your money is given back".into(),
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
