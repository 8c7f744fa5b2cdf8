//! Rows of companies and their teams.

use super::{Read, Row, Tx, params};
use crate::company::{Company, NewCompany, Tax};
use crate::error::Result;
use guildhall_core::ids::{CompanyId, UserId};
use guildhall_core::permission::Role;
use guildhall_core::price::TaxRate;

macro_rules! company_columns {
    () => {
        "c.id, c.owner_id, c.title, c.route, c.industry_type, c.business_type, c.logo_id, c.banner_id"
    };
}
pub(super) use company_columns;

/// How many columns [`company_columns`] names.
pub(super) const COMPANY_COLUMNS: usize = 8;

/// Reads a company whose columns begin at `from`.
pub(super) fn from_row(row: &mut Row, from: usize) -> Result<Company> {
    Ok(Company {
        id: row.id(from)?,
        owner: row.id(from + 1)?,
        title: row.text(from + 2)?,
        route: row.text(from + 3)?,
        industry_type: row.text_or_null(from + 4)?,
        business_type: row.text_or_null(from + 5)?,
        logo: row.id_or_null(from + 6)?,
        banner: row.id_or_null(from + 7)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &CompanyId) -> Result<Option<Company>> {
    let row =
        read.first(concat!("select ", company_columns!(), " from companies c where c.id = $1"), params![id])?;
    row.map(|mut row| from_row(&mut row, 0)).transpose()
}

/// How a company taxes what it sells.
pub(crate) fn tax(read: &mut Read<'_>, id: &CompanyId) -> Result<Tax> {
    let row = read.first(
        "select tax_label, tax_basis_points, tax_is_included from companies where id = $1",
        params![id],
    )?;
    row.map_or(Ok(Tax::default()), |mut row| {
        let label = row.text_or_null(0)?.unwrap_or_else(|| "Tax".to_owned());
        Ok(Tax { label, rate: TaxRate { basis_points: row.int(1)?, is_included: row.flag(2)? } })
    })
}

/// Sets how a company taxes what it sells.
pub(crate) fn set_tax(tx: &mut Tx<'_>, id: &CompanyId, tax: &Tax) -> Result<()> {
    tx.execute(
        "update companies set tax_label = $2, tax_basis_points = $3, tax_is_included = $4 where id = $1",
        params![id, &tax.label, tax.rate.basis_points, tax.rate.is_included],
    )?;
    Ok(())
}

/// The first companies there are.
pub(crate) fn first(read: &mut Read<'_>, most: i64) -> Result<Vec<CompanyId>> {
    let rows = read.query(
        "select id
         from companies
         order by id
         limit $1",
        params![most],
    )?;
    rows.into_iter().map(|mut row| row.id(0)).collect()
}

pub(crate) fn insert(tx: &mut Tx<'_>, company: &NewCompany) -> Result<Option<CompanyId>> {
    let id: CompanyId = tx.mint();
    let now = tx.now;
    let added = tx.execute(
        "insert into companies (id, owner_id, title, route, industry_type, business_type, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (route) do nothing",
        params![
            &id,
            &company.owner,
            &company.title,
            &company.route,
            company.industry_type.as_deref(),
            company.business_type.as_deref(),
            now
        ],
    )?;
    Ok((added == 1).then_some(id))
}

/// Puts a user on the team, or changes the role there.
pub(crate) fn set_team_member(tx: &mut Tx<'_>, company: &CompanyId, user: &UserId, role: Role) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into team_members (company_id, user_id, role, created_at)
         values ($1, $2, $3, $4)
         on conflict (company_id, user_id) do update set role = excluded.role",
        params![company, user, role.as_str(), now],
    )?;
    Ok(())
}

/// The team, owner first; a team is bounded by what people add by hand.
pub(crate) fn team(read: &mut Read<'_>, company: &CompanyId) -> Result<Vec<UserId>> {
    let rows = read.query(
        "select user_id
         from team_members
         where company_id = $1
         order by created_at, user_id
         limit 10000",
        params![company],
    )?;
    rows.into_iter().map(|mut row| row.id(0)).collect()
}
