//! A hall of one's own for a test.

use guildhall::config::Config;
use guildhall::demo::World;
use guildhall::serve::{self, Running};
use guildhall_app::clock::{Clock, Random};
use guildhall_app::company::NewCompany;
use guildhall_app::founding;
use guildhall_app::user::NewUser;
use guildhall_client::{WhopApi, WhopApiOptions};
use guildhall_core::ids::{AppId, CompanyId, UserId};
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// When every test's clock stands still: 2024-05-01T00:00:00Z, in milliseconds.
pub(crate) const NOW_MS: i64 = 1_714_521_600_000;

/// A running server with a demo world in its own database.
pub(crate) struct Hall {
    pub(crate) running: Running,
    pub(crate) world: World,
    pub(crate) clock: Clock,
    http: reqwest::Client,
    _directory: TempDir,
}

/// An app of another company, for the stranger's view.
pub(crate) struct Foreign {
    pub(crate) company: CompanyId,
    pub(crate) app: AppId,
    pub(crate) agent: UserId,
    pub(crate) owner: UserId,
    pub(crate) key: String,
}

/// What one GraphQL request was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answered {
    /// The data of an answer without errors.
    #[track_caller]
    pub(crate) fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "refused: {}", self.body);
        &self.body["data"]
    }

    /// The code and sentence of the first error.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (String, String) {
        let error = &self.body["errors"][0];
        let code =
            error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("not refused: {}", self.body));
        (code.to_owned(), error["message"].as_str().expect("an error has a message").to_owned())
    }
}

impl Hall {
    /// Opens a hall.
    pub(crate) async fn open() -> Self {
        Self::open_with(|config| config).await
    }

    /// Opens a hall with a configuration that differs.
    pub(crate) async fn open_with(change: impl FnOnce(Config) -> Config) -> Self {
        Self::open_by(Clock::frozen(NOW_MS), change).await
    }

    /// The same by another clock.
    pub(crate) async fn open_by(clock: Clock, change: impl FnOnce(Config) -> Config) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let config = change(config(&directory));
        let running =
            serve::start(&config, clock.clone(), Random::seeded(7), true).await.expect("the hall opens");
        let world = running.demo.clone().expect("the demo world was asked for");
        Self { running, world, clock, http: reqwest::Client::new(), _directory: directory }
    }

    /// Opens a hall in which so many requests a minute are let through: with the demo's people, whose own hall has no
    /// limit, and then again as a hall that is no demo.
    pub(crate) async fn open_limited(requests_per_minute: u32) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let clock = Clock::frozen(NOW_MS);
        let config =
            Config { requests_per_minute: NonZeroU32::new(requests_per_minute), ..config(&directory) };
        let founded =
            serve::start(&config, clock.clone(), Random::seeded(7), true).await.expect("the hall opens");
        let world = founded.demo.clone().expect("the demo world was asked for");
        founded.stop().await.expect("the hall closes");
        let running =
            serve::start(&config, clock.clone(), Random::seeded(8), false).await.expect("the hall opens");
        Self { running, world, clock, http: reqwest::Client::new(), _directory: directory }
    }

    /// The demo app's client, acting as its agent.
    pub(crate) fn app(&self) -> WhopApi {
        self.client(&self.world.api_key)
    }

    /// The demo app's client, acting for a user.
    pub(crate) fn acting_for(&self, user: &UserId) -> WhopApi {
        self.app().with_user(user.to_string())
    }

    /// The client of any key.
    pub(crate) fn client(&self, key: &str) -> WhopApi {
        let options = WhopApiOptions {
            app_api_key: key.to_owned(),
            api_origin: self.running.origin.clone(),
            ..WhopApiOptions::default()
        };
        WhopApi::new(options).expect("sound options")
    }

    /// Posts any JSON with any headers to the GraphQL endpoint.
    pub(crate) async fn post(&self, headers: &[(&str, &str)], body: &Value) -> Answered {
        let mut request = self.http.post(format!("{}/public-graphql", self.running.origin)).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        Answered { status, body: response.json().await.expect("JSON") }
    }

    /// Runs a document with the demo app's key, for a user or as the agent.
    pub(crate) async fn run(&self, user: Option<&UserId>, query: &str, variables: Value) -> Answered {
        self.run_with(&self.world.api_key, user, query, variables).await
    }

    /// Runs a document with any key.
    pub(crate) async fn run_with(
        &self,
        key: &str,
        user: Option<&UserId>,
        query: &str,
        variables: Value,
    ) -> Answered {
        let bearer = format!("Bearer {key}");
        let user = user.map(ToString::to_string);
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(user.as_deref().map(|user| ("x-on-behalf-of", user)));
        self.post(&headers, &json!({"query": query, "variables": variables})).await
    }

    /// Founds another company with an app that is installed nowhere else.
    pub(crate) async fn foreign(&self) -> Foreign {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let founded = founding::found(&self.running.hall, move |founder| {
            let named = |name: &str| NewUser {
                username: format!("{name}-{number}"),
                email: Some(format!("{name}-{number}@example.com")),
                ..NewUser::default()
            };
            let owner = founder.user(&named("foreign-owner"))?;
            let company = founder.company(&NewCompany {
                owner: owner.clone(),
                title: "Elsewhere".into(),
                route: format!("elsewhere-{number}"),
                industry_type: None,
                business_type: None,
            })?;
            let app = founder.app(&company, "Foreign app", None)?;
            let agent = founder.agent(&app, &named("foreign-agent"))?;
            let (_, key) = founder.api_key(&app)?;
            Ok(Foreign { company, app, agent, owner, key })
        });
        founded.await.expect("the foreign company is founded")
    }
}

/// A configuration in a directory of one's own, on the engine that the environment asks for.
pub(crate) fn config(directory: &TempDir) -> Config {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let schema = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    Config {
        data_dir: directory.path().to_owned(),
        listen: "127.0.0.1:0".parse().expect("an address"),
        database_url: std::env::var("TEST_DATABASE_URL").ok(),
        database_schema: schema,
        ..Config::default()
    }
}
