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
    ("members", include_str!("../../migrations/0015_members.sql")),
    ("stripe", include_str!("../../migrations/0016_stripe.sql")),
    ("invoices", include_str!("../../migrations/0017_invoices.sql")),
    ("payouts", include_str!("../../migrations/0018_payouts.sql")),
    ("stray_charges", include_str!("../../migrations/0019_stray_charges.sql")),
    ("stripe_fees", include_str!("../../migrations/0020_stripe_fees.sql")),
    ("method_uses", include_str!("../../migrations/0021_method_uses.sql")),
    ("webhook_emails", include_str!("../../migrations/0022_webhook_emails.sql")),
    ("stray_disputes", include_str!("../../migrations/0023_stray_disputes.sql")),
    ("charging_apps", include_str!("../../migrations/0024_charging_apps.sql")),
    ("entry_affiliates", include_str!("../../migrations/0025_entry_affiliates.sql")),
    ("unconfirmed_accounts", include_str!("../../migrations/0026_unconfirmed_accounts.sql")),
    ("tries_of_purchases", include_str!("../../migrations/0027_tries_of_purchases.sql")),
    ("charges_that_go_back", include_str!("../../migrations/0028_charges_that_go_back.sql")),
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
    fn accounts_of_old_are_confirmed_unless_nobody_chose_a_password() {
        let before = MIGRATIONS.iter().position(|(name, _)| *name == "unconfirmed_accounts");
        let mut engine = SqliteEngine::in_memory();
        run_all(&mut engine, "here", 0, &MIGRATIONS[..before.expect("it is listed")])
            .expect("what came before");
        engine
            .run_script(
                "insert into users (id, username, username_key, created_at, updated_at)
                 values ('user_1', 'a', 'a', 1, 1), ('user_2', 'b', 'b', 1, 1);
                 insert into accounts (user_id, email_key, email_confirmed_at, password_hash, password_changed_at,
                   totp_last_step, created_at)
                 values ('user_1', 'a@b.c', 7, '$argon2id$', 7, 0, 7), ('user_2', 'd@e.f', 8, '!', 8, 0, 8);
                 insert into recovery_codes (user_id, code_hash)
                 values ('user_1', x'01')",
            )
            .expect("two accounts of old");
        run(&mut engine, "here", 0).expect("up to date");
        let rows = engine.query("select email_confirmed_at from accounts order by user_id", &[]);
        let confirmed: Vec<Option<i64>> = rows
            .expect("rows")
            .into_iter()
            .map(|mut row| row.int_or_null(0).expect("a moment or none"))
            .collect();
        assert_eq!(confirmed, [Some(7), None]);
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
    fn balances_of_old_get_their_history() {
        let before = MIGRATIONS.iter().position(|(name, _)| *name == "ledger_history").expect("it is listed");
        let mut engine = SqliteEngine::in_memory();
        run_all(&mut engine, "here", 0, &MIGRATIONS[..before]).expect("what came before");
        engine
            .run_script(
                "insert into ledger_accounts (id, kind, owner_id, created_at)
                 values ('a', 'funding', 'funding', 1), ('b', 'user', 'user_1', 1), ('c', 'user', 'user_2', 1);
                 insert into ledger_transfers (id, caller, idempotence_key, request_hash, reason, created_at)
                 values ('t1', 'x', '1', x'', 'funding', 1), ('t0', 'x', '2', x'', 'transfer', 1),
                        ('t2', 'x', '3', x'', 'transfer', 2);
                 insert into ledger_entries (transfer_id, position, account_id, currency, amount_minor)
                 values ('t1', 0, 'a', 'usd', -10), ('t1', 1, 'b', 'usd', 10),
                        ('t0', 0, 'b', 'usd', -4), ('t0', 1, 'c', 'usd', 4),
                        ('t2', 0, 'c', 'usd', -1), ('t2', 1, 'b', 'usd', 1);
                 insert into ledger_balances (account_id, currency, overdraft, balance_minor)
                 values ('a', 'usd', 1, -10), ('b', 'usd', 0, 7), ('c', 'usd', 0, 3)",
            )
            .expect("a ledger of old");
        run(&mut engine, "here", 0).expect("up to date");
        let entries = "select account_id, transfer_id, sequence, balance_after_minor, previous_transfer_id
             from ledger_entries
             order by account_id, sequence";
        let found: Vec<String> = engine
            .query(entries, &[])
            .expect("rows")
            .into_iter()
            .map(|mut row| {
                let (account, transfer) = (row.text(0).expect("text"), row.text(1).expect("text"));
                let (sequence, after) = (row.int(2).expect("a number"), row.int(3).expect("a balance"));
                let previous = row.text_or_null(4).expect("text").unwrap_or_default();
                format!("{account} {transfer} {sequence} {after} {previous}")
            })
            .collect();
        let expected =
            ["a t1 1 -10 ", "b t1 1 10 ", "b t0 2 6 t1", "b t2 3 7 t0", "c t0 1 4 ", "c t2 2 3 t0"];
        assert_eq!(found, expected);
        let balances = "select last_sequence, last_transfer_id, previous_transfer_id
             from ledger_balances
             order by account_id";
        let last: Vec<String> = engine
            .query(balances, &[])
            .expect("rows")
            .into_iter()
            .map(|mut row| {
                let (sequence, last) = (row.int(0).expect("a number"), row.text(1).expect("text"));
                format!("{sequence} {last} {}", row.text_or_null(2).expect("text").unwrap_or_default())
            })
            .collect();
        assert_eq!(last, ["1 t1 ", "3 t2 t0", "2 t2 t0"]);
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

    #[test]
    fn charges_that_go_back_go_on_as_stray_ones() {
        let before =
            MIGRATIONS.iter().position(|(name, _)| *name == "charges_that_go_back").expect("it is listed");
        let mut engine = SqliteEngine::in_memory();
        run_all(&mut engine, "here", 0, &MIGRATIONS[..before]).expect("what came before");
        engine
            .run_script(
                "insert into users (id, username, username_key, created_at, updated_at) values ('user_1', 'a', 'a', 1, 1);
                 insert into companies (id, owner_id, title, route, created_at)
                 values ('biz_1', 'user_1', 'A', 'a', 1);
                 insert into access_passes (id, company_id, kind, title, route, visibility, created_at, updated_at)
                 values ('prod_1', 'biz_1', 'regular', 'One', 'one', 'visible', 1, 1);
                 insert into plans (id, access_pass_id, company_id, plan_type, base_currency, initial_price_minor,
                   renewal_price_minor, stock, unlimited_stock, release_method, visibility, custom_fields, created_at,
                   updated_at)
                 values ('plan_1', 'prod_1', 'biz_1', 'one_time', 'usd', 500, 0, 0, 1, 'buy_now', 'visible', '[]', 1, 1);
                 insert into payments (id, company_id, user_id, plan_id, access_pass_id, billing_reason, metadata,
                   quantity, currency, subtotal_minor, discount_minor, tax_minor, amount_minor, is_chargeable, stage,
                   attempt, refunded_minor, processor, reference, created_at, updated_at)
                 values ('pay_1', 'biz_1', 'user_1', 'plan_1', 'prod_1', 'one_time', '{}', 1, 'usd', 500, 0, 0, 500, 1,
                   'returning', 1, 0, 'stripe', 'pi_1', 5, 7),
                        ('pay_2', 'biz_1', 'user_1', 'plan_1', 'prod_1', 'one_time', '{}', 1, 'usd', 500, 0, 0, 500, 1,
                   'paid', 1, 0, 'stripe', 'pi_2', 5, 7);
                 insert into jobs (id, kind, payload, lane, place, state, due_at, attempts, created_at)
                 values ('job_1', 'payment', 'pay_1', 'billing-1', 0, 'dead', 9, 10, 7),
                        ('job_2', 'payment', 'pay_2', 'billing-2', 0, 'resting', 9, 0, 7)",
            )
            .expect("charges of old");
        run(&mut engine, "here", 0).expect("up to date");
        let found = engine.query(
            "select reference || ' ' || payment_id || ' ' || status, amount_minor, failures from stray_charges",
            &[],
        );
        let mut rows = found.expect("rows");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].text(0).expect("text"), "pi_1 pay_1 pending");
        assert_eq!((rows[0].int(1).expect("a number"), rows[0].int(2).expect("a number")), (500, 0));
        let jobs = engine.query("select kind || ' ' || payload from jobs order by id", &[]).expect("rows");
        let jobs: Vec<String> = jobs.into_iter().map(|mut row| row.text(0).expect("text")).collect();
        assert_eq!(jobs, ["stray_charge pi_1", "payment pay_2"]);
    }

    #[test]
    fn holders_of_old_become_members_with_what_they_spent() {
        let before = MIGRATIONS.iter().position(|(name, _)| *name == "members").expect("it is listed");
        let mut engine = SqliteEngine::in_memory();
        run_all(&mut engine, "here", 0, &MIGRATIONS[..before]).expect("what came before");
        engine
            .run_script(
                "insert into users (id, username, username_key, created_at, updated_at)
                 values ('user_1', 'a', 'a', 1, 1), ('user_2', 'b', 'b', 1, 1), ('user_3', 'c', 'c', 1, 1);
                 insert into companies (id, owner_id, title, route, created_at)
                 values ('biz_1', 'user_1', 'A', 'a', 1);
                 insert into access_passes (id, company_id, kind, title, route, visibility, created_at, updated_at)
                 values ('prod_1', 'biz_1', 'regular', 'One', 'one', 'visible', 1, 1);
                 insert into plans (id, access_pass_id, company_id, plan_type, base_currency, initial_price_minor,
                   renewal_price_minor, stock, unlimited_stock, release_method, visibility, custom_fields, created_at,
                   updated_at)
                 values ('plan_1', 'prod_1', 'biz_1', 'one_time', 'usd', 500, 0, 0, 1, 'buy_now', 'visible', '[]', 1, 1);
                 insert into memberships (id, company_id, access_pass_id, plan_id, user_id, status, created_at,
                   updated_at)
                 values ('mem_1', 'biz_1', 'prod_1', 'plan_1', 'user_1', 'drafted', 5, 5),
                        ('mem_2', 'biz_1', 'prod_1', 'plan_1', 'user_1', 'active', 7, 9),
                        ('mem_3', 'biz_1', 'prod_1', 'plan_1', 'user_2', 'drafted', 6, 6),
                        ('mem_4', 'biz_1', 'prod_1', null, 'user_3', 'expired', 8, 8);
                 insert into payments (id, company_id, user_id, plan_id, access_pass_id, membership_id, billing_reason,
                   metadata, quantity, currency, subtotal_minor, discount_minor, tax_minor, amount_minor,
                   is_chargeable, stage, attempt, refunded_minor, created_at, updated_at)
                 values ('pay_1', 'biz_1', 'user_1', 'plan_1', 'prod_1', 'mem_2', 'one_time', '{}', 1, 'usd', 500, 0, 0,
                   500, 1, 'paid', 1, 100, 7, 7),
                        ('pay_2', 'biz_1', 'user_1', 'plan_1', 'prod_1', 'mem_2', 'one_time', '{}', 1, 'usd', 500, 0, 0,
                   500, 1, 'failed', 1, 0, 7, 7)",
            )
            .expect("holders of old");
        run(&mut engine, "here", 0).expect("up to date");
        let found = engine.query(
            "select c.id || ' ' || c.user_id || ' ' || c.recent_action, c.joined_at, c.acted_at, c.usd_spent_minor,
               coalesce((select sum(m.spent_minor) from memberships m where m.user_id = c.user_id), 0),
               coalesce((select s.spent_minor from company_member_spending s where s.user_id = c.user_id), 0)
             from company_members c
             order by c.id",
            &[],
        );
        let rows: Vec<(String, Vec<i64>)> = found
            .expect("rows")
            .into_iter()
            .map(|mut row| {
                let numbers = (1..6).map(|column| row.int(column).expect("a number")).collect();
                (row.text(0).expect("text"), numbers)
            })
            .collect();
        let expected = [
            ("mber_1 user_1 joined", vec![7, 9, 400, 400, 400]),
            ("mber_3 user_2 drafted", vec![6, 6, 0, 0, 0]),
            ("mber_4 user_3 left", vec![8, 8, 0, 0, 0]),
        ];
        assert_eq!(rows, expected.map(|(text, numbers)| (text.to_owned(), numbers)));
    }
}
