//! A company's shelf, in any order.

use super::{from_row, pass_columns};
use crate::access_pass::{AccessPass, AccessPassFilter, AccessPassOrder};
use crate::error::{Error, Result};
use crate::page::Part;
use crate::store::membership::is_valid;
use crate::store::{Read, params};
use guildhall_core::ids::{AccessPassId, CompanyId};
use guildhall_core::membership::GRACE_MS;

/// How far back the dollars of thirty days are counted, in milliseconds.
const THIRTY_DAYS_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// The passes that a filter lets through, with their ranks in its order. $1 is the company, $2 the moment, $3 the
/// grace, $4 the kinds, $5 the visibilities, $6 whether plans are wanted, $7 the order, $8 from when on payments count.
macro_rules! ranked {
    () => {
        concat!(
            "with ranked as (
               select p.id, cast(case cast($7 as text)
                 when 'active_memberships_count' then (
                   select count(distinct m.user_id) from memberships m where m.access_pass_id = p.id and ",
            is_valid!("m"),
            ")
                 when 'usd_gmv' then (
                   select coalesce(sum(y.amount_minor), 0) from payments y
                   where y.access_pass_id = p.id and y.currency = 'usd' and y.paid_at is not null)
                 when 'usd_gmv_30_days' then (
                   select coalesce(sum(y.amount_minor), 0) from payments y
                   where y.access_pass_id = p.id and y.currency = 'usd' and y.paid_at > $8)
                 else 0 end as bigint) as rank
               from access_passes p
               where p.company_id = $1
                 and p.deleted_at is null
                 and replace($4, ',' || p.kind || ',', '') <> $4
                 and replace($5, ',' || p.visibility || ',', '') <> $5
                 and (cast($6 as bigint) = 0 or exists (
                   select 1 from plans l where l.access_pass_id = p.id and l.archived_at is null)))"
        )
    };
}

/// A part of the list between two places, each a rank and an id that may be absent: $9 and $10, $11 and $12.
macro_rules! between {
    ($direction:literal) => {
        concat!(
            ranked!(),
            " select ",
            pass_columns!(),
            " from ranked r
              join access_passes p on p.id = r.id
              where (cast($10 as text) is null or r.rank > cast($9 as bigint)
                  or (r.rank = cast($9 as bigint) and r.id > $10))
                and (cast($12 as text) is null or r.rank < cast($11 as bigint)
                  or (r.rank = cast($11 as bigint) and r.id < $12))
              order by r.rank ",
            $direction,
            ", r.id ",
            $direction,
            " limit $13"
        )
    };
}

/// A part of a company's passes, from the end backwards where it is asked from the end.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &AccessPassFilter,
    part: &Part<AccessPassId>,
) -> Result<Vec<AccessPass>> {
    let (low, high) =
        if filter.descending { (&part.before, &part.after) } else { (&part.after, &part.before) };
    let low_rank = rank(read, company, filter, low.as_ref())?;
    let high_rank = rank(read, company, filter, high.as_ref())?;
    let (now, kinds) = (read.now, filter.kind_words());
    let sql = if filter.descending == part.from_end { between!("asc") } else { between!("desc") };
    let rows = read.query(
        sql,
        params![
            company,
            now,
            GRACE_MS,
            &kinds,
            filter.visibility.words(),
            filter.has_plans,
            filter.order.as_str(),
            now - THIRTY_DAYS_MS,
            low_rank,
            low.as_ref(),
            high_rank,
            high.as_ref(),
            part.rows()
        ],
    )?;
    rows.into_iter().map(|mut row| from_row(&mut row)).collect()
}

/// Where a cursor stands in the order; every place is one in the order of making, whose rank is none.
fn rank(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &AccessPassFilter,
    cursor: Option<&AccessPassId>,
) -> Result<i64> {
    let Some(cursor) = cursor.filter(|_| filter.order != AccessPassOrder::CreatedAt) else {
        return Ok(0);
    };
    let (now, kinds) = (read.now, filter.kind_words());
    let row = read.first(
        concat!(ranked!(), " select r.rank from ranked r where r.id = $9"),
        params![
            company,
            now,
            GRACE_MS,
            &kinds,
            filter.visibility.words(),
            filter.has_plans,
            filter.order.as_str(),
            now - THIRTY_DAYS_MS,
            cursor
        ],
    )?;
    match row {
        Some(mut row) => row.int(0),
        None => Err(Error::Invalid(format!("`{cursor}` is not a cursor of this list any more."))),
    }
}

/// How many passes the filter lets through.
pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId, filter: &AccessPassFilter) -> Result<i64> {
    let kinds = filter.kind_words();
    let row = read.first(
        "select count(*)
         from access_passes p
         where p.company_id = $1
           and p.deleted_at is null
           and replace($2, ',' || p.kind || ',', '') <> $2
           and replace($3, ',' || p.visibility || ',', '') <> $3
           and (cast($4 as bigint) = 0 or exists (
             select 1 from plans l where l.access_pass_id = p.id and l.archived_at is null))",
        params![company, &kinds, filter.visibility.words(), filter.has_plans],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}
