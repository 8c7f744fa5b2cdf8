//! `guildhall ledger …`: what an operator sees of money.

use crate::process::{Caller, Home, one_sentence, run};
use serde_json::json;

const PAY: &str = "mutation($input: TransferFundsInput!) { transferFunds(input: $input) }";
const COMPANY: &str = "query($id: ID!) { company(id: $id) { ledgerAccount { id } } }";

async fn told(home: &Home, arguments: &[&str]) -> String {
    let output = run(&mut home.over_data(arguments)).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The words of the lines of a table that hold some text, one row a line.
fn rows<'a>(told: &'a str, text: &str) -> Vec<Vec<&'a str>> {
    told.lines().filter(|line| line.contains(text)).map(|line| line.split_whitespace().collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_audits_statements_and_accounts() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let demo = home.demo();
    let company = demo["NEXT_PUBLIC_WHOP_COMPANY_ID"].as_str();
    let agent = demo["NEXT_PUBLIC_WHOP_AGENT_USER_ID"].as_str();
    let caller = Caller::new(&demo["WHOP_API_KEY"]);
    let asked = caller.data(&server.origin, None, COMPANY, json!({"id": company})).await;
    let account = asked["company"]["ledgerAccount"]["id"].as_str().expect("an id").to_owned();
    for (key, amount) in [("one", 12.5), ("two", 7.25), ("three", 0.25)] {
        let input = json!({
            "amount": amount, "currency": "usd", "destinationId": agent, "idempotenceKey": key,
            "ledgerAccountId": account, "notes": format!("for\u{1b}[2J {key}"),
        });
        caller.data(&server.origin, None, PAY, json!({"input": input})).await;
    }

    let statement = told(&home, &["ledger", "statement", company]).await;
    assert!(statement.starts_with(&format!("company {company}, usd ({account})\n")), "{statement}");
    assert_eq!(rows(&statement, "opening balance"), [["opening", "balance", "0.00"]]);
    let two = rows(&statement, "for [2J two");
    let line: Vec<&str> =
        two[0].iter().copied().filter(|word| !word.contains([':', '-']) || *word == "-7.25").collect();
    assert_eq!(
        line,
        ["3", "transfer", "\"for", "[2J", "two\"", "user", agent, "-7.25", "980.25"],
        "{statement}"
    );
    assert_eq!(rows(&statement, "closing balance"), [["closing", "balance", "980.00"]]);
    assert!(!statement.contains('\u{1b}'), "a note must not reach the terminal: {statement}");
    let amounts: Vec<usize> = ["-12.50 ", "-7.25 ", "-0.25 "]
        .iter()
        .map(|amount| {
            let line = statement.lines().find(|line| line.contains(amount)).expect("a line");
            line.find(amount).expect("it is there") + amount.len()
        })
        .collect();
    assert!(amounts.iter().all(|end| *end == amounts[0]), "amounts end in one column: {statement}");

    let page =
        told(&home, &["ledger", "statement", &account, "--after", "1", "--most", "2", "--currency", "usd"])
            .await;
    assert_eq!(rows(&page, "opening balance"), [["opening", "balance", "1000.00"]]);
    assert_eq!(rows(&page, "closing balance"), [["closing", "balance", "980.25"]]);
    let further =
        format!("1 more entry follows: guildhall ledger statement {account} --currency usd --after 3");
    assert!(page.contains(&further) && page.contains("1 more entry came before"), "{page}");
    let received = told(&home, &["ledger", "statement", agent, "--from", "1h"]).await;
    assert_eq!(rows(&received, "closing balance"), [["closing", "balance", "20.00"]], "{received}");
    assert!(rows(&received, &format!("company {company}")).len() == 3, "{received}");
    let eur = told(&home, &["ledger", "statement", company, "--currency", "eur"]).await;
    assert_eq!(eur, "Nothing came or went there yet.\n");

    let accounts = told(&home, &["ledger", "accounts"]).await;
    let funding = &rows(&accounts, "funding")[0];
    assert!(
        funding[0].starts_with("ldgr_") && funding[2].starts_with('-') && funding[3] == "usd",
        "{accounts}"
    );
    assert_eq!(rows(&accounts, "company"), [["company", "1", "980.00", "usd"]], "{accounts}");

    let now = told(&home, &["ledger", "audit"]).await;
    assert!(now.ends_with("\nThe ledger is sound.\n"), "{now}");
    assert_eq!(rows(&now, "sum of all entries"), [["sum", "of", "all", "entries", "0.00", "usd"]], "{now}");
    let before = told(&home, &["ledger", "audit", "--as-of", "2020-01-01T00:00:00.5+01:00"]).await;
    assert!(before.starts_with("The ledger as of 2019-12-31 23:00:00 UTC\n"), "{before}");
    assert_eq!(rows(&before, "transfers")[0], ["transfers", "0"], "{before}");
    server.stop().await;

    for (arguments, words) in [
        (&["ledger", "audit", "--as-of", "soon"][..], "\"soon\" is neither a span"),
        (&["ledger", "statement", "biz_none"], "There is no company `biz_none`"),
        (&["ledger", "statement", "user"], "Many have an account of the kind `user`"),
        (&["ledger", "statement", "nobody"], "`nobody` names no account"),
        (&["ledger", "statement", company, "--currency", "zzz"], "`zzz` is not a currency"),
        (&["ledger", "statement", company, "--to", "2024-13-01"], "is neither a span"),
    ] {
        let sentence = one_sentence(&mut home.over_data(arguments)).await;
        assert!(sentence.contains(words), "{sentence}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hall_without_money_says_so() {
    let home = Home::new();
    assert_eq!(told(&home, &["ledger", "accounts"]).await, "No money was moved yet.\n");
    assert_eq!(told(&home, &["ledger", "statement", "funding"]).await, "Nothing came or went there yet.\n");
    let audit = told(&home, &["ledger", "audit"]).await;
    assert!(audit.ends_with("The ledger is sound.\n"), "{audit}");
}
