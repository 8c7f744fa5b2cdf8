//! Rows of raffles, one for each plan that is raffled off.

use super::{Read, Tx, params};
use crate::error::{Error, Result};
use crate::raffle::Raffle;
use guildhall_core::ids::{AccessPassId, PlanId};
use guildhall_core::raffle::{Draw, Seed};

pub(crate) fn insert(tx: &mut Tx<'_>, plan: &PlanId, seed: &Seed, places: i64) -> Result<()> {
    let (now, commitment) = (tx.now, seed.commitment());
    tx.execute(
        "insert into raffles (plan_id, seed, commitment, places, created_at)
         values ($1, $2, $3, $4, $5)",
        params![plan, &seed.as_bytes()[..], &commitment, places, now],
    )?;
    Ok(())
}

/// What is public of a raffle.
pub(crate) fn find(read: &mut Read<'_>, plan: &PlanId) -> Result<Option<Raffle>> {
    let row = read.first(
        "select commitment, places, closed_at, entries_digest, drawn_at
         from raffles
         where plan_id = $1",
        params![plan],
    )?;
    row.map(|mut row| {
        Ok(Raffle {
            plan: plan.clone(),
            commitment: row.text(0)?,
            places: row.int(1)?,
            closed_at: row.int_or_null(2)?,
            entries_digest: row.text_or_null(3)?,
            drawn_at: row.int_or_null(4)?,
        })
    })
    .transpose()
}

/// The draw as JSON, which may be long, once it is drawn.
pub(crate) fn draw(read: &mut Read<'_>, plan: &PlanId) -> Result<Option<String>> {
    let row = read.first("select draw from raffles where plan_id = $1", params![plan])?;
    row.map_or(Ok(None), |mut row| row.text_or_null(0))
}

/// Whether a plan of a pass is raffled off and was not drawn.
pub(crate) fn is_under_way(read: &mut Read<'_>, pass: &AccessPassId) -> Result<bool> {
    let row = read.first(
        "select r.plan_id
         from plans l
         join raffles r on r.plan_id = l.id
         where l.access_pass_id = $1 and r.drawn_at is null
         limit 1",
        params![pass],
    )?;
    Ok(row.is_some())
}

/// The secret of a raffle.
pub(crate) fn seed(read: &mut Read<'_>, plan: &PlanId) -> Result<Seed> {
    let row = read.first("select seed from raffles where plan_id = $1", params![plan])?;
    let mut row = row.ok_or_else(|| Error::internal("a raffle without its row"))?;
    let bytes: [u8; 32] =
        row.bytes(0)?.try_into().map_err(|_| Error::internal("a seed that is not 32 bytes long"))?;
    Ok(Seed::new(bytes))
}

/// Publishes the digest of a raffle's entries, once.
pub(crate) fn close(tx: &mut Tx<'_>, plan: &PlanId, digest: &str) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update raffles
         set closed_at = $2, entries_digest = $3
         where plan_id = $1 and closed_at is null",
        params![plan, now, digest],
    )?;
    Ok(())
}

/// Publishes the draw of a closed raffle; `false` when it was drawn before.
pub(crate) fn set_draw(tx: &mut Tx<'_>, plan: &PlanId, draw: &Draw) -> Result<bool> {
    let (now, text) = (tx.now, serde_json::to_string(draw).map_err(Error::internal)?);
    let changed = tx.execute(
        "update raffles
         set drawn_at = $2, draw = $3
         where plan_id = $1 and closed_at is not null and drawn_at is null",
        params![plan, now, &text],
    )?;
    Ok(changed == 1)
}
