//! Founding who waits for what.

use super::Founder;
use crate::entry::{self, Entry};
use crate::error::Result;
use guildhall_core::ids::{PlanId, UserId};

impl Founder<'_, '_> {
    /// A person's entry for a waitlist or raffle, with answers as pairs of a field's id and a text.
    ///
    /// # Errors
    /// As for [`entry::enter`].
    pub fn entry(&mut self, plan: &PlanId, user: &UserId, answers: &[(String, String)]) -> Result<Entry> {
        entry::enter_in(self.tx, user, plan, answers, None)
    }
}
