//! Tables of money for a terminal: words on the left, amounts right-aligned by their points.

use guildhall_app::ledger::Total;
use guildhall_core::ledger::AccountKind;
use guildhall_core::moment::rfc3339;
use guildhall_core::money::{Currency, in_words};

/// A line of a table: words, then amounts with their currency.
pub(super) struct Row {
    words: Vec<String>,
    figures: Vec<String>,
}

impl Row {
    pub(super) fn new(words: impl IntoIterator<Item = String>) -> Self {
        Self { words: words.into_iter().collect(), figures: Vec::new() }
    }

    /// The same with figures, which are aligned on the right; the last of them, a currency, on the left.
    pub(super) fn with(self, figures: impl IntoIterator<Item = String>) -> Self {
        Self { figures: figures.into_iter().collect(), ..self }
    }
}

/// Prints a table with a heading, as wide as what is in it.
pub(super) fn print_rows(words: &[&str], figures: &[&str], rows: Vec<Row>) {
    for line in lines(words, figures, rows) {
        println!("{line}");
    }
}

fn lines(words: &[&str], figures: &[&str], rows: Vec<Row>) -> Vec<String> {
    let own = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let mut all = vec![Row::new(own(words)).with(own(figures))];
    all.extend(rows);
    let width = |column: usize, cells: fn(&Row) -> &Vec<String>| {
        all.iter()
            .filter_map(|row| cells(row).get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let left: Vec<usize> = (0..words.len()).map(|column| width(column, |row| &row.words)).collect();
    let right: Vec<usize> = (0..figures.len()).map(|column| width(column, |row| &row.figures)).collect();
    all.iter()
        .map(|row| {
            let words = row.words.iter().zip(&left).map(|(cell, width)| format!("{cell:<width$}"));
            let last = right.len().saturating_sub(1);
            let figures = row.figures.iter().zip(&right).enumerate().map(|(column, (cell, width))| {
                if column == last { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            words.chain(figures).collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

/// What each kind holds.
pub(super) fn print_totals(totals: &[Total]) {
    let rows = totals.iter().map(|total| {
        Row::new([total.kind.as_str().replace('_', " ")]).with([
            total.accounts.to_string(),
            amount(total.sum_minor, &total.currency),
            total.currency.clone(),
        ])
    });
    print_rows(&["KIND"], &["ACCOUNTS", "TOGETHER", ""], rows.collect());
}

/// An amount in major units without its currency; in minor units when the currency is unknown.
pub(super) fn amount(minor: i64, code: &str) -> String {
    let Ok(currency) = Currency::parse(code) else {
        return format!("{minor} minor");
    };
    let words = in_words(minor, currency);
    words.split(' ').next().unwrap_or_default().to_owned()
}

/// An account in words.
pub(super) fn title(kind: AccountKind, owner: &str) -> String {
    match kind {
        AccountKind::Company => format!("company {owner}"),
        AccountKind::CompanyDebt => format!("company {owner}, debt"),
        AccountKind::CompanyPending => format!("company {owner}, pending"),
        AccountKind::CompanyReserve => format!("company {owner}, reserve"),
        AccountKind::User => format!("user {owner}"),
        AccountKind::UserPending => format!("user {owner}, pending"),
        AccountKind::Clearing
        | AccountKind::Disputed
        | AccountKind::Funding
        | AccountKind::InTransit
        | AccountKind::PlatformFees
        | AccountKind::ProcessorFees => {
            let word = kind.as_str().replace('_', " ");
            if owner == kind.as_str() { word } else { format!("{word} ({owner})") }
        }
    }
}

/// A moment to the second in UTC, e.g. `2024-05-01 12:30:00`.
pub(super) fn moment(milliseconds: i64) -> String {
    rfc3339(milliseconds)[..19].replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_stand_under_each_other() {
        let rows = vec![
            Row::new(["a".into(), "short".into()]).with(["-1.50".into(), "usd".into()]),
            Row::new(["b".into(), "much longer é".into()]).with(["12345.00".into(), "usd".into()]),
        ];
        let expected = [
            "A  B               BALANCE",
            "a  short             -1.50  usd",
            "b  much longer é  12345.00  usd",
        ];
        assert_eq!(lines(&["A", "B"], &["BALANCE", ""], rows), expected);
    }

    #[test]
    fn accounts_and_amounts_in_words() {
        assert_eq!(title(AccountKind::Funding, "funding"), "funding");
        assert_eq!(title(AccountKind::InTransit, "manual"), "in transit (manual)");
        assert_eq!(title(AccountKind::CompanyDebt, "biz_1"), "company biz_1, debt");
        assert_eq!(amount(-5, "usd"), "-0.05");
        assert_eq!(amount(5, "jpy"), "5");
        assert_eq!(amount(5, "gone"), "5 minor");
        assert_eq!(moment(1_714_521_600_999), "2024-05-01 00:00:00");
    }
}
