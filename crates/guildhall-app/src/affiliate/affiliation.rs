//! What a person sees of being an affiliate: where, by which links, and what it earned. Reads only.
//!
//! Bounds: [`MOST_AFFILIATIONS`] companies, and [`MOST_LINKS`] plans of each.

use super::is_on_team;
use super::sale::commission;
use crate::Guildhall;
use crate::company::Company;
use crate::error::Result;
use crate::store::affiliate::AffiliateRow;
use crate::store::{self, Read};
use guildhall_core::affiliate::AffiliateStatus;
use guildhall_core::ids::{PlanId, UserId};
use guildhall_core::money::Currency;

/// How many companies a person is shown, the newest affiliations first.
const MOST_AFFILIATIONS: i64 = 50;
/// How many plans of each.
const MOST_LINKS: i64 = 10;

/// A company whose affiliate somebody is.
#[derive(Debug, Clone)]
pub struct Affiliation {
    /// The company.
    pub company: Company,
    /// Whether their links count: not once they are archived, and not while they are on the team.
    pub counts: bool,
    /// What they can bring buyers to.
    pub links: Vec<Link>,
    /// What they earned, a currency each.
    pub earned: Vec<Earned>,
}

/// A plan that somebody can bring buyers to.
#[derive(Debug, Clone)]
pub struct Link {
    /// The plan.
    pub plan: PlanId,
    /// What it sells.
    pub title: String,
    /// What is earned by a first payment, for people; `None` for nothing.
    pub commission: Option<String>,
}

/// What somebody earned in one currency, in its minor units.
#[derive(Debug, Clone, Copy)]
pub struct Earned {
    /// The currency.
    pub currency: Currency,
    /// All of it, without what went back.
    pub earned_minor: i64,
    /// What of it is not released yet.
    pub pending_minor: i64,
}

/// Where a person is an affiliate, the newest first.
///
/// # Errors
/// `Internal` only.
pub async fn affiliations(hall: &Guildhall, user: &UserId) -> Result<Vec<Affiliation>> {
    let user = user.clone();
    let scan = hall.store.scan(move |read| {
        let rows = store::affiliate::affiliations(read, &user, MOST_AFFILIATIONS)?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            // A company cannot go away while it has affiliates.
            if let Some(company) = store::company::find(read, &row.company)? {
                found.push(affiliation(read, &row, company)?);
            }
        }
        Ok(found)
    });
    scan.await
}

fn affiliation(read: &mut Read<'_>, row: &AffiliateRow, company: Company) -> Result<Affiliation> {
    let earned = store::affiliate::earned(read, &row.company, &row.id)?;
    let earned = earned.into_iter().map(|(currency, earned_minor, pending_minor)| Earned {
        currency,
        earned_minor,
        pending_minor,
    });
    let earned = earned.collect();
    let counts = row.status == AffiliateStatus::Active && !is_on_team(read, &row.company, &row.user)?;
    let links = if counts { links(read, row)? } else { Vec::new() };
    Ok(Affiliation { company, counts, links, earned })
}

fn links(read: &mut Read<'_>, row: &AffiliateRow) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    for (id, title) in store::affiliate::sold_plans(read, &row.company, MOST_LINKS)? {
        if let Some(plan) = store::plan::find(read, &id)? {
            let commission = commission(read, row, &plan, 0)?;
            let commission = commission.map(|commission| commission.in_words(plan.currency));
            links.push(Link { plan: id, title, commission });
        }
    }
    Ok(links)
}
