//! Throttles: how often something may be tried, as a bucket that fills with every try and runs empty over time.
//!
//! All that a bucket needs is one moment: when it will have run empty.

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;

/// What may be tried only so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttle {
    /// Passwords for one name, by browsers that never signed in under it.
    SignInName,
    /// Passwords by one browser that has signed in under the name before: nobody else can use up its tries.
    SignInDevice,
    /// Passwords from one address.
    SignInAddress,
    /// Codes for one account.
    SecondStep,
    /// New accounts from one address.
    SignUpAddress,
    /// Letters to one e-mail.
    Letter,
    /// Letters asked for from one address.
    LetterAddress,
    /// Passwords given by someone signed in.
    Confirmation,
    /// Purchases by an e-mail that was typed, from one address, of which nothing was paid: each may have made an account.
    PurchaseAddress,
}

/// How much a bucket holds, and how fast it runs empty.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// How many tries fit at once.
    holds: i64,
    /// How long one try takes to run out, in milliseconds.
    each_ms: i64,
}

impl Throttle {
    /// Every throttle.
    pub const ALL: [Self; 9] = [
        Self::SignInName,
        Self::SignInDevice,
        Self::SignInAddress,
        Self::SecondStep,
        Self::SignUpAddress,
        Self::Letter,
        Self::LetterAddress,
        Self::Confirmation,
        Self::PurchaseAddress,
    ];

    /// The word that the store uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignInName => "sign_in_name",
            Self::SignInDevice => "sign_in_device",
            Self::SignInAddress => "sign_in_address",
            Self::SecondStep => "second_step",
            Self::SignUpAddress => "sign_up_address",
            Self::Letter => "letter",
            Self::LetterAddress => "letter_address",
            Self::Confirmation => "confirmation",
            Self::PurchaseAddress => "purchase_address",
        }
    }

    fn bucket(self) -> Bucket {
        let (holds, each_ms) = match self {
            Self::SignInName | Self::SignInDevice => (10, 15 * MINUTE_MS),
            Self::SignInAddress => (60, 20 * SECOND_MS),
            Self::SecondStep => (5, 10 * MINUTE_MS),
            Self::SignUpAddress => (20, 5 * MINUTE_MS),
            Self::Letter => (5, 10 * MINUTE_MS),
            Self::LetterAddress => (20, MINUTE_MS),
            Self::Confirmation => (10, MINUTE_MS),
            // A class that is given something at once, and those who pay while their cards are asked.
            Self::PurchaseAddress => (100, MINUTE_MS),
        };
        Bucket { holds, each_ms }
    }

    /// Lets a try in at `now`, given when the bucket runs empty; answers when it then does, in milliseconds.
    ///
    /// # Errors
    /// When it is full: how long until one more fits, in milliseconds.
    pub fn admit(self, empty_at: Option<i64>, now: i64) -> Result<i64, i64> {
        let Bucket { holds, each_ms } = self.bucket();
        let filled = empty_at.unwrap_or(now).max(now) + each_ms;
        match filled - holds * each_ms - now {
            wait_ms if wait_ms > 0 => Err(wait_ms),
            _ => Ok(filled),
        }
    }

    /// How long one try takes to run out, in milliseconds: what giving one back takes off.
    #[must_use]
    pub fn each_ms(self) -> i64 {
        self.bucket().each_ms
    }
}

/// A wait in words, rounded up: `40 seconds`, `2 minutes`.
#[must_use]
pub fn in_words(seconds: i64) -> String {
    match seconds {
        ..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bucket_fills_and_runs_empty() {
        for throttle in Throttle::ALL {
            let Bucket { holds, each_ms } = throttle.bucket();
            let mut empty_at = None;
            for _ in 0..holds {
                empty_at = Some(throttle.admit(empty_at, 1000).expect("there is room"));
            }
            assert_eq!(throttle.admit(empty_at, 1000), Err(each_ms), "{throttle:?}");
            assert_eq!(throttle.admit(empty_at, 1000 + each_ms - 1), Err(1));
            assert!(throttle.admit(empty_at, 1000 + each_ms).is_ok());
        }
    }

    proptest! {
        #[test]
        fn no_more_gets_in_than_the_bucket_holds_and_loses(gaps in prop::collection::vec(0_i64..2_000_000, 1..200)) {
            let throttle = Throttle::SignInName;
            let Bucket { holds, each_ms } = throttle.bucket();
            let (mut now, mut empty_at, mut admitted) = (0, None, 0);
            for gap in gaps {
                now += gap;
                if let Ok(filled) = throttle.admit(empty_at, now) {
                    (empty_at, admitted) = (Some(filled), admitted + 1);
                }
                prop_assert!(admitted <= holds + now / each_ms + 1);
            }
        }
    }

    #[test]
    fn waits_have_words() {
        let table = [
            (0, "a second"),
            (1, "a second"),
            (40, "40 seconds"),
            (90, "90 seconds"),
            (91, "2 minutes"),
            (900, "15 minutes"),
            (901, "16 minutes"),
        ];
        for (seconds, words) in table {
            assert_eq!(in_words(seconds), words);
        }
    }
}
