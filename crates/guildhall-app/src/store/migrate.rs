//! Migrations: one portable tree, forward only, safe when several copies start at once.

use super::dialect::Dialect;
use super::{Engine, OpenError, params};
use crate::error::Result;

/// Migrations by name and script, oldest first; the place of each is its version.
type Migrations = &'static [(&'static str, &'static str)];

/// Every migration.
const MIGRATIONS: Migrations = &[
    ("spine", include_str!("../../migrations/0001_spine.sql")),
    ("feed_heads", include_str!("../../migrations/0002_feed_heads.sql")),
    ("jobs", include_str!("../../migrations/0003_jobs.sql")),
    ("signing_keys", include_str!("../../migrations/0004_signing_keys.sql")),
    ("accounts", include_str!("../../migrations/0005_accounts.sql")),
    ("webhooks", include_str!("../../migrations/0006_webhooks.sql")),
    ("apps", include_str!("../../migrations/0007_apps.sql")),
    ("oauth", include_str!("../../migrations/0008_oauth.sql")),
    ("app_sessions", include_str!("../../migrations/0009_app_sessions.sql")),
    ("lanes", include_str!("../../migrations/0010_lanes.sql")),
    ("money", include_str!("../../migrations/0011_money.sql")),
    ("ledger_history", include_str!("../../migrations/0012_ledger_history.sql")),
    ("catalog", include_str!("../../migrations/0013_catalog.sql")),
    ("promo_codes", include_str!("../../migrations/0014_promo_codes.sql")),
    ("stripe", include_str!("../../migrations/0016_stripe.sql")),
    ("payouts", include_str!("../../migrations/0018_payouts.sql")),
];

/// Brings the tables up to date, one transaction a migration.
pub(super) fn run(engine: &mut dyn Engine, place: &str, now: i64) -> std::result::Result<(), OpenError> {
    run_all(engine, place, now, MIGRATIONS)
}

fn run_all(
    engine: &mut dyn Engine,
    place: &str,
    now: i64,
    migrations: Migrations,
) -> std::result::Result<(), OpenError> {
    let failed = |cause| OpenError::Migration { place: place.to_owned(), cause: format!("{cause:?}") };
    let known = i64::try_from(migrations.len()).expect("there are few migrations");
    loop {
        engine.run_script(begin(engine.dialect())).map_err(failed)?;
        let step = step(engine, migrations, known, now);
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

fn step(engine: &mut dyn Engine, migrations: Migrations, known: i64, now: i64) -> Result<Step> {
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
    let Some((name, script)) = usize::try_from(current).ok().and_then(|index| migrations.get(index)) else {
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

#[cfg(test)]
mod tests {
    use super::super::sqlite::SqliteEngine;
    use super::*;

    #[test]
    fn feeds_keep_their_places_when_their_heads_move_out() {
        let mut engine = SqliteEngine::in_memory();
        run_all(&mut engine, "here", 0, &MIGRATIONS[..1]).expect("the spine");
        engine
            .run_script(
                "insert into feeds (id, kind, who_can_post, pair_key, last_sequence, last_posted_at, created_at)
                 values ('dms_feed_1', 'direct_message', 'everyone', 'a b', 7, 1, 1)",
            )
            .expect("a feed of old");
        run(&mut engine, "here", 0).expect("up to date");
        let mut rows =
            engine.query("select feed_id, last_sequence from feed_heads", &[]).expect("the new table");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].text(0).expect("an id"), "dms_feed_1");
        assert_eq!(rows[0].int(1).expect("a place"), 7);
        run(&mut engine, "here", 0).expect("a second start finds nothing to do");
    }

    #[test]
    fn apps_of_old_get_a_hidden_pass_each() {
        let before = MIGRATIONS.iter().position(|(name, _)| *name == "apps").expect("it is listed");
        let mut engine = SqliteEngine::in_memory();
        run_all(&mut engine, "here", 0, &MIGRATIONS[..before]).expect("what came before");
        engine
            .run_script(
                "insert into users (id, username, username_key, created_at, updated_at)
                 values ('user_1', 'a', 'a', 1, 1);
                 insert into companies (id, owner_id, title, route, created_at)
                 values ('biz_1', 'user_1', 'A', 'a', 1);
                 insert into apps (id, company_id, name, created_at)
                 values ('app_1', 'biz_1', 'One', 7), ('app_2', 'biz_1', 'Two', 8)",
            )
            .expect("two apps of old");
        run(&mut engine, "here", 0).expect("up to date");
        let found = engine.query(
            "select a.id, p.id, p.kind, p.title, p.visibility, a.status
             from apps a
             join access_passes p on p.id = a.access_pass_id and p.company_id = a.company_id
             order by a.id",
            &[],
        );
        let rows: Vec<Vec<String>> = found
            .expect("rows")
            .into_iter()
            .map(|mut row| (0..6).map(|column| row.text(column).expect("text")).collect())
            .collect();
        assert_eq!(
            rows,
            [
                ["app_1", "prod_1", "app", "One", "hidden", "hidden"],
                ["app_2", "prod_2", "app", "Two", "hidden", "hidden"],
            ]
        );
    }

    #[test]
    fn jobs_of_old_get_the_lane_of_their_webhook_or_kind_and_wait_to_be_woken() {
        let before = MIGRATIONS.iter().position(|(name, _)| *name == "lanes").expect("it is listed");
        let mut engine = SqliteEngine::in_memory();
        run_all(&mut engine, "here", 0, &MIGRATIONS[..before]).expect("what came before");
        engine
            .run_script(
                "insert into users (id, username, username_key, created_at, updated_at)
                 values ('user_1', 'a', 'a', 1, 1);
                 insert into companies (id, owner_id, title, route, created_at)
                 values ('biz_1', 'user_1', 'A', 'a', 1);
                 insert into webhooks (id, company_id, url, api_version, events, secret, enabled, created_at)
                 values ('hook_1', 'biz_1', 'https://a.example', 'v5', '', '', 1, 1);
                 insert into webhook_events (id, event, company_id, subject_id, subject, created_at)
                 values ('evt_1', 'payment_failed', 'biz_1', 'pay_1', '{}', 1);
                 insert into webhook_deliveries (id, webhook_id, event_id, job_id, state, created_at, updated_at)
                 values ('dlv_1', 'hook_1', 'evt_1', 'job_1', 'waiting', 1, 1);
                 insert into jobs (id, kind, payload, ordering_key, place, state, due_at, attempts, created_at)
                 values ('job_1', 'webhook', 'dlv_1', 'hook_1:pay_1', 1, 'ready', 1, 0, 1),
                        ('job_2', 'webhook', 'dlv_gone', 'hook_1:pay_1', 2, 'behind', 1, 0, 1),
                        ('job_3', 'mail', '{}', null, 0, 'dead', 1, 10, 1)",
            )
            .expect("jobs of old");
        run(&mut engine, "here", 0).expect("up to date");
        let found = engine.query("select id, lane, state from jobs order by id", &[]).expect("rows");
        let rows: Vec<Vec<String>> = found
            .into_iter()
            .map(|mut row| (0..3).map(|column| row.text(column).expect("text")).collect())
            .collect();
        assert_eq!(
            rows,
            [["job_1", "hook_1", "resting"], ["job_2", "webhook", "behind"], ["job_3", "mail", "dead"],]
        );
    }
}
