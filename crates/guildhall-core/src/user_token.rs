//! User tokens: who looks at which app, and until when.

use crate::ids::{AppId, Id, UserId};
use serde::{Deserialize, Serialize};

/// Who every token says it is from; published clients accept no other.
pub const ISSUER: &str = "urn:whopcom:exp-proxy";
/// How long a token lives, in milliseconds.
pub const LIFETIME_MS: i64 = 60 * 60 * 1000;

/// What a token says, as it stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// [`ISSUER`].
    #[serde(rename = "iss")]
    pub issuer: String,
    /// The user's id.
    #[serde(rename = "sub")]
    pub user: String,
    /// The app's id; one, never a list.
    #[serde(rename = "aud")]
    pub app: String,
    /// When it was made, in seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_at: i64,
    /// When it ends, in seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: i64,
}

/// Who a token speaks of, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The person.
    pub user: UserId,
    /// The app that the person looks at.
    pub app: AppId,
    /// When the token ends, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is no token, or lacks a claim.
    Malformed,
    /// It says that it is signed in another way, or not at all.
    Algorithm,
    /// No key of this server's made its signature over these words.
    Signature,
    /// It is from somebody else.
    Issuer,
    /// Its time is over.
    Expired,
}

impl Refusal {
    /// The sentence that the caller reads.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "The user token is malformed.",
            Self::Algorithm => "The user token is not signed with ES256.",
            Self::Signature => "The user token was not signed by this server, or was altered.",
            Self::Issuer => "The user token was issued by somebody else.",
            Self::Expired => "The user token has expired: get a fresh one.",
        }
    }
}

impl Claims {
    /// What a token made now says.
    #[must_use]
    pub fn of(user: &UserId, app: &AppId, now_ms: i64) -> Self {
        Self {
            issuer: ISSUER.into(),
            user: user.to_string(),
            app: app.to_string(),
            issued_at: now_ms.div_euclid(1000),
            expires_at: (now_ms + LIFETIME_MS).div_euclid(1000),
        }
    }

    /// Reads the claims of a token whose signature was found genuine.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn check(&self, now_ms: i64) -> Result<Bearer, Refusal> {
        if self.issuer != ISSUER {
            return Err(Refusal::Issuer);
        }
        let expires_at_ms = self.expires_at.saturating_mul(1000);
        if expires_at_ms <= now_ms {
            return Err(Refusal::Expired);
        }
        let user = UserId::parse(&self.user).map_err(|_| Refusal::Malformed)?;
        let app = AppId::parse(&self.app).map_err(|_| Refusal::Malformed)?;
        Ok(Bearer { user, app, expires_at_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_714_521_600_500;

    fn claims() -> Claims {
        let user = UserId::from_stored("user_1".into());
        Claims::of(&user, &AppId::from_stored("app_1".into()), NOW_MS)
    }

    #[test]
    fn a_token_counts_from_its_first_moment_to_its_last() {
        let claims = claims();
        let bearer = claims.check(NOW_MS).expect("fresh");
        assert_eq!((bearer.user.as_str(), bearer.app.as_str()), ("user_1", "app_1"));
        assert_eq!(bearer.expires_at_ms, 1_714_525_200_000);
        assert!(bearer.expires_at_ms <= NOW_MS + LIFETIME_MS);
        assert!(claims.check(bearer.expires_at_ms - 1).is_ok());
        assert_eq!(claims.check(bearer.expires_at_ms), Err(Refusal::Expired));
    }

    #[test]
    fn each_claim_is_held_against_what_it_must_be() {
        let sound = claims();
        let table = [
            (Claims { issuer: "urn:whopcom".into(), ..sound.clone() }, Refusal::Issuer),
            (Claims { user: "mira".into(), ..sound.clone() }, Refusal::Malformed),
            (Claims { user: String::new(), ..sound.clone() }, Refusal::Malformed),
            (Claims { app: "user_1".into(), ..sound.clone() }, Refusal::Malformed),
            (Claims { expires_at: 0, ..sound.clone() }, Refusal::Expired),
            (Claims { expires_at: i64::MIN, ..sound }, Refusal::Expired),
        ];
        for (changed, refusal) in table {
            assert_eq!(changed.check(NOW_MS), Err(refusal), "{changed:?}");
        }
    }

    #[test]
    fn claims_stand_under_their_registered_names() {
        let written = serde_json::to_value(claims()).expect("JSON");
        let expected = serde_json::json!({
            "iss": "urn:whopcom:exp-proxy", "sub": "user_1", "aud": "app_1",
            "iat": 1_714_521_600, "exp": 1_714_525_200
        });
        assert_eq!(written, expected);
        for (claim, value) in [("aud", serde_json::json!(["app_1"])), ("exp", serde_json::Value::Null)] {
            let mut changed = expected.clone();
            changed[claim] = value;
            assert!(serde_json::from_value::<Claims>(changed).is_err(), "{claim}");
        }
    }
}
