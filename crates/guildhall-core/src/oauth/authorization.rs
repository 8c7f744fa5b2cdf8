//! What an app asks of a person, read from the parameters of `/oauth`.
//!
//! In two steps: [`addressee`] says who asks and where the answer is to go. Until that address is known to be
//! registered, a refusal is a page and goes nowhere; [`read`] reads the rest, and its refusals go to the app.

use super::{Parameters, RedirectUri, Refusal, RefusalKind, Scopes, is_challenge, with_parameters};
use crate::ids::{AppId, Id};
use crate::{Invalid, invalid};

/// The longest `state` that is given back, in bytes.
const LONGEST_STATE: usize = 2000;

/// Whether the person is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// Unless it was allowed before.
    WhenNeeded,
    /// Never: what needs the person is refused.
    Never,
    /// In any case.
    Always,
}

/// How an answer finds its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// The registered address.
    pub redirect_uri: RedirectUri,
    /// What the app wants to see again.
    pub state: Option<String>,
    /// Whether the answer says who gives it (RFC 9207). It does where the request had a challenge: apps that send
    /// none are told apart by their secret, and among them are published clients that refuse an answer with `iss`.
    pub names_issuer: bool,
}

/// A sound request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The app that asks.
    pub app: AppId,
    /// Where the answer goes.
    pub back: Return,
    /// What is asked.
    pub scopes: Scopes,
    /// The S256 challenge whose verifier the exchange must bring.
    pub challenge: Option<String>,
    /// Whether the person is to be asked.
    pub prompt: Prompt,
}

impl Return {
    /// How a refusal of this request finds its way back, as far as its parameters can be read.
    #[must_use]
    pub fn of(parameters: &Parameters, redirect_uri: RedirectUri) -> Self {
        let state = parameters.get("state").ok().flatten().filter(|state| state.len() <= LONGEST_STATE);
        let names_issuer = parameters.get("code_challenge").is_ok_and(|challenge| challenge.is_some());
        Self { redirect_uri, state: state.map(str::to_owned), names_issuer }
    }

    /// The address of an answer that holds a code.
    #[must_use]
    pub fn with_code(&self, code: &str, issuer: &str) -> String {
        self.address(vec![("code", code)], issuer)
    }

    /// The address of an answer that refuses.
    #[must_use]
    pub fn with_refusal(&self, refusal: &Refusal, issuer: &str) -> String {
        let told = vec![("error", refusal.kind.as_str()), ("error_description", &refusal.sentence)];
        self.address(told, issuer)
    }

    fn address<'a>(&'a self, mut parameters: Vec<(&'a str, &'a str)>, issuer: &'a str) -> String {
        parameters.extend(self.state.as_deref().map(|state| ("state", state)));
        parameters.extend(self.names_issuer.then_some(("iss", issuer)));
        with_parameters(&self.redirect_uri.uri, &parameters)
    }
}

/// Who asks, and where the answer is to go: `client_id` and `redirect_uri`.
///
/// # Errors
/// `Invalid` when either is missing, stands there twice or cannot be.
pub fn addressee(parameters: &Parameters) -> Result<(AppId, String), Invalid> {
    let required = |name| parameters.require(name).map_err(|refusal| Invalid(refusal.sentence));
    let app = AppId::parse(required("client_id")?)?;
    let redirect_uri = required("redirect_uri")?;
    if redirect_uri.len() > LONGEST_STATE {
        return invalid("`redirect_uri` is longer than 2000 bytes.");
    }
    Ok((app, redirect_uri.to_owned()))
}

/// Reads a request whose address is registered.
///
/// # Errors
/// A refusal that goes back to the app.
pub fn read(
    parameters: &Parameters,
    app: AppId,
    redirect_uri: RedirectUri,
) -> Result<Authorization, Refusal> {
    parameters.check_single()?;
    for (name, kind) in
        [("request", RefusalKind::RequestNotSupported), ("request_uri", RefusalKind::RequestUriNotSupported)]
    {
        if parameters.get(name)?.is_some() {
            return Err(Refusal::new(kind, &format!("`{name}` is not known here: send plain parameters.")));
        }
    }
    if parameters.require("response_type")? != "code" {
        let sentence = "`response_type` must be `code`.";
        return Err(Refusal::new(RefusalKind::UnsupportedResponseType, sentence));
    }
    if parameters.get("response_mode")?.is_some_and(|mode| mode != "query") {
        return Err(Refusal::malformed("`response_mode` must be `query`, or left out."));
    }
    if parameters.get("state")?.is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(Refusal::malformed("`state` is longer than 2000 bytes."));
    }
    let challenge = challenge(parameters, redirect_uri.is_public)?;
    let scopes = Scopes::parse(parameters.get("scope")?)?;
    let prompt = match parameters.get("prompt")? {
        None => Prompt::WhenNeeded,
        Some("none") => Prompt::Never,
        Some("consent") => Prompt::Always,
        Some(_) => return Err(Refusal::malformed("`prompt` must be `none` or `consent`, or left out.")),
    };
    Ok(Authorization { app, back: Return::of(parameters, redirect_uri), scopes, challenge, prompt })
}

fn challenge(parameters: &Parameters, is_public: bool) -> Result<Option<String>, Refusal> {
    let method = parameters.get("code_challenge_method")?;
    match (parameters.get("code_challenge")?, method) {
        (None, None) if is_public => Err(Refusal::malformed(
            "This redirect URI is a public client's: PKCE (`code_challenge` and `code_challenge_method=S256`) is required.",
        )),
        (None, None) => Ok(None),
        (None, Some(_)) => {
            Err(Refusal::malformed("`code_challenge_method` stands there without `code_challenge`."))
        }
        (Some(challenge), Some("S256")) if is_challenge(challenge) => Ok(Some(challenge.to_owned())),
        (Some(_), Some("S256")) => {
            Err(Refusal::malformed("`code_challenge` is not the base64url of a SHA-256 without padding."))
        }
        (Some(_), _) => Err(Refusal::malformed(
            "`code_challenge_method` must be `S256`: `plain`, which is meant when it is left out, is not known here.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn parameters(change: &[(&str, &str)]) -> Parameters {
        let mut pairs: Vec<(String, String)> =
            vec![("client_id".into(), "app_1".into()), ("response_type".into(), "code".into())];
        for (name, value) in change {
            pairs.retain(|(known, _)| known != name || pairs_twice(change, name));
            pairs.push(((*name).into(), (*value).into()));
        }
        Parameters::new(pairs)
    }

    fn pairs_twice(change: &[(&str, &str)], name: &str) -> bool {
        change.iter().filter(|(known, _)| *known == name).count() > 1
    }

    fn read_for(is_public: bool, change: &[(&str, &str)]) -> Result<Authorization, Refusal> {
        let uri = RedirectUri { uri: "https://example.com/callback".into(), is_public };
        read(&parameters(change), AppId::from_stored("app_1".into()), uri)
    }

    #[test]
    fn what_is_left_out_has_its_meaning() {
        let read = read_for(false, &[]).expect("sound");
        assert_eq!((read.scopes.to_string().as_str(), read.prompt), ("read_user", Prompt::WhenNeeded));
        assert_eq!((read.challenge, read.back.state, read.back.names_issuer), (None, None, false));
        let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256"), ("state", "a b")];
        for is_public in [false, true] {
            let read = read_for(is_public, &pkce).expect("sound");
            assert_eq!(read.challenge.as_deref(), Some(CHALLENGE));
            assert_eq!(
                read.back.with_code("c&d", "https://hall"),
                "https://example.com/callback?code=c%26d&state=a+b&iss=https%3A%2F%2Fhall"
            );
        }
    }

    #[test]
    fn each_refusal_has_its_word() {
        use RefusalKind as Kind;
        let table: &[(&[(&str, &str)], Kind)] = &[
            (&[("response_type", "token")], Kind::UnsupportedResponseType),
            (&[("response_type", "code id_token")], Kind::UnsupportedResponseType),
            (&[("response_type", "")], Kind::InvalidRequest),
            (&[("response_mode", "fragment")], Kind::InvalidRequest),
            (&[("response_mode", "form_post")], Kind::InvalidRequest),
            (&[("request", "e30")], Kind::RequestNotSupported),
            (&[("request_uri", "https://example.com")], Kind::RequestUriNotSupported),
            (&[("scope", "openid")], Kind::InvalidScope),
            (&[("scope", "read_user"), ("scope", "read_user")], Kind::InvalidRequest),
            (&[("state", "1"), ("state", "2")], Kind::InvalidRequest),
            (&[("anything", "1"), ("anything", "2")], Kind::InvalidRequest),
            (&[("prompt", "login")], Kind::InvalidRequest),
            (&[("prompt", "none consent")], Kind::InvalidRequest),
            (&[("code_challenge", CHALLENGE)], Kind::InvalidRequest),
            (&[("code_challenge", CHALLENGE), ("code_challenge_method", "plain")], Kind::InvalidRequest),
            (&[("code_challenge", CHALLENGE), ("code_challenge_method", "s256")], Kind::InvalidRequest),
            (&[("code_challenge", "short"), ("code_challenge_method", "S256")], Kind::InvalidRequest),
            (&[("code_challenge_method", "S256")], Kind::InvalidRequest),
        ];
        for (change, kind) in table {
            assert_eq!(read_for(false, change).expect_err("refused").kind, *kind, "{change:?}");
        }
        let without = read_for(true, &[]).expect_err("a public client without PKCE");
        assert!(without.sentence.contains("PKCE") && without.kind == Kind::InvalidRequest, "{without:?}");
        let long = "a".repeat(2001);
        assert!(read_for(false, &[("state", &long)]).is_err());
    }

    #[test]
    fn who_asks_is_known_before_anything_else() {
        let of = |change: &[(&str, &str)]| addressee(&parameters(change));
        let callback = ("redirect_uri", "https://example.com/callback");
        assert!(of(&[callback]).is_ok());
        for (change, sentence) in [
            (vec![], "`redirect_uri` is missing."),
            (vec![callback, callback], "`redirect_uri` stands there twice."),
            (vec![callback, ("client_id", "")], "`client_id` is missing."),
            (
                vec![callback, ("client_id", "app_1"), ("client_id", "app_2")],
                "`client_id` stands there twice.",
            ),
            (vec![callback, ("client_id", "biz_1")], "`biz_1` is not an app id: those start with `app_`."),
        ] {
            assert_eq!(of(&change).expect_err("refused").0, sentence);
        }
    }
}
