//! The list of a company's disputes, as its team reads it: those that wait for an answer first.
//!
//! Reads and writes nothing. A page holds [`PAGE`] of those that wait for none; of the others the first page holds
//! [`MOST_WAITING`].

use super::Dispute;
use crate::Guildhall;
use crate::company::{self, Company, Doors};
use crate::error::{Error, Result};
use crate::principal::Principal;
use crate::receipt::{self, Receipt, Sight};
use crate::store::{self, Read};
use guildhall_core::ids::{CompanyId, DisputeId};
use guildhall_core::permission::Permission;

/// The most disputes that a page shows of those that wait for an answer.
pub const MOST_WAITING: usize = 100;
/// How many of the others a page shows.
const PAGE: usize = 50;

/// A dispute, and the payment that it is of, as the caller may see it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The dispute.
    pub dispute: Dispute,
    /// The payment.
    pub receipt: Receipt,
}

/// What the team's page of disputes shows.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Whose they are.
    pub company: Company,
    /// Where else whoever looks may go.
    pub doors: Doors,
    /// Those that wait for an answer, the most urgent first; none on later pages.
    pub waiting: Vec<Case>,
    /// The others, newest first.
    pub others: Vec<Case>,
    /// After which one the next page begins, if there is one.
    pub next: Option<DisputeId>,
}

/// A company's disputes; those that wait for no answer after one of them.
///
/// # Errors
/// `NotFound` for a company that the caller is not on the team of, `Forbidden` without `payment:basic:read`.
pub async fn desk(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    after: Option<DisputeId>,
) -> Result<Desk> {
    let principal = principal.clone();
    let scan = hall.store.scan(move |read| {
        let company = company::enter(read, &principal, &company, Permission::PaymentRead)?;
        let sight = Sight::of(read, &principal, &company.id)?;
        let waiting = match &after {
            Some(_) => Vec::new(),
            None => store::dispute::waiting(read, &company.id, MOST_WAITING)?,
        };
        let mut others = store::dispute::not_waiting(read, &company.id, after.as_ref(), PAGE + 1)?;
        let has_more = others.len() > PAGE;
        others.truncate(PAGE);
        let next = others.last().filter(|_| has_more).map(|last| last.id.clone());
        Ok(Desk {
            doors: Doors::of(read, &principal, &company.id)?,
            waiting: cases(read, waiting, sight)?,
            others: cases(read, others, sight)?,
            next,
            company,
        })
    });
    scan.await
}

fn cases(read: &mut Read<'_>, disputes: Vec<Dispute>, sight: Sight) -> Result<Vec<Case>> {
    let mut cases = Vec::with_capacity(disputes.len());
    for dispute in disputes {
        let receipt = receipt::find(read, &dispute.company, &dispute.payment, sight)?
            .ok_or_else(|| Error::internal("a dispute of a payment that is not there"))?;
        cases.push(Case { dispute, receipt });
    }
    Ok(cases)
}
