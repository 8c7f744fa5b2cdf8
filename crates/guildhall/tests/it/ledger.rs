//! Money between accounts: who may move it, what is refused, and that nothing is ever lost or made.

use crate::harness::{Answered, Foreign, Hall};
use guildhall_app::ledger::audit;
use guildhall_app::user::NewUser;
use guildhall_app::{founding, operator};
use guildhall_core::ids::{Id, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;
use guildhall_core::permission::{Permission, Role};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use tokio::task::JoinSet;

const PAY: &str = "mutation($input: TransferFundsInput!) { transferFunds(input: $input) }";
const OWN: &str = "query { viewer { user { ledgerAccount {
  id transferFee balanceCaches { nodes { balance pendingBalance currency } }
} } } }";
const COMPANY: &str = "query($id: ID!) { company(id: $id) { ledgerAccount {
  id transferFee balanceCaches { nodes { balance pendingBalance currency } }
} } }";

/// The id of a user's account.
async fn account(hall: &Hall, user: &UserId) -> String {
    let answered = hall.run(Some(user), OWN, json!({})).await;
    answered.data()["viewer"]["user"]["ledgerAccount"]["id"].as_str().expect("an id").to_owned()
}

async fn company_account(hall: &Hall) -> String {
    let answered = hall.run(None, COMPANY, json!({"id": hall.world.company.as_str()})).await;
    answered.data()["company"]["ledgerAccount"]["id"].as_str().expect("an id").to_owned()
}

fn usd(account: &Value) -> f64 {
    let nodes = account["balanceCaches"]["nodes"].as_array().expect("nodes");
    let held = nodes.iter().find(|node| node["currency"] == "usd");
    held.map_or(0.0, |node| node["balance"].as_f64().expect("a balance"))
}

async fn balance(hall: &Hall, user: &UserId) -> f64 {
    usd(&hall.run(Some(user), OWN, json!({})).await.data()["viewer"]["user"]["ledgerAccount"])
}

async fn company_balance(hall: &Hall) -> f64 {
    let variables = json!({"id": hall.world.company.as_str()});
    usd(&hall.run(None, COMPANY, variables).await.data()["company"]["ledgerAccount"])
}

/// A sound transfer of one usd, to be changed by `with`.
fn transfer(source: &str, destination: &str, key: &str) -> Value {
    json!({
        "amount": 1,
        "currency": "usd",
        "destinationId": destination,
        "idempotenceKey": key,
        "ledgerAccountId": source,
    })
}

fn with(mut input: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    for (name, value) in changes {
        input[name] = value;
    }
    input
}

async fn pay(hall: &Hall, user: Option<&UserId>, input: Value) -> Answered {
    hall.run(user, PAY, json!({"input": input})).await
}

/// Another person in the demo company, on its team or not, with an account.
async fn person(hall: &Hall, name: &'static str, role: Option<Role>) -> UserId {
    let company = hall.world.company.clone();
    let founded = founding::found(&hall.running.hall, move |founder| {
        let user = founder.user(&NewUser { username: name.into(), ..NewUser::default() })?;
        if let Some(role) = role {
            founder.team_member(&company, &user, role)?;
        }
        Ok(user)
    });
    founded.await.expect("a person")
}

/// The account that money comes into the world from. The API never shows it, so it is read from the
/// SQLite file, where there is one and Python to read it.
fn funding_account(hall: &Hall) -> Option<String> {
    const READ: &str = "import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(\"select id from ledger_accounts where kind = 'funding'\").fetchone()[0])";
    let file = hall.world.file.with_file_name("guildhall.sqlite3");
    if !file.exists() {
        return None;
    }
    let read = Command::new("python3").args(["-c", READ]).arg(&file).output().ok()?;
    let id = String::from_utf8(read.stdout).expect("an id is text").trim().to_owned();
    assert!(id.starts_with("ldgr_"), "{id} {}", String::from_utf8_lossy(&read.stderr));
    Some(id)
}

/// Asserts that a refusal has this code and says this.
#[track_caller]
fn refused(answered: &Answered, code: &str, sentence: &str) {
    let refusal = answered.refusal();
    assert_eq!(refusal.0, code, "{}", refusal.1);
    assert!(refusal.1.contains(sentence), "\"{}\" does not say \"{sentence}\"", refusal.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_moves_money_once_however_many_ask_at_once() {
    let hall = Arc::new(Hall::open().await);
    let source = account(&hall, &hall.world.customer).await;
    let input = transfer(&source, hall.world.owner.as_str(), "once");
    let mut asking = JoinSet::new();
    for _ in 0..10 {
        let (hall, input) = (Arc::clone(&hall), input.clone());
        asking.spawn(async move { pay(&hall, Some(&hall.world.customer), input).await });
    }
    for answered in asking.join_all().await {
        assert_eq!(answered.data()["transferFunds"], true);
    }
    assert_eq!(balance(&hall, &hall.world.customer).await, 99.0);
    assert_eq!(balance(&hall, &hall.world.owner).await, 1.0);

    for changes in [
        json!({"amount": 2}),
        json!({"currency": "eur"}),
        json!({"destinationId": hall.world.moderator.as_str()}),
        json!({"notes": "another note"}),
        json!({"reason": "creator_to_user"}),
    ] {
        let answered = pay(&hall, Some(&hall.world.customer), with(input.clone(), changes)).await;
        refused(&answered, "CONFLICT", "was used before with other arguments; nothing was moved");
    }
    let other_source = with(input.clone(), json!({"ledgerAccountId": company_account(&hall).await}));
    refused(&pay(&hall, None, other_source).await, "CONFLICT", "`idempotenceKey` was used before");
    assert_eq!(balance(&hall, &hall.world.customer).await, 99.0);
    assert_eq!(company_balance(&hall).await, 1000.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_with_several_amounts_at_once_moves_one_of_them() {
    let hall = Arc::new(Hall::open().await);
    let source = account(&hall, &hall.world.customer).await;
    let mut asking = JoinSet::new();
    for amount in 1..=8 {
        let input = with(transfer(&source, hall.world.owner.as_str(), "raced"), json!({"amount": amount}));
        let hall = Arc::clone(&hall);
        asking.spawn(async move { (amount, pay(&hall, Some(&hall.world.customer), input).await) });
    }
    let answered = asking.join_all().await;
    let moved: Vec<i32> = answered
        .iter()
        .filter(|(_, answered)| answered.body.get("errors").is_none())
        .map(|(amount, _)| *amount)
        .collect();
    assert_eq!(moved.len(), 1, "{answered:?}");
    assert_eq!(balance(&hall, &hall.world.owner).await, f64::from(moved[0]));
    for (_, answered) in answered.iter().filter(|(amount, _)| *amount != moved[0]) {
        refused(answered, "CONFLICT", "nothing was moved");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_its_caller_and_a_refused_one_stays_free() {
    let hall = Hall::open().await;
    let source = account(&hall, &hall.world.customer).await;
    let input = transfer(&source, hall.world.owner.as_str(), "mine");
    assert_eq!(pay(&hall, Some(&hall.world.customer), input.clone()).await.data()["transferFunds"], true);
    let foreign = hall.foreign().await;
    let theirs = hall.run_with(&foreign.key, None, OWN, json!({})).await;
    let theirs = theirs.data()["viewer"]["user"]["ledgerAccount"]["id"].as_str().expect("an id").to_owned();
    let same_key = transfer(&theirs, hall.world.owner.as_str(), "mine");
    let answered = hall.run_with(&foreign.key, None, PAY, json!({"input": same_key})).await;
    refused(&answered, "INSUFFICIENT_FUNDS", "does not hold enough usd");

    let too_much = with(transfer(&source, hall.world.owner.as_str(), "later"), json!({"amount": 99.01}));
    let answered = pay(&hall, Some(&hall.world.customer), too_much.clone()).await;
    refused(&answered, "INSUFFICIENT_FUNDS", &format!("`{source}` does not hold enough usd"));
    let enough = with(too_much, json!({"amount": 99}));
    assert_eq!(pay(&hall, Some(&hall.world.customer), enough).await.data()["transferFunds"], true);
    assert_eq!(balance(&hall, &hall.world.customer).await, 0.0);
    let nothing_left = transfer(&source, hall.world.owner.as_str(), "empty");
    refused(
        &pay(&hall, Some(&hall.world.customer), nothing_left).await,
        "INSUFFICIENT_FUNDS",
        "does not hold enough",
    );
    let other_currency =
        with(transfer(&source, hall.world.owner.as_str(), "eur"), json!({"currency": "eur"}));
    refused(
        &pay(&hall, Some(&hall.world.customer), other_currency).await,
        "INSUFFICIENT_FUNDS",
        "enough eur",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unsound_transfer_is_refused_with_its_own_sentence() {
    let hall = Hall::open().await;
    let source = account(&hall, &hall.world.customer).await;
    let customer = hall.world.customer.as_str();
    let changes: Vec<(Value, &str)> = vec![
        (json!({"amount": 0}), "The amount must be more than zero."),
        (json!({"amount": -0.0}), "The amount must be more than zero."),
        (json!({"amount": -1}), "The amount must be more than zero."),
        (json!({"amount": 0.001}), "finer than usd knows: it has 2 digits behind the point"),
        (json!({"amount": 1e-300}), "finer than usd knows"),
        (json!({"amount": 1.5, "currency": "jpy"}), "finer than jpy knows: it has 0 digits"),
        (json!({"amount": 1.2345, "currency": "kwd"}), "finer than kwd knows: it has 3 digits"),
        (json!({"amount": 1e16}), "beyond what usd amounts can be here"),
        (json!({"amount": 1e300}), "beyond what usd amounts can be here"),
        (json!({"idempotenceKey": ""}), "`idempotenceKey` must be 1 to 255 bytes long."),
        (json!({"idempotenceKey": " \n"}), "`idempotenceKey` must be 1 to 255 bytes long."),
        (json!({"idempotenceKey": "é".repeat(128)}), "`idempotenceKey` must be 1 to 255 bytes long."),
        (json!({"notes": "n".repeat(51)}), "`notes` must be at most 50 characters long."),
        (json!({"transferFee": 1}), "`transferFee` must equal the fee that is charged, 0.00 usd."),
        (json!({"destinationId": customer}), "The money would go back to the account it comes from."),
        (json!({"destinationId": source}), "The money would go back to the account it comes from."),
        (json!({"destinationId": "mira"}), "`mira` is no destination: give a user"),
        (json!({"destinationId": ""}), "is no destination"),
        (json!({"destinationId": "user_"}), "is not a user id: those start with `user_`"),
        (json!({"destinationId": "biz_!"}), "is not a company id"),
        (json!({"destinationId": "ldgr_ "}), "is not a ledger account id"),
        (json!({"ledgerAccountId": customer}), "is not a ledger account id: those start with `ldgr_`"),
    ];
    for (changes, sentence) in changes {
        let input = with(transfer(&source, hall.world.owner.as_str(), "unsound"), changes);
        refused(&pay(&hall, Some(&hall.world.customer), input).await, "INVALID_INPUT", sentence);
    }
    for wrong in
        [json!({"amount": "1"}), json!({"amount": null}), json!({"currency": "zzz"}), json!({"fee": 1})]
    {
        let input = with(transfer(&source, hall.world.owner.as_str(), "unsound"), wrong);
        assert_eq!(pay(&hall, Some(&hall.world.customer), input).await.refusal().0, "INVALID_INPUT");
    }
    assert_eq!(balance(&hall, &hall.world.customer).await, 100.0);
    let sound = with(
        transfer(&source, hall.world.owner.as_str(), "unsound"),
        json!({"notes": "é".repeat(50), "transferFee": 0, "amount": 0.1 + 0.2, "reason": null}),
    );
    assert_eq!(pay(&hall, Some(&hall.world.customer), sound).await.data()["transferFunds"], true);
    assert_eq!(balance(&hall, &hall.world.owner).await, 0.3);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_spent_by_those_whose_it_is() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let (own, company) = (account(&hall, &world.customer).await, company_account(&hall).await);
    let admin = person(&hall, "money-admin", Some(Role::Admin)).await;
    let manager = person(&hall, "money-manager", Some(Role::Manager)).await;
    let from_company = |key: &str| transfer(&company, world.customer.as_str(), key);

    for (user, key) in [(None, "by agent"), (Some(&world.owner), "by owner"), (Some(&admin), "by admin")] {
        assert_eq!(pay(&hall, user, from_company(key)).await.data()["transferFunds"], true, "{key}");
    }
    for (user, key) in
        [(&world.moderator, "by moderator"), (&manager, "by manager"), (&world.customer, "by customer")]
    {
        let answered = pay(&hall, Some(user), from_company(key)).await;
        refused(&answered, "FORBIDDEN", "The permission `payout:transfer_funds` is missing in the company");
    }
    let unknown = |id: &str| format!("There is no ledger account `{id}`, or you have no access to it.");
    for user in [Some(&world.owner), Some(&world.moderator), None] {
        let answered = pay(&hall, user, transfer(&own, world.moderator.as_str(), "not mine")).await;
        refused(&answered, "NOT_FOUND", &unknown(&own));
    }
    let made_up = pay(&hall, None, transfer("ldgr_none", world.customer.as_str(), "none")).await;
    refused(&made_up, "NOT_FOUND", &unknown("ldgr_none"));
    let anonymous =
        hall.post(&[], &json!({"query": PAY, "variables": {"input": from_company("nobody")}})).await;
    refused(&anonymous, "UNAUTHENTICATED", "This needs a caller");
    let stranger = pay(&hall, Some(&world.stranger), from_company("stranger")).await;
    refused(&stranger, "FORBIDDEN", "The app may not act for");
    assert_eq!(company_balance(&hall).await, 997.0);
    assert_eq!(balance(&hall, &world.customer).await, 103.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_app_cannot_tell_our_accounts_from_none() {
    let hall = Hall::open().await;
    let Foreign { key, owner, app: foreign_app, .. } = hall.foreign().await;
    let (own, company) = (account(&hall, &hall.world.customer).await, company_account(&hall).await);
    for source in [own.as_str(), company.as_str(), "ldgr_none"] {
        for user in [None, Some(&owner)] {
            let variables = json!({"input": transfer(source, owner.as_str(), "steal")});
            let answered = hall.run_with(&key, user, PAY, variables).await;
            let sentence = format!("There is no ledger account `{source}`, or you have no access to it.");
            refused(&answered, "NOT_FOUND", &sentence);
        }
    }
    let ask = |id: String| hall.run_with(&key, None, COMPANY, json!({"id": id}));
    let refusal = ask(hall.world.company.to_string()).await.refusal();
    assert_eq!(refusal.0, "FORBIDDEN", "{}", refusal.1);
    assert!(refusal.1.contains("`company:balance:read` is missing"), "{}", refusal.1);

    // Installed without the grant, the app may act for members but not spend for them or the company.
    let install = |granted: Vec<Permission>| {
        operator::install(&hall.running.hall, foreign_app.clone(), hall.world.company.clone(), granted)
    };
    install(vec![Permission::ChatRead]).await.expect("installed");
    let customer = Some(&hall.world.customer);
    let for_customer = |name: &str| json!({"input": transfer(&own, owner.as_str(), name)});
    let answered = hall.run_with(&key, customer, PAY, for_customer("ungranted")).await;
    refused(
        &answered,
        "FORBIDDEN",
        "The permission `payout:transfer_funds` is missing in every company of the person",
    );
    let from_company = json!({"input": transfer(&company, owner.as_str(), "ungranted company")});
    for user in [None, Some(&hall.world.owner)] {
        let answered = hall.run_with(&key, user, PAY, from_company.clone()).await;
        refused(&answered, "FORBIDDEN", "The permission `payout:transfer_funds` is missing in the company");
    }
    install(vec![Permission::TransferFunds]).await.expect("installed");
    let answered = hall.run_with(&key, customer, PAY, for_customer("granted")).await;
    assert_eq!(answered.data()["transferFunds"], true);
    assert_eq!(balance(&hall, &hall.world.customer).await, 99.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_to_users_companies_and_accounts_and_nowhere_else() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let foreign = hall.foreign().await;
    let own = account(&hall, &world.customer).await;
    let moderators = account(&hall, &world.moderator).await;
    for destination in [
        world.owner.as_str(),
        world.company.as_str(),
        moderators.as_str(),
        foreign.company.as_str(),
        world.stranger.as_str(),
    ] {
        let input = transfer(&own, destination, &format!("to {destination}"));
        assert_eq!(
            pay(&hall, Some(&world.customer), input).await.data()["transferFunds"],
            true,
            "{destination}"
        );
    }
    for destination in ["user_none", "biz_none", "ldgr_none"] {
        let answered = pay(&hall, Some(&world.customer), transfer(&own, destination, "nowhere")).await;
        refused(&answered, "NOT_FOUND", &format!("There is no destination `{destination}`"));
    }
    if let Some(funding) = funding_account(&hall) {
        let answered = pay(&hall, Some(&world.customer), transfer(&own, &funding, "into nothing")).await;
        refused(&answered, "NOT_FOUND", &format!("There is no destination `{funding}`"));
        let answered = pay(&hall, None, transfer(&funding, world.agent.as_str(), "out of nothing")).await;
        refused(&answered, "NOT_FOUND", &format!("There is no ledger account `{funding}`"));
    }
    assert_eq!(company_balance(&hall).await, 1001.0);
    assert_eq!(balance(&hall, &world.moderator).await, 1.0);
    assert_eq!(balance(&hall, &world.customer).await, 95.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companys_account_is_shown_with_the_permission_alone() {
    let hall = Hall::open().await;
    let variables = json!({"id": hall.world.company.as_str()});
    for user in [None, Some(&hall.world.owner)] {
        let answered = hall.run(user, COMPANY, variables.clone()).await;
        let account = &answered.data()["company"]["ledgerAccount"];
        assert_eq!(
            account["balanceCaches"]["nodes"],
            json!([{"balance": 1000.0, "currency": "usd", "pendingBalance": 0.0}])
        );
        assert_eq!(account["transferFee"], 0.0);
    }
    for user in [&hall.world.moderator, &hall.world.customer] {
        let answered = hall.run(Some(user), COMPANY, variables.clone()).await;
        refused(&answered, "FORBIDDEN", "The permission `company:balance:read` is missing in the company");
    }
    let nobody = hall.post(&[], &json!({"query": COMPANY, "variables": variables})).await;
    refused(&nobody, "UNAUTHENTICATED", "This needs a caller");
    let none = hall.run(None, COMPANY, json!({"id": "biz_none"})).await;
    refused(&none, "NOT_FOUND", "There is no company `biz_none`");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_transfers_at_once_lose_and_make_nothing() {
    let hall = Arc::new(Hall::open().await);
    let world = &hall.world;
    let users = [&world.customer, &world.owner, &world.moderator, &world.agent];
    let mut accounts = Vec::new();
    for user in users {
        accounts.push(account(&hall, user).await);
    }
    accounts.push(company_account(&hall).await);
    let mut asking = JoinSet::new();
    for number in 0..300_usize {
        let (from, to) = (number % 5, (number * 7 + 1 + number / 5) % 5);
        let cents = (number * 37) % 4000 + 1;
        let user = if from < 4 { users[from].clone() } else { world.owner.clone() };
        let user = (user != world.agent).then_some(user);
        let amount = f64::from(u32::try_from(cents).expect("few cents")) / 100.0;
        let input = with(
            transfer(&accounts[from], &accounts[to], &format!("many {number}")),
            json!({"amount": amount}),
        );
        let hall = Arc::clone(&hall);
        asking.spawn(async move { (from, to, cents, pay(&hall, user.as_ref(), input).await) });
    }
    let mut expected: BTreeMap<usize, i64> =
        BTreeMap::from([(0, 10_000), (1, 0), (2, 0), (3, 0), (4, 100_000)]);
    let mut moved = 0;
    for (from, to, cents, answered) in asking.join_all().await {
        if answered.body.get("errors").is_some() {
            let (code, sentence) = answered.refusal();
            assert!(
                code == "INSUFFICIENT_FUNDS" || (from == to && code == "INVALID_INPUT"),
                "{code}: {sentence}"
            );
            continue;
        }
        moved += 1;
        let cents = i64::try_from(cents).expect("few cents");
        *expected.entry(from).or_default() -= cents;
        *expected.entry(to).or_default() += cents;
    }
    assert!(moved >= 60, "only {moved} of 300 transfers moved anything");
    let report = audit(&hall.running.hall).await.expect("an audit");
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.transfers, moved + 2, "two opening balances, and what moved");
    let mut found = Vec::new();
    for user in users {
        found.push(balance(&hall, user).await);
    }
    found.push(company_balance(&hall).await);
    for (index, held) in found.into_iter().enumerate() {
        let cents = i32::try_from(expected[&index]).expect("small sums");
        assert_eq!(held, f64::from(cents) / 100.0, "account {index}");
    }
}

/// Makes the demo's company owe so much, beside whatever it has.
async fn owe(hall: &Hall, minor: i64) {
    let company = hall.world.company.clone();
    hall.found(move |founder| founder.debt(&company, Currency::parse("usd")?, minor, "dispute of a test"))
        .await;
}

/// What the demo's company has free, and what it owes, in minor units.
async fn free_and_owed(hall: &Hall) -> (i64, i64) {
    let company = hall.world.company.clone();
    let held = hall.found(move |founder| {
        let usd = Currency::parse("usd")?;
        let free = founder.held(AccountKind::Company, company.as_str(), usd)?;
        Ok((free, -founder.held(AccountKind::CompanyDebt, company.as_str(), usd)?))
    });
    held.await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_owes_more_than_it_has_pays_nobody_else() {
    let hall = Hall::open().await;
    let customer = hall.world.customer.clone();
    let account = company_account(&hall).await;
    let paid = |key: &str| pay(&hall, None, transfer(&account, customer.as_str(), key));
    assert_eq!(paid("before").await.data()["transferFunds"], true);
    owe(&hall, 150_000).await;
    let sentence =
        "501.00 usd is owed, and has to be paid back before anything is transferred; nothing was moved.";
    refused(&paid("after").await, "CONFLICT", sentence);
    // What was moved before is not asked again.
    assert_eq!(paid("before").await.data()["transferFunds"], true);
    assert_eq!(balance(&hall, &customer).await, 101.0);
    assert_eq!(company_balance(&hall).await, -501.0);
    // What comes in pays the debt back.
    let own = self::account(&hall, &customer).await;
    let input = with(transfer(&own, hall.world.company.as_str(), "in"), json!({"amount": 100}));
    assert_eq!(pay(&hall, Some(&customer), input).await.data()["transferFunds"], true);
    assert_eq!(free_and_owed(&hall).await, (0, 40_100));
    let report = audit(&hall.running.hall).await.expect("an audit");
    assert!(report.is_sound(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debt_beside_free_money_is_paid_back_before_anything_is_transferred() {
    let hall = Hall::open().await;
    let account = company_account(&hall).await;
    owe(&hall, 1500).await;
    assert_eq!(free_and_owed(&hall).await, (100_000, 1500));
    let input = transfer(&account, hall.world.customer.as_str(), "out");
    assert_eq!(pay(&hall, None, input).await.data()["transferFunds"], true);
    assert_eq!(free_and_owed(&hall).await, (98_400, 0));
    assert_eq!(company_balance(&hall).await, 984.0);
    let report = audit(&hall.running.hall).await.expect("an audit");
    assert!(report.is_sound(), "{report:?}");
}
