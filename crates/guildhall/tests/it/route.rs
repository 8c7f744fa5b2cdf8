//! Who may open and send what: every route for every kind of caller, held against the part `[routes]` of
//! `authorization.table`. A route without a row fails, and so does a row that no route has.

use crate::authorization::rows;
use crate::browser::Browser;
use crate::harness::{Foreign, Hall};
use crate::scene::DAY_MS;
use guildhall_app::plan::NewPlan;
use guildhall_app::{operator, password, session};
use guildhall_core::ids::{ApiKeyId, EntryId, Id, PlanId, UserId};
use guildhall_core::plan::ReleaseMethod;
use guildhall_core::waitlist::EntryRules;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};

const ROUTER: &str = include_str!("../../../guildhall-web/src/router.rs");
/// An address that the demo app may send people back to.
const REDIRECT: &str = "http%3A%2F%2Flocalhost%3A3000%2Fapi%2Fauth%2Fcallback%2Fwhop";

/// Who asks.
enum Caller<'a> {
    Nobody,
    /// Somebody's signed-in browser, with the hidden field of its forms.
    Person(&'a UserId),
    /// An API key, and no cookie.
    App(&'a str),
}

struct Scene {
    hall: Hall,
    foreign: Foreign,
    installed: Foreign,
    /// The app's keys at the beginning.
    lasting: Vec<ApiKeyId>,
    probes: AtomicI64,
    waitlist: PlanId,
    raffle: PlanId,
    entry: EntryId,
}

impl Scene {
    async fn set() -> Self {
        let hall = Hall::open().await;
        let (foreign, installed) = (hall.foreign().await, hall.foreign().await);
        let everything: Vec<_> = guildhall_core::permission::Permission::ALL.to_vec();
        hall.install(&installed, &everything).await;
        // The people of the demo world have passwords.
        let (owner, hash) =
            (foreign.owner.clone(), password::hash(&hall.running.hall, &hall.world.password).await);
        let hash = hash.expect("a hash");
        assert!(hall.found(move |founder| founder.account(&owner, &hash)).await, "an account");
        let keys = operator::keys(&hall.running.hall, hall.world.app.clone()).await.expect("the keys");
        let lasting = keys.into_iter().map(|key| key.id).collect();
        let waitlist = hall.waitlist(EntryRules::default(), vec![]).await;
        // Long after the last probe.
        let end = Some(hall.clock.now_ms() + 100_000 * DAY_MS);
        let raffle = hall.plan_of(move |plan| NewPlan {
            release_method: ReleaseMethod::Raffle,
            stock: Some(1),
            entry_rules: EntryRules { expires_at: end, ..EntryRules::default() },
            ..plan
        });
        let raffle = raffle.await;
        let waiting = hall.person("somebody-who-waits").await;
        let entry = hall.entered(&waitlist, &waiting).await.id;
        Self { hall, foreign, installed, lasting, probes: AtomicI64::new(1), waitlist, raffle, entry }
    }

    /// Those of the table's columns, in their order.
    fn callers(&self) -> [(&'static str, Caller<'_>); 9] {
        let world = &self.hall.world;
        [
            ("nobody", Caller::Nobody),
            ("elsewhere", Caller::Person(&self.foreign.owner)),
            ("stranger", Caller::Person(&world.stranger)),
            ("customer", Caller::Person(&world.customer)),
            ("moderator", Caller::Person(&world.moderator)),
            ("owner", Caller::Person(&world.owner)),
            ("other-app", Caller::App(&self.foreign.key)),
            ("app-with", Caller::App(&self.installed.key)),
            ("own-app", Caller::App(&world.api_key)),
        ]
    }

    /// Sends one request, in a browser or with a key that nothing else uses; answers its status.
    async fn ask(&self, route: &str, caller: &Caller<'_>) -> u16 {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        // What was tried before is forgotten.
        self.hall.at(self.probes.fetch_add(1, Ordering::Relaxed) * DAY_MS);
        let key = self.fresh_key().await;
        let (address, form) = (self.address(path, &key).await, self.form(path));
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut browser = Browser::new(&self.hall.running.origin);
        match caller {
            Caller::App(key) => browser.bearer = Some((*key).to_owned()),
            Caller::Nobody => {
                browser.open("/sign-in").await;
            }
            Caller::Person(user) => {
                let user = UserId::clone(user);
                let token = self.hall.found(move |founder| founder.session(&user)).await;
                browser.cookies.insert("guildhall_session".into(), token);
                browser.open("/account").await;
            }
        }
        let page = match method {
            "GET" => browser.open(&address).await,
            "POST" => browser.send(&address, &form).await,
            "PUT" => browser.put(&address).await,
            other => panic!("nothing sends {other}"),
        };
        self.revoke_keys().await;
        page.status
    }

    /// An app has twenty keys at most.
    async fn revoke_keys(&self) {
        let hall = &self.hall.running.hall;
        let keys = operator::keys(hall, self.hall.world.app.clone()).await.expect("the keys");
        for key in keys.into_iter().filter(|key| !self.lasting.contains(&key.id)) {
            operator::revoke_key(hall, key.id).await.expect("it is revoked");
        }
    }

    async fn fresh_key(&self) -> ApiKeyId {
        let app = self.hall.world.app.clone();
        self.hall.found(move |founder| Ok(founder.api_key(&app)?.0)).await
    }

    /// An invoice of the demo company, due after the moment of this request.
    async fn invoice(&self) -> String {
        let due = self.hall.running.hall.now_ms() / 1000 + 1000;
        let made = self.hall.invoice(serde_json::json!({"dueDate": due})).await;
        made["id"].as_str().expect("an id").to_owned()
    }

    /// A route's path with what is the demo company's, or the owner's, in its places.
    async fn address(&self, path: &str, key: &ApiKeyId) -> String {
        let world = &self.hall.world;
        let owner = world.owner.clone();
        self.hall.found(move |founder| founder.session(&owner)).await;
        let sessions = session::list(&self.hall.running.hall, &world.owner).await.expect("a list");
        let session = match path.starts_with("/account") {
            true => sessions[0].id.to_string(),
            false => "ch_unknown".to_owned(),
        };
        let asked = match path.starts_with("/oauth") {
            true => {
                format!("?client_id={}&redirect_uri={REDIRECT}&response_type=code&scope=read_user", world.app)
            }
            false => String::new(),
        };
        let invoice = match path.starts_with("/invoices") {
            true => self.invoice().await,
            false => String::new(),
        };
        // Their own company has what its app asks for; others decide.
        let app = if path.ends_with("install") { &self.installed.app } else { &world.app };
        let plan = if path.starts_with("/raffles") { &self.raffle } else { &self.waitlist };
        path.replace("{app}", app.as_str())
            .replace("{plan}", plan.as_str())
            .replace("{entry}", self.entry.as_str())
            .replace("{company}", world.company.as_str())
            .replace("{invoice}", &invoice)
            .replace("{key}", key.as_str())
            .replace("{operation}", "viewer")
            .replace("{experience}", world.app_experience.as_str())
            .replace("{membership}", "mem_unknown")
            .replace("{method}", "payt_unknown")
            .replace("{payment}", "pay_unknown")
            .replace("{dispute}", "dspt_unknown")
            .replace("{session}", &session)
            .replace("{payout}", "wdrl_unknown")
            .replace("{target}", world.plan.as_str())
            .replace("{attachment}", "file_unknown")
            .replace("{part}", "1")
            .replace("{payment}", "pay_0000000000000")
            .replace("{token}", "unknown")
            .replace("{*path}", "hall.css")
            .replace("{*rest}", "notes/7")
            + &asked
    }

    /// What is sent to a route: something that it would do for whoever may.
    fn form(&self, path: &str) -> Vec<(&'static str, String)> {
        let world = &self.hall.world;
        let password = || ("password", world.password.clone());
        let new_password = "a horse of quite another colour";
        match path {
            "/account/email" => vec![("email", "somebody@example.com".into()), password()],
            "/account/name" => vec![("name", "Somebody".into())],
            // Wrong, so that it stays what it is.
            "/account/password" => vec![("password", "wrong".into()), ("new_password", new_password.into())],
            "/account/two-step" | "/sign-in/code" => vec![("code", "000000".into())],
            "/account/two-step/begin" | "/account/two-step/codes" | "/account/two-step/off" => {
                vec![password()]
            }
            "/account/payouts" | "/companies/{company}/payouts" => vec![
                ("amount", "1".into()),
                ("currency", "usd".into()),
                ("destination", "a bank".into()),
                ("key", format!("probe {}", self.probes.load(Ordering::Relaxed))),
            ],
            "/companies/{company}/payments/{payment}/refunds" => {
                vec![("amount", "1".into()), ("key", "a key".into())]
            }
            "/companies/{company}/disputes/{dispute}" => vec![("answer", "contest".into())],
            "/companies/{company}/entries/{entry}" => vec![("decision", "denied".into())],
            "/apps/{app}/install" | "/apps/{app}/uninstall" => vec![("company", world.company.to_string())],
            // At another price than it has, so that nobody buys.
            "/checkout/{target}" => vec![
                ("session", "ch_probe".into()),
                ("email", "somebody@example.com".into()),
                ("quantity", "1".into()),
                ("seen", "1".into()),
            ],
            "/sandbox/{payment}" => vec![("answer", "yes".into())],
            "/developer" => vec![("company", world.company.to_string()), ("name", "Another app".into())],
            "/developer/apps/{app}" => vec![("name", "The app".into()), ("status", "hidden".into())],
            "/developer/apps/{app}/redirect-uris" => {
                // With the one that is asked about below.
                vec![
                    ("secret", "http://localhost:3000/api/auth/callback/whop".into()),
                    ("public", String::new()),
                ]
            }
            "/developer/keys/{key}/revoke" => vec![("app", world.app.to_string())],
            "/developer/keys/{key}/rotate" => {
                vec![("app", world.app.to_string()), ("ending", "later".into())]
            }
            "/forgot-password" => vec![("email", "nobody@example.com".into())],
            "/oauth" | "/oauth/" => vec![("decision", "cancel".into())],
            "/reset-password/{token}" => vec![("password", new_password.into())],
            "/sign-in" => vec![("name", "nobody".into()), ("password", "wrong".into())],
            "/sign-up" => vec![
                ("username", "somebody".into()),
                ("email", "somebody@example.com".into()),
                ("password", new_password.into()),
            ],
            _ => Vec::new(),
        }
    }
}

/// The routes that stand in the router's text.
fn routes() -> BTreeSet<String> {
    let methods =
        [("GET", "get("), ("GET", "any("), ("POST", "post("), ("PUT", "put("), ("DELETE", "delete(")];
    let routes = ROUTER.split(".route(\"").skip(1).flat_map(|rest| {
        let (path, handlers) = rest.split_once('"').expect("a path");
        let handlers = handlers.split([';', '}']).next().unwrap_or_default();
        let methods = methods.into_iter().filter(|(_, begins)| handlers.contains(begins));
        methods.map(|(method, _)| format!("{method} {path}")).collect::<Vec<_>>()
    });
    routes.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_every_caller_as_the_table_says() {
    let scene = Scene::set().await;
    let wanted = rows("routes");
    let names: Vec<&str> = scene.callers().iter().map(|(name, _)| *name).collect();
    assert_eq!(wanted["caller"], names, "the columns");
    let rows: BTreeSet<String> = wanted.keys().filter(|row| *row != "caller").cloned().collect();
    assert_eq!(rows, routes(), "every route of the router has a row, and no other");
    let (mut differences, mut seen) = (String::new(), String::new());
    for row in rows {
        let mut found = Vec::new();
        for (_, caller) in scene.callers() {
            found.push(scene.ask(&row, &caller).await.to_string());
        }
        for ((name, wanted), found) in names.iter().zip(&wanted[&row]).zip(&found) {
            if wanted != found {
                writeln!(differences, "{row}: {name} is answered {found}, not {wanted}").expect("text");
            }
        }
        assert_eq!(wanted[&row].len(), names.len(), "`{row}` has a status for each caller; seen: {found:?}");
        let found: String = found.iter().map(|status| format!("{status:10}")).collect();
        writeln!(seen, "{row:46}| {}", found.trim_end()).expect("text");
    }
    assert!(differences.is_empty(), "{differences}\nseen:\n{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_without_an_id_lead_to_no_page() {
    let scene = Scene::set().await;
    let (world, mut browser) = (&scene.hall.world, Browser::new(&scene.hall.running.origin));
    browser.sign_in("mira", &world.password).await;
    assert!(browser.is_signed_in().await);
    let with_places: BTreeSet<String> = routes().into_iter().filter(|route| route.contains('{')).collect();
    for route in with_places.iter().filter_map(|route| route.strip_prefix("GET ")) {
        for place in ["%FF", "%00", "..%2F", "%20", "exp_%27--", &"a".repeat(3000)] {
            let address = route.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
            let page = browser.open(&address.collect::<Vec<_>>().join(place)).await;
            assert!((400..500).contains(&page.status), "{route} with {place}: {}", page.status);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_a_browser_gets_a_page_and_a_program_what_it_reads() {
    let hall = Hall::open().await;
    let (client, place) = (reqwest::Client::new(), format!("{}/nowhere", hall.running.origin));
    let answer = async |accepted: &str| {
        let response = client.get(&place).header("accept", accepted).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 404);
        response.text().await.expect("text")
    };
    let page = answer("text/html,application/xhtml+xml;q=0.9").await;
    assert!(page.contains("<h1>Nothing here</h1>"), "{page}");
    let told = answer("*/*").await;
    let expected =
        r#"{"errors":[{"extensions":{"code":"NOT_FOUND"},"message":"There is nothing at /nowhere."}]}"#;
    assert_eq!(told, expected);
}
