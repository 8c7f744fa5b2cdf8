//! Latencies counted in buckets of fixed relative width, so memory does not grow with the number of answers.

use std::time::Duration;

/// 128 buckets for each doubling: a value is known to within 0.8 %.
const SUB_BUCKET_BITS: u32 = 7;
const SUB_BUCKETS: u64 = 1 << SUB_BUCKET_BITS;
/// The last bucket holds everything from about 71 minutes (2^32 µs) on.
const BUCKETS: usize = ((32 - SUB_BUCKET_BITS as usize + 1) << SUB_BUCKET_BITS) + 1;

/// Counts of latencies in microseconds, from 0 to 2^32.
#[derive(Debug)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }

    pub(super) fn record(&mut self, latency: Duration) {
        let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket_of(microseconds)] += 1;
        self.total += 1;
    }

    /// How many latencies were recorded.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// The latency in milliseconds that `share` (0 to 1) of all answers do not exceed; 0 when nothing was recorded.
    pub(super) fn quantile_ms(&self, share: f64) -> f64 {
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return middle_of(bucket) / 1000.0;
            }
        }
        0.0
    }
}

fn bucket_of(microseconds: u64) -> usize {
    if microseconds < SUB_BUCKETS {
        return microseconds as usize;
    }
    let shift = microseconds.ilog2() - SUB_BUCKET_BITS;
    let bucket = (u64::from(shift) << SUB_BUCKET_BITS) + (microseconds >> shift);
    (bucket as usize).min(BUCKETS - 1)
}

/// The middle of a bucket, in microseconds.
fn middle_of(bucket: usize) -> f64 {
    let bucket = bucket as u64;
    if bucket < 2 * SUB_BUCKETS {
        return bucket as f64;
    }
    let shift = (bucket >> SUB_BUCKET_BITS) - 1;
    let lowest = (bucket - (shift << SUB_BUCKET_BITS)) << shift;
    lowest as f64 + (1_u64 << shift) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_falls_within_a_hundredth_of_its_bucket() {
        for exponent in 0..31 {
            for value in [1_u64 << exponent, (1 << exponent) + (1 << exponent) / 3] {
                let middle = middle_of(bucket_of(value));
                assert!((middle - value as f64).abs() <= value as f64 * 0.01, "{value} counted as {middle}");
            }
        }
    }

    #[test]
    fn buckets_follow_each_other_without_gap() {
        let mut previous = 0;
        for value in 0..100_000 {
            let bucket = bucket_of(value);
            assert!(bucket == previous || bucket == previous + 1, "a gap before {value}");
            previous = bucket;
        }
    }

    #[test]
    fn quantiles_of_a_known_row() {
        let mut histogram = Histogram::new();
        for milliseconds in 1..=100 {
            histogram.record(Duration::from_millis(milliseconds));
        }
        assert_eq!(histogram.total(), 100);
        assert!((histogram.quantile_ms(0.5) - 50.0).abs() < 0.5);
        assert!((histogram.quantile_ms(0.99) - 99.0).abs() < 1.0);
        assert!((histogram.quantile_ms(1.0) - 100.0).abs() < 1.0);
    }

    #[test]
    fn the_empty_and_the_endless() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.quantile_ms(0.99), 0.0);
        histogram.record(Duration::MAX);
        assert!(histogram.quantile_ms(0.5) > 4_000_000.0);
    }
}
