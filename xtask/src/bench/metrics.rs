//! Reads the store's counters from the server's `/metrics`, in Prometheus' text form.

use super::{Fallible, http};
use std::net::SocketAddr;

/// The store's counters since the server began.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct StoreCounters {
    /// Transactions made durable.
    pub(super) commits: f64,
    /// Writes answered; several can share a commit.
    pub(super) writes: f64,
}

impl StoreCounters {
    pub(super) async fn read(address: SocketAddr) -> Fallible<Self> {
        Self::parse(&http::get(address, "/metrics").await?)
    }

    /// What was counted since `earlier`.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self { commits: self.commits - earlier.commits, writes: self.writes - earlier.writes }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { commits: self.commits + other.commits, writes: self.writes + other.writes }
    }

    fn parse(text: &str) -> Fallible<Self> {
        Ok(Self {
            commits: counter(text, "guildhall_store_commits_total")?,
            writes: counter(text, "guildhall_store_writes_total")?,
        })
    }
}

/// The sum of a counter over all its labels; an error when no line has that name.
fn counter(text: &str, name: &str) -> Fallible<f64> {
    let mut sum = None;
    for line in text.lines() {
        let Some(rest) = line.strip_prefix(name) else {
            continue;
        };
        let value = match rest.strip_prefix('{') {
            Some(labelled) => labelled.rsplit_once('}').map_or("", |(_, value)| value),
            None if rest.starts_with([' ', '\t']) => rest,
            None => continue,
        };
        let value = value.split_whitespace().next().unwrap_or_default();
        let value: f64 = value.parse().map_err(|_| format!("/metrics gives no number for {name}: {line}"))?;
        sum = Some(sum.unwrap_or(0.0) + value);
    }
    sum.ok_or_else(|| format!("/metrics does not hold {name}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_with_and_without_labels() {
        let text = "# HELP guildhall_store_commits_total Transactions made durable.\n\
                    # TYPE guildhall_store_commits_total counter\n\
                    guildhall_store_commits_total 12\n\
                    guildhall_store_writes_total_created 5\n\
                    guildhall_store_writes_total{kind=\"a b}\"} 30 1700000000000\n\
                    guildhall_store_writes_total{kind=\"c\"} 4.2e1\n";
        let counters = StoreCounters::parse(text).expect("readable counters");
        assert_eq!(counters, StoreCounters { commits: 12.0, writes: 72.0 });
    }

    #[test]
    fn what_is_missing_or_no_number_is_named() {
        let error = StoreCounters::parse("other 1\n").expect_err("not there").to_string();
        assert_eq!(error, "/metrics does not hold guildhall_store_commits_total");
        assert!(StoreCounters::parse("guildhall_store_commits_total many\n").is_err());
    }

    #[test]
    fn differences_and_sums() {
        let early = StoreCounters { commits: 1.0, writes: 2.0 };
        let late = StoreCounters { commits: 11.0, writes: 82.0 };
        assert_eq!(late.since(early), StoreCounters { commits: 10.0, writes: 80.0 });
        assert_eq!(late.plus(early), StoreCounters { commits: 12.0, writes: 84.0 });
    }
}
