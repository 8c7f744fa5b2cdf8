//! Running parts one after the other, and telling how they went.

use super::part::{Choices, Part};
use super::{clients, localstripe, postgres};
use crate::clock::clock;
use crate::{Fallible, Outcome};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How one part went.
struct Report {
    part: Part,
    took: Duration,
    failure: Option<String>,
}

/// Runs the parts in order, a failed one not stopping the next, and prints a summary; its last line is
/// `<N> passed, <M> failed`.
pub(crate) fn run_parts(parts: &[Part], choices: Choices) -> ExitCode {
    if parts.is_empty() {
        eprintln!("xtask: the flags leave nothing to run");
        println!("0 passed, 0 failed");
        return ExitCode::FAILURE;
    }
    if let Err(error) = check_programs(parts) {
        eprintln!("xtask: {error}");
        println!("0 passed, {} failed", parts.len());
        return ExitCode::FAILURE;
    }
    let mut reports = Vec::new();
    let outcome = run_until_interrupted(parts, choices, &mut reports);
    summarize(&reports);
    if let Err(error) = &outcome {
        println!("{error} after {} of {} parts", reports.len(), parts.len());
    }
    // A part that was cut off, and those that it kept from running, did not pass.
    let passed = reports.iter().filter(|report| report.failure.is_none()).count();
    let failed = parts.len() - passed;
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Better said now than after ten minutes.
fn check_programs(parts: &[Part]) -> Outcome {
    if parts.iter().any(|part| part.needs_postgres()) {
        postgres::find_programs()?;
    }
    if parts.iter().any(|part| part.needs_python()) {
        localstripe::check_python()?;
    }
    if parts.iter().any(|part| part.needs_npm()) {
        clients::check_node()?;
    }
    if parts.iter().any(|part| part.needs_browser()) {
        clients::find_browser()?;
    }
    Ok(())
}

fn run_until_interrupted(parts: &[Part], choices: Choices, reports: &mut Vec<Report>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        // The parts are dropped when a signal wins, and with them every process that they started.
        tokio::select! {
            () = run_each(parts, choices, reports) => Ok(()),
            _ = terminated.recv() => Err("terminated".into()),
            _ = interrupted.recv() => Err("interrupted".into()),
        }
    })
}

async fn run_each(parts: &[Part], choices: Choices, reports: &mut Vec<Report>) {
    for (index, part) in parts.iter().copied().enumerate() {
        println!("\n==> {}/{} {}: {}", index + 1, parts.len(), part.name(), part.title());
        let begun = clock();
        let outcome: Fallible<()> = part.run(choices).await;
        let took = clock() - begun;
        let failure = outcome.err().map(|error| error.to_string());
        match &failure {
            None => println!("    passed in {:.1} s", took.as_secs_f64()),
            Some(error) => println!("    FAILED after {:.1} s: {error}", took.as_secs_f64()),
        }
        reports.push(Report { part, took, failure });
    }
}

fn summarize(reports: &[Report]) {
    println!("\n==> summary");
    for Report { part, took, failure } in reports {
        let (name, seconds) = (part.name(), took.as_secs_f64());
        match failure {
            None => println!("    {name:<18}{seconds:>8.1} s  passed"),
            Some(error) => {
                let first_line = error.lines().next().unwrap_or_default();
                println!("    {name:<18}{seconds:>8.1} s  FAILED: {first_line}");
            }
        }
    }
}
