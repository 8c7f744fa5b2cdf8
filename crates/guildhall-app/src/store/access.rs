//! Everything that bears on one user's access in one company, in one look-up.
//!
//! Costs a handful of index seeks whatever the number of users, memberships or messages.

use super::{Read, params};
use crate::error::Result;
use guildhall_core::access::Door;
use guildhall_core::ids::{AccessPassId, CompanyId, ExperienceId, UserId};
use guildhall_core::membership::{self, MembershipStatus};
use guildhall_core::permission::Role;
use guildhall_core::post::Mute;
use std::sync::Arc;

/// What is on record of one user in one company.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) role: Option<Role>,
    pub(crate) is_agent: bool,
    pub(crate) banned_from_company: bool,
    pub(crate) banned_from: Vec<String>,
    pub(crate) mute: Option<Mute>,
    /// Passes of which a valid membership is held.
    pub(crate) held: Vec<String>,
}

impl Record {
    /// Whether a membership opens any of these doors, pass bans counted in.
    pub(crate) fn opens(&self, doors: &[DoorRow]) -> bool {
        self.opens_unless(doors, &self.banned_from)
    }

    /// Whether a membership would open any of these doors if it were not for bans.
    pub(crate) fn would_open(&self, doors: &[DoorRow]) -> bool {
        self.opens_unless(doors, &[])
    }

    fn opens_unless(&self, doors: &[DoorRow], barred: &[String]) -> bool {
        let doors: Vec<Door<'_>> = doors.iter().map(DoorRow::as_door).collect();
        let held: Vec<&str> = self.held.iter().map(String::as_str).collect();
        let barred: Vec<&str> = barred.iter().map(String::as_str).collect();
        guildhall_core::access::opens(&doors, &held, &barred)
    }
}

/// One attachment of an experience to a pass.
#[derive(Debug)]
pub(crate) struct DoorRow {
    pub(crate) access_pass: String,
    pub(crate) upsell_pass: Option<String>,
}

impl DoorRow {
    fn as_door(&self) -> Door<'_> {
        Door { access_pass: &self.access_pass, upsell_pass: self.upsell_pass.as_deref() }
    }
}

/// What is on record before any moment is applied to it.
#[derive(Debug, Default)]
pub(super) struct RecordRows {
    role: Option<Role>,
    is_agent: bool,
    banned_from_company: bool,
    banned_from: Vec<String>,
    mute: Option<Mute>,
    memberships: Vec<MembershipRow>,
}

#[derive(Debug)]
struct MembershipRow {
    access_pass: String,
    status: MembershipStatus,
    paid_until: Option<i64>,
}

/// Where an experience stands.
#[derive(Debug)]
pub(super) struct ExperienceRow {
    company: CompanyId,
    expires_at: Option<i64>,
    is_deleted: bool,
}

/// What is on record of one user in one company.
pub(crate) fn record(read: &mut Read<'_>, company: &CompanyId, user: &UserId) -> Result<Record> {
    let now = read.now;
    let key = (company.clone(), user.clone());
    let rows = read.remembered(|memo| &memo.records, key, |read| record_rows(read, company, user))?;
    let held = rows
        .memberships
        .iter()
        .filter(|row| membership::is_valid(row.status, row.paid_until, now))
        .map(|row| row.access_pass.clone())
        .collect();
    Ok(Record {
        role: rows.role,
        is_agent: rows.is_agent,
        banned_from_company: rows.banned_from_company,
        banned_from: rows.banned_from.clone(),
        mute: rows.mute,
        held,
    })
}

/// The statement of [`record`]; every table in it is watched by the memory.
const RECORD: &str = "select 'membership', access_pass_id, status, paid_until
     from memberships
     where company_id = $1 and user_id = $2
     union all
     select 'role', role, '', null
     from team_members
     where company_id = $1 and user_id = $2
     union all
     select 'agent', '', '', null
     from app_agents a
     join app_installs i on i.app_id = a.app_id
     where i.company_id = $1 and a.user_id = $2
     union all
     select 'ban', access_pass_id, '', null
     from bans
     where company_id = $1 and user_id = $2
     union all
     select 'mute', '', '', muted_until
     from mutes
     where company_id = $1 and user_id = $2";

fn record_rows(read: &mut Read<'_>, company: &CompanyId, user: &UserId) -> Result<RecordRows> {
    let mut record = RecordRows::default();
    for mut row in read.query(RECORD, params![company, user])? {
        let kind = row.text(0)?;
        let subject = row.text(1)?;
        match kind.as_str() {
            "role" => record.role = Role::from_word(&subject),
            "agent" => record.is_agent = true,
            "ban" if subject.is_empty() => record.banned_from_company = true,
            "ban" => record.banned_from.push(subject),
            "mute" => record.mute = Some(row.int_or_null(3)?.map_or(Mute::Forever, Mute::Until)),
            _ => {
                if let Some(status) = MembershipStatus::from_word(&row.text(2)?) {
                    let paid_until = row.int_or_null(3)?;
                    record.memberships.push(MembershipRow { access_pass: subject, status, paid_until });
                }
            }
        }
    }
    Ok(record)
}

/// The passes an experience is attached to, the first attachment first.
pub(crate) fn doors(read: &mut Read<'_>, experience: &ExperienceId) -> Result<Arc<Vec<DoorRow>>> {
    read.remembered(|memo| &memo.doors, experience.clone(), |read| door_rows(read, experience))
}

/// The statement of [`doors`].
const DOORS: &str = "select access_pass_id, upsell_access_pass_id
     from experience_passes
     where experience_id = $1
     order by position
     limit 100";

fn door_rows(read: &mut Read<'_>, experience: &ExperienceId) -> Result<Vec<DoorRow>> {
    let rows = read.query(DOORS, params![experience])?;
    rows.into_iter()
        .map(|mut row| Ok(DoorRow { access_pass: row.text(0)?, upsell_pass: row.text_or_null(1)? }))
        .collect()
}

/// The company of an access pass that was not deleted.
pub(crate) fn company_of_pass(read: &mut Read<'_>, pass: &AccessPassId) -> Result<Option<CompanyId>> {
    let row = read
        .first("select company_id from access_passes where id = $1 and deleted_at is null", params![pass])?;
    row.map(|mut row| row.id(0)).transpose()
}

/// The company of an experience, and whether the experience is deleted or its time over.
pub(crate) fn company_of_experience(
    read: &mut Read<'_>,
    experience: &ExperienceId,
) -> Result<Option<(CompanyId, bool)>> {
    let now = read.now;
    let load = |read: &mut Read<'_>| experience_row(read, experience);
    let row = read.remembered(|memo| &memo.experiences, experience.clone(), load)?;
    Ok(row.as_ref().as_ref().map(|row| {
        let over = row.expires_at.is_some_and(|expires_at| expires_at <= now);
        (row.company.clone(), over || row.is_deleted)
    }))
}

/// The statement of [`company_of_experience`].
const EXPERIENCE: &str = "select company_id, expires_at, deleted_at from experiences where id = $1";

fn experience_row(read: &mut Read<'_>, experience: &ExperienceId) -> Result<Option<ExperienceRow>> {
    let row = read.first(EXPERIENCE, params![experience])?;
    row.map(|mut row| {
        let (company, expires_at) = (row.id(0)?, row.int_or_null(1)?);
        Ok(ExperienceRow { company, expires_at, is_deleted: row.int_or_null(2)?.is_some() })
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::super::memo::WATCHED;
    use super::*;

    #[test]
    fn every_table_of_a_kept_answer_is_watched_and_no_other() {
        let mut read: Vec<&str> = Vec::new();
        for statement in [RECORD, DOORS, EXPERIENCE, super::super::feed::OF_EXPERIENCE] {
            let words: Vec<&str> = statement.split_whitespace().collect();
            let tables = words.windows(2).filter(|pair| matches!(pair[0], "from" | "join"));
            read.extend(tables.map(|pair| pair[1]));
        }
        read.sort_unstable();
        read.dedup();
        assert_eq!(read, WATCHED);
    }
}
