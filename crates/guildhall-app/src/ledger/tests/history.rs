//! What the ledger remembers: statements, audits and earnings, as of any moment.

use super::*;

const HOUR_MS: i64 = 60 * 60 * 1000;

impl Scene {
    /// A sale at the beginning, its release after an hour, a payout after two, of which a part arrived after three.
    async fn first_hours(&self) {
        let take =
            |amount_minor| Happening::PayoutRequested { holder: Holder::Company, amount_minor, fee_minor: 0 };
        let hours: [(&'static str, Vec<Happening>); 5] = [
            ("sold", charged_and_sold().to_vec()),
            (
                "released",
                vec![Happening::Released { portion: Portion::Pending, amount_minor: 6642, repaid_minor: 0 }],
            ),
            ("first taken", vec![take(642)]),
            ("second taken", vec![take(1000)]),
            ("arrived", vec![Happening::PayoutPaid { amount_minor: 642, fee_minor: 0 }]),
        ];
        for (key, happenings) in hours {
            self.book(key, &happenings).await.expect(key);
            self.clock.advance_ms(HOUR_MS);
        }
    }

    async fn statements(&self, wanted: Wanted) -> Vec<Statement> {
        statements(&self.hall, wanted).await.expect("readable")
    }

    /// Changes a row behind the ledger's back, and answers what the audit says.
    async fn tamper(&self, sql: &'static str) -> AuditReport {
        self.hall.store.write(move |tx| tx.execute(sql, &[])).await.expect("a change");
        audit(&self.hall).await.expect("an audit")
    }
}

fn of(whose: &str) -> Wanted {
    Wanted { whose: whose.to_owned(), currency: None, from: None, until: None, most: 50 }
}

/// Opening balance, the amounts, closing balance, and how many entries are before and after.
fn in_short(statement: &Statement) -> (i64, Vec<i64>, i64, i64, i64) {
    let amounts = statement.lines.iter().map(|line| line.amount_minor).collect();
    let Statement { opening_minor, closing_minor, entries_before, entries_after, .. } = statement;
    (*opening_minor, amounts, *closing_minor, *entries_before, *entries_after)
}

#[tokio::test]
async fn a_statement_begins_and_ends_where_it_is_asked_to() {
    let scene = Scene::open().await;
    scene.first_hours().await;
    let company = scene.company.as_str().to_owned();
    let all = scene.statements(of(&company)).await;
    let kinds: Vec<AccountKind> = all.iter().map(|one| one.account.kind).collect();
    assert_eq!(kinds, [AccountKind::Company, AccountKind::CompanyPending, AccountKind::CompanyReserve]);
    let free = all[0].account.id.as_str().to_owned();
    let line = &all[0].lines[1];
    assert_eq!((line.at, line.reason.as_str()), (NOW_MS + 2 * HOUR_MS, "sale"));
    assert_eq!((line.subject.as_deref(), line.balance_after_minor), (Some("pay_1"), 6000));
    assert_eq!((line.others[0].kind, line.others[0].amount_minor), (AccountKind::InTransit, 642));

    let hour = |hours: i64| Some(NOW_MS + hours * HOUR_MS);
    let from = |hours: i64| hour(hours).map(Start::Moment);
    let after = |number: i64| Some(Start::Entry(number));
    let table = [
        (of(&free), (0, vec![6642, -642, -1000], 5000, 0, 0)),
        (Wanted { most: 1, ..of(&free) }, (6000, vec![-1000], 5000, 2, 0)),
        (Wanted { from: after(0), most: 2, ..of(&free) }, (0, vec![6642, -642], 6000, 0, 1)),
        (Wanted { from: after(2), ..of(&free) }, (6000, vec![-1000], 5000, 2, 0)),
        (Wanted { from: after(9), ..of(&free) }, (5000, vec![], 5000, 3, 0)),
        (Wanted { from: from(2), ..of(&free) }, (6642, vec![-642, -1000], 5000, 1, 0)),
        (Wanted { until: hour(2), ..of(&free) }, (0, vec![6642], 6642, 0, 0)),
        (Wanted { from: from(2), until: hour(3), ..of(&free) }, (6642, vec![-642], 6000, 1, 0)),
        (Wanted { from: from(3), until: hour(2), ..of(&free) }, (6642, vec![], 6642, 1, 0)),
        (Wanted { until: hour(0), ..of(&free) }, (0, vec![], 0, 0, 0)),
        (of("in_transit"), (0, vec![642, 1000, -642], 1000, 0, 0)),
        (of("platform_fees"), (0, vec![300], 300, 0, 0)),
    ];
    for (wanted, expected) in table {
        let found = scene.statements(wanted.clone()).await;
        assert_eq!(found.len(), 1, "{wanted:?}");
        assert_eq!(in_short(&found[0]), expected, "{wanted:?}");
    }
    let eur = Currency::parse("eur").ok();
    assert!(scene.statements(Wanted { currency: eur, ..of(&company) }).await.is_empty());
    assert!(
        scene.statements(of(scene.person.as_str())).await.is_empty(),
        "an account where nothing was moved"
    );
}

#[tokio::test]
async fn a_long_history_is_read_from_every_place() {
    const ENTRIES: i64 = 100;
    let scene = Scene::open().await;
    let (usd, company) = (scene.usd, scene.company.clone());
    for number in 1..=ENTRIES {
        let company = company.clone();
        let top_up = move |tx: &mut Tx<'_>| {
            fund(tx, AccountKind::Company, company.as_str(), usd, number, &format!("top up {number}"))
        };
        scene.hall.store.write(top_up).await.expect("it is funded");
        scene.clock.advance_ms(1);
    }
    for first in 0..=ENTRIES {
        let wanted = |from, most| Wanted { from: Some(from), most, ..of(company.as_str()) };
        let expected: Vec<i64> = (first + 1..=ENTRIES.min(first + 33)).collect();
        for from in [Start::Entry(first), Start::Moment(NOW_MS + first)] {
            let found = scene.statements(wanted(from, 33)).await;
            assert_eq!(in_short(&found[0]).1, expected, "after {first}");
            assert_eq!(found[0].opening_minor, first * (first + 1) / 2, "after {first}");
        }
    }
    assert!(audit(&scene.hall).await.expect("an audit").is_sound());
}

#[tokio::test]
async fn a_statement_of_nobody_is_refused_with_a_sentence() {
    let scene = Scene::open().await;
    for (whose, sentence) in [
        ("ldgr_none", "There is no ledger account `ldgr_none`"),
        ("ldgr_!", "is not a ledger account id"),
        ("biz_none", "There is no company `biz_none`"),
        ("user_none", "There is no user `user_none`"),
        ("company_debt", "Many have an account of the kind `company_debt`: name the one you mean."),
        ("nobody", "`nobody` names no account: give a user"),
    ] {
        let refused = statements(&scene.hall, of(whose)).await.expect_err(whose);
        assert!(refused.to_string().contains(sentence), "{refused}");
    }
}

#[tokio::test]
async fn an_audit_as_of_a_moment_knows_nothing_of_what_came_later() {
    let scene = Scene::open().await;
    scene.first_hours().await;
    let mut found = Vec::new();
    for hours in [-1, 0, 1, 3, 4] {
        let report = audit_as_of(&scene.hall, NOW_MS + hours * HOUR_MS).await.expect("an audit");
        assert!(report.is_sound(), "{report:?}");
        let held =
            |kind| report.totals.iter().find(|total| total.kind == kind).map_or(0, |total| total.sum_minor);
        let open: i64 = report.open_items.iter().map(|item| item.amount_minor).sum();
        found.push((report.transfers, held(AccountKind::CompanyPending), held(AccountKind::Company), open));
    }
    assert_eq!(
        found,
        [(0, 0, 0, 0), (1, 6642, 0, 0), (2, 0, 6642, 0), (4, 0, 5000, 1642), (5, 0, 5000, 1000)]
    );
    let (own, totals) = own_accounts(&scene.hall).await.expect("readable");
    let now = audit(&scene.hall).await.expect("an audit");
    let in_use = |totals: &[Total]| totals.iter().map(|one| (one.kind, one.sum_minor)).collect::<Vec<_>>();
    assert_eq!(in_use(&totals), in_use(&now.totals), "balances and entries agree");
    let transit = own.iter().find(|one| one.account.kind == AccountKind::InTransit).expect("it is there");
    assert_eq!((transit.account.owner.as_str(), transit.balance_minor), ("sandbox", 1000));
}

#[tokio::test]
async fn an_audit_finds_whatever_was_changed_behind_the_ledgers_back() {
    type Finding = fn(&AuditReport) -> bool;
    let table: [(&'static str, Finding); 10] = [
        ("update ledger_balances set balance_minor = balance_minor + 1 where balance_minor = 5000", |found| {
            found.wrong_balances == 1
        }),
        ("update ledger_balances set last_sequence = 2 where balance_minor = 5000", |found| {
            found.wrong_balances == 1
        }),
        ("update ledger_entries set amount_minor = 739 where amount_minor = 738", |found| {
            found.unbalanced_transfers == 1 && found.broken_histories == 1 && found.sums() == [("usd", 1)]
        }),
        ("update ledger_entries set previous_transfer_id = null where amount_minor = -1000", |found| {
            found.broken_histories == 1
        }),
        ("update ledger_balances set last_transfer_id = previous_transfer_id where balance_minor = 5000", |found| {
            found.wrong_balances == 1
        }),
        ("delete from ledger_entries where amount_minor = -1000", |found| {
            found.unbalanced_transfers == 1 && found.wrong_balances == 1
        }),
        ("update ledger_entries set balance_after_minor = -1 where balance_after_minor = 6000", |found| {
            found.below_zero == 1 && found.broken_histories == 2
        }),
        (
            "insert into ledger_transfers (id, caller, idempotence_key, request_hash, reason, created_at)
             select 'txn_1', caller, 'none', request_hash, reason, created_at from ledger_transfers where idempotence_key = 'sold'",
            |found| found.transfers_without_entries == 1,
        ),
        ("update ledger_transfers set subject_id = null where idempotence_key = 'second taken'", |found| {
            found.open_items.iter().filter(|item| !item.is_explained()).count() == 1
        }),
        ("update ledger_transfers set subject_id = 'pay_2' where idempotence_key = 'arrived'", |found| {
            found.open_items.iter().filter(|item| !item.is_explained()).count() == 1
        }),
    ];
    for (sql, is_found) in table {
        let scene = Scene::open().await;
        scene.first_hours().await;
        let report = scene.tamper(sql).await;
        assert!(!report.is_sound() && is_found(&report), "{sql}: {report:?}");
    }
}

#[tokio::test]
async fn an_audit_finds_a_debt_that_was_paid_back_beyond_nothing() {
    let scene = Scene::open().await;
    let disputed = Happening::DisputeOpened {
        drawn: Drawn { debt_minor: 500, ..Drawn::default() },
        fee: Drawn::default(),
    };
    scene.book("dispute", &[disputed]).await.expect("a debt");
    let report =
        scene.tamper("update ledger_entries set balance_after_minor = 5 where amount_minor = -500").await;
    assert_eq!((report.above_zero, report.below_zero), (1, 0));
    assert!(!report.is_sound());
}

#[tokio::test]
async fn earnings_count_what_came_in_and_not_what_was_let_in_or_went_out() {
    let scene = Scene::open().await;
    let (usd, affiliate) = (scene.usd, scene.affiliate.clone());
    scene.book("sold", &charged_and_sold()).await.expect("sold");
    let funding = move |tx: &mut Tx<'_>| fund(tx, AccountKind::User, affiliate.as_str(), usd, 7, "let in");
    scene.hall.store.write(funding).await.expect("let in");
    for (key, days, amount_minor) in
        [("first", 0, 1000), ("second", 40, 500), ("third", 20, 300), ("last", 5, 200)]
    {
        scene.clock.advance_ms(days * 24 * HOUR_MS);
        scene.book(key, &[Happening::RewardReleased { amount_minor }]).await.expect(key);
    }
    let spent = Principal::in_person(scene.affiliate.clone());
    let request = guildhall_core::ledger::TransferRequest {
        amount: 1.0,
        currency: "usd".into(),
        idempotence_key: "spent".into(),
        notes: None,
        transfer_fee: None,
    };
    let source = of_current_user(&scene.hall, &spent).await.expect("an account").id;
    let spending = Transfer { request, source, destination: scene.person.to_string(), reason: None };
    transfer(&scene.hall, &spent, spending).await.expect("spent");
    scene.clock.advance_ms(HOUR_MS);
    let earned = |of: &UserId| {
        let (principal, of) = (Principal::in_person(of.clone()), of.clone());
        let hall = &scene.hall;
        async move { earnings(hall, &principal, &of).await.expect("readable").expect("one's own") }
    };
    let expected = Earnings { day_minor: 200, week_minor: 500, month_minor: 1000, lifetime_minor: 2000 };
    assert_eq!(earned(&scene.affiliate).await, expected);
    let expected = Earnings { day_minor: 100, week_minor: 100, month_minor: 100, lifetime_minor: 100 };
    assert_eq!(earned(&scene.person).await, expected);
    let nobodys = earnings(&scene.hall, &spent, &scene.person).await.expect("readable");
    assert_eq!(nobodys, None, "earnings are shown to nobody else");
}
