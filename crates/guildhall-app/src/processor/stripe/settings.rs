//! What an operator says about Stripe.

use crate::outbound::Reach;
use std::time::Duration;
use url::{Host, Url};

/// Where Stripe's API is.
const API: &str = "https://api.stripe.com";
/// How long one question may take.
const LONGEST_ASK: Duration = Duration::from_secs(20);

/// A text that nobody may see: it shows itself nowhere.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The text, for whoever must send or compare it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Reads Stripe's secret key, or a restricted one.
    ///
    /// # Errors
    /// What it must be, without the text.
    pub fn parse_key(text: &str) -> Result<Self, &'static str> {
        let is_key = (text.starts_with("sk_") || text.starts_with("rk_")) && is_plain(text);
        if is_key { Ok(Self(text.to_owned())) } else { Err("must be a secret key of Stripe, as sk_live_…") }
    }

    /// Reads the secret that a webhook endpoint of Stripe signs with.
    ///
    /// # Errors
    /// What it must be, without the text.
    pub fn parse_webhook(text: &str) -> Result<Self, &'static str> {
        let is_secret = text.starts_with("whsec_") && is_plain(text);
        if is_secret {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be the signing secret of a webhook endpoint of Stripe, as whsec_…")
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

/// Whether a key holds what keys are made of.
fn is_plain(text: &str) -> bool {
    text.len() <= 500 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Reads Stripe's publishable key, which pages show.
///
/// # Errors
/// What it must be.
pub fn parse_publishable_key(text: &str) -> Result<String, &'static str> {
    let is_key = text.starts_with("pk_") && is_plain(text);
    if is_key { Ok(text.to_owned()) } else { Err("must be a publishable key of Stripe, as pk_live_…") }
}

/// Another place than Stripe's, where something speaks its API.
#[derive(Debug, Clone)]
pub struct ApiBase(Url);

impl ApiBase {
    /// Reads an address such as `http://127.0.0.1:8420`. The secret key goes unencrypted to this machine alone.
    ///
    /// # Errors
    /// What it must be.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str =
            "must be an origin such as https://stripe.example.com, or http:// and this machine's own address";
        let url = Url::parse(text).map_err(|_| EXPECTED)?;
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(EXPECTED),
        };
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
        if is_bare && is_safe { Ok(Self(url)) } else { Err(EXPECTED) }
    }
}

/// How Stripe is asked, and heard.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What our questions are asked with.
    pub secret_key: Secret,
    /// What the card page speaks to Stripe with.
    pub publishable_key: String,
    /// What Stripe signs its events with.
    pub webhook_secret: Secret,
    /// Where it is asked, when that is not Stripe.
    pub api_base: Option<ApiBase>,
    /// How long one question may take.
    pub longest_ask: Duration,
}

impl Settings {
    /// With these keys, for twenty seconds a question.
    #[must_use]
    pub fn new(secret_key: Secret, publishable_key: String, webhook_secret: Secret) -> Self {
        Self { secret_key, publishable_key, webhook_secret, api_base: None, longest_ask: LONGEST_ASK }
    }

    /// The address of a path of the API.
    pub(super) fn address(&self, path: &str) -> Url {
        let base = self.api_base.as_ref().map_or(API, |base| base.0.as_str());
        let address = format!("{}{path}", base.trim_end_matches('/'));
        Url::parse(&address).expect("an origin and a path that is written here")
    }

    /// Where the API may be: whoever names another place means it.
    pub(super) fn reach(&self) -> Reach {
        if self.api_base.is_some() { Reach::Anywhere } else { Reach::PublicOnly }
    }

    /// Whether money is real.
    pub(super) fn mode(&self) -> super::Mode {
        let is_live = self.secret_key.0.split('_').nth(1) == Some("live");
        if is_live { super::Mode::Live } else { super::Mode::Test }
    }

    /// The origin of another place than Stripe's, without a slash at its end.
    pub(super) fn other_origin(&self) -> Option<String> {
        self.api_base.as_ref().map(|base| base.0.as_str().trim_end_matches('/').to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_of_their_kinds_and_show_nothing() {
        for text in ["", "sk-test-1", "pk_test_1", "whsec_1", "sk_test 1", "sk_test_é"] {
            let error = Secret::parse_key(text).expect_err(text);
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
        let secret = Secret::parse_key("sk_test_verysecret").expect("a key");
        let webhook = Secret::parse_webhook("whsec_verysecret").expect("a secret");
        assert!(Secret::parse_webhook("verysecret").is_err() && parse_publishable_key("sk_test_1").is_err());
        let settings = Settings::new(secret, parse_publishable_key("pk_test_1").expect("a key"), webhook);
        assert!(!format!("{settings:?}").contains("verysecret"), "{settings:?}");
        assert_eq!(settings.address("/v1/refunds").as_str(), "https://api.stripe.com/v1/refunds");
    }

    #[test]
    fn the_secret_key_goes_unencrypted_to_this_machine_alone() {
        for text in
            ["http://127.0.0.1:8420", "http://localhost:8420/", "http://[::1]:1", "https://stripe.example"]
        {
            let base = ApiBase::parse(text).expect(text);
            let secret = || Secret("sk_live_1".into());
            let settings =
                Settings { api_base: Some(base), ..Settings::new(secret(), String::new(), secret()) };
            let origin = text.trim_end_matches('/');
            assert_eq!(settings.address("/v1/x").as_str(), format!("{origin}/v1/x"));
            assert_eq!(settings.other_origin().as_deref(), Some(origin));
            assert_eq!((settings.mode(), settings.reach()), (super::super::Mode::Live, Reach::Anywhere));
        }
        for text in [
            "",
            "localhost:8420",
            "http://stripe.example",
            "http://10.0.0.1",
            "http://localhost.example",
            "https://key@stripe.example",
            "https://stripe.example/v1",
            "https://stripe.example?a",
            "https://stripe.example#a",
            "ftp://localhost",
        ] {
            ApiBase::parse(text).expect_err(text);
        }
    }
}
