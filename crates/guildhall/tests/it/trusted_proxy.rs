//! Reverse proxies before the server: who counts as the caller, by what throttles and rate limits let through.

use crate::browser::Browser;
use crate::harness::{Hall, config};
use crate::process::{Home, one_sentence};
use guildhall::config::Config;
use guildhall_core::trusted_proxy::TrustedProxies;
use std::num::NonZeroU32;

const WRONG: &str = "There is no account with this name and this password.";
const BLOCKED: &str = "Too many tries from your address. Wait 20 seconds.";

/// A hall behind a proxy on this machine, which is where every connection of a test comes from.
async fn behind(proxies: &str) -> Hall {
    let trusted_proxies = TrustedProxies::parse(proxies).expect("networks");
    Hall::open_with(|config| Config { trusted_proxies, ..config }).await
}

fn from(hall: &Hall, forwarded_for: &[&'static str]) -> Browser {
    let mut browser = Browser::new(&hall.running.origin);
    browser.forwarded_for = forwarded_for.to_vec();
    browser
}

/// Guesses until the address may not guess any more.
async fn use_up(browser: &mut Browser) {
    for number in 0..60 {
        browser.sign_in(&format!("nobody-{number}"), "a guess").await.says(401, WRONG);
    }
    browser.sign_in("nobody-60", "a guess").await.says(429, BLOCKED);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_behind_a_trusted_proxy_have_throttles_of_their_own_and_lies_gain_nothing() {
    let hall = behind("127.0.0.0/8, ::1, 10.0.0.0/8").await;
    let mut guesser = from(&hall, &["203.0.113.5"]);
    use_up(&mut guesser).await;
    for lies in [
        &["6.6.6.6, 203.0.113.5"] as &[&str],
        &["198.51.100.1, 10.6.6.6, 203.0.113.5"],
        &["6.6.6.6", "203.0.113.5"],
        // Through a second proxy of ours.
        &["6.6.6.6, 203.0.113.5, 10.0.0.2"],
        &["not an address, 203.0.113.5"],
    ] {
        guesser.forwarded_for = lies.to_vec();
        guesser.sign_in("mira", "a guess").await.says(429, BLOCKED);
    }
    from(&hall, &["203.0.113.6"]).sign_in("mira", "a guess").await.says(401, WRONG);
    from(&hall, &["203.0.113.5, 203.0.113.6"]).sign_in("mira", "a guess").await.says(401, WRONG);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_trusted_proxy_is_the_caller_whatever_they_say() {
    for proxies in ["", "10.0.0.0/8"] {
        let hall = behind(proxies).await;
        let mut guesser = from(&hall, &[]);
        use_up(&mut guesser).await;
        for line in ["203.0.113.5", "10.0.0.1", "203.0.113.5, 10.0.0.1"] {
            from(&hall, &[line]).sign_in("mira", "a guess").await.says(429, BLOCKED);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_requests_counts_callers_and_not_their_proxy() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let config = Config {
        requests_per_minute: NonZeroU32::new(2),
        trusted_proxies: TrustedProxies::parse("127.0.0.1").expect("a network"),
        ..config(&directory)
    };
    let (clock, random) = (guildhall_app::clock::Clock::system(), guildhall_app::clock::Random::seeded(9));
    let running = guildhall::serve::start(&config, clock, random, false).await.expect("the hall opens");
    let http = reqwest::Client::new();
    let place = format!("{}/public-graphql", running.origin);
    let status = async |caller: &str| {
        let asked = http.post(&place).header("x-forwarded-for", caller).json(&serde_json::json!({}));
        asked.send().await.expect("an answer").status().as_u16()
    };
    for caller in ["203.0.113.5", "203.0.113.6"] {
        assert_ne!(status(caller).await, 429);
        assert_ne!(status(caller).await, 429);
        assert_eq!(status(caller).await, 429, "{caller}");
    }
    assert_eq!(status("203.0.113.7, 203.0.113.6").await, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_that_are_none_stop_the_start() {
    let home = Home::new();
    for (networks, sentence) in [
        (
            "10.0.0.0/99",
            "--trusted-proxies must be networks such as 10.0.0.0/8 or fd00::/8, not \"10.0.0.0/99\"",
        ),
        ("10.0.0.0/8,0.0.0.0/0", "--trusted-proxies must not trust everybody, as \"0.0.0.0/0\" does"),
    ] {
        let told = one_sentence(&mut home.over_data(&["serve", "--trusted-proxies", networks])).await;
        assert_eq!(told, sentence);
    }
}
