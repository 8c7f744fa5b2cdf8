//! `guildhall ledger audit`

use super::shown::{Row, amount, moment, print_rows, print_totals, title};
use super::{Place, open, told, when};
use guildhall_app::ledger::{self, AuditReport, MOST_OPEN_ITEMS, OpenItem};
use std::process::ExitCode;

/// How many open items are listed.
const MOST_LISTED: usize = 20;

pub(super) async fn run(place: &Place, as_of: Option<&str>) -> Result<ExitCode, String> {
    let hall = open(place).await?;
    let as_of = as_of.map(|text| when(text, hall.now_ms())).transpose()?;
    let report = match as_of {
        Some(moment) => ledger::audit_as_of(&hall, moment).await,
        None => ledger::audit(&hall).await,
    };
    let report = report.map_err(told)?;
    if let Some(at) = as_of {
        println!("The ledger as of {} UTC", moment(at));
        println!();
    }
    print_counts(&report);
    if !report.totals.is_empty() {
        println!();
        print_totals(&report.totals);
    }
    print_open_items(&report.open_items);
    println!();
    if report.is_sound() {
        println!("The ledger is sound.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("The ledger is NOT sound.");
    Ok(ExitCode::FAILURE)
}

fn print_counts(report: &AuditReport) {
    let unexplained = report.open_items.iter().filter(|item| !item.is_explained()).count();
    for (what, count) in [
        ("transfers", report.transfers),
        ("entries", report.entries),
        ("unbalanced transfers", report.unbalanced_transfers),
        ("transfers without entries", report.transfers_without_entries),
        ("breaks in histories", report.broken_histories),
        ("wrong balances", report.wrong_balances),
        ("ever below zero", report.below_zero),
        ("debts ever above zero", report.above_zero),
        ("unexplained open items", i64::try_from(unexplained).unwrap_or(i64::MAX)),
    ] {
        println!("{what:<25}  {count:>12}");
    }
    for (code, sum) in report.sums() {
        println!("{:<25}  {:>12} {code}", "sum of all entries", amount(sum, code));
    }
}

fn print_open_items(items: &[OpenItem]) {
    if items.is_empty() {
        return;
    }
    println!();
    // What is wrong comes first, so that it is never among what is left out.
    let mut listed: Vec<&OpenItem> = items.iter().collect();
    listed.sort_by_key(|item| item.is_explained());
    let rows = listed.iter().take(MOST_LISTED).map(|item| {
        let about = match (&item.subject, item.is_explained()) {
            (Some(subject), true) => subject.clone(),
            (Some(subject), false) => format!("{subject}: more went out than came in"),
            (None, _) => "about nothing that is named".to_owned(),
        };
        Row::new([title(item.kind, &item.owner), about, moment(item.since)])
            .with([amount(item.amount_minor, &item.currency), item.currency.clone()])
    });
    print_rows(&["ON ITS WAY", "ABOUT", "SINCE (UTC)"], &["AMOUNT", ""], rows.collect());
    if items.len() > MOST_LISTED {
        let found = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let or_more = if found == MOST_OPEN_ITEMS { " or more" } else { "" };
        println!("({MOST_LISTED} of {found}{or_more} are shown)");
    }
}
