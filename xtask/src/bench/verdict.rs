//! The figures the project promises, each beside what was measured.

/// One promised figure and what it came to.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) measured: f64,
    pub(super) bound: Bound,
}

/// What a figure must be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    AtLeast(f64),
    /// A relative difference, either way.
    Within(f64),
}

impl Figure {
    fn is_met(&self) -> bool {
        match self.bound {
            Bound::AtLeast(least) => self.measured >= least,
            Bound::Within(most) => self.measured.abs() <= most,
        }
    }

    fn line(&self, width: usize) -> String {
        let (measured, needs) = match self.bound {
            Bound::AtLeast(least) => (format!("{:.2}", self.measured), format!("needs >= {least}")),
            Bound::Within(most) => {
                (format!("{:+.1} %", self.measured * 100.0), format!("needs within {:.0} %", most * 100.0))
            }
        };
        let met = if self.is_met() { "ok" } else { "MISSED" };
        format!("  {:width$}  {measured:>8}  ({needs}) {met}", self.name)
    }
}

/// Prints every figure; an error when one is missed and `required` says that this counts.
pub(super) fn conclude(figures: &[Figure], required: bool) -> crate::Outcome {
    let width = figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
    println!("{}", if required { "verdict" } else { "verdict (printed only, not required)" });
    for figure in figures {
        println!("{}", figure.line(width));
    }
    let missed = figures.iter().filter(|figure| !figure.is_met()).count();
    if required && missed > 0 {
        return Err(format!("{missed} of {} required figures missed", figures.len()).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(measured: f64, bound: Bound) -> Figure {
        Figure { name: "ratio at 64 senders".to_owned(), measured, bound }
    }

    #[test]
    fn bounds_are_met_at_their_edge_and_missed_beyond() {
        assert!(figure(0.25, Bound::AtLeast(0.25)).is_met());
        assert!(!figure(0.24, Bound::AtLeast(0.25)).is_met());
        assert!(figure(-0.2, Bound::Within(0.2)).is_met());
        assert!(!figure(0.21, Bound::Within(0.2)).is_met());
        assert!(!figure(f64::NAN, Bound::AtLeast(0.25)).is_met());
    }

    #[test]
    fn a_line_says_measured_needed_and_met() {
        let line = figure(0.31, Bound::AtLeast(0.25)).line(19);
        assert_eq!(line, "  ratio at 64 senders      0.31  (needs >= 0.25) ok");
        let line = figure(-0.301, Bound::Within(0.2)).line(19);
        assert_eq!(line, "  ratio at 64 senders   -30.1 %  (needs within 20 %) MISSED");
    }

    #[test]
    fn a_missed_figure_fails_only_when_required() {
        let figures = [figure(0.1, Bound::AtLeast(0.25))];
        assert!(conclude(&figures, true).is_err());
        assert!(conclude(&figures, false).is_ok());
    }
}
