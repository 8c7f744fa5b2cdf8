//! Rows of companies' members, and of what they spent.

use super::listed::{in_span, is_between, is_listed, listed, span_parameters};
use super::membership::is_valid;
use super::user::{like_within, user_columns};
use super::{Read, Row, Tx, Value, params, user};
use crate::company_member::{CompanyMember, MemberFilter};
use crate::error::{Error, Result};
use guildhall_core::billing::Terms;
use guildhall_core::company_member::{Held, MemberOrder, RecentAction};
use guildhall_core::cursor::Window;
use guildhall_core::ids::{CompanyId, CompanyMemberId, Id, MembershipId, PlanId, UserId};
use guildhall_core::membership::{GRACE_MS, MembershipStatus};
use guildhall_core::money::Currency;

/// How many of a company's plans, newest first, say which currency it sells in.
const PLANS_ASKED: i64 = 200;

macro_rules! member_columns {
    () => {
        "c.id, c.company_id, c.joined_at, c.created_at, c.updated_at, c.usd_spent_minor, c.acted_at"
    };
}
pub(super) use member_columns;

/// How many columns [`member_columns`] names.
pub(super) const MEMBER_COLUMNS: usize = 7;

/// Reads a member whose columns begin at `from`, followed by those of the user; `None` where the user is no member.
pub(super) fn from_row(row: &mut Row, from: usize) -> Result<Option<CompanyMember>> {
    let Some(id) = row.id_or_null(from)? else {
        return Ok(None);
    };
    Ok(Some(CompanyMember {
        id,
        company: row.id(from + 1)?,
        joined_at: row.int(from + 2)?,
        created_at: row.int(from + 3)?,
        updated_at: row.int(from + 4)?,
        usd_spent_minor: row.int(from + 5)?,
        acted_at: row.int(from + 6)?,
        user: user::from_row(row, from + MEMBER_COLUMNS)?,
    }))
}

/// The condition that a member is one that a filter wants: `$1` is the company, `$2` the moment, `$3` the grace.
macro_rules! is_wanted {
    () => {
        concat!(
            "c.company_id = $1 and ",
            is_between!("c.joined_at", "$8", "$9"),
            " and ",
            is_listed!("$11", "c.recent_action"),
            " and cast($14 as bigint) = 0
              and ((cast($4 as text) is null and cast($5 as text) is null and cast($6 as text) is null
                  and cast($7 as text) is null)
                or exists (
                  select 1 from memberships m
                  where m.user_id = c.user_id and m.company_id = c.company_id
                    and ",
            is_listed!("$4", "m.access_pass_id"),
            " and ",
            is_listed!("$5", "m.plan_id"),
            " and ",
            is_listed!("$6", "m.promo_code_id"),
            " and (cast($7 as text) is null or m.status = $7)))
              and (cast($10 as text) is null or replace($10, case
                when exists (
                  select 1 from memberships m
                  where m.user_id = c.user_id and m.company_id = c.company_id and ",
            is_valid!("m"),
            ") then ' joined '
                when exists (
                  select 1 from memberships m
                  where m.user_id = c.user_id and m.company_id = c.company_id and m.status <> 'drafted')
                then ' left '
                else ' drafted ' end, '') <> $10)
              and (cast($12 as text) is null or exists (
                select 1 from users q
                where q.id = c.user_id
                  and (q.username_key like $12 escape '!'
                    or lower(coalesce(q.name, '')) like $12 escape '!'
                    or (cast($13 as bigint) = 1 and lower(coalesce(q.email, '')) like $12 escape '!'))))"
        )
    };
}

macro_rules! list_query {
    ($key:literal, $order:literal) => {
        concat!(
            "select ",
            member_columns!(),
            ", ",
            user_columns!(),
            " from company_members c
              join users u on u.id = c.user_id
              where ",
            is_wanted!(),
            in_span!($key, "c.id", $order, "$15", "$16", "$17", "$18", "$19")
        )
    };
}

fn list_statement(order: MemberOrder, descending: bool) -> &'static str {
    match (order, descending) {
        (MemberOrder::CreatedAt, false) => list_query!("c.created_at", "c.created_at asc, c.id asc"),
        (MemberOrder::CreatedAt, true) => list_query!("c.created_at", "c.created_at desc, c.id desc"),
        (MemberOrder::Id, false) => list_query!("c.id", "c.id asc"),
        (MemberOrder::Id, true) => list_query!("c.id", "c.id desc"),
        (MemberOrder::JoinedAt, false) => list_query!("c.joined_at", "c.joined_at asc, c.id asc"),
        (MemberOrder::JoinedAt, true) => list_query!("c.joined_at", "c.joined_at desc, c.id desc"),
        (MemberOrder::MostRecentAction, false) => list_query!("c.acted_at", "c.acted_at asc, c.id asc"),
        (MemberOrder::MostRecentAction, true) => list_query!("c.acted_at", "c.acted_at desc, c.id desc"),
        (MemberOrder::UsdTotalSpent, false) => {
            list_query!("c.usd_spent_minor", "c.usd_spent_minor asc, c.id asc")
        }
        (MemberOrder::UsdTotalSpent, true) => {
            list_query!("c.usd_spent_minor", "c.usd_spent_minor desc, c.id desc")
        }
    }
}

/// A filter's parameters, as its statements take them.
struct Wanted {
    access_passes: Option<String>,
    plans: Option<String>,
    promo_codes: Option<String>,
    statuses: Option<String>,
    actions: Option<String>,
    pattern: Option<String>,
}

impl Wanted {
    fn of(filter: &MemberFilter) -> Self {
        Self {
            access_passes: listed(filter.access_passes.iter().map(Id::as_str)),
            plans: listed(filter.plans.iter().map(Id::as_str)),
            promo_codes: listed(filter.promo_codes.iter().map(Id::as_str)),
            statuses: listed(filter.statuses.iter().map(|status| status.as_str())),
            actions: listed(filter.recent_actions.iter().map(|action| action.as_str())),
            pattern: (!filter.query.is_empty()).then(|| like_within(&filter.query)),
        }
    }

    fn parameters<'a>(
        &'a self,
        company: &'a CompanyId,
        filter: &MemberFilter,
        searches_emails: bool,
        now: i64,
    ) -> Vec<Value<'a>> {
        vec![
            company.into(),
            now.into(),
            GRACE_MS.into(),
            self.access_passes.as_deref().into(),
            self.plans.as_deref().into(),
            self.promo_codes.as_deref().into(),
            filter.membership_status.map(MembershipStatus::as_str).into(),
            filter.from_ms.into(),
            filter.until_ms.into(),
            self.statuses.as_deref().into(),
            self.actions.as_deref().into(),
            self.pattern.as_deref().into(),
            searches_emails.into(),
            filter.is_tracked.into(),
        ]
    }
}

/// The members of a window's span, in the order in which they were read.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &MemberFilter,
    searches_emails: bool,
    window: &Window<MemberOrder>,
) -> Result<Vec<CompanyMember>> {
    let (span, wanted) = (window.span(), Wanted::of(filter));
    let mut parameters = wanted.parameters(company, filter, searches_emails, read.now);
    parameters.extend(span_parameters(&span));
    let rows = read.query(list_statement(window.order, span.descending), &parameters)?;
    rows.into_iter().filter_map(|mut row| from_row(&mut row, 0).transpose()).collect()
}

/// Counts what no filter leaves out, from an index alone.
const COUNT_OF_ALL: &str = "select count(*) from company_members where company_id = $1";

/// How many members a filter wants.
pub(crate) fn count(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &MemberFilter,
    searches_emails: bool,
) -> Result<i64> {
    let row = if *filter == MemberFilter::default() {
        read.first(COUNT_OF_ALL, params![company])?
    } else {
        let wanted = Wanted::of(filter);
        let parameters = wanted.parameters(company, filter, searches_emails, read.now);
        read.first(concat!("select count(*) from company_members c where ", is_wanted!()), &parameters)?
    };
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// A member of a company.
pub(crate) fn find(
    read: &mut Read<'_>,
    company: &CompanyId,
    id: &CompanyMemberId,
) -> Result<Option<CompanyMember>> {
    let row = read.first(
        concat!(
            "select ",
            member_columns!(),
            ", ",
            user_columns!(),
            " from company_members c
              join users u on u.id = c.user_id
              where c.id = $1 and c.company_id = $2"
        ),
        params![id, company],
    )?;
    row.map_or(Ok(None), |mut row| from_row(&mut row, 0))
}

/// The member of a company that a user is.
pub(crate) fn find_of_user(
    read: &mut Read<'_>,
    company: &CompanyId,
    user: &UserId,
) -> Result<Option<CompanyMember>> {
    let row = read.first(
        concat!(
            "select ",
            member_columns!(),
            ", ",
            user_columns!(),
            " from company_members c
              join users u on u.id = c.user_id
              where c.company_id = $1 and c.user_id = $2"
        ),
        params![company, user],
    )?;
    row.map_or(Ok(None), |mut row| from_row(&mut row, 0))
}

/// Puts a user on record as a member, unless they are.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    user: &UserId,
    recent_action: RecentAction,
) -> Result<()> {
    let id: CompanyMemberId = tx.mint();
    let now = tx.now;
    tx.execute(
        "insert into company_members (id, company_id, user_id, joined_at, recent_action, acted_at, created_at,
           updated_at)
         values ($1, $2, $3, $4, $5, $4, $4, $4)
         on conflict (company_id, user_id) do nothing",
        params![&id, company, user, now, recent_action.as_str()],
    )?;
    Ok(())
}

/// Says what happened last to a member; `false` when there is none. Whoever held nothing until then joins now.
pub(crate) fn set_recent_action(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    user: &UserId,
    recent_action: RecentAction,
) -> Result<bool> {
    let now = tx.now;
    let changed = tx.execute(
        "update company_members
         set joined_at = case when recent_action = 'drafted' and $3 <> 'drafted' then $4 else joined_at end,
           recent_action = $3,
           acted_at = $4,
           updated_at = $4
         where company_id = $1 and user_id = $2",
        params![company, user, recent_action.as_str(), now],
    )?;
    Ok(changed == 1)
}

/// Adds to what a member spent; what went back is below zero. `false` when there is no such member.
pub(crate) fn add_spending(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    user: &UserId,
    currency: Currency,
    delta_minor: i64,
) -> Result<bool> {
    let now = tx.now;
    let usd_minor = if currency.code() == "usd" { delta_minor } else { 0 };
    let changed = tx.execute(
        "update company_members
         set usd_spent_minor = usd_spent_minor + $3, updated_at = $4
         where company_id = $1 and user_id = $2",
        params![company, user, usd_minor, now],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    tx.execute(
        "insert into company_member_spending (company_id, user_id, currency, spent_minor)
         values ($1, $2, $3, $4)
         on conflict (company_id, user_id, currency)
           do update set spent_minor = company_member_spending.spent_minor + excluded.spent_minor",
        params![company, user, currency.code(), delta_minor],
    )?;
    Ok(true)
}

/// Adds to what was paid for a membership.
pub(crate) fn add_membership_spending(
    tx: &mut Tx<'_>,
    membership: &MembershipId,
    delta_minor: i64,
) -> Result<()> {
    tx.execute(
        "update memberships set spent_minor = spent_minor + $2 where id = $1",
        params![membership, delta_minor],
    )?;
    Ok(())
}

/// What a member spent in one currency, in minor units.
pub(crate) fn spent_minor(
    read: &mut Read<'_>,
    company: &CompanyId,
    user: &UserId,
    currency: Currency,
) -> Result<i64> {
    let row = read.first(
        "select spent_minor
         from company_member_spending
         where company_id = $1 and user_id = $2 and currency = $3",
        params![company, user, currency.code()],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// At most so many of a user's memberships in a company, the last one changed first.
pub(crate) fn held(read: &mut Read<'_>, company: &CompanyId, user: &UserId, most: i64) -> Result<Vec<Held>> {
    let rows = read.query(
        "select m.status, m.paid_until, m.cancel_at_period_end, m.payments_due, m.quantity, m.plan_id
         from memberships m
         where m.user_id = $1 and m.company_id = $2
         order by m.updated_at desc, m.id desc
         limit $3",
        params![user, company, most],
    )?;
    rows.into_iter().map(|row| held_from_row(read, row)).collect()
}

fn held_from_row(read: &mut Read<'_>, mut row: Row) -> Result<Held> {
    let status = row.text(0)?;
    let plan: Option<PlanId> = row.id_or_null(5)?;
    let plan = plan.map(|plan| super::plan::find(read, &plan)).transpose()?.flatten();
    let terms: Option<(Terms, Currency)> = plan.map(|plan| (plan.terms(), plan.currency));
    Ok(Held {
        status: MembershipStatus::from_word(&status)
            .ok_or_else(|| Error::internal(format!("a membership of the unknown status {status}")))?,
        paid_until: row.int_or_null(1)?,
        cancel_at_period_end: row.flag(2)?,
        payments_due: row.int(3)?,
        quantity: row.int(4)?,
        terms,
    })
}

/// The currency that most of a company's newest plans ask; `None` for a company without plans.
pub(crate) fn usual_currency(read: &mut Read<'_>, company: &CompanyId) -> Result<Option<Currency>> {
    let row = read.first(
        "select base_currency
         from (
           select base_currency, id
           from plans
           where company_id = $1
           order by id desc
           limit $2
         ) newest
         group by base_currency
         order by count(*) desc, max(id) desc
         limit 1",
        params![company, PLANS_ASKED],
    )?;
    let code = row.map(|mut row| row.text(0)).transpose()?;
    code.map(|code| Currency::parse(&code).map_err(|error| Error::internal(error.0))).transpose()
}

#[cfg(test)]
mod tests {
    use super::super::listed::steps_of;
    use super::*;

    #[test]
    fn the_whole_is_counted_from_an_index() {
        let steps = steps_of(COUNT_OF_ALL);
        assert!(steps[0].to_lowercase().contains("using covering index company_members"), "{steps:#?}");
    }

    #[test]
    fn every_order_is_read_from_its_index() {
        let indexes = [
            (MemberOrder::CreatedAt, "company_members_by_creation"),
            (MemberOrder::Id, "company_members_by_id"),
            (MemberOrder::JoinedAt, "company_members_by_joining"),
            (MemberOrder::MostRecentAction, "company_members_by_action"),
            (MemberOrder::UsdTotalSpent, "company_members_by_spending"),
        ];
        assert_eq!(indexes.len(), MemberOrder::ALL.len());
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
