//! Rows of memberships.

use super::{Read, Tx, params};
use crate::error::Result;
use crate::membership::NewMembership;
use guildhall_core::ids::{AccessPassId, CompanyId, MembershipId};

/// The condition that a membership counts: `core::membership::is_valid` in SQL, for whole lists. Takes the
/// table's alias; $2 is the moment and $3 the grace.
macro_rules! is_valid {
    ($alias:literal) => {
        concat!(
            "((",
            $alias,
            ".status in ('active', 'trialing', 'completed')
                and (",
            $alias,
            ".paid_until is null or ",
            $alias,
            ".paid_until > $2))
              or (",
            $alias,
            ".status = 'past_due'
                and (",
            $alias,
            ".paid_until is null or ",
            $alias,
            ".paid_until > $2 - $3))
              or (",
            $alias,
            ".status = 'canceled' and ",
            $alias,
            ".paid_until > $2))"
        )
    };
}
pub(super) use is_valid;

pub(crate) fn insert(tx: &mut Tx<'_>, membership: &NewMembership) -> Result<MembershipId> {
    let id: MembershipId = tx.mint();
    let now = tx.now;
    tx.execute(
        "insert into memberships (id, company_id, access_pass_id, plan_id, user_id, status, paid_until, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            &id,
            &membership.company,
            &membership.access_pass,
            membership.plan.as_ref(),
            &membership.user,
            membership.status.as_str(),
            membership.paid_until,
            now
        ],
    )?;
    Ok(id)
}

/// How many people hold a valid membership of a pass.
pub(crate) fn count_valid_users(read: &mut Read<'_>, pass: &AccessPassId) -> Result<i64> {
    let (now, grace) = (read.now, guildhall_core::membership::GRACE_MS);
    let row = read.first(
        concat!(
            "select count(distinct m.user_id) from memberships m where m.access_pass_id = $1 and ",
            is_valid!("m")
        ),
        params![pass, now, grace],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// How many memberships a company has, of any status.
pub(crate) fn count_of_company(read: &mut Read<'_>, company: &CompanyId) -> Result<i64> {
    let row = read.first("select count(*) from memberships where company_id = $1", params![company])?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

#[cfg(test)]
mod tests {
    use super::super::{Location, Store};
    use super::*;
    use crate::clock::{Clock, Random};
    use guildhall_core::membership::{self, GRACE_MS, MembershipStatus};

    #[tokio::test]
    async fn the_condition_says_what_the_rule_says() {
        let directory = tempfile::tempdir().expect("a directory");
        let location = Location::Sqlite(directory.path().join("store.sqlite3"));
        let now = 10 * GRACE_MS;
        let store = Store::open(&location, Clock::frozen(now), Random::seeded(1)).expect("opens");
        let ends = [now - GRACE_MS - 1, now - GRACE_MS, now - GRACE_MS + 1, now - 1, now, now + 1];
        let ends: Vec<Option<i64>> = ends.into_iter().map(Some).chain([None]).collect();
        for status in MembershipStatus::ALL {
            for paid_until in ends.clone() {
                let counted = store.read(move |read| {
                    read.query(
                        concat!(
                            "select 1
                             from (select cast($1 as text) as status, cast($4 as bigint) as paid_until) m
                             where ",
                            is_valid!("m")
                        ),
                        params![status.as_str(), now, GRACE_MS, paid_until],
                    )
                });
                let counts = !counted.await.expect("it is SQL").is_empty();
                assert_eq!(
                    counts,
                    membership::is_valid(status, paid_until, now),
                    "{status:?} {paid_until:?}"
                );
            }
        }
    }
}
