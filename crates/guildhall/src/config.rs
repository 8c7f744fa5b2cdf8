//! Configuration: a TOML file, the environment and flags, later ones winning.
//!
//! Every key of the file is also `GUILDHALL_<KEY>`. An unknown key or a bad value stops the start with
//! one sentence that names it and where it stands.

use guildhall_app::mail::{self, Sender, SmtpUrl};
use guildhall_app::money;
use guildhall_app::outbound::Reach;
use guildhall_app::processor::stripe::{self, ApiBase, Secret};
use guildhall_app::webhook;
use guildhall_core::app_host::read_authority;
use guildhall_core::money::basis_points;
use guildhall_core::trusted_proxy::TrustedProxies;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use toml::Value;

/// What starts each variable of the environment.
const PREFIX: &str = "GUILDHALL_";
/// The variable that names the file.
const FILE_VARIABLE: &str = "GUILDHALL_CONFIG";
/// Every key, in the order that help shows them.
pub const KEYS: &[&str] = &[
    "allow_private_apps",
    "apps_domain",
    "data_dir",
    "listen",
    "public_origin",
    "database_url",
    "database_schema",
    "log",
    "log_format",
    "requests_per_minute",
    "largest_upload_mib",
    "smtp_url",
    "mail_from",
    "tls",
    "tls_certificate",
    "tls_key",
    "trusted_proxies",
    "allow_private_webhooks",
    "sandbox",
    "payout_fee_percent",
    "platform_fee_percent",
    "pending_days",
    "reserve_percent",
    "reserve_days",
    "stripe_secret_key",
    "stripe_publishable_key",
    "stripe_webhook_secret",
    "stripe_api_base",
];

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What the server is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether the base URLs of apps may lead to this machine and its neighbours; without a word on it, they may
    /// where nobody else reaches the server.
    pub allow_private_apps: Option<bool>,
    /// The domain under which each app has its host; without one, `apps.localhost` or `apps.` and the origin's host.
    pub apps_domain: Option<String>,
    /// Holds the SQLite file and the files directory.
    pub data_dir: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Where clients reach the server, when that is not the address it listens on.
    pub public_origin: Option<String>,
    /// `postgres://…`; SQLite when `None`.
    pub database_url: Option<String>,
    /// The PostgreSQL schema that holds the tables.
    pub database_schema: String,
    /// What is logged: a level, or a filter such as `info,guildhall_app=debug`.
    pub log: String,
    /// How.
    pub log_format: LogFormat,
    /// For each credential; `None` for no limit.
    pub requests_per_minute: Option<NonZeroU32>,
    /// The largest file that can be uploaded, in MiB.
    pub largest_upload_mib: u32,
    /// The server that takes mail; without one, the links of mails are written to the log.
    pub smtp_url: Option<SmtpUrl>,
    /// Whom mail comes from.
    pub mail_from: Option<Sender>,
    /// Serve HTTPS under an authority of the data directory's own.
    pub tls: bool,
    /// Serve HTTPS with the certificate in this PEM file, which those between it and an authority may follow.
    pub tls_certificate: Option<PathBuf>,
    /// The PEM file with its private key.
    pub tls_key: Option<PathBuf>,
    /// Reverse proxies before the server: whom they name in `X-Forwarded-For` is taken for the caller.
    pub trusted_proxies: TrustedProxies,
    /// Send webhooks to this machine and its neighbours too; when not said, only with a demo world.
    pub allow_private_webhooks: Option<bool>,
    /// Take test cards and money that is not real; when not said, only with a demo world that takes no real money.
    pub sandbox: Option<bool>,
    /// What the platform earns of sales, and how long they are held.
    pub money: money::Settings,
    /// What Stripe is asked with; without it, Stripe takes no payments.
    pub stripe_secret_key: Option<Secret>,
    /// What the card page speaks to Stripe with.
    pub stripe_publishable_key: Option<String>,
    /// What Stripe signs its events with.
    pub stripe_webhook_secret: Option<Secret>,
    /// Where something else than Stripe speaks its API.
    pub stripe_api_base: Option<ApiBase>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow_private_apps: None,
            apps_domain: None,
            data_dir: "guildhall-data".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8003)),
            public_origin: None,
            database_url: None,
            database_schema: "guildhall".into(),
            log: "info".into(),
            log_format: LogFormat::Text,
            requests_per_minute: NonZeroU32::new(6000),
            largest_upload_mib: 1024,
            smtp_url: None,
            mail_from: None,
            tls: false,
            tls_certificate: None,
            tls_key: None,
            trusted_proxies: TrustedProxies::default(),
            allow_private_webhooks: None,
            sandbox: None,
            money: money::Settings::default(),
            stripe_secret_key: None,
            stripe_publishable_key: None,
            stripe_webhook_secret: None,
            stripe_api_base: None,
        }
    }
}

/// What stands in the environment, as `(name, value)`.
pub type Environment = Vec<(String, String)>;

impl Config {
    /// Reads the file that is named (or `guildhall.toml` where the server is started, if it is there),
    /// then the environment, then the flags.
    ///
    /// # Errors
    /// One sentence naming the key and where it stands.
    pub fn load(
        file: Option<&Path>,
        environment: &Environment,
        flags: &[(&'static str, Option<String>)],
    ) -> Result<Self, String> {
        let mut config = Self::default();
        let named =
            environment.iter().find(|(name, _)| name == FILE_VARIABLE).map(|(_, path)| PathBuf::from(path));
        let usual = Path::new("guildhall.toml");
        let path = file.map(Path::to_owned).or(named).or_else(|| usual.exists().then(|| usual.to_owned()));
        if let Some(path) = path {
            config.read_file(&path)?;
        }
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix(PREFIX)
                && name != FILE_VARIABLE
            {
                config.set(&key.to_ascii_lowercase(), &Value::String(value.clone()), name)?;
            }
        }
        for (key, value) in flags {
            if let Some(value) = value {
                let place = format!("--{}", key.replace('_', "-"));
                config.set(key, &Value::String(value.clone()), &place)?;
            }
        }
        if config.smtp_url.is_some() && config.mail_from.is_none() {
            return Err("smtp_url is set, so mail_from must say whom mail comes from".into());
        }
        if config.stripe_secret_key.is_some() && config.stripe().is_none() {
            return Err(
                "stripe_secret_key is set, so stripe_publishable_key and stripe_webhook_secret must be"
                    .into(),
            );
        }
        Ok(config)
    }

    /// How Stripe is asked; `None` when it takes no payments.
    #[must_use]
    pub fn stripe(&self) -> Option<stripe::Settings> {
        let (secret, publishable) =
            self.stripe_secret_key.clone().zip(self.stripe_publishable_key.clone())?;
        let settings = stripe::Settings::new(secret, publishable, self.stripe_webhook_secret.clone()?);
        Some(stripe::Settings { api_base: self.stripe_api_base.clone(), ..settings })
    }

    /// How mail is sent; `None` when there is no SMTP server.
    #[must_use]
    pub fn mail(&self) -> Option<mail::Settings> {
        let (smtp, from) = self.smtp_url.clone().zip(self.mail_from.clone())?;
        Some(mail::Settings { smtp, from })
    }

    /// What the platform earns, and whether the sandbox takes payments.
    #[must_use]
    pub fn money(&self) -> money::Settings {
        money::Settings { sandbox: self.sandbox.unwrap_or(false), ..self.money }
    }

    /// How webhooks are sent.
    #[must_use]
    pub fn webhooks(&self) -> webhook::Settings {
        webhook::Settings::within(match self.allow_private_webhooks {
            Some(true) => Reach::Anywhere,
            Some(false) | None => Reach::PublicOnly,
        })
    }

    fn read_file(&mut self, path: &Path) -> Result<(), String> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| format!("{shown} is not TOML: {}", error.message()))?;
        for (key, value) in &table {
            self.set(key, value, &format!("`{key}` in {shown}"))?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: &Value, place: &str) -> Result<(), String> {
        match key {
            "allow_private_apps" => self.allow_private_apps = Some(truth(value, place)?),
            "apps_domain" => self.apps_domain = Some(domain(&text(value, place)?, place)?),
            "data_dir" => self.data_dir = text(value, place)?.into(),
            "listen" => {
                let given = text(value, place)?;
                self.listen = given.parse().map_err(|_| {
                    format!("{place} must be an address and a port such as 127.0.0.1:8003, not \"{given}\"")
                })?;
            }
            "public_origin" => self.public_origin = Some(origin(&text(value, place)?, place)?),
            "database_url" => self.database_url = Some(database(&text(value, place)?, place)?),
            "database_schema" => self.database_schema = text(value, place)?,
            "log" => {
                let given = text(value, place)?;
                tracing_subscriber::EnvFilter::try_new(&given)
                    .map_err(|_| format!("{place} must be a level or a log filter, not \"{given}\""))?;
                self.log = given;
            }
            "log_format" => {
                self.log_format = match text(value, place)?.as_str() {
                    "text" => LogFormat::Text,
                    "json" => LogFormat::Json,
                    given => return Err(format!("{place} must be \"text\" or \"json\", not \"{given}\"")),
                };
            }
            "requests_per_minute" => self.requests_per_minute = NonZeroU32::new(whole(value, place)?),
            "largest_upload_mib" => self.largest_upload_mib = whole(value, place)?,
            "smtp_url" => self.smtp_url = Some(read(SmtpUrl::parse, value, place)?),
            "mail_from" => self.mail_from = Some(read(Sender::parse, value, place)?),
            "tls" => self.tls = truth(value, place)?,
            "tls_certificate" => self.tls_certificate = Some(text(value, place)?.into()),
            "allow_private_webhooks" => self.allow_private_webhooks = Some(truth(value, place)?),
            "sandbox" => self.sandbox = Some(truth(value, place)?),
            "payout_fee_percent" => self.money.payout_fee_basis_points = percent(value, place)?,
            "platform_fee_percent" => self.money.platform_fee_basis_points = percent(value, place)?,
            "pending_days" => self.money.pending_days = days(value, place)?,
            "reserve_percent" => self.money.reserve_basis_points = percent(value, place)?,
            "reserve_days" => self.money.reserve_days = days(value, place)?,
            "tls_key" => self.tls_key = Some(text(value, place)?.into()),
            "trusted_proxies" => {
                self.trusted_proxies = read(TrustedProxies::parse, &joined(value, place)?, place)?;
            }
            "stripe_secret_key" => self.stripe_secret_key = Some(read(Secret::parse_key, value, place)?),
            "stripe_publishable_key" => {
                self.stripe_publishable_key = Some(read(stripe::parse_publishable_key, value, place)?);
            }
            "stripe_webhook_secret" => {
                self.stripe_webhook_secret = Some(read(Secret::parse_webhook, value, place)?);
            }
            "stripe_api_base" => self.stripe_api_base = Some(read(ApiBase::parse, value, place)?),
            unknown => {
                let known = KEYS.join(", ");
                return Err(format!("{place}: there is no setting \"{unknown}\" (there are: {known})"));
            }
        }
        Ok(())
    }
}

fn text(value: &Value, place: &str) -> Result<String, String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => Err(format!("{place} must be text and not empty")),
    }
}

/// Reads a text by the rule of whoever needs it, which says what it must be.
fn read<T, E: std::fmt::Display>(
    rule: impl Fn(&str) -> Result<T, E>,
    value: &Value,
    place: &str,
) -> Result<T, String> {
    rule(&text(value, place)?).map_err(|expected| format!("{place} {expected}"))
}

/// A list of texts as one text with commas between them; another value as it is.
fn joined(value: &Value, place: &str) -> Result<Value, String> {
    let Value::Array(list) = value else { return Ok(value.clone()) };
    let texts: Vec<String> = list.iter().map(|one| text(one, place)).collect::<Result<_, _>>()?;
    Ok(Value::String(texts.join(",")))
}

fn whole(value: &Value, place: &str) -> Result<u32, String> {
    let read = match value {
        Value::Integer(number) => u32::try_from(*number).ok(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    read.ok_or_else(|| format!("{place} must be a whole number from 0 to {}, not {value}", u32::MAX))
}

/// A percentage with two digits behind the point at most, in hundredths of a percent.
fn percent(value: &Value, place: &str) -> Result<i64, String> {
    let given = match value {
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::String(text) => Some(text.trim().to_owned()),
        _ => None,
    };
    let read = given.and_then(|text| text.parse().ok());
    let read = read.and_then(|percent: f64| basis_points(percent, place).ok());
    read.ok_or_else(|| format!("{place} must be a percentage from 0 to 100 such as 2.5, not {value}"))
}

fn days(value: &Value, place: &str) -> Result<i64, String> {
    let days = whole(value, place)?;
    if days > 365 {
        return Err(format!("{place} must be 0 to 365 days, not {days}"));
    }
    Ok(i64::from(days))
}

fn truth(value: &Value, place: &str) -> Result<bool, String> {
    let read = match value {
        Value::Boolean(truth) => Some(*truth),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    read.ok_or_else(|| format!("{place} must be true or false, not {value}"))
}

fn origin(given: &str, place: &str) -> Result<String, String> {
    let trimmed = given.trim_end_matches('/');
    let host = trimmed.strip_prefix("https://").or_else(|| trimmed.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => Ok(trimmed.to_owned()),
        _ => Err(format!("{place} must be an origin such as https://hall.example.com, not \"{given}\"")),
    }
}

fn domain(given: &str, place: &str) -> Result<String, String> {
    match read_authority(given) {
        Some((host, None)) if !host.starts_with('[') && !host.ends_with('.') => Ok(host),
        _ => Err(format!("{place} must be a domain such as apps.example.com, not \"{given}\"")),
    }
}

fn database(given: &str, place: &str) -> Result<String, String> {
    if given.starts_with("postgres://") || given.starts_with("postgresql://") {
        return Ok(given.to_owned());
    }
    // The text may hold a password, so it is not shown.
    Err(format!("{place} must start with postgres:// (leave it out for SQLite)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("guildhall.toml");
        std::fs::write(&path, text).expect("written");
        (folder, path)
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let (_folder, path) =
            file("listen = \"127.0.0.1:1\"\nlog = \"warn\"\nrequests_per_minute = 5\ntls = true\n");
        let environment =
            environment(&[("GUILDHALL_LISTEN", "127.0.0.1:2"), ("GUILDHALL_REQUESTS_PER_MINUTE", "0")]);
        let flags = [("listen", Some("127.0.0.1:3".to_owned())), ("data_dir", None)];
        let config = Config::load(Some(&path), &environment, &flags).expect("sound");
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.log, "warn");
        assert!(config.tls);
        assert_eq!(config.requests_per_minute, None);
    }

    #[test]
    fn each_mistake_is_one_sentence_that_names_it() {
        let table = [
            ("lisen = \"x\"", "`lisen` in "),
            ("listen = \"x\"", "must be an address and a port"),
            ("listen = 5", "must be text"),
            ("data_dir = \"\"", "must be text and not empty"),
            ("public_origin = \"example.com\"", "must be an origin"),
            ("public_origin = \"https://a/b\"", "must be an origin"),
            ("database_url = \"mysql://hidden@x\"", "must start with postgres://"),
            ("allow_private_apps = 1", "must be true or false, not 1"),
            ("apps_domain = \"https://apps.example.com\"", "must be a domain such as apps.example.com"),
            ("apps_domain = \"apps.example.com:80\"", "must be a domain"),
            ("log = \"a=b=c\"", "must be a level or a log filter"),
            ("log_format = \"xml\"", "must be \"text\" or \"json\""),
            ("requests_per_minute = -1", "must be a whole number"),
            ("requests_per_minute = \"many\"", "must be a whole number"),
            ("tls = \"yes\"", "must be true or false, not \"yes\""),
            ("tls = 1", "must be true or false, not 1"),
            ("tls_certificate = true", "must be text"),
            ("trusted_proxies = \"proxy\"", "must be networks such as 10.0.0.0/8 or fd00::/8, not \"proxy\""),
            ("trusted_proxies = [\"10.0.0.0/8\", \"::/0\"]", "must not trust everybody, as \"::/0\" does"),
            ("trusted_proxies = [8]", "must be text"),
            ("allow_private_webhooks = \"perhaps\"", "must be true or false"),
            ("sandbox = 2", "must be true or false"),
            ("payout_fee_percent = -1", "must be a percentage from 0 to 100"),
            ("platform_fee_percent = 101", "must be a percentage from 0 to 100"),
            ("platform_fee_percent = 1.005", "must be a percentage from 0 to 100"),
            ("reserve_percent = \"x\"", "must be a percentage from 0 to 100"),
            ("pending_days = 400", "must be 0 to 365 days"),
            ("reserve_days = -1", "must be a whole number"),
            ("listen = ", "is not TOML"),
            ("smtp_url = \"smtp://user:hidden@\"", "`smtp_url` in "),
            ("smtp_url = \"http://user:hidden@mail\"", "must be an address such as smtps://"),
            ("smtp_url = \"smtp://u:hidden@mail?tls=opportunistic\"", "would send a password unencrypted"),
            ("mail_from = \"nobody\"", "must be an address such as hall@example.com"),
            ("stripe_secret_key = \"pk_live_hidden\"", "must be a secret key of Stripe, as sk_live_"),
            (
                "stripe_secret_key = \"sk_live_hidden\"",
                "so stripe_publishable_key and stripe_webhook_secret must",
            ),
            (
                "stripe_publishable_key = \"sk_live_hidden\"",
                "must be a publishable key of Stripe, as pk_live_",
            ),
            ("stripe_webhook_secret = \"hidden\"", "must be the signing secret of a webhook endpoint"),
            ("stripe_api_base = \"http://stripe.example.com\"", "must be an origin such as https://"),
            ("smtp_url = \"smtp://127.0.0.1\"", "so mail_from must say whom mail comes from"),
        ];
        for (text, sentence) in table {
            let (_folder, path) = file(text);
            let error = Config::load(Some(&path), &Vec::new(), &[]).expect_err(text);
            assert!(error.contains(sentence), "{text}: {error}");
            assert!(!error.contains('\n') && !error.contains("hidden"), "{error}");
        }
        let error = Config::load(None, &environment(&[("GUILDHALL_LISTN", "x")]), &[]).expect_err("unknown");
        assert!(error.starts_with("GUILDHALL_LISTN: there is no setting \"listn\""), "{error}");
        let missing =
            Config::load(Some(Path::new("/nonexistent.toml")), &Vec::new(), &[]).expect_err("missing");
        assert!(missing.starts_with("cannot read /nonexistent.toml"), "{missing}");
    }
}
