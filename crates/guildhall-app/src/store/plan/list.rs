//! A company's plans, in any order.

use super::{PLAN_COLUMNS, from_row, plan_columns};
use crate::error::Result;
use crate::page::Ranked;
use crate::plan::{Plan, PlanFilter, PlanOrder};
use crate::store::listed::{in_span, span_parameters};
use crate::store::membership::is_valid;
use crate::store::user::like_within;
use crate::store::{Read, Value, params};
use guildhall_core::cursor::Window;
use guildhall_core::ids::CompanyId;
use guildhall_core::membership::GRACE_MS;
use guildhall_core::plan::ReleaseMethod;

/// The condition that a filter lets a plan through: $1 is the company, $4 the pass, $5 the visibilities, $6 the release
/// method, $7 whether a raffle has ended, $8 the pattern of the query, $9 and $10 whether everybody and members earn by
/// bringing buyers; $2 is the moment. The grace of memberships $3 is named here since every statement takes it, and not
/// every one counts by it.
macro_rules! passes {
    () => {
        "l.company_id = $1
         and cast($3 as bigint) > 0
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

macro_rules! with_passes {
    () => {
        " from plans l join access_passes p on p.id = l.access_pass_id "
    };
}

/// A part of the list in the order of making.
macro_rules! by_making {
    ($order:literal) => {
        concat!(
            "select ",
            plan_columns!(),
            ", 0",
            with_passes!(),
            "where ",
            passes!(),
            in_span!("l.id", "l.id", $order, "$11", "$12", "$13", "$14", "$15")
        )
    };
}

/// A part of the list in the order of a figure, which is counted once for each plan.
macro_rules! by_figure {
    ($with:literal, $figure:expr, $joined:literal, $order:literal) => {
        concat!(
            "with ",
            $with,
            "ranked as materialized (select l.id, ",
            $figure,
            " as rank",
            with_passes!(),
            $joined,
            "where ",
            passes!(),
            ") select ",
            plan_columns!(),
            ", r.rank from ranked r join plans l on l.id = r.id where true",
            in_span!("r.rank", "r.id", $order, "$11", "$12", "$13", "$14", "$15")
        )
    };
}

macro_rules! by_members {
    ($order:literal) => {
        by_figure!(
            "",
            concat!("(select count(*) from memberships m where m.plan_id = l.id and ", is_valid!("m"), ")"),
            "",
            $order
        )
    };
}

/// By how many affiliates brought buyers, which goes through the payments of the company once.
macro_rules! by_affiliates {
    ($order:literal) => {
        by_figure!(
            "brought as (
               select y.plan_id, count(distinct y.affiliate_id) as total
               from payments y
               where y.company_id = $1 and y.affiliate_id is not null
               group by y.plan_id), ",
            "coalesce(t.total, 0)",
            "left join brought t on t.plan_id = l.id ",
            $order
        )
    };
}

/// By when entries end; what never ends is last.
macro_rules! by_end {
    ($order:literal) => {
        by_figure!("", "coalesce(l.entries_end_at, 9223372036854775807)", "", $order)
    };
}

fn list_statement(order: PlanOrder, descending: bool) -> &'static str {
    match (order, descending) {
        (PlanOrder::CreatedAt, false) => by_making!("l.id asc"),
        (PlanOrder::CreatedAt, true) => by_making!("l.id desc"),
        (PlanOrder::ActiveMembershipsCount, false) => by_members!("r.rank asc, r.id asc"),
        (PlanOrder::ActiveMembershipsCount, true) => by_members!("r.rank desc, r.id desc"),
        (PlanOrder::Affiliates, false) => by_affiliates!("r.rank asc, r.id asc"),
        (PlanOrder::Affiliates, true) => by_affiliates!("r.rank desc, r.id desc"),
        (PlanOrder::ExpiresAt, false) => by_end!("r.rank asc, r.id asc"),
        (PlanOrder::ExpiresAt, true) => by_end!("r.rank desc, r.id desc"),
    }
}

fn parameters<'a>(
    company: &'a CompanyId,
    filter: &'a PlanFilter,
    pattern: &'a str,
    now: i64,
) -> Vec<Value<'a>> {
    params![
        company,
        now,
        GRACE_MS,
        filter.access_pass.as_ref(),
        filter.visibility.words(),
        filter.release_method.map(ReleaseMethod::as_str),
        filter.raffle_ended,
        pattern,
        filter.global_affiliate,
        filter.member_affiliate
    ]
    .to_vec()
}

/// The plans of a window's span, in the order in which they were read.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &PlanFilter,
    window: &Window<PlanOrder>,
) -> Result<Vec<Ranked<Plan>>> {
    let (span, pattern) = (window.span(), like_within(&filter.query));
    let mut parameters = parameters(company, filter, &pattern, read.now);
    parameters.extend(span_parameters(&span));
    let rows = read.query(list_statement(window.order, span.descending), &parameters)?;
    let rows = rows
        .into_iter()
        .map(|mut row| Ok(Ranked { rank: row.int(PLAN_COLUMNS)?, row: from_row(&mut row, 0)? }));
    rows.collect()
}

/// How many plans the filter lets through.
pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId, filter: &PlanFilter) -> Result<i64> {
    let pattern = like_within(&filter.query);
    let row = read.first(
        concat!("select count(*)", with_passes!(), "where ", passes!()),
        &parameters(company, filter, &pattern, read.now),
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::listed::steps_of;

    #[test]
    fn the_order_of_making_is_read_from_its_index() {
        for descending in [false, true] {
            let steps = steps_of(list_statement(PlanOrder::CreatedAt, descending));
            assert!(steps[0].contains("USING INDEX plans_by_company (company_id=? AND "), "{steps:#?}");
            assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:#?}");
        }
    }

    #[test]
    fn affiliates_are_counted_by_going_through_the_payments_of_the_company_once() {
        let steps = steps_of(list_statement(PlanOrder::Affiliates, true));
        let payments: Vec<_> = steps.iter().filter(|step| step.contains(" y ")).collect();
        assert_eq!(payments.len(), 1, "{steps:#?}");
        assert!(payments[0].contains("(company_id=?"), "{steps:#?}");
        assert!(steps.iter().any(|step| step == "MATERIALIZE brought"), "{steps:#?}");
    }
}
