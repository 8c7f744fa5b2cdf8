//! Accounts that purchases made: whose they become, and that nobody gains by an address which they only typed.

use crate::browser::{Browser, Page};
use crate::harness::Hall;
use crate::purchase::{GOOD_CARD, ONCE, Sold, between, pay_by_card, sell, signed_in};
use crate::purchase_by_email::{FREE, PASSWORD, WRONG, letter, link, open, written_nothing_more};
use crate::smtp::Smtp;

const ADA: &str = "ada@example.net";
const ANOTHER_PASSWORD: &str = "a fork in a lake";

/// Buys something with an address that is typed; answers the letters that it causes, by their subjects.
async fn buy(hall: &Hall, smtp: &mut Smtp, sold: &Sold, email: &str) -> Vec<(String, String)> {
    let mut buyer = Browser::new(&hall.running.origin);
    let page = buyer.open(&format!("/checkout/{sold}")).await;
    let is_free = page.text.contains("name=\"seen\" value=\"0\"");
    let more = [("email", email), ("method", if is_free { "" } else { "card" })];
    let done = pay_by_card(&mut buyer, &format!("/checkout/{sold}"), GOOD_CARD, &more).await;
    buyer.open(&done.location.expect("it leads on")).await.says(200, "belongs to the account of your e-mail");
    let mut letters = Vec::new();
    for _ in 0..if is_free { 1 } else { 2 } {
        let (to, subject, text) = letter(smtp).await;
        assert_eq!(to, email);
        letters.push((subject, text));
    }
    letters.sort();
    letters
}

async fn sign_up(browser: &mut Browser, username: &str, email: &str) -> Page {
    browser.open("/sign-up").await;
    let fields = [("name", "Ada"), ("username", username), ("email", email), ("password", PASSWORD)];
    browser.send("/sign-up", &fields).await
}

/// Asks for an account; answers what the letter is about, and its link.
async fn asked(browser: &mut Browser, smtp: &mut Smtp, username: &str, email: &str) -> (String, String) {
    sign_up(browser, username, email).await.says(200, "We have written to you.");
    let (to, subject, text) = letter(smtp).await;
    assert_eq!(to, email);
    (subject, link(&text))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_up_with_an_address_owns_what_was_bought_for_it() {
    let (hall, mut smtp) = open().await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    let letters = buy(&hall, &mut smtp, &sold, ADA).await;
    assert_eq!(letters[0].0, "Choose a password");
    let mut ada = Browser::new(&hall.running.origin);
    let (subject, place) = asked(&mut ada, &mut smtp, "ada", "Ada@example.net").await;
    assert_eq!(subject, "Confirm your e-mail");
    // Nothing is anybody's before the letter is followed.
    ada.clone().sign_in(ADA, PASSWORD).await.says(401, WRONG);
    ada.open(&place).await.says(200, "Is this your e-mail?");
    ada.send(&place, &[]).await.leads_to("/account?done=open");
    ada.open("/account").await.says(200, "@ada · ada@example.net");
    ada.open("/account/purchases").await.says(200, "A lathe course");
    ada.open(&link(&letters[0].1)).await.says(404, "This link was used already");
    Browser::new(&hall.running.origin).sign_in("ADA", PASSWORD).await.leads_to("/account");
    let (subject, _) = asked(&mut Browser::new(&hall.running.origin), &mut smtp, "ada2", ADA).await;
    assert_eq!(subject, "You have an account already");
    // Its next purchase makes no account, and needs no password.
    let other = sell(&hall, FREE, |plan| plan).await;
    let mut buyer = Browser::new(&hall.running.origin);
    let fields = [("email", ADA), ("method", "")];
    pay_by_card(&mut buyer, &format!("/checkout/{other}"), GOOD_CARD, &fields).await;
    written_nothing_more(&hall, &smtp).await;
    assert_eq!(
        ada.open("/account/purchases").await.text.matches("<strong>A lathe course</strong>").count(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_the_address_confirms_it_whichever_it_is() {
    let (hall, mut smtp) = open().await;
    for (email, is_reset) in [("ada@example.net", false), ("grace@example.net", true)] {
        let sold = sell(&hall, FREE, |plan| plan).await;
        let letters = buy(&hall, &mut smtp, &sold, email).await;
        let mut owner = Browser::new(&hall.running.origin);
        let (subject, sign_up) = asked(&mut owner, &mut smtp, "somebody", email).await;
        assert_eq!(subject, "Confirm your e-mail");
        let mut place = link(&letters[0].1);
        if is_reset {
            owner.open("/forgot-password").await;
            owner.send("/forgot-password", &[("email", email)]).await;
            place = link(&letter(&mut smtp).await.2);
        }
        owner.open(&place).await.says(200, "Choose a new password");
        owner.send(&place, &[("password", ANOTHER_PASSWORD)]).await.leads_to("/sign-in?done=password");
        // What was asked before meets an account.
        owner.open(&sign_up).await;
        owner.send(&sign_up, &[]).await.says(409, "You have an account already");
        owner.sign_in(email, ANOTHER_PASSWORD).await.leads_to("/account");
        owner.open("/account/purchases").await.says(200, "A lathe course");
        let (subject, _) = asked(&mut Browser::new(&hall.running.origin), &mut smtp, "somebody", email).await;
        assert_eq!(subject, "You have an account already");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_a_stranger_wrote_opens_nothing_that_was_bought() {
    let (hall, mut smtp) = open().await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    buy(&hall, &mut smtp, &sold, ADA).await;
    let (mut stranger, mut ada) = (Browser::new(&hall.running.origin), Browser::new(&hall.running.origin));
    let (subject, place) = asked(&mut stranger, &mut smtp, "mallory", ADA).await;
    assert_eq!(subject, "Confirm your e-mail");
    // She takes it for a letter about what she bought.
    ada.open(&place).await.says(200, "Is this your e-mail?");
    let page = ada.send(&place, &[]).await;
    page.says(200, "You did not ask for the account in this browser: choose a password here");
    for name in [ADA, "mallory"] {
        stranger.sign_in(name, PASSWORD).await.says(401, WRONG);
    }
    stranger.open(&place).await.says(404, "This link was used already");
    let chosen_at = between(&page.text, "href=\"/reset-password/", "\"");
    let chosen_at = format!("/reset-password/{chosen_at}");
    ada.open(&chosen_at).await.says(200, "Choose a new password");
    ada.send(&chosen_at, &[("password", ANOTHER_PASSWORD)]).await.leads_to("/sign-in?done=password");
    ada.sign_in(ADA, ANOTHER_PASSWORD).await.leads_to("/account");
    let page = ada.open("/account").await;
    page.says(200, " · ada@example.net");
    assert!(!page.text.contains("mallory"), "a stranger names nobody: {}", page.text);
    ada.open("/account/purchases").await.says(200, "A lathe course");
    written_nothing_more(&hall, &smtp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_in_between_keeps_nobody_from_signing_up() {
    let (hall, mut smtp) = open().await;
    let sold = sell(&hall, FREE, |plan| plan).await;
    let (mut ada, mut other) = (Browser::new(&hall.running.origin), Browser::new(&hall.running.origin));
    let (_, place) = asked(&mut ada, &mut smtp, "ada", ADA).await;
    buy(&hall, &mut smtp, &sold, ADA).await;
    let (_, faster) = asked(&mut other, &mut smtp, "ada", "other@example.net").await;
    other.open(&faster).await;
    other.send(&faster, &[]).await.leads_to("/account?done=open");
    ada.open(&place).await.says(200, "Is this your e-mail?");
    ada.send(&place, &[]).await.says(409, "The username `ada` is taken.");
    ada.send(&place, &[("username", "user_1")]).await.says(400, "A username must not start with `user_`.");
    let mut second_tab = ada.clone();
    let fields = [("username", "lovelace")];
    let answers = tokio::join!(ada.send(&place, &fields), second_tab.send(&place, &fields));
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    let mut ada = Browser::new(&hall.running.origin);
    ada.sign_in("lovelace", PASSWORD).await.leads_to("/account");
    ada.open("/account/purchases").await.says(200, "A lathe course");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_moves_to_another_account_only_when_its_purchases_are_opened() {
    let (hall, mut smtp) = open().await;
    let sold = sell(&hall, FREE, |plan| plan).await;
    let work = "work@example.net";
    let letters = buy(&hall, &mut smtp, &sold, work).await;
    let mut mira = signed_in(&hall, "mira").await;
    let ask_for = async |browser: &mut Browser, password: &str, email: &str| {
        browser.open("/account").await;
        browser.send("/account/email", &[("password", password), ("email", email)]).await.says(200, email);
    };
    ask_for(&mut mira, &hall.world.password, work).await;
    let place = link(&letter(&mut smtp).await.2);
    mira.open(&place).await.says(200, "Is this your e-mail?");
    let refused = mira.send(&place, &[]).await;
    refused.says(409, "Something was bought with this e-mail, which made an account of its own");
    // That one is opened, and gives the address up.
    let mut worker = Browser::new(&hall.running.origin);
    let first = link(&letters[0].1);
    worker.open(&first).await;
    worker.send(&first, &[("password", PASSWORD)]).await.leads_to("/sign-in?done=password");
    mira.send(&place, &[]).await.says(409, "Another account has this e-mail.");
    worker.sign_in(work, PASSWORD).await.leads_to("/account");
    worker.open("/account/purchases").await.says(200, "A lathe course");
    worker.open("/forgot-password").await;
    worker.send("/forgot-password", &[("email", work)]).await;
    let reset = link(&letter(&mut smtp).await.2);
    ask_for(&mut worker, PASSWORD, "home@example.net").await;
    let moved = link(&letter(&mut smtp).await.2);
    worker.open(&moved).await;
    worker.send(&moved, &[]).await.says(200, "Letters go to home@example.net from now on");
    // Whoever reads the old address opens nothing by it.
    worker.open(&reset).await.says(404, "This link was used already");
    mira.open(&place).await;
    mira.send(&place, &[]).await.says(200, "Letters go to work@example.net from now on");
    mira.open("/account").await.says(200, "@mira · work@example.net");
    let page = mira.open("/account/purchases").await;
    assert!(!page.text.contains("A lathe course"), "{}", page.text);
}
