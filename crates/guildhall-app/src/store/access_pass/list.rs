//! A company's shelf, in any order.

use super::{PASS_COLUMNS, from_row, pass_columns};
use crate::access_pass::{AccessPass, AccessPassFilter, AccessPassOrder};
use crate::error::Result;
use crate::page::Ranked;
use crate::store::listed::{in_span, span_parameters};
use crate::store::membership::is_valid;
use crate::store::{Read, Value, params};
use guildhall_core::cursor::Window;
use guildhall_core::ids::CompanyId;
use guildhall_core::membership::GRACE_MS;

/// The condition that a filter lets a pass through: $1 is the company, $4 the kinds, $5 the visibilities, $6 whether
/// plans are wanted. The moment $2 and the grace of memberships $3 are named here since every statement takes them, and
/// not every one counts by them.
macro_rules! passes {
    () => {
        "p.company_id = $1
         and cast($2 as bigint) + cast($3 as bigint) is not null
         and p.deleted_at is null
         and replace($4, ',' || p.kind || ',', '') <> $4
         and replace($5, ',' || p.visibility || ',', '') <> $5
         and (cast($6 as bigint) = 0 or exists (
           select 1 from plans l where l.access_pass_id = p.id and l.archived_at is null))"
    };
}

/// A part of the list in the order of making.
macro_rules! by_making {
    ($order:literal) => {
        concat!(
            "select ",
            pass_columns!(),
            ", 0 from access_passes p where ",
            passes!(),
            in_span!("p.id", "p.id", $order, "$7", "$8", "$9", "$10", "$11")
        )
    };
}

/// A part of the list in the order of a figure, which is counted once for each pass.
macro_rules! by_figure {
    ($with:expr, $figure:expr, $joined:literal, $order:literal) => {
        concat!(
            "with ",
            $with,
            "ranked as materialized (select p.id, ",
            $figure,
            " as rank from access_passes p ",
            $joined,
            " where ",
            passes!(),
            ") select ",
            pass_columns!(),
            ", r.rank from ranked r join access_passes p on p.id = r.id where true",
            in_span!("r.rank", "r.id", $order, "$7", "$8", "$9", "$10", "$11")
        )
    };
}

macro_rules! by_members {
    ($order:literal) => {
        by_figure!(
            "",
            concat!(
                "(select count(distinct m.user_id) from memberships m where m.access_pass_id = p.id and ",
                is_valid!("m"),
                ")"
            ),
            "",
            $order
        )
    };
}

/// By what was paid in us dollars since a moment, which goes through the payments of the company once.
macro_rules! by_dollars {
    ($since:literal, $order:literal) => {
        by_figure!(
            concat!(
                "paid as (
                   select y.access_pass_id, cast(sum(y.amount_minor) as bigint) as total
                   from payments y
                   where y.company_id = $1 and y.currency = 'usd' and coalesce(y.paid_at, 0) > ",
                $since,
                " group by y.access_pass_id), "
            ),
            "coalesce(t.total, 0)",
            "left join paid t on t.access_pass_id = p.id",
            $order
        )
    };
}

fn list_statement(order: AccessPassOrder, descending: bool) -> &'static str {
    match (order, descending) {
        (AccessPassOrder::CreatedAt, false) => by_making!("p.id asc"),
        (AccessPassOrder::CreatedAt, true) => by_making!("p.id desc"),
        (AccessPassOrder::ActiveMembershipsCount, false) => by_members!("r.rank asc, r.id asc"),
        (AccessPassOrder::ActiveMembershipsCount, true) => by_members!("r.rank desc, r.id desc"),
        (AccessPassOrder::UsdGmv, false) => by_dollars!("0", "r.rank asc, r.id asc"),
        (AccessPassOrder::UsdGmv, true) => by_dollars!("0", "r.rank desc, r.id desc"),
        // Thirty days in milliseconds.
        (AccessPassOrder::UsdGmvThirtyDays, false) => {
            by_dollars!("$2 - 2592000000", "r.rank asc, r.id asc")
        }
        (AccessPassOrder::UsdGmvThirtyDays, true) => {
            by_dollars!("$2 - 2592000000", "r.rank desc, r.id desc")
        }
    }
}

fn parameters<'a>(
    company: &'a CompanyId,
    filter: &AccessPassFilter,
    kinds: &'a str,
    now: i64,
) -> Vec<Value<'a>> {
    params![company, now, GRACE_MS, kinds, filter.visibility.words(), filter.has_plans].to_vec()
}

/// The passes of a window's span, in the order in which they were read.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &AccessPassFilter,
    window: &Window<AccessPassOrder>,
) -> Result<Vec<Ranked<AccessPass>>> {
    let (span, kinds) = (window.span(), filter.kind_words());
    let mut parameters = parameters(company, filter, &kinds, read.now);
    parameters.extend(span_parameters(&span));
    let rows = read.query(list_statement(window.order, span.descending), &parameters)?;
    let rows =
        rows.into_iter().map(|mut row| Ok(Ranked { rank: row.int(PASS_COLUMNS)?, row: from_row(&mut row)? }));
    rows.collect()
}

/// How many passes the filter lets through.
pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId, filter: &AccessPassFilter) -> Result<i64> {
    let kinds = filter.kind_words();
    let row = read.first(
        concat!("select count(*) from access_passes p where ", passes!()),
        &parameters(company, filter, &kinds, read.now),
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::listed::steps_of;

    #[test]
    fn dollars_are_counted_by_going_through_the_payments_of_the_company_once() {
        for order in [AccessPassOrder::UsdGmv, AccessPassOrder::UsdGmvThirtyDays] {
            let steps = steps_of(list_statement(order, true));
            let payments: Vec<_> = steps.iter().filter(|step| step.contains(" y ")).collect();
            assert_eq!(payments.len(), 1, "{steps:#?}");
            assert!(payments[0].contains("payments_by_payment (company_id=? AND <expr>>?"), "{steps:#?}");
            assert!(steps.iter().any(|step| step == "MATERIALIZE paid"), "{steps:#?}");
        }
    }
}
