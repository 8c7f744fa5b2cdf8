//! A company's plans, in any order.

use super::{from_row, plan_columns};
use crate::error::{Error, Result};
use crate::page::Part;
use crate::plan::{Plan, PlanFilter, PlanOrder};
use crate::store::membership::is_valid;
use crate::store::user::like_within;
use crate::store::{Read, params};
use guildhall_core::ids::{CompanyId, PlanId};
use guildhall_core::membership::GRACE_MS;

/// The condition that a filter lets a plan through: $1 is the company, $4 the pass, $5 the visibilities, $6 the release
/// method, $7 whether a raffle has ended, $8 the pattern of the query, $9 and $10 whether everybody and members earn by
/// bringing buyers; $2 is the moment.
macro_rules! passes {
    () => {
        "l.company_id = $1
         and (cast($4 as text) is null or l.access_pass_id = $4)
         and replace($5, ',' || case when l.archived_at is null then l.visibility else 'archived' end || ',', '') <> $5
         and (cast($6 as text) is null or l.release_method = $6)
         and (cast($7 as bigint) is null or (l.release_method = 'raffle'
           and $7 = case when l.entries_end_at <= $2 then 1 else 0 end))
         and (lower(coalesce(l.name, '')) like $8 escape '!'
           or lower(coalesce(l.description, '')) like $8 escape '!'
           or lower(p.title) like $8 escape '!')
         and (cast($9 as bigint) is null or p.global_affiliate_enabled = $9)
         and (cast($10 as bigint) is null or p.member_affiliate_enabled = $10)"
    };
}

/// The plans that pass, with their ranks in the order, $11; $3 is the grace of memberships.
macro_rules! ranked {
    () => {
        concat!(
            "with ranked as (
               select l.id, cast(case cast($11 as text)
                 when 'active_memberships_count' then (
                   select count(*) from memberships m where m.plan_id = l.id and ",
            is_valid!("m"),
            ")
                 when 'affiliates' then (
                   select count(distinct y.affiliate_id) from payments y where y.plan_id = l.id)
                 when 'expires_at' then coalesce(l.entries_end_at, 9223372036854775807)
                 else 0 end as bigint) as rank
               from plans l
               join access_passes p on p.id = l.access_pass_id
               where ",
            passes!(),
            ")"
        )
    };
}

/// A part of the list between two places, each a rank and an id that may be absent: $12 and $13, $14 and $15.
macro_rules! between {
    ($direction:literal) => {
        concat!(
            ranked!(),
            " select ",
            plan_columns!(),
            " from ranked r
              join plans l on l.id = r.id
              where (cast($13 as text) is null or r.rank > cast($12 as bigint)
                  or (r.rank = cast($12 as bigint) and r.id > $13))
                and (cast($15 as text) is null or r.rank < cast($14 as bigint)
                  or (r.rank = cast($14 as bigint) and r.id < $15))
              order by r.rank ",
            $direction,
            ", r.id ",
            $direction,
            " limit $16"
        )
    };
}

/// A part of a company's plans, from the end backwards where it is asked from the end.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &PlanFilter,
    part: &Part<PlanId>,
) -> Result<Vec<Plan>> {
    let (low, high) =
        if filter.descending { (&part.before, &part.after) } else { (&part.after, &part.before) };
    let low_rank = rank(read, company, filter, low.as_ref())?;
    let high_rank = rank(read, company, filter, high.as_ref())?;
    let (now, pattern) = (read.now, like_within(&filter.query));
    let sql = if filter.descending == part.from_end { between!("asc") } else { between!("desc") };
    let rows = read.query(
        sql,
        params![
            company,
            now,
            GRACE_MS,
            filter.access_pass.as_ref(),
            filter.visibility.words(),
            filter.release_method.map(|method| method.as_str()),
            filter.raffle_ended,
            &pattern,
            filter.global_affiliate,
            filter.member_affiliate,
            filter.order.as_str(),
            low_rank,
            low.as_ref(),
            high_rank,
            high.as_ref(),
            part.rows()
        ],
    )?;
    rows.into_iter().map(|mut row| from_row(&mut row, 0)).collect()
}

/// Where a cursor stands in the order; every place is one in the order of making, whose rank is none.
fn rank(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &PlanFilter,
    cursor: Option<&PlanId>,
) -> Result<i64> {
    let Some(cursor) = cursor.filter(|_| filter.order != PlanOrder::CreatedAt) else {
        return Ok(0);
    };
    let (now, pattern) = (read.now, like_within(&filter.query));
    let row = read.first(
        concat!(ranked!(), " select r.rank from ranked r where r.id = $12"),
        params![
            company,
            now,
            GRACE_MS,
            filter.access_pass.as_ref(),
            filter.visibility.words(),
            filter.release_method.map(|method| method.as_str()),
            filter.raffle_ended,
            &pattern,
            filter.global_affiliate,
            filter.member_affiliate,
            filter.order.as_str(),
            cursor
        ],
    )?;
    match row {
        Some(mut row) => row.int(0),
        None => Err(Error::Invalid(format!("`{cursor}` is not a cursor of this list any more."))),
    }
}

/// How many plans the filter lets through.
pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId, filter: &PlanFilter) -> Result<i64> {
    let (now, pattern) = (read.now, like_within(&filter.query));
    let row = read.first(
        concat!(
            "select count(*) from plans l join access_passes p on p.id = l.access_pass_id
             where cast($3 as bigint) > 0 and ",
            passes!()
        ),
        params![
            company,
            now,
            GRACE_MS,
            filter.access_pass.as_ref(),
            filter.visibility.words(),
            filter.release_method.map(|method| method.as_str()),
            filter.raffle_ended,
            &pattern,
            filter.global_affiliate,
            filter.member_affiliate
        ],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}
