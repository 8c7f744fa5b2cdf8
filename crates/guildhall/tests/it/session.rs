//! Sessions: what counts as one, what forms are refused, and how one ends.

use crate::harness::Hall;
use guildhall_app::founding;
use guildhall_core::ids::UserId;
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};

/// A browser that follows nothing by itself, and sends the cookies it is told to.
pub(crate) fn browser() -> Client {
    Client::builder().redirect(Policy::none()).build().expect("a client")
}

/// The cookie of a new session.
pub(crate) async fn signed_in(hall: &Hall, user: &UserId) -> String {
    let user = user.clone();
    let token = founding::found(&hall.running.hall, move |founder| founder.session(&user)).await;
    format!("guildhall_session={}", token.expect("a session"))
}

pub(crate) fn get(hall: &Hall, path: &str, cookie: &str) -> RequestBuilder {
    browser().get(format!("{}{path}", hall.running.origin)).header("cookie", cookie)
}

pub(crate) async fn page(request: RequestBuilder) -> (u16, String) {
    let response: Response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.text().await.expect("text"))
}

/// What the hidden field of a page's forms holds.
pub(crate) fn form_token(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a protected form");
    rest.split('"').next().expect("a value").to_owned()
}

fn sign_out(hall: &Hall, cookie: &str, form: String) -> RequestBuilder {
    browser()
        .post(format!("{}/sign-out", hall.running.origin))
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_known_until_it_is_ended() {
    let hall = Hall::open().await;
    let cookie = signed_in(&hall, &hall.world.customer).await;
    let (_, home) = page(get(&hall, "/", &cookie)).await;
    assert!(home.contains("Mira Okafor") && home.contains("Sign out"), "{home}");
    let answer =
        sign_out(&hall, &cookie, format!("csrf={}", form_token(&home))).send().await.expect("an answer");
    assert_eq!(answer.status(), 303);
    assert_eq!(answer.headers()["location"], "/");
    assert!(answer.headers()["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    let (_, home) = page(get(&hall, "/", &cookie)).await;
    assert!(home.contains("href=\"/sign-in\"") && !home.contains("Mira"), "{home}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_elsewhere_does_nothing() {
    let hall = Hall::open().await;
    let cookie = signed_in(&hall, &hall.world.customer).await;
    let other = signed_in(&hall, &hall.world.owner).await;
    let (_, home) = page(get(&hall, "/", &cookie)).await;
    let (_, other_home) = page(get(&hall, "/", &other)).await;
    let (fine, others) = (form_token(&home), form_token(&other_home));
    let out_of_date =
        "This form is out of date. Go back, reload the page, and send it again (it needs cookies).";
    for form in [String::new(), "csrf=".into(), format!("csrf={others}"), format!("csrf={fine}&csrf={fine}")]
    {
        let (status, told) = page(sign_out(&hall, &cookie, form.clone())).await;
        assert_eq!(status, 403, "{form}");
        assert!(told.contains(out_of_date), "{told}");
    }
    let elsewhere = "Another site sent this form. Open the page here and send it again.";
    let headers = [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    for (name, value) in headers {
        let (status, told) = page(sign_out(&hall, &cookie, format!("csrf={fine}")).header(name, value)).await;
        assert_eq!(status, 403, "{name}: {value}");
        assert!(told.contains(elsewhere), "{told}");
    }
    let request = browser().post(format!("{}/sign-out", hall.running.origin)).header("cookie", &cookie);
    let (status, told) =
        page(request.header("content-type", "text/plain").body(format!("csrf={fine}"))).await;
    assert_eq!(status, 415);
    assert!(told.contains("A form is sent as application/x-www-form-urlencoded."), "{told}");
    let (status, told) = page(sign_out(&hall, &cookie, "a".repeat(64 * 1024 + 1))).await;
    assert_eq!(status, 413);
    assert!(told.contains("The form is larger than 64 KiB."), "{told}");
    let (_, home) = page(get(&hall, "/", &cookie)).await;
    assert!(home.contains("Mira Okafor"), "nothing of that ended the session");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_rest_and_in_any_case() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let hall = Hall::open().await;
    let knows = async |cookie: &str| page(get(&hall, "/", cookie)).await.1.contains("Mira Okafor");
    let (used, unused) =
        (signed_in(&hall, &hall.world.customer).await, signed_in(&hall, &hall.world.customer).await);
    hall.clock.advance_ms(29 * DAY_MS);
    assert!(knows(&used).await);
    hall.clock.advance_ms(2 * DAY_MS);
    assert!(knows(&used).await && !knows(&unused).await);
    for _ in 0..5 {
        hall.clock.advance_ms(29 * DAY_MS);
        assert!(knows(&used).await);
    }
    hall.clock.advance_ms(5 * DAY_MS);
    assert!(!knows(&used).await, "181 days are too many");
    for cookie in ["guildhall_session=", "guildhall_session=x", "guildhall_session=é", ""] {
        assert!(!knows(cookie).await);
    }
}
