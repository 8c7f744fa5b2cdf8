//! Accounts: signing up and in, links in letters, what is told to whom, and how often something may be tried.

use crate::browser::Browser;
use crate::harness::{NOW_MS, config};
use crate::process::{Home, one_sentence, run};
use crate::smtp::Smtp;
use guildhall::config::Config;
use guildhall::demo::World;
use guildhall::serve::{self, Running};
use guildhall_app::clock::{Clock, Random};
use guildhall_app::mail::{Sender, SmtpUrl};
use guildhall_app::{jobs, password};
use tempfile::TempDir;

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const WRONG: &str = "There is no account with this name and this password.";
const OVER: &str = "This link was used already, or its time is over. Ask for a new one.";
const ASKED: &str = "We have written to you. Follow the link in the letter, and your account is open.";
const NEW_PASSWORD: &str = "a spoon on a train";

/// A hall whose letters arrive.
pub(crate) struct Hall {
    running: Running,
    pub(crate) clock: Clock,
    pub(crate) smtp: Smtp,
    pub(crate) world: World,
    _directory: TempDir,
}

impl Hall {
    pub(crate) async fn open() -> Self {
        Self::open_at(None).await
    }

    async fn open_at(public_origin: Option<&str>) -> Self {
        let (directory, smtp) = (tempfile::tempdir().expect("a directory"), Smtp::start().await);
        let clock = Clock::frozen(NOW_MS);
        let config = Config {
            smtp_url: Some(SmtpUrl::parse(&smtp.url()).expect("an address")),
            mail_from: Some(Sender::parse("Our Hall <hall@example.com>").expect("a sender")),
            public_origin: public_origin.map(ToOwned::to_owned),
            ..config(&directory)
        };
        let running = serve::start(&config, clock.clone(), Random::seeded(7), true).await;
        let running = running.expect("the hall opens");
        let world = running.demo.clone().expect("the demo world");
        Self { running, clock, smtp, world, _directory: directory }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&format!("http://{}", self.running.address))
    }

    /// The next letter: to whom, what about, and its link.
    async fn letter(&mut self) -> (String, String, String) {
        let mail = self.smtp.next().await;
        let text = mail.text.replace("=\n", "").replace("=3D", "=");
        let subject = text.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject");
        let link = text.lines().find(|line| line.starts_with("http")).expect("a link").to_owned();
        (mail.to[0].clone(), subject.to_owned(), link)
    }

    /// The link of the next letter.
    pub(crate) async fn link(&mut self) -> String {
        self.letter().await.2
    }

    /// Nobody else is written to.
    async fn has_written_nothing_more(&self) {
        jobs::run_due(&self.running.hall).await.expect("it settles");
        assert!(self.smtp.is_empty());
    }

    /// Asks for an account; answers the browser that did and the link of the letter.
    async fn asked(&mut self, username: &str, email: &str) -> (Browser, String) {
        let mut browser = self.browser();
        ask(&mut browser, username, email).await.says(200, ASKED);
        let (to, subject, link) = self.letter().await;
        assert_eq!((to.as_str(), subject.as_str()), (email, "Confirm your e-mail"));
        (browser, link)
    }
}

async fn ask(browser: &mut Browser, username: &str, email: &str) -> crate::browser::Page {
    browser.open("/sign-up").await;
    let fields = [("name", "Ada"), ("username", username), ("email", email), ("password", NEW_PASSWORD)];
    browser.send("/sign-up", &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_opens_when_its_e_mail_is_confirmed() {
    let mut hall = Hall::open().await;
    let (mut browser, link) = hall.asked("ada", "Ada@example.net").await;
    let mut elsewhere = hall.browser();
    elsewhere.sign_in("ada", NEW_PASSWORD).await.says(401, WRONG);
    for _ in 0..2 {
        // A program that follows every link in a letter changes nothing.
        elsewhere.open(&link).await.says(200, "Is this your e-mail?");
    }
    browser.open(&link).await.says(200, "Ada@example.net");
    browser.send(&link, &[]).await.leads_to("/account?done=open");
    browser.open("/account?done=open").await.says(200, "Welcome! Your account is open.");
    browser.send(&link, &[]).await.says(404, OVER);
    elsewhere.open(&link).await.says(404, OVER);
    elsewhere.sign_in("ADA@example.NET", NEW_PASSWORD).await.leads_to("/account");
    elsewhere.open("/account").await.says(200, "@ada · Ada@example.net");

    // In another browser than the one that asked, the link opens the account and signs nobody in.
    let (_, link) = hall.asked("grace", "grace@example.net").await;
    let mut elsewhere = hall.browser();
    elsewhere.open(&link).await;
    elsewhere.send(&link, &[]).await.says(200, "Your account is open");
    assert!(!elsewhere.is_signed_in().await);
    elsewhere.sign_in("grace", NEW_PASSWORD).await.leads_to("/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_leads_back_too() {
    let mut hall = Hall::open().await;
    for (elsewhere, given, place) in [
        (false, "/oauth/authorize?client_id=a&b", "/oauth/authorize?client_id=a&b"),
        (false, "//evil.example", "/account?done=open"),
        (
            true,
            "/oauth/authorize?client_id=a&b",
            "/sign-in?return_to=%2Foauth%2Fauthorize%3Fclient_id%3Da%26b",
        ),
    ] {
        let mut browser = hall.browser();
        browser.open("/sign-in?return_to=%2Fa").await.says(200, "href=\"/sign-up?return_to=%2Fa\"");
        browser.open("/sign-up?return_to=%2Fa").await.says(200, "href=\"/sign-in?return_to=%2Fa\"");
        let username = format!("ada-{}-{}", place.len(), elsewhere);
        let email = format!("{username}@example.net");
        let fields = [("username", username.as_str()), ("email", &email), ("password", NEW_PASSWORD)];
        browser.send("/sign-up", &[&fields[..], &[("return_to", given)]].concat()).await.says(200, ASKED);
        let link = hall.link().await;
        let mut browser = if elsewhere { hall.browser() } else { browser };
        browser.open(&link).await;
        let page = browser.send(&link, &[]).await;
        match elsewhere {
            true => page.says(200, &format!("href=\"{place}\"")),
            false => page.leads_to(place),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_account_can_have_is_refused_in_one_sentence() {
    let hall = Hall::open().await;
    let mut browser = hall.browser();
    let table = [
        (400, "m", "a@example.net", NEW_PASSWORD, "A username is 2 to 32 letters, digits, `_`, `-` or `.`."),
        (400, "user_1", "a@example.net", NEW_PASSWORD, "A username must not start with `user_`."),
        (409, "Mira", "a@example.net", NEW_PASSWORD, "The username `Mira` is taken."),
        (400, "ada", "example.net", NEW_PASSWORD, "`example.net` is not an e-mail address."),
        (400, "ada", "a@b@c", NEW_PASSWORD, "`a@b@c` is not an e-mail address."),
        (400, "ada", "a@example.net", "short", "A password is 8 to 128 characters long."),
        (
            400,
            "ada",
            "a@example.net",
            "Password1",
            "This password is one of those that are tried first: choose another.",
        ),
        (
            400,
            "ada-lovelace",
            "a@example.net",
            "Ada-Lovelace",
            "The password must not be the e-mail or the username.",
        ),
    ];
    for (status, username, email, password, sentence) in table {
        browser.open("/sign-up").await;
        let fields = [("name", "<b>A"), ("username", username), ("email", email), ("password", password)];
        let page = browser.send("/sign-up", &fields).await;
        let text = page.text.replace("&#60;", "<").replace("&#62;", ">");
        assert!(page.status == status && text.contains(sentence), "{} {sentence}: {text}", page.status);
        assert!(!page.text.contains("<b>A") && !page.text.contains(password), "{}", page.text);
    }
    let long = "x".repeat(61);
    let fields =
        [("name", long.as_str()), ("username", "ada"), ("email", "a@b.c"), ("password", NEW_PASSWORD)];
    browser
        .send("/sign-up", &fields)
        .await
        .says(400, "A name is at most 60 characters, all of them visible.");
    browser
        .send("/sign-up", &[("username", "ada")])
        .await
        .says(400, "The form cannot be read: missing field");
    hall.has_written_nothing_more().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_whose_e_mail_is_known() {
    let mut hall = Hall::open().await;
    let cost = |hall: &Hall| password::computed(&hall.running.hall);
    let mut pages = Vec::new();
    for (username, email) in [("ada", "mira@example.com"), ("grace", "new@example.net")] {
        let (mut browser, before) = (hall.browser(), cost(&hall));
        let page = ask(&mut browser, username, email).await;
        pages.push((page.status, page.text.replace(email, "…"), cost(&hall) - before));
    }
    assert_eq!(pages[0], pages[1]);
    let mut letters = [hall.letter().await, hall.letter().await];
    letters.sort();
    assert_eq!(letters[0].1, "You have an account already");
    assert_eq!((letters[0].0.as_str(), letters[1].0.as_str()), ("mira@example.com", "new@example.net"));

    let mut pages = Vec::new();
    for email in ["mira@example.com", "nobody@example.net"] {
        let mut browser = hall.browser();
        browser.open("/forgot-password").await;
        let page = browser.send("/forgot-password", &[("email", email)]).await;
        pages.push((page.status, page.text.replace(email, "…")));
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(hall.letter().await.1, "Reset your password");
    hall.has_written_nothing_more().await;

    // Signing in costs the same work and gets the same answer whatever is wrong.
    for name in ["mira", "mira@example.com", "nobody", "nobody@example.com", "", "@", "bench-planner"] {
        let before = cost(&hall);
        hall.browser().sign_in(name, "not the password").await.says(401, WRONG);
        assert_eq!(cost(&hall) - before, 1, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_want_the_same_one_wins() {
    let mut hall = Hall::open().await;
    let (mut one, one_link) = hall.asked("ada", "ada@example.net").await;
    let (mut two, two_link) = hall.asked("ada", "other@example.net").await;
    one.open(&one_link).await;
    two.open(&two_link).await;
    let answers = tokio::join!(one.send(&one_link, &[]), two.send(&two_link, &[]));
    let (lost, mut loser, link) = match answers.0.status {
        303 => (answers.1, two, two_link),
        _ => (answers.0, one, one_link),
    };
    lost.says(409, "The username `ada` is taken.");
    loser.send(&link, &[("username", "mira")]).await.says(409, "The username `mira` is taken.");
    loser.send(&link, &[("username", "a d a")]).await.says(400, "A username is 2 to 32 letters");
    loser.send(&link, &[("username", "lovelace")]).await.leads_to("/account?done=open");

    let (mut one, one_link) = hall.asked("grace", "grace@example.net").await;
    let (mut two, two_link) = hall.asked("hopper", "GRACE@example.net").await;
    one.open(&one_link).await;
    two.open(&two_link).await;
    let answers = tokio::join!(one.send(&one_link, &[]), two.send(&two_link, &[]));
    let lost = if answers.0.status == 303 { &answers.1 } else { &answers.0 };
    assert_ne!(answers.0.status, answers.1.status);
    lost.says(409, "There is an account with this e-mail already: sign in, or reset its password.");

    // One link, followed twice at once.
    let (mut one, link) = hall.asked("katherine", "katherine@example.net").await;
    one.open(&link).await;
    let mut two = one.clone();
    let answers = tokio::join!(one.send(&link, &[]), two.send(&link, &[]));
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_stop_to_count() {
    let mut hall = Hall::open().await;
    let (mut browser, link) = hall.asked("ada", "ada@example.net").await;
    hall.clock.advance_ms(24 * HOUR_MS - 1);
    browser.open(&link).await.says(200, "Is this your e-mail?");
    hall.clock.advance_ms(1);
    browser.send(&link, &[]).await.says(404, OVER);

    browser.open("/forgot-password").await;
    browser.send("/forgot-password", &[("email", "mira@example.com")]).await;
    let (_, _, link) = hall.letter().await;
    hall.clock.advance_ms(HOUR_MS - 1);
    browser.open(&link).await.says(200, "Choose a new password");
    hall.clock.advance_ms(1);
    browser.send(&link, &[("password", NEW_PASSWORD)]).await.says(404, OVER);
    for token in ["x", "%00", "..%2f", &"a".repeat(2000)] {
        browser.open(&format!("/reset-password/{token}")).await.says(404, OVER);
        browser.open(&format!("/confirm-email/{token}")).await.says(404, OVER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_once() {
    let mut hall = Hall::open().await;
    let (mut signed_in, mut browser) = (hall.browser(), hall.browser());
    signed_in.sign_in("mira", &hall.world.password).await.leads_to("/account");
    let mut links = Vec::new();
    for _ in 0..2 {
        browser.open("/forgot-password").await;
        browser.send("/forgot-password", &[("email", " Mira@Example.com ")]).await;
        links.push(hall.letter().await.2);
    }
    let (link, other_link) = (links[0].clone(), links[1].clone());
    browser.open(&link).await.says(200, "For <strong>mira</strong>");
    browser.send(&link, &[("password", "mira")]).await.says(400, "A password is 8 to 128 characters long.");
    browser
        .send(&link, &[("password", "mira@example.com")])
        .await
        .says(400, "The password must not be the e-mail or the username.");
    // A program that only looks does not use it up, nor does a form from elsewhere.
    hall.browser().open(&link).await;
    hall.browser()
        .send_bare(&link, &[("password", NEW_PASSWORD)])
        .await
        .says(403, "This form is out of date.");
    let mut second_tab = browser.clone();
    let fields = [("password", NEW_PASSWORD)];
    let answers = tokio::join!(browser.send(&link, &fields), second_tab.send(&link, &fields));
    let won = if answers.0.status == 303 { &answers.0 } else { &answers.1 };
    won.leads_to("/sign-in?done=password");
    assert_ne!(answers.0.status, answers.1.status);
    browser
        .open("/sign-in?done=password")
        .await
        .says(200, "Your password is changed. Sign in with the new one.");
    browser.open(&link).await.says(404, OVER);
    browser.open(&other_link).await.says(404, OVER);
    assert!(!signed_in.is_signed_in().await, "it is signed out everywhere");
    let old = hall.world.password.clone();
    browser.sign_in("mira", &old).await.says(401, WRONG);
    browser.sign_in("mira", NEW_PASSWORD).await.leads_to("/account");
    browser.open("/forgot-password").await;
    browser
        .send("/forgot-password", &[("email", "mira")])
        .await
        .says(400, "`mira` is not an e-mail address.");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_back_but_nowhere_else() {
    let hall = Hall::open().await;
    let mut browser = hall.browser();
    browser.open("/account?done=name").await.leads_to("/sign-in?return_to=%2Faccount%3Fdone%3Dname");
    let page = browser.open("/sign-in?return_to=%2Faccount%3Fdone%3Dname").await;
    page.says(200, "name=\"return_to\" value=\"/account?done=name\"");
    let password = hall.world.password.clone();
    let fields = [("name", "mira"), ("password", password.as_str()), ("return_to", "/account?done=name")];
    browser.send("/sign-in", &fields).await.leads_to("/account?done=name");
    browser.open("/sign-in?return_to=/").await.leads_to("/");
    for attack in
        ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/a\r\nb: c"]
    {
        let mut query = url::Url::parse("http://x/sign-in").expect("an address");
        query.query_pairs_mut().append_pair("return_to", attack);
        let place = format!("/sign-in?{}", query.query().expect("a query"));
        browser.open(&place).await.leads_to("/account");
        let mut fresh = hall.browser();
        let page = fresh.open(&place).await;
        assert!(!page.text.contains("evil"), "{}", page.text);
        let fields = [("name", "mira"), ("password", password.as_str()), ("return_to", attack)];
        fresh.send("/sign-in", &fields).await.leads_to("/account");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_cannot_be_given_a_session_or_be_signed_in_by_others() {
    let hall = Hall::open().await;
    let password = hall.world.password.clone();
    let mut browser = hall.browser();
    let chosen = "A".repeat(43);
    browser.cookies.insert("guildhall_session".into(), chosen.clone());
    browser.sign_in("mira", &password).await.leads_to("/account");
    let first = browser.cookie("guildhall_session");
    assert_ne!(first, chosen);

    // Signing in again in the same browser ends the session it was in, and no other one.
    let (mut earlier, mut elsewhere) = (browser.clone(), hall.browser());
    elsewhere.sign_in("mira", &password).await.leads_to("/account");
    browser.open("/").await;
    let fields = [("name", "mira"), ("password", password.as_str())];
    browser.send("/sign-in", &fields).await.leads_to("/account");
    assert_ne!(browser.cookie("guildhall_session"), first);
    assert!(browser.is_signed_in().await && elsewhere.is_signed_in().await);
    assert!(!earlier.is_signed_in().await, "whoever had seen the old cookie has nothing");

    // The form of someone else, or of nobody, signs nobody in.
    let mut attacker = hall.browser();
    attacker.open("/sign-in").await;
    let fields = [("name", "hanna"), ("password", password.as_str())];
    let mut victim = hall.browser();
    victim.form_token = attacker.form_token.clone();
    victim.send("/sign-in", &fields).await.says(403, "This form is out of date.");
    victim.open("/sign-in").await;
    victim.form_token = attacker.form_token.clone();
    victim.send("/sign-in", &fields).await.says(403, "This form is out of date.");
    victim.send_bare("/sign-in", &fields).await.says(403, "This form is out of date.");
    assert!(!victim.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_of_one_browser_get_along() {
    let hall = Hall::open().await;
    let password = hall.world.password.clone();
    let mut browser = hall.browser();
    browser.open("/sign-in").await;
    let old_tab = browser.form_token.clone();
    browser.sign_in("mira", &password).await.leads_to("/account");
    let fields = [("csrf", old_tab.as_str()), ("name", "mira"), ("password", password.as_str())];
    browser.send_bare("/sign-in", &fields).await.says(403, "Go back, reload the page, and send it again");
    assert!(browser.is_signed_in().await);
    browser.open("/sign-in").await.leads_to("/account");
    let (mut one, mut two) = (browser.clone(), browser.clone());
    one.send("/sign-out", &[]).await.leads_to("/");
    // The other tab's form is of a session that has ended: nothing is left to do, and the page says so.
    two.send("/sign-out", &[]).await.says(403, "This form is out of date.");
    assert!(!two.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_https_cookies_are_for_https_and_this_host_alone() {
    let hall = Hall::open_at(Some("https://hall.example.com")).await;
    let mut browser = hall.browser();
    let page = browser.open("/sign-in").await;
    let [cookie] = &page.set_cookies[..] else { panic!("{:?}", page.set_cookies) };
    assert!(cookie.starts_with("__Host-guildhall_visitor="), "{cookie}");
    let password = hall.world.password.clone();
    let page = browser.send("/sign-in", &[("name", "mira"), ("password", &password)]).await;
    page.leads_to("/account");
    assert_eq!(page.set_cookies.len(), 3);
    for cookie in &page.set_cookies {
        assert!(cookie.starts_with("__Host-guildhall_"), "{cookie}");
        assert!(cookie.contains("; Path=/; HttpOnly; SameSite=Lax; Max-Age="), "{cookie}");
        assert!(cookie.ends_with("; Secure") && !cookie.contains("Domain"), "{cookie}");
    }
    assert!(browser.is_signed_in().await);
    let session = browser.cookie("__Host-guildhall_session");
    browser.cookies = [("guildhall_session".to_owned(), session)].into();
    assert!(!browser.is_signed_in().await, "a cookie that anyone could have set counts for nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_cannot_be_tried_for_long_and_the_owner_still_gets_in() {
    let mut hall = Hall::open().await;
    let password = hall.world.password.clone();
    let mut owner = hall.browser();
    owner.sign_in("mira", &password).await.leads_to("/account");
    owner.open("/").await;
    owner.send("/sign-out", &[]).await;
    let mut stranger = hall.browser();
    for _ in 0..10 {
        stranger.sign_in("mira", "a guess").await.says(401, WRONG);
    }
    let blocked = "Too many tries under this name. Wait 15 minutes, or reset the password by e-mail.";
    for guess in ["a guess", password.as_str()] {
        let page = stranger.sign_in("MIRA", guess).await;
        page.says(429, blocked);
        assert_eq!(page.retry_after, Some(15 * 60));
    }
    // A name that nobody has is counted likewise, so that counting tells nothing.
    for _ in 0..10 {
        stranger.sign_in("nobody", "a guess").await.says(401, WRONG);
    }
    stranger.sign_in("nobody", "a guess").await.says(429, blocked);
    // The owner's browser has signed in before; nobody else's mark will do, nor one for somebody else.
    let mark = owner.cookie("guildhall_mark");
    for forged in
        [mark.replace("user_", "user_x"), format!("{mark}0"), mark.replacen('.', ".f", 1), "....".into()]
    {
        stranger.cookies.insert("guildhall_mark".into(), forged);
        stranger.sign_in("mira", &password).await.says(429, blocked);
    }
    owner.sign_in("mira", &password).await.leads_to("/account");
    stranger.cookies.remove("guildhall_mark");
    stranger.sign_in("mira", "a guess").await.says(429, blocked);
    // And a marked browser is counted too.
    owner.open("/").await;
    owner.send("/sign-out", &[]).await;
    for _ in 0..10 {
        owner.sign_in("mira", "a guess").await.says(401, WRONG);
    }
    owner.sign_in("mira", &password).await.says(429, "Too many wrong passwords. Wait 15 minutes.");
    // A reset opens the name again.
    owner.open("/forgot-password").await;
    owner.send("/forgot-password", &[("email", "mira@example.com")]).await;
    let (_, _, link) = hall.letter().await;
    owner.open(&link).await;
    owner.send(&link, &[("password", NEW_PASSWORD)]).await.leads_to("/sign-in?done=password");
    let mut elsewhere = hall.browser();
    elsewhere.sign_in("mira", NEW_PASSWORD).await.leads_to("/account");
    // Tries run out with time.
    hall.clock.advance_ms(15 * MINUTE_MS);
    stranger.sign_in("nobody", "a guess").await.says(401, WRONG);
    stranger.sign_in("nobody", "a guess").await.says(429, blocked);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_cannot_try_for_long_either() {
    let hall = Hall::open().await;
    let mut browser = hall.browser();
    for number in 0..60 {
        browser.sign_in(&format!("nobody-{number}"), "a guess").await.says(401, WRONG);
    }
    let page = browser.sign_in("mira", "a guess").await;
    page.says(429, "Too many tries from your address. Wait 20 seconds.");
    assert_eq!(page.retry_after, Some(20));

    let email = "someone@example.net";
    for _ in 0..5 {
        browser.open("/forgot-password").await;
        assert_eq!(browser.send("/forgot-password", &[("email", email)]).await.status, 200);
    }
    let letters = "Too many letters to this e-mail. Wait 10 minutes.";
    browser.send("/forgot-password", &[("email", &email.to_uppercase())]).await.says(429, letters);
    ask(&mut browser, "someone", email).await.says(429, letters);
    for number in 0..15 {
        browser
            .send("/forgot-password", &[("email", &format!("{number}@example.net"))])
            .await
            .says(200, "a letter");
    }
    browser
        .send("/forgot-password", &[("email", "x@example.net")])
        .await
        .says(429, "Too many letters asked for from your address. Wait 60 seconds.");
    for number in 0..20 {
        let (username, email) = (format!("ada-{number}"), format!("ada-{number}@example.net"));
        ask(&mut browser, &username, &email).await.says(200, ASKED);
    }
    ask(&mut browser, "ada-20", "ada-20@example.net")
        .await
        .says(429, "Too many new accounts from your address. Wait 5 minutes.");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_its_owners_to_change() {
    let mut hall = Hall::open().await;
    let password = hall.world.password.clone();
    let (mut here, mut there, mut other) = (hall.browser(), hall.browser(), hall.browser());
    for browser in [&mut here, &mut there] {
        browser.sign_in("mira", &password).await.leads_to("/account");
    }
    other.sign_in("hanna", &password).await.leads_to("/account");
    here.open("/account").await.says(200, "Firefox on Linux");
    here.send("/account/name", &[("name", " Mira <O> ")]).await.leads_to("/account?done=name");
    here.open("/account?done=name").await.says(200, "Mira &#60;O&#62;");
    here.send("/account/name", &[("name", "a\nb")]).await.says(400, "A name is at most 60 characters");

    // Another e-mail, once it is confirmed.
    let wrong = "That is not your current password.";
    let fields = |email, password| [("email", email), ("password", password)];
    here.send("/account/email", &fields("new@example.net", "a guess")).await.says(403, wrong);
    here.send("/account/email", &fields("hanna@example.com", &password))
        .await
        .says(200, "Look into your mail");
    let (to, _, taken) = hall.letter().await;
    assert_eq!(to, "hanna@example.com");
    here.open(&taken).await.says(200, "Is this your e-mail?");
    here.send(&taken, &[]).await.says(409, "Another account has this e-mail.");
    here.open("/account").await.says(200, "mira@example.com");
    here.send("/account/email", &fields("new@example.net", &password)).await.says(200, "Look into your mail");
    let (_, _, link) = hall.letter().await;
    here.open(&link).await;
    here.send(&link, &[])
        .await
        .says(200, "Letters go to new@example.net from now on, and you sign in with it.");
    hall.browser().sign_in("mira@example.com", &password).await.says(401, WRONG);
    hall.browser().sign_in("new@example.net", &password).await.leads_to("/account");

    // Another password: other sessions end, and this one has a new token.
    let fields = |current, new| [("password", current), ("new_password", new)];
    here.open("/account").await;
    here.send("/account/password", &fields("a guess", NEW_PASSWORD)).await.says(403, wrong);
    here.send("/account/password", &fields(&password, "short")).await.says(400, "A password is 8 to 128");
    let mut stale = here.clone();
    here.send("/account/password", &fields(&password, NEW_PASSWORD)).await.leads_to("/account?done=password");
    assert!(here.is_signed_in().await && !there.is_signed_in().await && !stale.is_signed_in().await);
    here.open("/account").await;
    for _ in 0..9 {
        here.send("/account/password", &fields("a guess", "another password")).await.says(403, wrong);
    }
    here.send("/account/password", &fields("a guess", "another password")).await.says(403, wrong);
    here.send("/account/password", &fields(NEW_PASSWORD, "another password"))
        .await
        .says(429, "Too many wrong passwords. Wait 60 seconds.");
    other.open("/account").await.says(200, "hanna@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_ended_by_their_owner_alone() {
    let hall = Hall::open().await;
    let password = hall.world.password.clone();
    let mut browsers = Vec::new();
    for name in ["mira", "mira", "mira", "hanna"] {
        let mut browser = hall.browser();
        browser.sign_in(name, &password).await.leads_to("/account");
        browsers.push(browser);
    }
    let [here, there, third, hanna] = &mut browsers[..] else { panic!("four browsers") };
    let ids = |page: &str| -> Vec<String> {
        let rest = page.split("/account/sessions/sess_").skip(1);
        rest.map(|rest| format!("sess_{}", rest.split('/').next().expect("an id"))).collect()
    };
    let page = here.open("/account").await;
    let others = ids(&page.text);
    assert_eq!(others.len(), 2, "{}", page.text);
    hanna.open("/account").await;
    for id in [others[0].as_str(), "sess_unknown"] {
        let refusal = format!("There is no session `{id}`, or you have no access to it.");
        hanna.send(&format!("/account/sessions/{id}/end"), &[]).await.says(404, &refusal);
    }
    hanna.send("/account/sessions/x/end", &[]).await.says(400, "`x` is not a session id");
    assert!(there.is_signed_in().await && third.is_signed_in().await);
    here.send(&format!("/account/sessions/{}/end", others[0]), &[]).await.leads_to("/account?done=session");
    assert_ne!(there.is_signed_in().await, third.is_signed_in().await, "exactly one was ended, at once");
    here.open("/account").await;
    here.send("/account/sessions/end-others", &[]).await.leads_to("/account?done=sessions");
    assert!(!there.is_signed_in().await && !third.is_signed_in().await);
    assert!(here.is_signed_in().await && hanna.is_signed_in().await);
    there.open("/account").await.leads_to("/sign-in?return_to=%2Faccount");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demos_password_stays_and_an_operator_can_hand_out_a_link() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let told = home.demo()["DEMO_PASSWORD"].clone();
    assert_eq!(told.len(), 16);
    let output = run(&mut home.over_data(&["account", "reset-link", "mira@example.com"])).await;
    let link = String::from_utf8(output.stdout).expect("text").trim().to_owned();
    assert!(link.starts_with("http://127.0.0.1:8003/reset-password/"), "{link}");
    let mut browser = Browser::new(&server.origin);
    // On SQLite a server sees what another process wrote after its own next commit, or 50 ms; this is a commit.
    browser.open("/forgot-password").await;
    browser.send("/forgot-password", &[("email", "nobody@example.net")]).await;
    browser.open(&link).await.says(200, "For <strong>mira</strong>");
    browser.send(&link, &[("password", NEW_PASSWORD)]).await.leads_to("/sign-in?done=password");
    browser.sign_in("mira", NEW_PASSWORD).await.leads_to("/account");
    server.stop().await;
    let sentence = one_sentence(&mut home.over_data(&["account", "reset-link", "nobody"])).await;
    assert_eq!(sentence, "Nobody signs in as `nobody`.");

    let server = home.serve(&["--demo"]).await;
    assert_eq!(home.demo()["DEMO_PASSWORD"], told);
    let mut browser = Browser::new(&server.origin);
    browser.sign_in("hanna", &told).await.leads_to("/account");
    browser.sign_in("mira", &told).await;
    server.stop().await;
}
