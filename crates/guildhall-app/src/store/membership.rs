//! Rows of memberships.

use super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use crate::membership::Membership;
use guildhall_core::billing::Subscription;
use guildhall_core::ids::{AccessPassId, CompanyId, MembershipId, PlanId, UserId};
use guildhall_core::membership::MembershipStatus;

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

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, company_id, access_pass_id, plan_id, user_id, status, period_start, paid_until,
               cancel_at_period_end, past_due_since, failures, quantity, canceled_at, cancelation_reason, payments_due,
               due_at, told_valid, license_key, metadata, custom_field_answers, checkout_session_id, promo_code_id,
               affiliate_id, payment_method_id, created_at, updated_at
             from memberships ",
            $rest
        )
    };
}

fn from_row(mut row: Row) -> Result<Membership> {
    let status = row.text(5)?;
    let status = MembershipStatus::from_word(&status)
        .ok_or_else(|| Error::internal(format!("a membership of the unknown status {status}")))?;
    Ok(Membership {
        id: row.id(0)?,
        company: row.id(1)?,
        access_pass: row.id(2)?,
        plan: row.id_or_null(3)?,
        user: row.id(4)?,
        state: Subscription {
            status,
            period_start: row.int(6)?,
            paid_until: row.int_or_null(7)?,
            cancel_at_period_end: row.flag(8)?,
            past_due_since: row.int_or_null(9)?,
            failures: row.int(10)?,
        },
        quantity: row.int(11)?,
        canceled_at: row.int_or_null(12)?,
        cancelation_reason: row.text_or_null(13)?,
        payments_due: row.int(14)?,
        due_at: row.int_or_null(15)?,
        told_valid: row.flag(16)?,
        license_key: row.text_or_null(17)?,
        metadata: row.text(18)?,
        answers: row.text(19)?,
        checkout_session: row.id_or_null(20)?,
        promo_code: row.id_or_null(21)?,
        affiliate: row.id_or_null(22)?,
        method: row.id_or_null(23)?,
        created_at: row.int(24)?,
        updated_at: row.int(25)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &MembershipId) -> Result<Option<Membership>> {
    read.first(select!("where id = $1"), params![id])?.map(from_row).transpose()
}

/// A membership that must be there.
pub(crate) fn require(read: &mut Read<'_>, id: &MembershipId) -> Result<Membership> {
    find(read, id)?.ok_or_else(|| Error::internal(format!("the membership {id} is missing")))
}

/// Somebody's memberships of a plan, newest first.
pub(crate) fn of_plan(read: &mut Read<'_>, plan: &PlanId, user: &UserId) -> Result<Vec<Membership>> {
    let rows = read.query(
        select!("where plan_id = $1 and user_id = $2 order by id desc limit 100"),
        params![plan, user],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// Somebody's memberships, newest first.
pub(crate) fn of_user(read: &mut Read<'_>, user: &UserId, most: i64) -> Result<Vec<Membership>> {
    let rows = read.query(select!("where user_id = $1 order by id desc limit $2"), params![user, most])?;
    rows.into_iter().map(from_row).collect()
}

/// Writes down what of a membership never changes, with its beginning.
pub(crate) fn insert(tx: &mut Tx<'_>, membership: &Membership) -> Result<()> {
    tx.execute(
        "insert into memberships (id, company_id, access_pass_id, plan_id, user_id, status, paid_until, license_key,
           checkout_session_id, created_at, told_valid)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
        params![
            &membership.id,
            &membership.company,
            &membership.access_pass,
            membership.plan.as_ref(),
            &membership.user,
            membership.state.status.as_str(),
            membership.state.paid_until,
            membership.license_key.as_deref(),
            membership.checkout_session.as_ref(),
            membership.created_at
        ],
    )?;
    Ok(())
}

/// Writes down what of a membership may change.
pub(crate) fn update(tx: &mut Tx<'_>, membership: &Membership) -> Result<()> {
    let state = &membership.state;
    tx.execute(
        "update memberships
         set plan_id = $2, status = $3, period_start = $4, paid_until = $5, cancel_at_period_end = $6,
           past_due_since = $7, failures = $8, quantity = $9, canceled_at = $10, cancelation_reason = $11,
           payments_due = $12, due_at = $13, told_valid = $14, metadata = $15, custom_field_answers = $16,
           promo_code_id = $17, affiliate_id = $18, payment_method_id = $19, updated_at = $20
         where id = $1",
        params![
            &membership.id,
            membership.plan.as_ref(),
            state.status.as_str(),
            state.period_start,
            state.paid_until,
            state.cancel_at_period_end,
            state.past_due_since,
            state.failures,
            membership.quantity,
            membership.canceled_at,
            membership.cancelation_reason.as_deref(),
            membership.payments_due,
            membership.due_at,
            membership.told_valid,
            &membership.metadata,
            &membership.answers,
            membership.promo_code.as_ref(),
            membership.affiliate.as_ref(),
            membership.method.as_ref(),
            membership.updated_at
        ],
    )?;
    Ok(())
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
    use guildhall_core::membership::{self, GRACE_MS};

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
