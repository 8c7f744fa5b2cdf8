//! Rows of affiliates, and what they brought.
//!
//! What an affiliate brought is counted when it is asked for, by the indexes on `affiliate_id` of memberships and
//! payments; money is that of payments in usd.

use super::listed::{in_span, span_parameters};
use super::membership::is_valid;
use super::user::{self, USER_COLUMNS, user_columns};
use super::{Read, Row, Tx, params};
use crate::affiliate::{Affiliate, AffiliateOrder, Figures};
use crate::error::{Error, Result};
use guildhall_core::affiliate::{AffiliateStatus, AffiliateType};
use guildhall_core::cursor::Window;
use guildhall_core::ids::{AffiliateId, CompanyId, PlanId, UserId};
use guildhall_core::membership::GRACE_MS;
use guildhall_core::money::Currency;

/// The money that figures are in.
const FIGURES_CURRENCY: &str = "usd";

macro_rules! referrals {
    () => {
        "(select count(*) from memberships m
          where m.affiliate_id = a.id and m.company_id = a.company_id and m.status <> 'drafted')"
    };
}

macro_rules! earnings {
    () => {
        "(select cast(coalesce(sum(p.reward_minor - p.reward_returned_minor), 0) as bigint) from payments p
          where p.affiliate_id = a.id and p.company_id = a.company_id
            and p.currency = 'usd' and p.paid_at is not null)"
    };
}

/// The condition that the affiliate `a` earns by the plan `l` of the pass `s`, as `affiliate/sale.rs` decides it: by the
/// agreement about the plan, else about all plans, else by what the pass offers them. $2 is the moment and $3 the grace of
/// memberships.
macro_rules! earns_by {
    () => {
        concat!(
            "coalesce(
               (select case when g.payout_type = 'percentage' or g.currency = l.base_currency then 1 else 0 end
                from affiliate_agreements g
                where g.affiliate_id = a.id and g.plan_id in ('', l.id)
                order by g.plan_id desc
                limit 1),
               case
                 when exists (select 1 from bans b
                   where b.company_id = a.company_id and b.user_id = a.user_id
                     and b.access_pass_id in ('', s.id)) then 0
                 when s.global_affiliate_enabled = 1 and s.global_affiliate_basis_points > 0 then 1
                 when s.member_affiliate_enabled = 1 and s.member_affiliate_basis_points > 0
                   and exists (select 1 from memberships m
                     where m.company_id = a.company_id and m.user_id = a.user_id
                       and m.access_pass_id = s.id and ",
            is_valid!("m"),
            ") then 1
                 else 0
               end) = 1"
        )
    };
}

/// An affiliate with what they brought; $2 is the moment and $3 the grace of memberships.
macro_rules! affiliate_columns {
    () => {
        concat!(
            user_columns!(),
            ", a.id, a.company_id, a.affiliate_type, a.status, a.created_at, ",
            referrals!(),
            ", ",
            earnings!(),
            ", (select count(distinct m.user_id) from memberships m
                where m.affiliate_id = a.id and m.company_id = a.company_id and ",
            is_valid!("m"),
            "), (select cast(coalesce(sum(p.amount_minor - p.refunded_minor - p.lost_minor), 0) as bigint)
                from payments p
                where p.affiliate_id = a.id and p.company_id = a.company_id
                  and p.currency = 'usd' and p.paid_at is not null),
               (select count(*) from plans l join access_passes s on s.id = l.access_pass_id
                where l.company_id = a.company_id and l.archived_at is null and ",
            earns_by!(),
            ")
              from affiliates a
              join users u on u.id = a.user_id "
        )
    };
}

fn unknown(what: &str, word: &str) -> Error {
    Error::internal(format!("an affiliate of the unknown {what} {word}"))
}

fn status_of(word: &str) -> Result<AffiliateStatus> {
    AffiliateStatus::from_word(word).ok_or_else(|| unknown("status", word))
}

fn type_of(word: &str) -> Result<AffiliateType> {
    AffiliateType::from_word(word).ok_or_else(|| unknown("type", word))
}

fn from_row(mut row: Row) -> Result<Affiliate> {
    let user = user::from_row(&mut row, 0)?;
    let mut own = USER_COLUMNS..;
    let mut next = move || own.next().expect("columns have no end");
    Ok(Affiliate {
        user,
        id: row.id(next())?,
        company: row.id(next())?,
        affiliate_type: type_of(&row.text(next())?)?,
        status: status_of(&row.text(next())?)?,
        created_at: row.int(next())?,
        figures: Figures {
            referrals: row.int(next())?,
            earnings_minor: row.int(next())?,
            active_members: row.int(next())?,
            revenue_minor: row.int(next())?,
            plans: row.int(next())?,
            currency: Currency::parse(FIGURES_CURRENCY).map_err(|error| Error::internal(error.0))?,
        },
    })
}

/// An affiliate of a company, with what they brought.
pub(crate) fn find(read: &mut Read<'_>, company: &CompanyId, id: &AffiliateId) -> Result<Option<Affiliate>> {
    let now = read.now;
    let row = read.first(
        concat!("select ", affiliate_columns!(), " where a.company_id = $1 and a.id = $4"),
        params![company, now, GRACE_MS, id],
    )?;
    row.map(from_row).transpose()
}

macro_rules! is_listed_affiliate {
    () => {
        "a.company_id = $1 and a.status <> 'deleted'"
    };
}

/// A part of the list in the order of making.
macro_rules! by_making {
    ($order:literal) => {
        concat!(
            "select ",
            affiliate_columns!(),
            "where ",
            is_listed_affiliate!(),
            in_span!("a.id", "a.id", $order, "$4", "$5", "$6", "$7", "$8")
        )
    };
}

/// A part of the list in the order of a figure, which is counted once for each affiliate; the other figures are counted
/// of those on the page alone.
macro_rules! by_figure {
    ($figure:expr, $order:literal, $order_shown:literal) => {
        concat!(
            "with ranked as materialized (select a.id, ",
            $figure,
            " as rank from affiliates a where ",
            is_listed_affiliate!(),
            "), page as materialized (select r.id, r.rank from ranked r where true",
            in_span!("r.rank", "r.id", $order, "$4", "$5", "$6", "$7", "$8"),
            ") select ",
            affiliate_columns!(),
            "join page g on g.id = a.id order by ",
            $order_shown
        )
    };
}

macro_rules! by_figure_either_way {
    ($figure:expr, $descending:expr) => {
        match $descending {
            false => by_figure!($figure, "r.rank asc, r.id asc", "g.rank asc, g.id asc"),
            true => by_figure!($figure, "r.rank desc, r.id desc", "g.rank desc, g.id desc"),
        }
    };
}

fn list_statement(order: AffiliateOrder, descending: bool) -> &'static str {
    match (order, descending) {
        (AffiliateOrder::CreatedAt, false) => by_making!("a.id asc"),
        (AffiliateOrder::CreatedAt, true) => by_making!("a.id desc"),
        (AffiliateOrder::Referrals, _) => by_figure_either_way!(referrals!(), descending),
        (AffiliateOrder::Rewards, _) => by_figure_either_way!(earnings!(), descending),
    }
}

/// The affiliates of a window's span, in the order in which they were read.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    window: &Window<AffiliateOrder>,
) -> Result<Vec<Affiliate>> {
    let (now, span) = (read.now, window.span());
    let mut parameters = params![company, now, GRACE_MS].to_vec();
    parameters.extend(span_parameters(&span));
    let rows = read.query(list_statement(window.order, span.descending), &parameters)?;
    rows.into_iter().map(from_row).collect()
}

/// How many affiliates a company has, without the deleted ones.
pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId) -> Result<i64> {
    let row = read.first(
        "select count(*)
         from affiliates
         where company_id = $1 and status <> 'deleted'",
        params![company],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// An affiliate's row, without what they brought.
#[derive(Debug, Clone)]
pub(crate) struct AffiliateRow {
    pub(crate) id: AffiliateId,
    pub(crate) company: CompanyId,
    pub(crate) user: UserId,
    pub(crate) affiliate_type: AffiliateType,
    pub(crate) status: AffiliateStatus,
}

macro_rules! bare_columns {
    () => {
        "select id, company_id, user_id, affiliate_type, status from affiliates "
    };
}

fn bare_from_row(mut row: Row) -> Result<AffiliateRow> {
    Ok(AffiliateRow {
        id: row.id(0)?,
        company: row.id(1)?,
        user: row.id(2)?,
        affiliate_type: type_of(&row.text(3)?)?,
        status: status_of(&row.text(4)?)?,
    })
}

pub(crate) fn find_bare(read: &mut Read<'_>, id: &AffiliateId) -> Result<Option<AffiliateRow>> {
    let row = read.first(concat!(bare_columns!(), "where id = $1"), params![id])?;
    row.map(bare_from_row).transpose()
}

/// What somebody is to a company as an affiliate.
pub(crate) fn of_user(
    read: &mut Read<'_>,
    company: &CompanyId,
    user: &UserId,
) -> Result<Option<AffiliateRow>> {
    let row = read
        .first(concat!(bare_columns!(), "where company_id = $1 and user_id = $2"), params![company, user])?;
    row.map(bare_from_row).transpose()
}

/// Where somebody is an affiliate and was not deleted, newest first.
pub(crate) fn affiliations(read: &mut Read<'_>, user: &UserId, most: i64) -> Result<Vec<AffiliateRow>> {
    let rows = read.query(
        concat!(bare_columns!(), "where user_id = $1 and status <> 'deleted' order by id desc limit $2"),
        params![user, most],
    )?;
    rows.into_iter().map(bare_from_row).collect()
}

/// Makes somebody an affiliate; `false`, and nothing happens, where they are on record as one.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    user: &UserId,
    affiliate_type: AffiliateType,
) -> Result<bool> {
    let (id, now): (AffiliateId, i64) = (tx.mint(), tx.now);
    let added = tx.execute(
        "insert into affiliates (id, company_id, user_id, affiliate_type, status, created_at, updated_at)
         values ($1, $2, $3, $4, 'active', $5, $5)
         on conflict (company_id, user_id) do nothing",
        params![&id, company, user, affiliate_type.as_str(), now],
    )?;
    Ok(added == 1)
}

pub(crate) fn update(
    tx: &mut Tx<'_>,
    id: &AffiliateId,
    affiliate_type: AffiliateType,
    status: AffiliateStatus,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update affiliates
         set affiliate_type = $2, status = $3, updated_at = $4
         where id = $1",
        params![id, affiliate_type.as_str(), status.as_str(), now],
    )?;
    Ok(())
}

/// What an affiliate earned and what of it is not released, in minor units of each currency; there are at most as many
/// rows as currencies.
pub(crate) fn earned(
    read: &mut Read<'_>,
    company: &CompanyId,
    id: &AffiliateId,
) -> Result<Vec<(Currency, i64, i64)>> {
    let rows = read.query(
        "select currency,
           cast(coalesce(sum(reward_minor - reward_returned_minor), 0) as bigint),
           cast(coalesce(sum(reward_pending_minor), 0) as bigint)
         from payments
         where affiliate_id = $1 and company_id = $2 and paid_at is not null
         group by currency
         order by currency",
        params![id, company],
    )?;
    let read_row = |mut row: Row| {
        let currency = Currency::parse(&row.text(0)?).map_err(|error| Error::internal(error.0))?;
        Ok((currency, row.int(1)?, row.int(2)?))
    };
    rows.into_iter().map(read_row).collect()
}

/// The plans that a company sells to everyone for money, each with the title of its pass, oldest first; without those
/// that take no more entries.
pub(crate) fn sold_plans(
    read: &mut Read<'_>,
    company: &CompanyId,
    most: i64,
) -> Result<Vec<(PlanId, String)>> {
    let now = read.now;
    let rows = read.query(
        "select l.id, s.title
         from plans l
         join access_passes s on s.id = l.access_pass_id
         where l.company_id = $1
           and l.archived_at is null
           and l.visibility = 'visible'
           and l.initial_price_minor + l.renewal_price_minor > 0
           and (l.release_method = 'buy_now' or l.entries_end_at is null or l.entries_end_at > $3)
           and s.visibility = 'visible'
         order by l.id
         limit $2",
        params![company, most, now],
    )?;
    rows.into_iter().map(|mut row| Ok((row.id(0)?, row.text(1)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::listed::steps_of;
    use super::*;

    #[test]
    fn the_order_of_making_is_read_from_its_index() {
        for descending in [false, true] {
            let steps = steps_of(list_statement(AffiliateOrder::CreatedAt, descending));
            assert!(steps[0].contains("USING INDEX affiliates_by_company (company_id=? AND "), "{steps:#?}");
            assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER")), "{steps:#?}");
        }
    }
}
