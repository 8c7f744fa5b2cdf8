//! Rows of access passes. A deleted one keeps its row, which nothing here finds, and gives its route up.

mod list;

pub(crate) use list::{count, list};

use super::company::{COMPANY_COLUMNS, company_columns};
use super::user::user_columns;
use super::{Read, Row, Tx, company, params, user};
use crate::access_pass::{AccessPass, NewAccessPass, Offer, PublicAccessPass};
use crate::error::Result;
use guildhall_core::ids::{AccessPassId, CompanyId, ExperienceId};

macro_rules! pass_columns {
    () => {
        "p.id, p.company_id, p.kind, p.title, p.route, p.headline, p.shortened_description, p.visibility, p.verified,
         p.logo_id, p.banner_id, p.description, p.creator_pitch, p.redirect_purchase_url, p.custom_cta,
         p.custom_cta_url, p.license_key_prefix, p.global_affiliate_enabled, p.global_affiliate_basis_points,
         p.member_affiliate_enabled, p.member_affiliate_basis_points, p.show_member_count, p.show_offers, p.metadata,
         p.created_at, p.updated_at"
    };
}
use pass_columns;

const PASS_COLUMNS: usize = 26;

fn from_row(row: &mut Row) -> Result<AccessPass> {
    Ok(AccessPass {
        id: row.id(0)?,
        company: row.id(1)?,
        kind: row.text(2)?,
        title: row.text(3)?,
        route: row.text(4)?,
        headline: row.text_or_null(5)?,
        shortened_description: row.text_or_null(6)?,
        visibility: row.text(7)?,
        verified: row.flag(8)?,
        logo: row.id_or_null(9)?,
        banner: row.id_or_null(10)?,
        description: row.text_or_null(11)?,
        creator_pitch: row.text_or_null(12)?,
        redirect_purchase_url: row.text_or_null(13)?,
        custom_cta: row.text(14)?,
        custom_cta_url: row.text_or_null(15)?,
        license_key_prefix: row.text_or_null(16)?,
        global_affiliate: Offer { enabled: row.flag(17)?, basis_points: row.int_or_null(18)? },
        member_affiliate: Offer { enabled: row.flag(19)?, basis_points: row.int_or_null(20)? },
        show_member_count: row.flag(21)?,
        show_offers: row.flag(22)?,
        metadata: row.text(23)?,
        created_at: row.int(24)?,
        updated_at: row.int(25)?,
    })
}

fn public_from_row(mut row: Row) -> Result<PublicAccessPass> {
    Ok(PublicAccessPass {
        pass: from_row(&mut row)?,
        company: company::from_row(&mut row, PASS_COLUMNS)?,
        owner: user::from_row(&mut row, PASS_COLUMNS + COMPANY_COLUMNS)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &AccessPassId) -> Result<Option<PublicAccessPass>> {
    let row = read.first(
        concat!(
            "select ",
            pass_columns!(),
            ", ",
            company_columns!(),
            ", ",
            user_columns!(),
            " from access_passes p
              join companies c on c.id = p.company_id
              join users u on u.id = c.owner_id
              where p.id = $1
                and p.deleted_at is null"
        ),
        params![id],
    )?;
    row.map(public_from_row).transpose()
}

/// The passes an experience is attached to, hidden upsell passes left out.
pub(crate) fn of_experience(read: &mut Read<'_>, experience: &ExperienceId) -> Result<Vec<PublicAccessPass>> {
    let rows = read.query(
        concat!(
            "select ",
            pass_columns!(),
            ", ",
            company_columns!(),
            ", ",
            user_columns!(),
            " from experience_passes e
              join access_passes p on p.id = e.access_pass_id
              join companies c on c.id = p.company_id
              join users u on u.id = c.owner_id
              where e.experience_id = $1
                and p.deleted_at is null
              order by e.position
              limit 100"
        ),
        params![experience],
    )?;
    rows.into_iter().map(public_from_row).collect()
}

pub(crate) fn insert(tx: &mut Tx<'_>, pass: &NewAccessPass) -> Result<Option<AccessPassId>> {
    let id: AccessPassId = tx.mint();
    let now = tx.now;
    let added = tx.execute(
        "insert into access_passes (id, company_id, kind, title, route, headline, shortened_description, visibility,
           created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         on conflict (company_id, route) do nothing",
        params![
            &id,
            &pass.company,
            pass.kind.as_str(),
            &pass.title,
            &pass.route,
            pass.headline.as_deref(),
            pass.shortened_description.as_deref(),
            pass.visibility.as_str(),
            now
        ],
    )?;
    Ok((added == 1).then_some(id))
}

/// Whether a pass of the company has this route.
pub(crate) fn has_route(read: &mut Read<'_>, company: &CompanyId, route: &str) -> Result<bool> {
    let row = read.first(
        "select id from access_passes where company_id = $1 and route = $2",
        params![company, route],
    )?;
    Ok(row.is_some())
}

/// Writes all that a seller says of a pass.
pub(crate) fn update(tx: &mut Tx<'_>, pass: &AccessPass) -> Result<()> {
    tx.execute(
        "update access_passes
         set title = $2,
             route = $3,
             headline = $4,
             shortened_description = $5,
             visibility = $6,
             logo_id = $7,
             banner_id = $8,
             description = $9,
             creator_pitch = $10,
             redirect_purchase_url = $11,
             custom_cta = $12,
             custom_cta_url = $13,
             license_key_prefix = $14,
             global_affiliate_enabled = $15,
             global_affiliate_basis_points = $16,
             member_affiliate_enabled = $17,
             member_affiliate_basis_points = $18,
             show_member_count = $19,
             show_offers = $20,
             metadata = $21,
             updated_at = $22
         where id = $1",
        params![
            &pass.id,
            &pass.title,
            &pass.route,
            pass.headline.as_deref(),
            pass.shortened_description.as_deref(),
            &pass.visibility,
            pass.logo.as_ref(),
            pass.banner.as_ref(),
            pass.description.as_deref(),
            pass.creator_pitch.as_deref(),
            pass.redirect_purchase_url.as_deref(),
            &pass.custom_cta,
            pass.custom_cta_url.as_deref(),
            pass.license_key_prefix.as_deref(),
            pass.global_affiliate.enabled,
            pass.global_affiliate.basis_points,
            pass.member_affiliate.enabled,
            pass.member_affiliate.basis_points,
            pass.show_member_count,
            pass.show_offers,
            &pass.metadata,
            pass.updated_at
        ],
    )?;
    Ok(())
}

/// Takes a pass away; its route becomes its id, which no title makes.
pub(crate) fn delete(tx: &mut Tx<'_>, id: &AccessPassId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update access_passes
         set deleted_at = $2, updated_at = $2, route = id
         where id = $1 and deleted_at is null",
        params![id, now],
    )?;
    Ok(())
}
