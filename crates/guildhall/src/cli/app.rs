//! `guildhall apps …`

use super::Place;
use crate::serve;
use clap::Subcommand;
use guildhall_app::Guildhall;
use guildhall_app::api_key::{Ending, FreshKey};
use guildhall_app::app::NewApp;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::operator::{self, Listed};
use guildhall_core::ids::{ApiKeyId, AppId, CompanyId, Id};
use guildhall_core::permission::Permission;
use std::process::ExitCode;

/// The longest name that a line shows, in characters.
const LONGEST_NAME: usize = 30;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the hall's apps, oldest first.
    List {
        #[command(flatten)]
        place: Place,
        /// Those after this one, app_….
        #[arg(long, value_name = "APP")]
        after: Option<String>,
        /// The most apps to show, up to 1000.
        #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Make an app with an agent user and an API key, which is printed this once.
    Create {
        #[command(flatten)]
        place: Place,
        /// Its name.
        name: String,
        /// The company that owns it, biz_….
        #[arg(long, value_name = "COMPANY")]
        company: String,
        /// Where it is served from, e.g. http://localhost:3000.
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
    },
    /// Show the live API keys of an app; of each its last letters alone.
    Keys {
        #[command(flatten)]
        place: Place,
        /// Which app, app_….
        app: String,
    },
    /// Make another API key for an app, printed this once.
    AddKey {
        #[command(flatten)]
        place: Place,
        /// Which app, app_….
        app: String,
    },
    /// Make the successor of an API key, printed this once. The old one works for one more day.
    RotateKey {
        #[command(flatten)]
        place: Place,
        /// Which key, key_….
        key: String,
        /// For a key that leaked: the old one ends now. A running server hears of it within a second.
        #[arg(long)]
        at_once: bool,
    },
    /// Revoke an API key for good. A running server hears of it within a second.
    RevokeKey {
        #[command(flatten)]
        place: Place,
        /// Which key, key_….
        key: String,
    },
    /// Install an app in a company, or decide anew what it may do there.
    Install {
        #[command(flatten)]
        place: Place,
        /// Which app, app_….
        app: String,
        /// Where, biz_….
        company: String,
        /// A permission to grant, e.g. chat:read; may be given several times [default: what the app asks for].
        #[arg(long = "grant", value_name = "PERMISSION", conflicts_with = "grant_nothing")]
        grants: Vec<String>,
        /// Grant no permission at all.
        #[arg(long)]
        grant_nothing: bool,
    },
    /// Take an app out of a company, with all that it may do there.
    Uninstall {
        #[command(flatten)]
        place: Place,
        /// Which app, app_….
        app: String,
        /// Where, biz_….
        company: String,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::List { place, after, limit } => {
                let after = after.as_deref().map(parse).transpose()?;
                list(&operator::list_apps(&open(&place).await?, after, limit).await.map_err(told)?);
            }
            Self::Create { place, name, company, base_url } => {
                create(&open(&place).await?, parse(&company)?, NewApp { name, base_url, company: None })
                    .await?;
            }
            Self::Keys { place, app } => keys(&open(&place).await?, parse(&app)?).await?,
            Self::AddKey { place, app } => {
                print(&operator::add_key(&open(&place).await?, parse(&app)?).await.map_err(told)?);
            }
            Self::RotateKey { place, key, at_once } => {
                let ending = if at_once { Ending::AtOnce } else { Ending::Later };
                let key: ApiKeyId = parse(&key)?;
                print(&operator::rotate_key(&open(&place).await?, key, ending).await.map_err(told)?);
            }
            Self::RevokeKey { place, key } => {
                let key: ApiKeyId = parse(&key)?;
                operator::revoke_key(&open(&place).await?, key.clone()).await.map_err(told)?;
                println!("The key {key} is revoked.");
            }
            Self::Install { place, app, company, grants, grant_nothing } => {
                let grants = (!grants.is_empty() || grant_nothing).then_some(grants);
                install(&open(&place).await?, parse(&app)?, parse(&company)?, grants).await?;
            }
            Self::Uninstall { place, app, company } => {
                let (app, company): (AppId, CompanyId) = (parse(&app)?, parse(&company)?);
                operator::uninstall(&open(&place).await?, app.clone(), company.clone())
                    .await
                    .map_err(told)?;
                println!("The app {app} is out of the company {company}.");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn open(place: &Place) -> Result<Guildhall, String> {
    let config = place.load(&[])?;
    serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await
}

fn parse<T: Id>(text: &str) -> Result<T, String> {
    T::parse(text).map_err(|error| error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn told(error: guildhall_app::Error) -> String {
    error.told()
}

fn list(apps: &[Listed]) {
    if apps.is_empty() {
        println!("There is no app.");
        return;
    }
    println!(
        "{:<26}  {:<30}  {:<8}  {:>4}  {:>8}  {:<20}  ADDRESS",
        "APP", "NAME", "STATUS", "KEYS", "INSTALLS", "COMPANY"
    );
    for listed in apps {
        println!("{}", line(listed));
    }
}

fn line(listed: &Listed) -> String {
    let details = &listed.details;
    let name: String = details.app.name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let line = format!(
        "{:<26}  {name:<30}  {:<8}  {:>4}  {:>8}  {:<20}  {}",
        details.app.id.as_str(),
        details.status.as_str(),
        listed.keys,
        listed.installs,
        listed.company_route,
        details.base_url.as_deref().unwrap_or("-")
    );
    line.trim_end().to_owned()
}

async fn create(hall: &Guildhall, company: CompanyId, new: NewApp) -> Result<(), String> {
    let made = operator::create_app(hall, company, new).await.map_err(told)?;
    println!("NEXT_PUBLIC_WHOP_APP_ID={}", made.details.app.id);
    if let Some(key) = &made.key {
        println!("WHOP_API_KEY={}", key.text);
    }
    for agent in guildhall_app::app::agents(hall, made.details.app.id.clone()).await.map_err(told)? {
        println!("NEXT_PUBLIC_WHOP_AGENT_USER_ID={}", agent.id);
    }
    Ok(())
}

async fn keys(hall: &Guildhall, app: AppId) -> Result<(), String> {
    let keys = operator::keys(hall, app).await.map_err(told)?;
    if keys.is_empty() {
        println!("The app has no live key.");
    }
    for key in &keys {
        let minutes = key.ends_at.map(|at| (at - hall.now_ms() + 59_999) / 60_000);
        let ends = minutes.map(|minutes| format!("  ends in {minutes} min")).unwrap_or_default();
        println!("{:<26}  {}{ends}", key.id.as_str(), key.masked());
    }
    Ok(())
}

/// A new key, in the form that an environment file takes.
fn print(key: &FreshKey) {
    println!("# {}; it is shown this once.", key.id);
    println!("WHOP_API_KEY={}", key.text);
}

async fn install(
    hall: &Guildhall,
    app: AppId,
    company: CompanyId,
    grants: Option<Vec<String>>,
) -> Result<(), String> {
    let granted: Vec<Permission> = match grants {
        None => operator::asked(hall, app.clone()).await.map_err(told)?,
        Some(words) => words.iter().map(|word| permission(word)).collect::<Result<_, _>>()?,
    };
    let words: Vec<&str> = granted.iter().map(|permission| permission.as_str()).collect();
    operator::install(hall, app.clone(), company.clone(), granted.clone()).await.map_err(told)?;
    println!("The app {app} is in the company {company}.");
    match words.is_empty() {
        true => println!("It was granted no permission."),
        false => println!("It may: {}", words.join(", ")),
    }
    Ok(())
}

fn permission(word: &str) -> Result<Permission, String> {
    Permission::from_word(word).ok_or_else(|| format!("`{word}` is no permission; they look like chat:read"))
}
