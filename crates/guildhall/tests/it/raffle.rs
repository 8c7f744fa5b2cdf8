//! Raffles: committed to, closed, drawn once, told, and computed again.

use crate::access_pass::DELETE;
use crate::browser::Browser;
use crate::entry::letters;
use crate::harness::Hall;
use crate::process::{Home, run};
use crate::purchase::{GOOD_CARD, hidden, send_card};
use crate::scene::DAY_MS;
use guildhall_app::jobs;
use guildhall_app::plan::NewPlan;
use guildhall_app::raffle;
use guildhall_core::ids::{Id, PlanId, UserId};
use guildhall_core::plan::ReleaseMethod;
use guildhall_core::raffle::{Draw, Version, verify};
use guildhall_core::waitlist::{EntryRules, EntryStatus};
use serde_json::{Value, json};
use std::process::ExitStatus;

/// What a server published before the number of winners was a part of the digest.
const FORMER: &str = r#"{
  "raffle": "plan_1",
  "commitment": "792d0f58eeca7a34a960bd2770ee5cdbd1f0dffe2a47c80474539459ba0c9379",
  "seed": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
  "entries": ["entry_0", "entry_1", "entry_2", "entry_3", "entry_4", "entry_5", "entry_6", "entry_7"],
  "entries_digest": "de3b95577f4114348f8f6c8aab14fdb39fc8ccca75f230405f2b95fd6bde1b4c",
  "places": 3,
  "winners": ["entry_3", "entry_5", "entry_2"]
}"#;

const HOUR_MS: i64 = 60 * 60 * 1000;
const LOOK_MS: i64 = 10 * 60 * 1000;

/// A raffle of so many places that ends in an hour.
async fn opened(hall: &Hall, places: i64) -> PlanId {
    let end = hall.clock.now_ms() + HOUR_MS;
    let plan = hall.plan_of(move |plan| NewPlan {
        release_method: ReleaseMethod::Raffle,
        stock: Some(places),
        name: Some("The ash bench".into()),
        entry_rules: EntryRules { expires_at: Some(end), ..EntryRules::default() },
        ..plan
    });
    plan.await
}

async fn settle(hall: &Hall) {
    jobs::run_due(&hall.running.hall).await.expect("it settles");
}

async fn public(hall: &Hall, plan: &PlanId) -> raffle::Raffle {
    raffle::find(&hall.running.hall, plan.clone()).await.expect("a raffle")
}

async fn drawn(hall: &Hall, plan: &PlanId) -> Option<String> {
    raffle::published(&hall.running.hall, plan.clone()).await.expect("an answer")
}

/// What a file holds is verified by the program; answers how it ended and what it said.
async fn verified(home: &Home, arguments: &[&str]) -> (ExitStatus, String) {
    let output = run(&mut home.command(arguments)).await;
    (output.status, String::from_utf8(output.stdout).expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raffle_is_closed_then_drawn_and_everybody_is_told() {
    let (hall, mut smtp) = Hall::open_with_letters().await;
    let plan = opened(&hall, 2).await;
    let (page, json) = (format!("/raffles/{plan}"), format!("/raffles/{plan}/draw.json"));
    let before = public(&hall, &plan).await;
    assert_eq!(before.commitment.len(), 64);
    let mut nobody = Browser::new(&hall.running.origin);
    nobody.open(&page).await.says(200, &before.commitment);
    nobody.open(&json).await.says(404, "is not drawn yet.");
    nobody.open(&format!("/waitlist/{plan}")).await.says(200, "Enter the draw");

    let mut people: Vec<UserId> = Vec::new();
    for number in 0..5 {
        let user = hall.reader(&format!("drawn-{number}")).await;
        hall.entered(&plan, &user).await;
        people.push(user);
    }
    let entry = hall.entered(&plan, &people[0]).await;
    let refused =
        guildhall_app::entry::decide_as_operator(&hall.running.hall, entry.id.clone(), EntryStatus::Approved);
    let refused = refused.await.expect_err("it is drawn");
    assert_eq!(refused.to_string(), "The entries of a raffle are drawn, not decided on.");
    let mut entrant = hall.browser_of(&people[0]).await;
    entrant.open(&page).await.says(200, entry.id.as_str());

    hall.at(HOUR_MS - 1);
    settle(&hall).await;
    assert!(public(&hall, &plan).await.closed_at.is_none(), "not before its end");
    hall.at(HOUR_MS);
    settle(&hall).await;
    let closed = public(&hall, &plan).await;
    let digest = closed.entries_digest.clone().expect("the digest is published");
    assert!(
        closed.drawn_at.is_none() && drawn(&hall, &plan).await.is_none(),
        "whoever wants to has time to keep the digest"
    );
    nobody.open(&page).await.says(200, &digest);
    nobody.open(&format!("/waitlist/{plan}")).await.says(200, "Entries are closed.");
    assert!(letters(&hall, &mut smtp).await.is_empty());

    hall.at(HOUR_MS + LOOK_MS);
    let sent = letters(&hall, &mut smtp).await;
    let text = drawn(&hall, &plan).await.expect("it is drawn");
    let draw: Draw = serde_json::from_str(&text).expect("a draw");
    let version = verify(&draw, Some(&before.commitment), Some(&digest)).expect("it holds");
    assert_eq!((version, draw.version), (Version::Two, Some(Version::Two)));
    assert_eq!((draw.entries.len(), draw.winners.len(), draw.raffle.as_str()), (5, 2, plan.as_str()));
    let shown = nobody.open(&json).await;
    assert_eq!((shown.status, shown.text.as_str()), (200, text.as_str()));
    nobody.open(&page).await.says(200, "draw.json");

    assert_eq!(sent.len(), 5, "{sent:?}");
    let (mut won, mut lost) = (0, 0);
    for (number, user) in people.iter().enumerate() {
        let entry = hall.entered(&plan, user).await;
        let (_, subject, link) =
            sent.iter().find(|(to, _, _)| *to == format!("drawn-{number}@example.net")).expect("a letter");
        let mut browser = hall.browser_of(user).await;
        let place = browser.open(&format!("/waitlist/{plan}")).await;
        if draw.winners.contains(&entry.id.to_string()) {
            won += 1;
            assert_eq!((entry.status, subject.as_str()), (EntryStatus::Approved, "You won a place"));
            let checkout = link.strip_prefix(&hall.running.origin).expect("here");
            place.says(200, &format!("href=\"{checkout}\""));
            let page = browser.open(checkout).await;
            page.says(200, "The Open Workshop");
            let (session, seen) = hidden(&page);
            let one = "The quantity of this checkout is 1.";
            browser.open(&format!("{checkout}?quantity=2")).await.says(400, one);
            let greedy = [("quantity", "2")];
            send_card(&mut browser, checkout, &session, &seen, GOOD_CARD, &greedy).await.says(400, one);
        } else {
            lost += 1;
            assert_eq!((entry.status, subject.as_str()), (EntryStatus::Denied, "Your entry did not win"));
            place.says(200, "Your entry did not win.");
        }
    }
    assert_eq!((won, lost), (2, 3));
    hall.has_logged("draw_raffle", plan.as_str(), None).await;
    hall.at(HOUR_MS + 2 * LOOK_MS);
    assert!(letters(&hall, &mut smtp).await.is_empty(), "everybody is told once");
    assert_eq!(drawn(&hall, &plan).await.as_deref(), Some(text.as_str()));

    // A winner who let the week pass asks for another link, and gets one.
    hall.at(9 * DAY_MS);
    let winner = async |user: &UserId| hall.entered(&plan, user).await.status == EntryStatus::Approved;
    let mut owner = hall.browser_of(&hall.world.owner).await;
    let entries = format!("/companies/{}/entries", hall.world.company);
    owner.open(&format!("{entries}?status=approved")).await.says(200, "Send another link");
    for user in &people {
        let entry = hall.entered(&plan, user).await;
        let again = [("decision", "approved"), ("status", "approved")];
        let sent = owner.send(&format!("{entries}/{}", entry.id), &again).await;
        match winner(user).await {
            true => sent.leads_to(&format!("{entries}?status=approved&done=approved")),
            false => sent.says(409, "The entries of a raffle are drawn, not decided on."),
        };
    }
    let sent = letters(&hall, &mut smtp).await;
    assert!(sent.len() == 2 && sent.iter().all(|(_, subject, _)| subject == "You won a place"), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_raffle_is_drawn_once_also_when_runners_meet() {
    let (hall, mut smtp) = Hall::open_with_letters().await;
    let plan = opened(&hall, 3).await;
    for number in 0..6 {
        let user = hall.reader(&format!("met-{number}")).await;
        hall.entered(&plan, &user).await;
    }
    for moment in [HOUR_MS, HOUR_MS + LOOK_MS] {
        hall.at(moment);
        // The server's own runner is a fifth.
        let meet = || jobs::run_due(&hall.running.hall);
        let (one, two, three, four) = tokio::join!(meet(), meet(), meet(), meet());
        for outcome in [one, two, three, four] {
            outcome.expect("it settles");
        }
    }
    assert_eq!(letters(&hall, &mut smtp).await.len(), 6);
    let subject = plan.to_string();
    let deeds = hall.found(move |founder| founder.deeds(&subject)).await;
    let count = |deed: &str| deeds.iter().filter(|(action, _)| action == deed).count();
    assert_eq!((count("close_raffle"), count("draw_raffle")), (1, 1), "{deeds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_raffled_off_is_not_deleted_before_the_draw() {
    let hall = Hall::open().await;
    let pass = hall.access_pass("raffled-off").await;
    let input = json!({"input": {"id": pass.as_str()}});
    let end = hall.clock.now_ms() + HOUR_MS;
    let plan = hall.plan_of(move |plan| NewPlan {
        access_pass: pass.clone(),
        release_method: ReleaseMethod::Raffle,
        stock: Some(1),
        entry_rules: EntryRules { expires_at: Some(end), ..EntryRules::default() },
        ..plan
    });
    plan.await;
    hall.at(HOUR_MS);
    let refused = hall.run(None, DELETE, input.clone()).await;
    refused.is_refused("CONFLICT", "cannot be deleted while it is raffled off: wait for the draw.");
    settle(&hall).await;
    hall.at(HOUR_MS + LOOK_MS);
    settle(&hall).await;
    assert_eq!(hall.run(None, DELETE, input).await.data()["deleteAccessPass"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raffle_without_entries_or_with_few_is_drawn_too() {
    let hall = Hall::open().await;
    let (empty, few) = (opened(&hall, 2).await, opened(&hall, 9).await);
    hall.entered(&few, &hall.world.customer).await;
    hall.at(HOUR_MS);
    settle(&hall).await;
    hall.at(HOUR_MS + LOOK_MS);
    settle(&hall).await;
    for (plan, winners) in [(empty, 0), (few, 1)] {
        let text = drawn(&hall, &plan).await.expect("drawn");
        let draw: Draw = serde_json::from_str(&text).expect("a draw");
        assert_eq!(draw.winners.len(), winners);
        verify(&draw, None, None).expect("it holds");
    }
    let unknown = PlanId::parse("plan_none").expect("an id");
    for plan in [&hall.world.plan, &unknown] {
        let mut browser = Browser::new(&hall.running.origin);
        browser.open(&format!("/raffles/{plan}")).await.says(404, "There is no raffle");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_banned_when_it_closes_takes_no_place_from_others() {
    let hall = Hall::open().await;
    let plan = opened(&hall, 2).await;
    let mut people = Vec::new();
    for number in 0..4 {
        let user = hall.customer(&format!("drawn-{number}")).await;
        hall.entered(&plan, &user).await;
        people.push(user);
    }
    let ban = "mutation($input: BanUserInput!) { banUser(input: $input) }";
    let pass = json!(hall.world.paid_access_pass.as_str());
    for (user, pass) in [(&people[0], &pass), (&people[1], &Value::Null)] {
        hall.run(None, ban, json!({"input": {"userId": user.as_str(), "accessPassId": pass}})).await.data();
    }
    for after_ms in [HOUR_MS, HOUR_MS + LOOK_MS] {
        hall.at(after_ms);
        settle(&hall).await;
    }
    let draw: Draw = serde_json::from_str(&drawn(&hall, &plan).await.expect("it is drawn")).expect("a draw");
    let digest = public(&hall, &plan).await.entries_digest;
    verify(&draw, None, digest.as_deref()).expect("it holds");
    assert_eq!((draw.entries.len(), draw.winners.len()), (2, 2));
    for (user, won) in people.iter().zip([false, false, true, true]) {
        let status = if won { EntryStatus::Approved } else { EntryStatus::Denied };
        assert_eq!(hall.entered(&plan, user).await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_opens_a_raffle_and_anyone_verifies_a_draw() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let pass = home.demo()["DEMO_ACCESS_PASS_ID"].clone();
    let told = async |arguments: &[&str]| {
        let output = run(&mut home.over_data(arguments)).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let open = [
        "raffle",
        "open",
        &pass,
        "--places",
        "2",
        "--ends",
        "2999-01-01",
        "--price",
        "20",
        "--name",
        "Bench",
    ];
    let said = told(&open).await;
    let value = |name: &str| {
        let line = said.lines().find(|line| line.starts_with(name)).expect("a line");
        line.split_whitespace().nth(1).expect("a value").to_owned()
    };
    let (plan, commitment) = (value("plan"), value("commitment"));
    let shown = told(&["raffle", "show", &plan]).await;
    assert!(shown.contains(&commitment) && shown.contains("not yet"), "{shown}");
    Browser::new(&server.origin).open(&format!("/raffles/{plan}")).await.says(200, &commitment);
    for (arguments, words) in [
        (
            vec!["raffle", "open", &pass, "--places", "2", "--ends", "2000-01-01"],
            "`expiresAt` must lie ahead.",
        ),
        (vec!["raffle", "open", &pass, "--places", "2", "--ends", "soon"], "`soon` is no moment"),
        (
            vec!["raffle", "open", "prod_none", "--places", "2", "--ends", "2999-01-01"],
            "There is no access pass",
        ),
        (vec!["raffle", "show", "plan_none"], "There is no raffle `plan_none`"),
    ] {
        let sentence = crate::process::one_sentence(&mut home.over_data(&arguments)).await;
        assert!(sentence.contains(words), "{sentence}");
    }
    server.stop().await;

    let seed = guildhall_core::raffle::Seed::new([7; 32]);
    let entries = (0..20).map(|number| format!("entry_{number}")).collect();
    let draw = guildhall_core::raffle::draw(Version::Two, "plan_1", &seed, entries, 3).expect("a draw");
    let (file, forged) = (home.beside("draw.json"), home.beside("forged.json"));
    std::fs::write(&file, serde_json::to_string(&draw).expect("JSON")).expect("written");
    let mut other: Value = serde_json::to_value(&draw).expect("JSON");
    other["winners"][0] = other["entries"][0].clone();
    std::fs::write(&forged, other.to_string()).expect("written");
    let (file, forged) = (file.to_str().expect("text"), forged.to_str().expect("text"));
    let (status, said) = verified(&home, &["raffle", "verify", file]).await;
    assert!(status.success() && said.starts_with("The draw holds: 3 of 20 entries won."), "{said}");
    assert!(said.contains("--commitment") && said.contains("--digest"), "{said}");
    assert!(said.contains("Its digest is of version 2"), "{said}");
    let kept = ["raffle", "verify", file, "--commitment", &draw.commitment, "--digest", &draw.entries_digest];
    let (status, said) = verified(&home, &kept).await;
    assert!(status.success() && said.contains(&draw.winners[0]) && !said.contains("Give --"), "{said}");
    for (arguments, words) in [
        (vec!["raffle", "verify", forged], "The winners are not those that the seed and the entries give."),
        (vec!["raffle", "verify", file, "--commitment", "00"], "The commitment is not the one"),
        (vec!["raffle", "verify", file, "--digest", "00"], "The entries are not those"),
    ] {
        let (status, said) = verified(&home, &arguments).await;
        assert!(!status.success() && said.contains("does NOT hold") && said.contains(words), "{said}");
    }
    let former = home.beside("former.json");
    std::fs::write(&former, FORMER).expect("written");
    let former = former.to_str().expect("text");
    let (status, said) = verified(&home, &["raffle", "verify", former]).await;
    assert!(status.success() && said.starts_with("The draw holds: 3 of 8 entries won."), "{said}");
    assert!(said.contains("Its digest is of version 1, as earlier servers published it"), "{said}");
    let missing =
        crate::process::one_sentence(&mut home.command(&["raffle", "verify", "nowhere.json"])).await;
    assert!(missing.contains("cannot read nowhere.json"), "{missing}");
}
