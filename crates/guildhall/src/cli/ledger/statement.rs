//! `guildhall ledger statement`

use super::shown::{Row, amount, moment, print_rows, title};
use super::{Currency, Place, Start, Wanted, open, told, when};
use clap::Args;
use guildhall_app::ledger::{self, Line, Statement};
use std::process::ExitCode;

/// How many other accounts an entry names.
const MOST_NAMED: usize = 2;
/// The longest words of others that a line shows, in characters.
const LONGEST_WORDS: usize = 40;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// A user (user_… or a username), a company (biz_…), a ledger account (ldgr_…), or one of the platform's own:
    /// clearing, disputed, funding, in_transit, platform_fees, processor_fees.
    whose: String,
    /// One currency, e.g. usd [default: all].
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// From this moment on, e.g. 2024-05-01T12:30Z, or a span before now such as 7d.
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// Up to this moment, without what was written at it.
    #[arg(long, value_name = "MOMENT")]
    to: Option<String>,
    /// From the entry after this one on: how to go on where a statement ended.
    #[arg(long, value_name = "NUMBER", conflicts_with = "from")]
    after: Option<u32>,
    /// The most entries of each balance, up to 10000.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    most: u16,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let currency = arguments.currency.as_deref().map(Currency::parse).transpose();
    let currency = currency.map_err(|error| error.to_string())?;
    let hall = open(&arguments.place).await?;
    let now = hall.now_ms();
    let from = match (&arguments.from, arguments.after) {
        (Some(text), _) => Some(Start::Moment(when(text, now)?)),
        (None, Some(number)) => Some(Start::Entry(number.into())),
        (None, None) => None,
    };
    let wanted = Wanted {
        whose: arguments.whose.clone(),
        currency,
        from,
        until: arguments.to.as_deref().map(|text| when(text, now)).transpose()?,
        most: arguments.most.into(),
    };
    let statements = ledger::statements(&hall, wanted).await.map_err(told)?;
    if statements.is_empty() {
        println!("Nothing came or went there yet.");
    }
    for (number, statement) in statements.iter().enumerate() {
        if number > 0 {
            println!();
        }
        print(statement);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(statement: &Statement) {
    let Statement { account, currency, .. } = statement;
    let code = currency.code();
    println!("{}, {code} ({})", title(account.kind, &account.owner), account.id);
    println!();
    let edge = |words: &str, minor: i64| {
        let blank = String::new;
        Row::new([blank(), blank(), words.to_owned(), blank(), blank()]).with([
            blank(),
            amount(minor, code),
            blank(),
        ])
    };
    let mut rows = vec![edge("opening balance", statement.opening_minor)];
    rows.extend(statement.lines.iter().map(|line| row(line, code)));
    rows.push(edge("closing balance", statement.closing_minor));
    let words = ["#", "WHEN (UTC)", "WHY", "ABOUT", "FROM OR TO"];
    print_rows(&words, &["AMOUNT", "BALANCE", ""], rows);
    let (before, after) = (statement.entries_before, statement.entries_after);
    if before > 0 || after > 0 {
        println!();
    }
    let id = &account.id;
    if before > 0 {
        println!(
            "{}: guildhall ledger statement {id} --currency {code} --after 0",
            counted(before, "came before")
        );
    }
    if after > 0 {
        let last = before + i64::try_from(statement.lines.len()).unwrap_or(0);
        println!(
            "{}: guildhall ledger statement {id} --currency {code} --after {last}",
            counted(after, "follow")
        );
    }
}

fn counted(number: i64, verb: &str) -> String {
    match (number, verb) {
        (1, "follow") => "1 more entry follows".to_owned(),
        (1, verb) => format!("1 more entry {verb}"),
        (number, verb) => format!("{number} more entries {verb}"),
    }
}

fn row(line: &Line, code: &str) -> Row {
    let about = match (&line.subject, &line.notes) {
        (Some(subject), _) => subject.clone(),
        (None, Some(notes)) => format!("\"{}\"", plain(notes)),
        (None, None) => String::new(),
    };
    let sign = if line.amount_minor > 0 { "+" } else { "" };
    Row::new([line.sequence.to_string(), moment(line.at), plain(&line.reason), about, others(line)]).with([
        format!("{sign}{}", amount(line.amount_minor, code)),
        amount(line.balance_after_minor, code),
        String::new(),
    ])
}

/// Where the money of a line came from, or went.
fn others(line: &Line) -> String {
    let comes_in = line.amount_minor > 0;
    let opposite: Vec<String> = line
        .others
        .iter()
        .filter(|side| (side.amount_minor < 0) == comes_in)
        .map(|side| title(side.kind, &side.owner))
        .collect();
    let named = opposite.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match opposite.len().saturating_sub(MOST_NAMED) {
        0 => named,
        more => format!("{named}, {more} more"),
    }
}

/// Words that others wrote, on one line.
fn plain(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_WORDS).collect()
}
