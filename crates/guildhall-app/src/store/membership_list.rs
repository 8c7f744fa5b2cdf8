//! The list of a company's memberships that were bought by a plan.

use super::listed::{in_span, is_between, is_listed, listed, span_parameters};
use super::membership::is_valid;
use super::user::user_columns;
use super::{Read, Row, Value, params, plan, user};
use crate::error::{Error, Result};
use crate::membership_list::{BoughtMembership, Holder, MembershipFilter};
use guildhall_core::cursor::Window;
use guildhall_core::ids::{CompanyId, Id, MembershipId, PlanId};
use guildhall_core::membership::{GRACE_MS, MembershipStatus};
use guildhall_core::membership_list::MembershipOrder;

macro_rules! membership_columns {
    () => {
        "m.id, m.company_id, m.status, m.created_at, m.paid_until, m.canceled_at, m.cancelation_reason, m.spent_minor,
         m.promo_code_id, m.access_pass_id, m.plan_id, c.id"
    };
}

const MEMBERSHIP_COLUMNS: usize = 12;

macro_rules! from_memberships {
    () => {
        " from memberships m
          join users u on u.id = m.user_id
          left join company_members c on c.company_id = m.company_id and c.user_id = m.user_id"
    };
}

/// The condition that a membership is one that a filter wants: `$1` is the company, `$2` the moment, `$3` the grace.
macro_rules! is_wanted {
    () => {
        concat!(
            "m.company_id = $1 and m.plan_id is not null and ",
            is_listed!("$4", "m.access_pass_id"),
            " and ",
            is_listed!("$5", "m.plan_id"),
            " and ",
            is_listed!("$6", "m.promo_code_id"),
            " and ",
            is_listed!("$7", "m.status"),
            " and ",
            is_listed!("$8", "m.cancelation_reason"),
            " and (cast($9 as bigint) is null
                or $9 = case when m.cancelation_reason is null then 0 else 1 end)
              and ",
            is_between!("m.created_at", "$10", "$11"),
            " and (cast($12 as bigint) is null or $12 = case when ",
            is_valid!("m"),
            " then 1 else 0 end)
              and (cast($13 as bigint) = 0 or m.status <> 'drafted')
              and cast($14 as bigint) = 0
              and (cast($15 as text) is null or exists (
                select 1 from access_passes p where p.id = m.access_pass_id and ",
            is_listed!("$15", "p.kind"),
            "))"
        )
    };
}

macro_rules! list_query {
    ($key:literal, $order:literal) => {
        concat!(
            "select ",
            membership_columns!(),
            ", ",
            user_columns!(),
            from_memberships!(),
            " where ",
            is_wanted!(),
            in_span!($key, "m.id", $order, "$16", "$17", "$18", "$19", "$20")
        )
    };
}

fn list_statement(order: MembershipOrder, descending: bool) -> &'static str {
    match (order, descending) {
        (MembershipOrder::CanceledAt, false) => {
            list_query!("coalesce(m.canceled_at, 0)", "coalesce(m.canceled_at, 0) asc, m.id asc")
        }
        (MembershipOrder::CanceledAt, true) => {
            list_query!("coalesce(m.canceled_at, 0)", "coalesce(m.canceled_at, 0) desc, m.id desc")
        }
        (MembershipOrder::CreatedAt | MembershipOrder::DateJoined, false) => {
            list_query!("m.created_at", "m.created_at asc, m.id asc")
        }
        (MembershipOrder::CreatedAt | MembershipOrder::DateJoined, true) => {
            list_query!("m.created_at", "m.created_at desc, m.id desc")
        }
        (MembershipOrder::Id, false) => list_query!("m.id", "m.id asc"),
        (MembershipOrder::Id, true) => list_query!("m.id", "m.id desc"),
        (MembershipOrder::Status, false) => list_query!("m.status", "m.status asc, m.id asc"),
        (MembershipOrder::Status, true) => list_query!("m.status", "m.status desc, m.id desc"),
        (MembershipOrder::TotalSpend, false) => list_query!("m.spent_minor", "m.spent_minor asc, m.id asc"),
        (MembershipOrder::TotalSpend, true) => list_query!("m.spent_minor", "m.spent_minor desc, m.id desc"),
    }
}

/// A filter's parameters, as its statements take them.
struct Wanted {
    access_passes: Option<String>,
    access_pass_kinds: Option<String>,
    plans: Option<String>,
    promo_codes: Option<String>,
    statuses: Option<String>,
    reasons: Option<String>,
}

impl Wanted {
    fn of(filter: &MembershipFilter) -> Self {
        Self {
            access_passes: listed(filter.access_passes.iter().map(Id::as_str)),
            access_pass_kinds: listed(filter.access_pass_kinds.iter().map(String::as_str)),
            plans: listed(filter.plans.iter().map(Id::as_str)),
            promo_codes: listed(filter.promo_codes.iter().map(Id::as_str)),
            statuses: listed(filter.statuses.iter().map(|status| status.as_str())),
            reasons: listed(filter.cancelation_reasons.iter().map(String::as_str)),
        }
    }

    fn parameters<'a>(
        &'a self,
        company: &'a CompanyId,
        filter: &MembershipFilter,
        now: i64,
    ) -> Vec<Value<'a>> {
        vec![
            company.into(),
            now.into(),
            GRACE_MS.into(),
            self.access_passes.as_deref().into(),
            self.plans.as_deref().into(),
            self.promo_codes.as_deref().into(),
            self.statuses.as_deref().into(),
            self.reasons.as_deref().into(),
            filter.has_cancelation_reason.into(),
            filter.from_ms.into(),
            filter.until_ms.into(),
            filter.is_valid.into(),
            filter.is_begun.into(),
            filter.is_tracked.into(),
            self.access_pass_kinds.as_deref().into(),
        ]
    }
}

/// The memberships of a window's span, in the order in which they were read.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &MembershipFilter,
    window: &Window<MembershipOrder>,
) -> Result<Vec<BoughtMembership>> {
    let (span, wanted) = (window.span(), Wanted::of(filter));
    let mut parameters = wanted.parameters(company, filter, read.now);
    parameters.extend(span_parameters(&span));
    let rows = read.query(list_statement(window.order, span.descending), &parameters)?;
    rows.into_iter().map(|row| from_row(read, row)).collect()
}

/// Counts what no filter leaves out, from an index alone.
const COUNT_OF_ALL: &str = "select count(*) from memberships where company_id = $1 and plan_id is not null";

/// How many memberships a filter wants.
pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId, filter: &MembershipFilter) -> Result<i64> {
    let row = if *filter == MembershipFilter::default() {
        read.first(COUNT_OF_ALL, params![company])?
    } else {
        let wanted = Wanted::of(filter);
        let parameters = wanted.parameters(company, filter, read.now);
        read.first(concat!("select count(*) from memberships m where ", is_wanted!()), &parameters)?
    };
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// A membership of a company, if it was bought by a plan.
pub(crate) fn find(
    read: &mut Read<'_>,
    company: &CompanyId,
    id: &MembershipId,
) -> Result<Option<BoughtMembership>> {
    let row = read.first(
        concat!(
            "select ",
            membership_columns!(),
            ", ",
            user_columns!(),
            from_memberships!(),
            " where m.id = $1 and m.company_id = $2 and m.plan_id is not null"
        ),
        params![id, company],
    )?;
    row.map(|row| from_row(read, row)).transpose()
}

fn from_row(read: &mut Read<'_>, mut row: Row) -> Result<BoughtMembership> {
    let (status, plan): (String, PlanId) = (row.text(2)?, row.id(10)?);
    Ok(BoughtMembership {
        id: row.id(0)?,
        company: row.id(1)?,
        status: MembershipStatus::from_word(&status)
            .ok_or_else(|| Error::internal(format!("a membership of the unknown status {status}")))?,
        created_at: row.int(3)?,
        paid_until: row.int_or_null(4)?,
        canceled_at: row.int_or_null(5)?,
        cancelation_reason: row.text_or_null(6)?,
        spent_minor: row.int(7)?,
        promo_code: row.id_or_null(8)?,
        access_pass: row.id(9)?,
        plan: plan::find(read, &plan)?.ok_or_else(|| Error::internal(format!("{plan} is not there")))?,
        holder: match row.id_or_null(11)? {
            Some(id) => Some(Holder { id, user: user::from_row(&mut row, MEMBERSHIP_COLUMNS)? }),
            None => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::listed::steps_of;
    use super::*;

    #[test]
    fn the_whole_is_counted_from_an_index() {
        let steps = steps_of(COUNT_OF_ALL);
        assert!(steps[0].to_lowercase().contains("using covering index memberships_listed"), "{steps:#?}");
    }

    #[test]
    fn every_order_is_read_from_its_index() {
        let indexes = [
            (MembershipOrder::CanceledAt, "memberships_listed_by_cancelation"),
            (MembershipOrder::CreatedAt, "memberships_listed_by_creation"),
            (MembershipOrder::DateJoined, "memberships_listed_by_creation"),
            (MembershipOrder::Id, "memberships_listed_by_id"),
            (MembershipOrder::Status, "memberships_listed_by_status"),
            (MembershipOrder::TotalSpend, "memberships_listed_by_spending"),
        ];
        assert_eq!(indexes.len(), MembershipOrder::ALL.len());
        for (order, index) in indexes {
            for descending in [false, true] {
                let steps = steps_of(list_statement(order, descending));
                let range = format!("using index {index} (company_id=? and ").to_lowercase();
                let first = steps[0].to_lowercase();
                assert!(first.contains(&range), "{order:?}: {steps:#?}");
                assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{order:?}: {steps:#?}");
            }
        }
    }
}
