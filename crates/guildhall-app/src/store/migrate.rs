//! Migrations: one portable tree, forward only, safe when several copies start at once.

use super::dialect::Dialect;
use super::{Engine, OpenError, params};
use crate::error::Result;

/// Every migration, oldest first; its place is its version.
const MIGRATIONS: &[(&str, &str)] = &[
    ("spine", include_str!("../../migrations/0001_spine.sql")),
    ("signing_keys", include_str!("../../migrations/0003_signing_keys.sql")),
];

/// Brings the tables up to date, one transaction a migration.
pub(super) fn run(engine: &mut dyn Engine, place: &str, now: i64) -> std::result::Result<(), OpenError> {
    let failed = |cause| OpenError::Migration { place: place.to_owned(), cause: format!("{cause:?}") };
    let known = i64::try_from(MIGRATIONS.len()).expect("there are few migrations");
    loop {
        engine.run_script(begin(engine.dialect())).map_err(failed)?;
        let step = step(engine, known, now);
        let end = if matches!(step, Ok(Step::Applied)) { "commit" } else { "rollback" };
        engine.run_script(end).map_err(failed)?;
        match step.map_err(failed)? {
            Step::Applied => {}
            Step::UpToDate => return Ok(()),
            Step::Newer(found) => {
                return Err(OpenError::Newer { place: place.to_owned(), found, known });
            }
        }
    }
}

fn begin(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "begin immediate",
        Dialect::Postgres => "begin; select pg_advisory_xact_lock(7265)",
    }
}

enum Step {
    Applied,
    UpToDate,
    Newer(i64),
}

fn step(engine: &mut dyn Engine, known: i64, now: i64) -> Result<Step> {
    engine.run_script(
        "create table if not exists schema_migrations (
           version bigint primary key,
           name text not null,
           applied_at bigint not null
         )",
    )?;
    let mut rows = engine.query("select coalesce(max(version), 0) from schema_migrations", &[])?;
    let current = rows.first_mut().map_or(Ok(0), |row| row.int(0))?;
    if current > known {
        return Ok(Step::Newer(current));
    }
    let Some((name, script)) = usize::try_from(current).ok().and_then(|index| MIGRATIONS.get(index)) else {
        return Ok(Step::UpToDate);
    };
    engine.run_script(script)?;
    engine.execute(
        "insert into schema_migrations (version, name, applied_at)
         values ($1, $2, $3)",
        params![current + 1, *name, now],
    )?;
    Ok(Step::Applied)
}
