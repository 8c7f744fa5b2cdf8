//! Rows of entries: who waits for a plan.

use super::user::{like_within, user_columns};
use super::{Read, Row, Tx, params, user};
use crate::entry::{Answer, Entry, EntryFilter};
use crate::error::{Error, Result};
use crate::page::Part;
use guildhall_core::ids::{AccessPassId, CheckoutSessionId, CompanyId, EntryId, Id, PlanId, UserId};
use guildhall_core::waitlist::EntryStatus;

macro_rules! entry_columns {
    () => {
        concat!(
            "e.id, e.plan_id, e.company_id, e.status, e.answers, e.decided_at, e.created_at, e.updated_at,
             l.access_pass_id, l.release_method, coalesce(l.name, p.title), p.title, e.affiliate_code, ",
            user_columns!()
        )
    };
}

macro_rules! joined {
    () => {
        " from entries e
          join plans l on l.id = e.plan_id
          join access_passes p on p.id = l.access_pass_id
          join users u on u.id = e.user_id "
    };
}

/// The condition that a filter lets an entry through: $1 is the company, $2 the passes, $3 the plans and $4 the
/// statuses, each between commas; $5 and $6 are moments, $7 the pattern of a query.
macro_rules! passes {
    () => {
        "e.company_id = $1
         and (cast($2 as text) is null or replace($2, ',' || l.access_pass_id || ',', '') <> $2)
         and (cast($3 as text) is null or replace($3, ',' || e.plan_id || ',', '') <> $3)
         and (cast($4 as text) is null or replace($4, ',' || e.status || ',', '') <> $4)
         and (cast($5 as bigint) is null or e.created_at >= $5)
         and (cast($6 as bigint) is null or e.created_at <= $6)
         and (u.username_key like $7 escape '!' or lower(coalesce(u.name, '')) like $7 escape '!')"
    };
}

const FIRST_OF_USER: usize = 13;

fn from_row(mut row: Row) -> Result<Entry> {
    let status = row.text(3)?;
    Ok(Entry {
        id: row.id(0)?,
        plan: row.id(1)?,
        company: row.id(2)?,
        status: EntryStatus::from_word(&status)
            .ok_or_else(|| Error::internal(format!("an entry of the unknown status {status}")))?,
        answers: serde_json::from_str::<Vec<Answer>>(&row.text(4)?).map_err(Error::internal)?,
        decided_at: row.int_or_null(5)?,
        created_at: row.int(6)?,
        updated_at: row.int(7)?,
        access_pass: row.id(8)?,
        is_of_raffle: row.text(9)? == "raffle",
        plan_title: row.text(10)?,
        access_pass_title: row.text(11)?,
        affiliate_code: row.text_or_null(12)?,
        user: user::from_row(&mut row, FIRST_OF_USER)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &EntryId) -> Result<Option<Entry>> {
    let row = read.first(concat!("select ", entry_columns!(), joined!(), "where e.id = $1"), params![id])?;
    row.map(from_row).transpose()
}

/// A person's entry for a plan.
pub(crate) fn of_user(read: &mut Read<'_>, plan: &PlanId, user: &UserId) -> Result<Option<Entry>> {
    let row = read.first(
        concat!("select ", entry_columns!(), joined!(), "where e.plan_id = $1 and e.user_id = $2"),
        params![plan, user],
    )?;
    row.map(from_row).transpose()
}

/// How many entries a plan has, whatever became of them.
pub(crate) fn count_of_plan(read: &mut Read<'_>, plan: &PlanId) -> Result<i64> {
    let row = read.first("select count(*) from entries where plan_id = $1", params![plan])?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// The ids of a plan's entries that nothing was decided of; a plan has at most `waitlist::MOST_ENTRIES`.
pub(crate) fn pending_ids(read: &mut Read<'_>, plan: &PlanId) -> Result<Vec<String>> {
    let rows = read.query(
        "select id
         from entries
         where plan_id = $1 and status = $2
         order by id",
        params![plan, EntryStatus::Pending.as_str()],
    )?;
    rows.into_iter().map(|mut row| row.text(0)).collect()
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    plan: &PlanId,
    company: &CompanyId,
    user: &UserId,
    answers: &[Answer],
    affiliate_code: Option<&str>,
) -> Result<EntryId> {
    let (id, now): (EntryId, i64) = (tx.mint(), tx.now);
    let answers = serde_json::to_string(answers).map_err(Error::internal)?;
    tx.execute(
        "insert into entries (id, plan_id, company_id, user_id, status, answers, affiliate_code, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        params![&id, plan, company, user, EntryStatus::Pending.as_str(), &answers, affiliate_code, now],
    )?;
    Ok(id)
}

/// Writes down what was decided of an entry; its customer is still to be told.
pub(crate) fn decide(tx: &mut Tx<'_>, id: &EntryId, status: EntryStatus) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update entries
         set status = $2, decided_at = $3, told_at = null, updated_at = $3
         where id = $1",
        params![id, status.as_str(), now],
    )?;
    Ok(())
}

/// Denies every entry of a plan that nothing was decided of.
pub(crate) fn deny_pending(tx: &mut Tx<'_>, plan: &PlanId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update entries
         set status = $2, decided_at = $3, told_at = null, updated_at = $3
         where plan_id = $1 and status = $4",
        params![plan, EntryStatus::Denied.as_str(), now, EntryStatus::Pending.as_str()],
    )?;
    Ok(())
}

/// Denies the entries of a plan whose people are banned from its pass, or from all of its company.
pub(crate) fn deny_banned(tx: &mut Tx<'_>, plan: &PlanId, pass: &AccessPassId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update entries
         set status = $2, decided_at = $3, told_at = null, updated_at = $3
         where plan_id = $1
           and status = $4
           and exists (select 1 from bans b
             where b.company_id = entries.company_id
               and b.user_id = entries.user_id
               and b.access_pass_id in ('', $5))",
        params![plan, EntryStatus::Denied.as_str(), now, EntryStatus::Pending.as_str(), pass],
    )?;
    Ok(())
}

/// Notes that the customer of an entry was told what was decided.
pub(crate) fn set_told(tx: &mut Tx<'_>, id: &EntryId) -> Result<()> {
    let now = tx.now;
    tx.execute("update entries set told_at = $2 where id = $1", params![id, now])?;
    Ok(())
}

/// Entries of a plan that were decided on and whose customers were not told, so many at most.
pub(crate) fn to_tell(read: &mut Read<'_>, plan: &PlanId, most: i64) -> Result<Vec<Entry>> {
    let rows = read.query(
        concat!(
            "select ",
            entry_columns!(),
            joined!(),
            "where e.plan_id = $1 and e.decided_at is not null and e.told_at is null
             order by e.id
             limit $2"
        ),
        params![plan, most],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// Whether the checkout of an approval was paid.
pub(crate) fn has_bought(read: &mut Read<'_>, id: &EntryId) -> Result<bool> {
    let row = read.first(
        "select y.id
         from checkout_sessions s
         join payments y on y.checkout_session_id = s.id
         where s.entry_id = $1 and y.stage = 'paid'
         limit 1",
        params![id],
    )?;
    Ok(row.is_some())
}

/// The checkout that an approval opened and whose time is not over; it may be paid, see [`has_bought`].
pub(crate) fn open_session(read: &mut Read<'_>, id: &EntryId) -> Result<Option<CheckoutSessionId>> {
    let now = read.now;
    let row = read.first(
        "select id
         from checkout_sessions
         where entry_id = $1 and status = 'open' and canceled_at is null and expires_at > $2
         order by id desc
         limit 1",
        params![id, now],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}

/// Words between commas, for `replace`; nothing when there is none, which lets everything through.
fn listed<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let words: Vec<&str> = words.collect();
    (!words.is_empty()).then(|| format!(",{},", words.join(",")))
}

/// A filter's lists, as statements take them.
fn lists(filter: &EntryFilter) -> [Option<String>; 3] {
    [
        listed(filter.access_passes.iter().map(Id::as_str)),
        listed(filter.plans.iter().map(Id::as_str)),
        listed(filter.statuses.iter().map(|status| status.as_str())),
    ]
}

/// A part of a company's entries, from the end backwards where it is asked from the end.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &EntryFilter,
    part: &Part<EntryId>,
) -> Result<Vec<Entry>> {
    macro_rules! between {
        ($direction:literal) => {
            concat!(
                "select ",
                entry_columns!(),
                joined!(),
                "where ",
                passes!(),
                " and (cast($8 as text) is null or e.id > $8)
                  and (cast($9 as text) is null or e.id < $9)
                  order by e.id ",
                $direction,
                " limit $10"
            )
        };
    }
    let (low, high) =
        if filter.descending { (&part.before, &part.after) } else { (&part.after, &part.before) };
    let [passes, plans, statuses] = lists(filter);
    let pattern = like_within(&filter.query);
    let sql = if filter.descending == part.from_end { between!("asc") } else { between!("desc") };
    let rows = read.query(
        sql,
        params![
            company,
            passes.as_deref(),
            plans.as_deref(),
            statuses.as_deref(),
            filter.from,
            filter.until,
            &pattern,
            low.as_ref(),
            high.as_ref(),
            part.rows()
        ],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// How many entries of a company a filter lets through.
pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId, filter: &EntryFilter) -> Result<i64> {
    let [passes, plans, statuses] = lists(filter);
    let pattern = like_within(&filter.query);
    let row = read.first(
        concat!("select count(*)", joined!(), "where ", passes!()),
        params![
            company,
            passes.as_deref(),
            plans.as_deref(),
            statuses.as_deref(),
            filter.from,
            filter.until,
            &pattern
        ],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}
