//! Entries: who waits for a plan, and what is decided of them.

use crate::browser::Browser;
use crate::harness::{Hall, NOW_MS};
use crate::process::{Home, one_sentence, run};
use crate::purchase::{GOOD_CARD, ONCE, between, hidden, pay_by_card, send_card};
use crate::scene::DAY_MS;
use crate::smtp::Smtp;
use guildhall::config::Config;
use guildhall_app::entry::{self, Entry};
use guildhall_app::mail::{Sender, SmtpUrl};
use guildhall_app::membership::NewMembership;
use guildhall_app::plan::NewPlan;
use guildhall_app::user::NewUser;
use guildhall_app::{Principal, jobs};
use guildhall_client as client;
use guildhall_core::ids::{EntryId, Id, PlanId, UserId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::permission::{Permission, Role};
use guildhall_core::plan::{CustomField, ReleaseMethod};
use guildhall_core::waitlist::{EntryRules, EntryStatus};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const LIST: &str = "query($company: ID!, $filters: EntriesFiltersInput, $direction: Direction, $first: Int,
  $after: String, $before: String, $order: EntriesSortableColumns) {
  company(id: $company) { entries(filters: $filters, direction: $direction, first: $first, after: $after,
    before: $before, order: $order) {
    totalCount pageInfo { endCursor hasNextPage hasPreviousPage } nodes { id status user { username } plan { id } }
  } }
}";

impl Hall {
    /// A hall whose letters arrive.
    pub(crate) async fn open_with_letters() -> (Self, Smtp) {
        let smtp = Smtp::start().await;
        let url = SmtpUrl::parse(&smtp.url()).expect("an address");
        let hall = Self::open_with(|config| Config {
            smtp_url: Some(url),
            mail_from: Some(Sender::parse("Our Hall <hall@example.com>").expect("a sender")),
            ..config
        });
        (hall.await, smtp)
    }

    /// A waitlist of the demo company.
    pub(crate) async fn waitlist(&self, rules: EntryRules, fields: Vec<CustomField>) -> PlanId {
        let plan = self.plan_of(move |plan| NewPlan {
            release_method: ReleaseMethod::Waitlist,
            entry_rules: rules,
            custom_fields: fields.clone(),
            ..plan
        });
        plan.await
    }

    /// A person with an e-mail.
    pub(crate) async fn reader(&self, username: &str) -> UserId {
        let (username, email) = (username.to_owned(), Some(format!("{username}@example.net")));
        let user = NewUser { username, email, ..NewUser::default() };
        self.found(move |founder| founder.user(&user)).await
    }

    /// A person's entry, without answers.
    pub(crate) async fn entered(&self, plan: &PlanId, user: &UserId) -> Entry {
        let principal = Principal::in_person(user.clone());
        entry::enter(&self.running.hall, &principal, plan.clone(), vec![], None).await.expect("it is taken")
    }

    async fn decided(
        &self,
        user: &UserId,
        id: &EntryId,
        decision: EntryStatus,
    ) -> guildhall_app::Result<Entry> {
        let person = Principal::in_person(user.clone());
        let decided = entry::decide(&self.running.hall, &person, id.clone(), decision).await;
        decided.map(|decided| decided.entry)
    }

    /// A signed-in browser.
    pub(crate) async fn browser_of(&self, user: &UserId) -> Browser {
        let user = user.clone();
        let token = self.found(move |founder| founder.session(&user)).await;
        let mut browser = Browser::new(&self.running.origin);
        browser.cookies.insert("guildhall_session".into(), token);
        browser
    }
}

/// Everything that was to be sent is sent, and read as (to, subject, link).
pub(crate) async fn letters(hall: &Hall, smtp: &mut Smtp) -> Vec<(String, String, String)> {
    jobs::run_due(&hall.running.hall).await.expect("it settles");
    let mut letters = Vec::new();
    while !smtp.is_empty() {
        let mail = smtp.next().await;
        let text = mail.text.replace("=\n", "").replace("=3D", "=");
        let line = |begins: &str| {
            let found = text.lines().find(|line| line.starts_with(begins));
            found.unwrap_or_else(|| panic!("no {begins} in {text}")).to_owned()
        };
        letters.push((mail.to[0].clone(), line("Subject: ").replace("Subject: ", ""), line("http")));
    }
    letters.sort();
    letters
}

fn field(id: &str, name: &str, required: bool) -> CustomField {
    CustomField { id: id.into(), name: name.into(), placeholder: Some("…".into()), order: 1, required }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_enters_on_the_page_is_approved_and_led_to_the_checkout() {
    let (hall, mut smtp) = Hall::open_with_letters().await;
    let plan = hall
        .waitlist(
            EntryRules::default(),
            vec![field("a", "Your <b>bench</b>", true), field("b", "Since", false)],
        )
        .await;
    let place = format!("/waitlist/{plan}");
    let mut nobody = Browser::new(&hall.running.origin);
    let page = nobody.open(&place).await;
    page.says(200, "Sign in to enter");
    assert!(page.text.contains(&format!("/sign-in?return_to=%2Fwaitlist%2F{plan}")), "{}", page.text);
    nobody.open("/sign-in").await;
    nobody.send(&place, &[]).await.leads_to("/sign-in");

    let reader = hall.reader("rita").await;
    let mut browser = hall.browser_of(&reader).await;
    let page = browser.open(&place).await;
    page.says(200, "Your &#60;b&#62;bench&#60;/b&#62;");
    browser.send(&place, &[("field:b", "2019")]).await.says(400, "must be filled in.");
    assert!(browser.open(&place).await.text.contains("Join the waitlist"), "nothing was kept");
    let page = browser.send(&place, &[("field:a", "oak"), ("field:z", "x")]).await;
    page.says(400, "The plan does not ask for `z`.");
    assert!(page.text.contains("value=\"oak\""), "what was typed stays: {}", page.text);
    for _ in 0..2 {
        browser.send(&place, &[("field:a", "oak"), ("field:b", " ")]).await.leads_to(&place);
    }
    browser.open(&place).await.says(200, "You are told by e-mail once it is decided.");

    let entries = format!("/companies/{}/entries", hall.world.company);
    let mut owner = hall.browser_of(&hall.world.owner).await;
    let page = owner.open(&entries).await;
    page.says(200, "Approve the entry of rita");
    assert!(page.text.contains("One entry") && page.text.contains("oak"), "{}", page.text);
    let (_, rest) = page.text.split_once(&format!("action=\"{entries}/")).expect("a form");
    let entry = rest.split('"').next().expect("an id").to_owned();
    owner
        .send(&format!("{entries}/{entry}"), &[("decision", "perhaps")])
        .await
        .says(400, "`approved` or `denied`");
    owner
        .send(&format!("{entries}/{entry}"), &[("decision", "approved"), ("status", "pending")])
        .await
        .leads_to(&format!("{entries}?status=pending&done=approved"));
    owner
        .open(&format!("{entries}?status=pending&done=approved"))
        .await
        .says(200, "Nobody waits for a decision.");
    owner.open(&format!("{entries}?status=approved")).await.says(200, "Send another link");
    owner
        .send(&format!("{entries}/{entry}"), &[("decision", "denied")])
        .await
        .says(400, "cancel the membership instead");

    let sent = letters(&hall, &mut smtp).await;
    let [(to, subject, link)] = &sent[..] else { panic!("one letter: {sent:?}") };
    assert_eq!((to.as_str(), subject.as_str()), ("rita@example.net", "Your entry was approved"));
    let checkout = link.strip_prefix(&hall.running.origin).expect("here");
    let page = browser.open(&place).await;
    page.says(200, "Your entry was approved.");
    assert!(page.text.contains(&format!("href=\"{checkout}\"")), "{checkout} is not in {}", page.text);
    browser.open(checkout).await.says(200, "The Open Workshop");
    hall.has_logged("approve_entry", &entry, Some(&hall.world.owner)).await;
    // While that link is open, no other is sent, and none is said to be.
    let again = [("decision", "approved"), ("status", "approved")];
    let sent = owner.send(&format!("{entries}/{entry}"), &again).await;
    let page = owner.open(sent.location.as_deref().expect("a page")).await;
    page.says(200, "Nothing was sent: the customer has a link that can still be used, or has bought.");
    assert!(letters(&hall, &mut smtp).await.is_empty());

    // A week later the link is over; approving again sends another.
    hall.at(8 * DAY_MS);
    let mut browser = hall.browser_of(&reader).await;
    browser.open(&place).await.says(200, "The time to buy it is over");
    let id = EntryId::parse(&entry).expect("an entry");
    hall.decided(&hall.world.owner, &id, EntryStatus::Approved).await.expect("another link");
    let sent = letters(&hall, &mut smtp).await;
    assert!(sent.len() == 1 && sent[0].2 != *link, "{sent:?}");
    hall.decided(&hall.world.owner, &id, EntryStatus::Approved).await.expect("it stands");
    assert!(letters(&hall, &mut smtp).await.is_empty(), "who has a link is sent no other");

    // Who has bought is told so, also when the link is over, and needs no other.
    let checkout = sent[0].2.strip_prefix(&hall.running.origin).expect("here");
    let (session, seen) = hidden(&browser.open(checkout).await);
    let answers = [("field:a", "oak")];
    send_card(&mut browser, checkout, &session, &seen, GOOD_CARD, &answers).await.leads_to(checkout);
    letters(&hall, &mut smtp).await;
    for days in [8, 16] {
        hall.at(days * DAY_MS);
        let page = hall.browser_of(&reader).await.open(&place).await;
        page.says(200, "You have bought it.");
        assert!(!page.text.contains("The time to buy"), "{}", page.text);
        hall.decided(&hall.world.owner, &id, EntryStatus::Approved).await.expect("it stands");
    }
    let sent = letters(&hall, &mut smtp).await;
    assert!(sent.iter().all(|(_, subject, _)| subject != "Your entry was approved"), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_is_told_and_may_be_reconsidered() {
    let (hall, mut smtp) = Hall::open_with_letters().await;
    let plan = hall.waitlist(EntryRules::default(), vec![]).await;
    let (reader, silent) = (hall.reader("rita").await, hall.person("without-mail").await);
    for user in [&reader, &silent] {
        let entry = hall.entered(&plan, user).await;
        let denied = hall.decided(&hall.world.owner, &entry.id, EntryStatus::Denied).await.expect("denied");
        assert_eq!(denied.status, EntryStatus::Denied);
    }
    let sent = letters(&hall, &mut smtp).await;
    let place = format!("{}/waitlist/{plan}", hall.running.origin);
    assert_eq!(sent, [("rita@example.net".into(), "Your entry was not approved".into(), place.clone())]);
    let mut browser = hall.browser_of(&reader).await;
    browser.open(&place).await.says(200, "Your entry was not approved. Nothing was charged.");
    let entry = hall.entered(&plan, &reader).await;
    assert_eq!(entry.status, EntryStatus::Denied, "entering again changes nothing");
    hall.decided(&hall.world.owner, &entry.id, EntryStatus::Denied).await.expect("it stands");
    let approved = hall.decided(&hall.world.owner, &entry.id, EntryStatus::Approved).await.expect("approved");
    assert_eq!(approved.status, EntryStatus::Approved);
    assert_eq!(letters(&hall, &mut smtp).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_place_is_taken_once_and_the_rules_of_entering_hold() {
    let hall = Arc::new(Hall::open().await);
    let now = hall.clock.now_ms();
    let rules = EntryRules {
        starts_at: Some(now + DAY_MS),
        expires_at: Some(now + 3 * DAY_MS),
        most_entries: Some(5),
    };
    let plan = hall.waitlist(rules, vec![]).await;
    let enter = |hall: Arc<Hall>, plan: PlanId, user: UserId| async move {
        let principal = Principal::in_person(user);
        entry::enter(&hall.running.hall, &principal, plan, vec![], None)
            .await
            .map_err(|error| error.to_string())
    };
    let early = hall.person("early").await;
    let refused = enter(Arc::clone(&hall), plan.clone(), early.clone()).await.expect_err("not open");
    assert_eq!(refused, "Entries are not open yet.");
    let mut browser = hall.browser_of(&early).await;
    browser.open(&format!("/waitlist/{plan}")).await.says(200, "Entries are not open yet.");
    hall.at(DAY_MS);
    let mut tasks = JoinSet::new();
    for number in 0..12 {
        let user = hall.person(&format!("at-once-{number}")).await;
        tasks.spawn(enter(Arc::clone(&hall), plan.clone(), user));
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 5);
    assert!(
        outcomes
            .iter()
            .filter_map(|outcome| outcome.as_ref().err())
            .all(|sentence| sentence == "There are no entries left."),
        "{outcomes:?}"
    );
    let open =
        hall.waitlist(EntryRules { expires_at: rules.expires_at, ..EntryRules::default() }, vec![]).await;
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        tasks.spawn(enter(Arc::clone(&hall), open.clone(), early.clone()));
    }
    let mut ids: Vec<EntryId> =
        tasks.join_all().await.into_iter().map(|outcome| outcome.expect("taken").id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "one person has one entry");
    hall.at(3 * DAY_MS);
    let late = hall.person("late").await;
    let refused = enter(Arc::clone(&hall), open, late.clone()).await.expect_err("closed");
    assert_eq!(refused, "Entries are closed.");

    for plan in [hall.world.plan.clone(), PlanId::parse("plan_none").expect("an id")] {
        let refused = enter(Arc::clone(&hall), plan.clone(), late.clone()).await.expect_err("no waitlist");
        assert_eq!(refused, format!("There is no waitlist and no raffle for `{plan}`."));
        hall.browser_of(&late)
            .await
            .open(&format!("/waitlist/{plan}"))
            .await
            .says(404, "There is no waitlist");
    }
    let unbounded = hall.waitlist(EntryRules::default(), vec![]).await;
    let banned = hall.customer("banned-one").await;
    let ban = "mutation($input: BanUserInput!) { banUser(input: $input) }";
    hall.run(None, ban, json!({"input": {"userId": banned.as_str()}})).await.data();
    let refused = enter(Arc::clone(&hall), unbounded.clone(), banned).await.expect_err("banned");
    assert_eq!(refused, "You are banned from this community.");
    let app =
        Principal { app: Some(hall.calling_app()), user: Some(late), is_agent: true, ..Principal::default() };
    let refused = entry::enter(&hall.running.hall, &app, unbounded, vec![], None).await.expect_err("an app");
    assert!(refused.to_string().contains("by a person who is signed in to the hall, not by an app"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_no_more_takes_no_entry_and_approves_none() {
    let hall = Hall::open().await;
    let plan = hall.waitlist(EntryRules::default(), vec![]).await;
    let (waiting, late) = (hall.person("waiting").await, hall.person("late").await);
    let entry = hall.entered(&plan, &waiting).await;
    let archive =
        "mutation($input: UpdateAccessPassInput!) { updateAccessPass(input: $input) { visibility } }";
    let pass = hall.world.paid_access_pass.clone();
    let input = |visibility: &str| json!({"input": {"id": pass.as_str(), "visibility": visibility}});
    hall.run(None, archive, input("archived")).await.data();
    let entered =
        entry::enter(&hall.running.hall, &Principal::in_person(late.clone()), plan.clone(), vec![], None)
            .await;
    assert_eq!(entered.expect_err("sold no more").to_string(), "This is sold no more.");
    let place = format!("/waitlist/{plan}");
    hall.browser_of(&late).await.open(&place).await.says(200, "This is sold no more.");
    hall.browser_of(&waiting).await.open(&place).await.says(200, "You have entered.");
    let approved = hall.decided(&hall.world.owner, &entry.id, EntryStatus::Approved).await;
    let sentence = approved.expect_err("sold no more").to_string();
    assert_eq!(sentence, "The plan is sold no more: there is nothing left to approve.");
    assert_eq!(hall.entered(&plan, &waiting).await.status, EntryStatus::Pending, "nothing was decided");
    hall.run(None, archive, input("visible")).await.data();
    hall.decided(&hall.world.owner, &entry.id, EntryStatus::Approved).await.expect("it is sold again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_paid_in_a_checkout_that_is_over_is_not_paid_in_the_next_one_too() {
    let hall = Hall::open().await;
    let plan =
        hall.plan_of(|plan| NewPlan { release_method: ReleaseMethod::Waitlist, terms: ONCE, ..plan }).await;
    let reader = hall.reader("rita").await;
    let entry = hall.entered(&plan, &reader).await;
    let place = format!("/waitlist/{plan}");
    let checkout = async || {
        hall.decided(&hall.world.owner, &entry.id, EntryStatus::Approved).await.expect("approved");
        let page = hall.browser_of(&reader).await.open(&place).await;
        format!("/checkout/{}", between(&page.text, "href=\"/checkout/", "\""))
    };
    let first = checkout().await;
    hall.at(7 * DAY_MS - 1);
    let mut rita = hall.browser_of(&reader).await;
    let asked = pay_by_card(&mut rita, &first, "4000 0000 0000 3220", &[]).await;
    let step = asked.location.expect("it leads on");
    assert!(step.starts_with("/sandbox/"), "{step}");
    hall.at(7 * DAY_MS);
    let second = checkout().await;
    assert_ne!(first, second);
    let again = pay_by_card(&mut rita, &second, GOOD_CARD, &[]).await;
    again.says(409, "You are paying for this already, in another window.");
    rita.open(&step).await;
    let back = rita.send(&step, &[("answer", "yes")]).await;
    rita.open(back.location.as_deref().expect("it leads on")).await.leads_to(&first);
    rita.open(&first).await.says(200, "Paid");
    rita.open(&place).await.says(200, "You have bought it.");
    rita.open(&second).await.says(200, "You have this already");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_banned_from_what_is_sold_neither_enters_nor_is_approved() {
    let hall = Hall::open().await;
    let plan = hall.waitlist(EntryRules::default(), vec![]).await;
    let (waiting, late) = (hall.customer("waiting").await, hall.customer("late").await);
    let entry = hall.entered(&plan, &waiting).await;
    let ban = "mutation($input: BanUserInput!) { banUser(input: $input) }";
    for user in [&waiting, &late] {
        let input = json!({"userId": user.as_str(), "accessPassId": hall.world.paid_access_pass.as_str()});
        hall.run(None, ban, json!({"input": input})).await.data();
    }
    let principal = Principal::in_person(late);
    let entered = entry::enter(&hall.running.hall, &principal, plan.clone(), vec![], None).await;
    assert_eq!(entered.expect_err("banned").to_string(), "You are banned from this community.");
    let approved = hall.decided(&hall.world.owner, &entry.id, EntryStatus::Approved).await;
    let sentence = approved.expect_err("banned").to_string();
    assert_eq!(sentence, "`waiting` is banned and could not buy: lift the ban first.");
    assert_eq!(hall.entered(&plan, &waiting).await.status, EntryStatus::Pending, "nothing was decided");
    hall.decided(&hall.world.owner, &entry.id, EntryStatus::Denied).await.expect("denied");
    let unban = "mutation($input: UnbanUserInput!) { unbanUser(input: $input) }";
    hall.run(None, unban, json!({"input": {"userId": waiting.as_str()}})).await.data();
    hall.decided(&hall.world.owner, &entry.id, EntryStatus::Approved).await.expect("approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_admins_and_managers_decide_and_nobody_else() {
    let hall = Hall::open().await;
    let plan = hall.waitlist(EntryRules::default(), vec![]).await;
    let place = format!("/companies/{}/entries", hall.world.company);
    let foreign = hall.foreign().await;
    for (number, role) in Role::ALL.into_iter().enumerate() {
        let waiting = hall.person(&format!("waiting-{number}")).await;
        let entry = hall.entered(&plan, &waiting).await;
        let member = hall.team_member(&format!("role-{number}"), role).await;
        let outcome = hall.decided(&member, &entry.id, EntryStatus::Approved).await;
        assert_eq!(outcome.is_ok(), role.decides_on_entries(), "{role:?}: {outcome:?}");
        let page = hall.browser_of(&member).await.open(&place).await;
        let sees = Permission::PlanWaitlistRead.held_by(Some(role), false);
        assert_eq!(page.status, if sees { 200 } else { 404 }, "{role:?}");
        if sees && !role.decides_on_entries() {
            assert!(page.text.contains("Owners, admins and managers decide."), "{}", page.text);
            assert!(!page.text.contains("name=\"decision\""), "{}", page.text);
        }
    }
    let entry = hall.entered(&plan, &hall.world.customer).await;
    for user in [&hall.world.customer, &hall.world.stranger, &foreign.owner] {
        let refused = hall.decided(user, &entry.id, EntryStatus::Approved).await.expect_err("not theirs");
        assert_eq!(
            refused.to_string(),
            format!("There is no entry `{}`, or you have no access to it.", entry.id)
        );
        hall.browser_of(user).await.open(&place).await.says(404, "There is no company");
    }
    let app = Principal { app: Some(hall.calling_app()), ..Principal::in_person(hall.world.owner.clone()) };
    let decided = entry::decide(&hall.running.hall, &app, entry.id.clone(), EntryStatus::Approved).await;
    assert!(decided.expect_err("an app").to_string().contains("not by an app"));

    // Two who decide at once decide one after the other.
    let (one, other) = tokio::join!(
        hall.decided(&hall.world.owner, &entry.id, EntryStatus::Approved),
        hall.decided(&hall.world.owner, &entry.id, EntryStatus::Denied)
    );
    assert!(one.is_ok(), "{one:?}");
    match other {
        Ok(denied) => assert_eq!(denied.status, EntryStatus::Denied, "and was reconsidered"),
        Err(error) => assert!(error.to_string().contains("The entry was approved"), "{error}"),
    }
}

async fn list(hall: &Hall, key: &str, arguments: Value) -> crate::harness::Answered {
    let mut variables = arguments;
    variables["company"] = json!(hall.world.company.as_str());
    hall.run_with(key, None, LIST, variables).await
}

fn usernames(answered: &crate::harness::Answered) -> Vec<String> {
    let nodes = answered.data()["company"]["entries"]["nodes"].as_array().expect("nodes").clone();
    nodes.iter().map(|node| node["user"]["username"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_listed_filtered_and_paged() {
    let hall = Hall::open().await;
    let (one, two) = (
        hall.waitlist(EntryRules::default(), vec![field("a", "Tool", true)]).await,
        hall.waitlist(EntryRules::default(), vec![]).await,
    );
    for (second, name) in ["ann", "bob", "cid", "dot"].into_iter().enumerate() {
        hall.at(i64::try_from(second).expect("small") * 10_000);
        let user = hall.person(name).await;
        let plan = if second == 2 { &two } else { &one };
        let answers = if second == 2 { vec![] } else { vec![("a".to_owned(), format!("{name}'s saw"))] };
        let (plan, entering) = (plan.clone(), user.clone());
        let entry = hall.found(move |founder| founder.entry(&plan, &entering, &answers)).await;
        if second == 1 {
            hall.decided(&hall.world.owner, &entry.id, EntryStatus::Denied).await.expect("denied");
        }
    }
    let key = hall.world.api_key.clone();
    let second = NOW_MS / 1000;
    for (arguments, expected) in [
        (json!({}), vec!["ann", "bob", "cid", "dot"]),
        (json!({"direction": "desc", "order": "created_at"}), vec!["dot", "cid", "bob", "ann"]),
        (json!({"filters": {"statuses": ["pending"]}}), vec!["ann", "cid", "dot"]),
        (json!({"filters": {"statuses": ["denied", "approved"]}}), vec!["bob"]),
        (json!({"filters": {"statuses": ["any"]}}), vec!["ann", "bob", "cid", "dot"]),
        (json!({"filters": {"statuses": []}}), vec!["ann", "bob", "cid", "dot"]),
        (json!({"filters": {"planIds": [two.as_str()]}}), vec!["cid"]),
        (json!({"filters": {"planIds": [one.as_str(), two.as_str()]}}), vec!["ann", "bob", "cid", "dot"]),
        (json!({"filters": {"accessPassIds": [hall.world.access_pass.as_str()]}}), vec![]),
        (json!({"filters": {"startDate": second + 10, "endDate": second + 20}}), vec!["bob", "cid"]),
        (json!({"first": 2}), vec!["ann", "bob"]),
    ] {
        assert_eq!(usernames(&list(&hall, &key, arguments.clone()).await), expected, "{arguments}");
    }
    let (mut read, mut after) = (Vec::new(), Value::Null);
    loop {
        let answered = list(&hall, &key, json!({"first": 3, "after": after, "direction": "desc"})).await;
        read.extend(usernames(&answered));
        let page = &answered.data()["company"]["entries"];
        assert_eq!(page["totalCount"], 4);
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(read, ["dot", "cid", "bob", "ann"]);
    let many: Vec<String> = (0..101).map(|number| format!("plan_{number}")).collect();
    for (arguments, words) in [
        (json!({"filters": {"planIds": ["x"]}}), "is not a plan id"),
        (json!({"filters": {"planIds": many}}), "hold at most 100 each"),
        (json!({"filters": {"statuses": vec!["pending"; 101]}}), "`statuses` takes at most 100."),
        (json!({"after": "plan_1"}), "`after` is not a cursor of this list."),
        (json!({"first": -1}), "`first` must not be negative."),
    ] {
        list(&hall, &key, arguments).await.is_refused("INVALID_INPUT", words);
    }

    // Through the clients, with what each permission shows.
    let variables = client::ListWaitlistEntriesVariables {
        company_id: hall.world.company.to_string(),
        ..client::ListWaitlistEntriesVariables::default()
    };
    let found = hall.app().list_waitlist_entries(variables.clone()).await.expect("a list");
    let first = found.company.expect("a company").entries.nodes.expect("nodes")[0].clone().expect("an entry");
    assert_eq!((first.status, first.user.username.as_str()), (client::EntryStatus::Pending, "ann"));
    let answers = first.custom_field_responses.expect("answers");
    assert_eq!((answers[0].question.as_str(), answers[0].answer.as_str()), ("Tool", "ann's saw"));
    assert_eq!(first.plan.expect("its plan").id, one.as_str());
    assert_eq!(first.access_pass.expect("its pass").id, hall.world.paid_access_pass.as_str());
    let older = client::GetWaitlistEntriesForCompanyVariables {
        company_id: hall.world.company.to_string(),
        ..client::GetWaitlistEntriesForCompanyVariables::default()
    };
    let table = hall.app().get_waitlist_entries_for_company(older).await.expect("a list");
    let table = table.company.expect("a company").creator_dashboard_table;
    assert_eq!(table.entries.total_count, 4);
    let query = "query($company: ID!) { company(id: $company) { creatorDashboardTable(tableFilters: {query: \"BO\"}) {
      entries { nodes { user { username } } } } } }";
    let searched = hall.run(None, query, json!({"company": hall.world.company.as_str()})).await;
    let nodes = &searched.data()["company"]["creatorDashboardTable"]["entries"]["nodes"];
    assert_eq!(*nodes, json!([{"user": {"username": "bob"}}]));

    let named = NewUser { username: "eve".into(), name: Some("Ärger ΩМ".into()), ..NewUser::default() };
    let user = hall.found(move |founder| founder.user(&named)).await;
    hall.entered(&two, &user).await;
    for text in ["ärger", "ÄRGER", "ωм"] {
        let searched = "query($company: ID!, $query: String!) { company(id: $company) {
          creatorDashboardTable(tableFilters: {query: $query}) { entries { totalCount } } } }";
        let variables = json!({"company": hall.world.company.as_str(), "query": text});
        let found = hall.run(None, searched, variables).await;
        assert_eq!(found.data()["company"]["creatorDashboardTable"]["entries"]["totalCount"], 1, "{text}");
    }

    let foreign = hall.foreign().await;
    list(&hall, &foreign.key, json!({})).await.is_refused("FORBIDDEN", "`plan:waitlist:read` is missing");
    hall.install(&foreign, &[Permission::PlanWaitlistRead]).await;
    let answered = list(&hall, &foreign.key, json!({})).await;
    assert!(answered.data()["company"]["entries"]["nodes"][0]["plan"].is_null(), "without `plan:basic:read`");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_shows_the_member_that_its_person_is() {
    let hall = Hall::open().await;
    let plan = hall.waitlist(EntryRules::default(), vec![]).await;
    let ann = hall.reader("ann").await;
    let (company, pass, entering) = (hall.world.company.clone(), hall.world.access_pass.clone(), ann.clone());
    hall.found(move |founder| founder.entry(&plan, &entering, &[])).await;
    let member = async |key: &str| {
        let query = "query($id: ID!) { company(id: $id) { entries { nodes { member { id email } } } } }";
        let answered = hall.run_with(key, None, query, json!({"id": hall.world.company.as_str()})).await;
        answered.data()["company"]["entries"]["nodes"][0]["member"].clone()
    };
    let key = hall.world.api_key.as_str();
    assert_eq!(member(key).await, Value::Null, "nobody's member yet");
    let held = NewMembership {
        company,
        access_pass: pass,
        plan: None,
        user: ann,
        status: MembershipStatus::Active,
        paid_until: None,
    };
    hall.found(move |founder| founder.membership(&held)).await;
    let shown = member(key).await;
    assert!(shown["id"].as_str().is_some_and(|id| id.starts_with("mber_")), "{shown}");
    assert_eq!(shown["email"], "ann@example.net");
    let foreign = hall.foreign().await;
    hall.install(&foreign, &[Permission::PlanWaitlistRead]).await;
    assert_eq!(member(&foreign.key).await, Value::Null, "without `member:basic:read`");
    let other = hall.foreign().await;
    hall.install(&other, &[Permission::PlanWaitlistRead, Permission::MemberRead]).await;
    assert_eq!(member(&other.key).await["email"], Value::Null, "without `member:email:read`");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_approves_and_denies() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let demo = home.demo();
    let company = &demo["NEXT_PUBLIC_WHOP_COMPANY_ID"];
    let told = async |arguments: &[&str]| {
        let output = run(&mut home.over_data(arguments)).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(told(&["entries", "list", company]).await, "There is no entry.\n");
    let caller = crate::process::Caller::new(&demo["WHOP_API_KEY"]);
    let input = json!({"input": {"title": "Waited for", "planOptions": {"releaseMethod": "waitlist"}}});
    caller.data(&server.origin, None, crate::access_pass::CREATE, input).await;
    let plans =
        "query($id: ID!) { company(id: $id) { plans(filter: {releaseMethod: waitlist}) { nodes { id } } } }";
    let plans = caller.data(&server.origin, None, plans, json!({"id": company})).await;
    let plan = plans["company"]["plans"]["nodes"][0]["id"].as_str().expect("a plan").to_owned();
    for name in ["mira", "stranger"] {
        let mut browser = Browser::new(&server.origin);
        browser.sign_in(name, &demo["DEMO_PASSWORD"]).await.leads_to("/account");
        browser.open(&format!("/waitlist/{plan}")).await.says(200, "Join the waitlist");
        browser.send(&format!("/waitlist/{plan}"), &[]).await.leads_to(&format!("/waitlist/{plan}"));
    }
    let listed = told(&["entries", "list", company, "--plan", &plan, "--status", "pending"]).await;
    let entry = |name: &str| {
        let line =
            listed.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} in {listed}"));
        line.split_whitespace().next().expect("an id").to_owned()
    };
    let (mira, stranger) = (entry("mira"), entry("stranger"));
    assert!(listed.ends_with("2 of 2 shown.\n") && listed.contains("Waited for"), "{listed}");
    let approved = told(&["entries", "approve", &mira]).await;
    assert_eq!(approved, format!("The entry {mira} of mira is approved.\n"));
    assert_eq!(
        told(&["entries", "deny", &stranger]).await,
        format!("The entry {stranger} of stranger is denied.\n")
    );
    assert!(told(&["entries", "list", company, "--limit", "1"]).await.ends_with("1 of 2 shown.\n"));
    for (arguments, words) in [
        (&["entries", "deny", &mira][..], "The entry was approved"),
        (&["entries", "approve", "entry_none"], "There is no entry `entry_none`"),
        (&["entries", "approve", "plan_1"], "is not an entry id"),
        (&["entries", "list", "biz_none"], "There is no company `biz_none`."),
    ] {
        let sentence = one_sentence(&mut home.over_data(arguments)).await;
        assert!(sentence.contains(words), "{sentence}");
    }
    server.stop().await;
}
