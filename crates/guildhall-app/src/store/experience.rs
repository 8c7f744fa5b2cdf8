//! Rows of experiences, their doors and their names.

use super::app::{APP_COLUMNS, app_columns};
use super::company::company_columns;
use super::membership::is_valid;
use super::{Read, Row, Tx, app, company, params, plan, user};
use crate::error::Result;
use crate::experience::{Experience, ExperienceFilter, NewExperience, UsersFilter};
use crate::page::Part;
use crate::user::User;
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{AccessPassId, CompanyId, ExperienceId, PlanId, UserId};

macro_rules! experience_columns {
    () => {
        "e.id, e.kind, e.name, e.description, e.logo_id, e.expires_at, e.deleted_at, e.created_at,
         (select x.upsell_plan_id from experience_passes x
            where x.experience_id = e.id and x.upsell_plan_id is not null
            order by x.position limit 1)"
    };
}

const EXPERIENCE_COLUMNS: usize = 9;

/// The condition that a user enters an experience by a pass or as its company's team: $1 is the experience, $2 the moment,
/// $3 the grace, $4 the pattern of usernames and names. Mirrors `core::membership::is_valid` and `core::access::opens` for
/// a whole list.
macro_rules! users_condition {
    () => {
        concat!(
            "u.id in (
           select m.user_id
           from experience_passes x
           join memberships m on m.access_pass_id = x.access_pass_id
           where x.experience_id = $1
             and ",
            is_valid!("m"),
            "
             and not exists (
               select 1 from bans b
               where b.company_id = m.company_id
                 and b.user_id = m.user_id
                 and b.access_pass_id in ('', m.access_pass_id))
             and (x.upsell_access_pass_id is null or exists (
               select 1 from memberships y
               where y.user_id = m.user_id
                 and y.access_pass_id = x.upsell_access_pass_id
                 and ",
            is_valid!("y"),
            "
                 and not exists (
                   select 1 from bans b
                   where b.company_id = y.company_id
                     and b.user_id = y.user_id
                     and b.access_pass_id = y.access_pass_id)))
           union
           select t.user_id
           from experiences e
           join team_members t on t.company_id = e.company_id
           where e.id = $1
             and (t.role = 'owner' or not exists (
               select 1 from bans b
               where b.company_id = t.company_id and b.user_id = t.user_id and b.access_pass_id = '')))
         and (u.username_key like $4 escape '!' or lower(coalesce(u.name, '')) like $4 escape '!')"
        )
    };
}

pub(super) use users_condition;

macro_rules! users_between {
    ($direction:literal) => {
        concat!(
            "select ",
            super::user::user_columns!(),
            " from users u where ",
            users_condition!(),
            " and (cast($5 as text) is null or u.id > $5)
              and (cast($6 as text) is null or u.id < $6)
              order by u.id ",
            $direction,
            " limit $7"
        )
    };
}

fn from_row(read: &mut Read<'_>, mut row: Row) -> Result<Experience> {
    let expires_at = row.int_or_null(5)?;
    let deleted = row.int_or_null(6)?.is_some();
    let upsell_plan: Option<PlanId> = row.id_or_null(8)?;
    Ok(Experience {
        id: row.id(0)?,
        kind: ExperienceKind::from_word(&row.text(1)?).unwrap_or(ExperienceKind::App),
        name: row.text(2)?,
        description: row.text_or_null(3)?,
        logo: row.id_or_null(4)?,
        is_gone: deleted || expires_at.is_some_and(|at| at <= read.now),
        app: app::from_row(&mut row, EXPERIENCE_COLUMNS)?,
        company: company::from_row(&mut row, EXPERIENCE_COLUMNS + APP_COLUMNS)?,
        upsell_plan: match upsell_plan {
            Some(id) => plan::find(read, &id)?,
            None => None,
        },
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &ExperienceId) -> Result<Option<Experience>> {
    let row = read.first(
        concat!(
            "select ",
            experience_columns!(),
            ", ",
            app_columns!(),
            ", ",
            company_columns!(),
            " from experiences e
              join apps a on a.id = e.app_id
              join companies c on c.id = e.company_id
              where e.id = $1"
        ),
        params![id],
    )?;
    row.map(|row| from_row(read, row)).transpose()
}

/// Live experiences of a company after an id, oldest first.
pub(crate) fn list(
    read: &mut Read<'_>,
    company: &CompanyId,
    filter: &ExperienceFilter,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Experience>> {
    let now = read.now;
    let pattern = super::user::like_within(&filter.query);
    let rows = read.query(
        concat!(
            "select ",
            experience_columns!(),
            ", ",
            app_columns!(),
            ", ",
            company_columns!(),
            " from experiences e
              join apps a on a.id = e.app_id
              join companies c on c.id = e.company_id
              where e.company_id = $1
                and e.id > $2
                and e.deleted_at is null
                and (e.expires_at is null or e.expires_at > $3)
                and (cast($4 as text) is null or e.app_id = $4)
                and (cast($5 as text) is null or exists (
                  select 1 from experience_passes x where x.experience_id = e.id and x.access_pass_id = $5))
                and (cast($6 as bigint) is null
                  or $6 = case when exists (
                    select 1 from experience_passes x where x.experience_id = e.id) then 1 else 0 end)
                and lower(e.name) like $7 escape '!'
              order by e.id
              limit $8"
        ),
        params![
            company,
            after.unwrap_or_default(),
            now,
            filter.app.as_ref(),
            filter.access_pass.as_ref(),
            filter.on_access_pass.map(i64::from),
            &pattern,
            limit
        ],
    )?;
    rows.into_iter().map(|row| from_row(read, row)).collect()
}

/// How many live experiences the same filter finds.
pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId, filter: &ExperienceFilter) -> Result<i64> {
    let now = read.now;
    let pattern = super::user::like_within(&filter.query);
    let row = read.first(
        "select count(*)
         from experiences e
         where e.company_id = $1
           and e.deleted_at is null
           and (e.expires_at is null or e.expires_at > $2)
           and (cast($3 as text) is null or e.app_id = $3)
           and (cast($4 as text) is null or exists (
             select 1 from experience_passes x where x.experience_id = e.id and x.access_pass_id = $4))
           and (cast($5 as bigint) is null
             or $5 = case when exists (
               select 1 from experience_passes x where x.experience_id = e.id) then 1 else 0 end)
           and lower(e.name) like $6 escape '!'",
        params![
            company,
            now,
            filter.app.as_ref(),
            filter.access_pass.as_ref(),
            filter.on_access_pass.map(i64::from),
            &pattern
        ],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

pub(crate) fn insert(tx: &mut Tx<'_>, experience: &NewExperience) -> Result<ExperienceId> {
    let id: ExperienceId = tx.mint();
    let now = tx.now;
    tx.execute(
        "insert into experiences (id, company_id, app_id, kind, name, description, expires_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            &id,
            &experience.company,
            &experience.app,
            experience.kind.as_str(),
            &experience.name,
            experience.description.as_deref(),
            experience.expires_at,
            now
        ],
    )?;
    Ok(id)
}

/// Attaches an experience to a pass, behind an upsell when one is given.
pub(crate) fn attach(
    tx: &mut Tx<'_>,
    experience: &ExperienceId,
    pass: &AccessPassId,
    upsell: Option<&(AccessPassId, PlanId)>,
) -> Result<()> {
    tx.execute(
        "insert into experience_passes (experience_id, access_pass_id, position, upsell_access_pass_id, upsell_plan_id)
         values ($1, $2, (select count(*) from experience_passes where experience_id = $1), $3, $4)
         on conflict (experience_id, access_pass_id) do nothing",
        params![experience, pass, upsell.map(|(pass, _)| pass), upsell.map(|(_, plan)| plan)],
    )?;
    Ok(())
}

/// The live experience of this kind, pass and name.
pub(crate) fn find_by_name(
    read: &mut Read<'_>,
    company: &CompanyId,
    kind: ExperienceKind,
    pass: Option<&AccessPassId>,
    name_key: &str,
) -> Result<Option<ExperienceId>> {
    let now = read.now;
    let row = read.first(
        "select e.id
         from experience_names n
         join experiences e on e.id = n.experience_id
         where n.company_id = $1
           and n.kind = $2
           and n.access_pass_id = $3
           and n.name_key = $4
           and e.deleted_at is null
           and (e.expires_at is null or e.expires_at > $5)",
        params![company, kind.as_str(), pass_key(pass), name_key, now],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}

/// Gives an experience its name; one whose time is over gives the name up.
pub(crate) fn set_name(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    kind: ExperienceKind,
    pass: Option<&AccessPassId>,
    name_key: &str,
    experience: &ExperienceId,
) -> Result<()> {
    tx.execute(
        "insert into experience_names (company_id, kind, access_pass_id, name_key, experience_id)
         values ($1, $2, $3, $4, $5)
         on conflict (company_id, kind, access_pass_id, name_key) do update set experience_id = excluded.experience_id",
        params![company, kind.as_str(), pass_key(pass), name_key, experience],
    )?;
    Ok(())
}

fn pass_key(pass: Option<&AccessPassId>) -> &str {
    use guildhall_core::ids::Id;
    pass.map_or("", |pass| pass.as_str())
}

/// The users who enter an experience by a pass or as its company's team, narrowed to usernames and names that begin with
/// the query: a part of them by id, from the end backwards where it is asked from the end.
pub(crate) fn users(
    read: &mut Read<'_>,
    experience: &ExperienceId,
    filter: &UsersFilter,
    part: &Part<UserId>,
) -> Result<Vec<User>> {
    let (now, grace) = (read.now, guildhall_core::membership::GRACE_MS);
    let (low, high) =
        if filter.descending { (&part.before, &part.after) } else { (&part.after, &part.before) };
    let sql = if filter.descending == part.from_end { users_between!("asc") } else { users_between!("desc") };
    let pattern = super::user::like_prefix(&filter.query);
    let rows =
        read.query(sql, params![experience, now, grace, &pattern, low.as_ref(), high.as_ref(), part.rows()])?;
    rows.into_iter().map(|mut row| user::from_row(&mut row, 0)).collect()
}

/// How many users [`users`] finds in all.
pub(crate) fn count_users(read: &mut Read<'_>, experience: &ExperienceId, query: &str) -> Result<i64> {
    let (now, grace) = (read.now, guildhall_core::membership::GRACE_MS);
    let pattern = super::user::like_prefix(query);
    let row = read.first(
        concat!("select count(*) from users u where ", users_condition!()),
        params![experience, now, grace, &pattern],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}
