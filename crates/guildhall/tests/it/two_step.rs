//! Signing in with two steps.

use crate::account::Hall;
use crate::browser::{Browser, Page};
use guildhall_app::clock::Clock;
use totp_rs::{Builder, Secret, Totp};

const STEP_MS: i64 = 30_000;
const WRONG: &str = "This code is wrong. Codes change every thirty seconds: try the one shown now.";

/// An authenticator on the hall's clock.
struct Authenticator {
    totp: Totp,
    clock: Clock,
}

impl Authenticator {
    fn scan(page: &Page, clock: &Clock) -> Self {
        let (_, rest) = page.text.split_once("<p class=\"secret\">").expect("a secret");
        let secret = rest.split('<').next().expect("its letters").replace(' ', "");
        let secret = Secret::try_from_base32(secret).expect("base32");
        Self { totp: Builder::new().with_secret(secret).build().expect("sound"), clock: clock.clone() }
    }

    /// The code shown so many steps from now.
    fn code(&self, steps: i64) -> String {
        let at = (self.clock.now_ms() + steps * STEP_MS) / 1000;
        self.totp.generate(at.try_into().expect("after 1970")).to_string()
    }
}

/// Turns two steps on for mira; answers her browser, her authenticator and her recovery codes.
async fn set_up(hall: &Hall) -> (Browser, Authenticator, Vec<String>) {
    let mut browser = hall.browser();
    browser.sign_in("mira", &hall.world.password).await.leads_to("/account");
    browser.open("/account/two-step").await.leads_to("/account");
    browser.open("/account").await.says(200, "Set it up");
    let begin = "/account/two-step/begin";
    browser.send(begin, &[("password", "a guess")]).await.says(403, "That is not your current password.");
    browser.send(begin, &[("password", &hall.world.password)]).await.leads_to("/account/two-step");
    let page = browser.open("/account/two-step").await;
    page.says(200, "<svg");
    let authenticator = Authenticator::scan(&page, &hall.clock);
    for wrong in ["000000", "", "12345", &authenticator.code(2)] {
        browser.send("/account/two-step", &[("code", wrong)]).await.says(401, WRONG);
    }
    let page = browser.send("/account/two-step", &[("code", &authenticator.code(0))]).await;
    page.says(200, "Your recovery codes");
    let codes: Vec<String> = recovery_codes(&page);
    browser.open("/account").await.says(200, "10 of 10 recovery codes left.");
    (browser, authenticator, codes)
}

fn recovery_codes(page: &Page) -> Vec<String> {
    let rest = page.text.split("<li><code>").skip(1);
    let codes: Vec<String> = rest.map(|rest| rest.split('<').next().expect("a code").to_owned()).collect();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 19), "{codes:?}");
    codes
}

/// Takes the first step in a fresh browser.
async fn first_step(hall: &Hall) -> Browser {
    let mut browser = hall.browser();
    browser.sign_in("mira", &hall.world.password).await.leads_to("/sign-in/code");
    assert!(!browser.is_signed_in().await, "one step is not enough");
    browser.open("/sign-in/code").await.says(200, "six digits");
    browser
}

async fn enter(browser: &mut Browser, code: &str) -> Page {
    browser.send("/sign-in/code", &[("code", code)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lets_in_once_and_a_little_early_or_late() {
    let hall = Hall::open().await;
    let (_, authenticator, _) = set_up(&hall).await;
    let used = "This code was used already. Wait for the next one.";
    let mut browser = first_step(&hall).await;
    enter(&mut browser, &authenticator.code(0)).await.says(401, used);
    hall.clock.advance_ms(STEP_MS);
    let code = authenticator.code(0);
    enter(&mut browser, &format!(" {} {} ", &code[..3], &code[3..])).await.leads_to("/account");
    assert!(browser.is_signed_in().await);
    assert!(!browser.cookies.contains_key("guildhall_step"));

    let (mut one, mut two) = (first_step(&hall).await, first_step(&hall).await);
    enter(&mut one, &code).await.says(401, used);
    // The next code, a little early, in two browsers at once.
    let early = authenticator.code(1);
    let answers = tokio::join!(enter(&mut one, &early), enter(&mut two, &early));
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 401]);
    // An earlier code than the last one used counts no more, late or not.
    let mut browser = first_step(&hall).await;
    enter(&mut browser, &authenticator.code(-1)).await.says(401, used);
    hall.clock.advance_ms(2 * STEP_MS);
    enter(&mut browser, &authenticator.code(-3)).await.says(401, WRONG);
    hall.clock.advance_ms(STEP_MS);
    enter(&mut browser, &authenticator.code(-1)).await.leads_to("/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_step_comes_after_the_first_and_soon() {
    let hall = Hall::open().await;
    let (_, authenticator, _) = set_up(&hall).await;
    hall.clock.advance_ms(STEP_MS);
    let mut nobody = hall.browser();
    nobody.open("/sign-in/code").await.leads_to("/sign-in");
    nobody.open("/sign-in").await;
    let late = "Signing in took too long. Begin again with your password.";
    enter(&mut nobody, &authenticator.code(0)).await.says(404, late);
    nobody.cookies.insert("guildhall_step".into(), "A".repeat(43));
    enter(&mut nobody, &authenticator.code(0)).await.says(404, late);
    let mut slow = first_step(&hall).await;
    hall.clock.advance_ms(10 * 60 * 1000);
    enter(&mut slow, &authenticator.code(0)).await.says(404, late);
    // The way back is kept.
    let mut browser = hall.browser();
    browser.open("/sign-in").await;
    let fields = [("name", "mira"), ("password", &hall.world.password), ("return_to", "/experiences/exp_1")];
    browser.send("/sign-in", &fields).await.leads_to("/sign-in/code?return_to=%2Fexperiences%2Fexp_1");
    browser.open("/sign-in/code?return_to=%2Fexperiences%2Fexp_1").await.says(200, "/experiences/exp_1");
    let code = authenticator.code(0);
    let fields = [("code", code.as_str()), ("return_to", "/experiences/exp_1")];
    browser.send("/sign-in/code", &fields).await.leads_to("/experiences/exp_1");
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_let_in_once_each() {
    let hall = Hall::open().await;
    let (mut owner, _, codes) = set_up(&hall).await;
    let mut browser = first_step(&hall).await;
    enter(&mut browser, &codes[3].to_uppercase().replace('-', " ")).await.leads_to("/account");
    browser.open("/account").await.says(200, "9 of 10 recovery codes left.");
    let mut browser = first_step(&hall).await;
    enter(&mut browser, &codes[3]).await.says(401, WRONG);
    owner.open("/account").await;
    let page = owner.send("/account/two-step/codes", &[("password", &hall.world.password)]).await;
    let renewed = recovery_codes(&page);
    enter(&mut browser, &codes[4]).await.says(401, WRONG);
    enter(&mut browser, &renewed[0]).await.leads_to("/account");
    owner.open("/account").await;
    let off = "/account/two-step/off";
    owner.send(off, &[("password", "a guess")]).await.says(403, "That is not your current password.");
    let mut between = first_step(&hall).await;
    owner.send(off, &[("password", &hall.world.password)]).await.leads_to("/account?done=two-step");
    enter(&mut between, &renewed[1])
        .await
        .says(409, "The second step was turned off meanwhile: sign in again.");
    hall.browser().sign_in("mira", &hall.world.password).await.leads_to("/account");
    owner.open("/account").await;
    owner
        .send("/account/two-step/codes", &[("password", &hall.world.password)])
        .await
        .says(409, "Signing in takes one step: there is nothing to recover.");
    owner
        .send("/account/two-step", &[("code", "123456")])
        .await
        .says(409, "Nothing is offered to be set up: begin again.");
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_cannot_be_tried_for_long() {
    let hall = Hall::open().await;
    let (_, authenticator, codes) = set_up(&hall).await;
    hall.clock.advance_ms(STEP_MS);
    let mut browser = first_step(&hall).await;
    for _ in 0..5 {
        enter(&mut browser, "000000").await.says(401, WRONG);
    }
    let blocked = "Too many wrong codes. Wait 10 minutes.";
    // The tries are the account's, not the browser's.
    let mut other = first_step(&hall).await;
    for code in [authenticator.code(0), codes[0].clone()] {
        let page = enter(&mut other, &code).await;
        page.says(429, blocked);
        assert_eq!(page.retry_after, Some(600));
    }
    hall.clock.advance_ms(10 * 60 * 1000);
    let mut browser = first_step(&hall).await;
    enter(&mut browser, &authenticator.code(0)).await.leads_to("/account");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_does_not_go_around_the_second_step() {
    let mut hall = Hall::open().await;
    let (_, authenticator, _) = set_up(&hall).await;
    hall.clock.advance_ms(STEP_MS);
    let mut between = first_step(&hall).await;
    let mut browser = hall.browser();
    browser.open("/forgot-password").await;
    browser.send("/forgot-password", &[("email", "mira@example.com")]).await;
    let link = hall.link().await;
    browser.open(&link).await;
    browser.send(&link, &[("password", "a spoon on a train")]).await.leads_to("/sign-in?done=password");
    // Who had the old password and waited before the second step is sent back.
    enter(&mut between, &authenticator.code(0))
        .await
        .says(404, "Signing in took too long. Begin again with your password.");
    browser.sign_in("mira", "a spoon on a train").await.leads_to("/sign-in/code");
    browser.open("/sign-in/code").await;
    enter(&mut browser, &authenticator.code(0)).await.leads_to("/account");
}
