//! Installs: what an app asks for, what a company grants, and what is asked again.

use crate::harness::{Answered, Foreign, Hall};
use guildhall_app::install::{self, Preview};
use guildhall_app::principal::{CallingApp, Principal};
use guildhall_app::{Error, Result};
use guildhall_core::ids::{Id, UserId};
use guildhall_core::permission::{Permission, Role};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const REQUIRE: &str = "mutation($input: UpdateAppPermissionRequirementsInput!) {
  updateAppPermissionRequirements(input: $input)
}";
const STATUS: &str = "mutation($input: UpdateAppInput!) { updateApp(input: $input) }";
const BALANCE: &str = "query($id: ID!) { company(id: $id) { ledgerAccount { id } } }";

/// An app of another company that anyone may install.
pub(crate) async fn offered(hall: &Hall) -> Foreign {
    let foreign = hall.foreign().await;
    let input = json!({"input": {"id": foreign.app.as_str(), "status": "live"}});
    hall.run_with(&foreign.key, None, STATUS, input).await.data();
    foreign
}

pub(crate) fn asks(action: &str, required: bool) -> Value {
    json!({"action": action, "justification": format!("to do what needs {action}"), "isRequired": required})
}

pub(crate) async fn require(hall: &Hall, foreign: &Foreign, requested: Value) -> Answered {
    let input = json!({"input": {"appId": foreign.app.as_str(), "requestedPermissions": requested}});
    hall.run_with(&foreign.key, None, REQUIRE, input).await
}

impl Hall {
    async fn preview(&self, user: &UserId, foreign: &Foreign) -> Result<Preview> {
        let company = self.world.company.clone();
        install::preview(&self.running.hall, &self.in_person(user), foreign.app.clone(), company).await
    }

    async fn approve(&self, user: &UserId, foreign: &Foreign, granted: &[Permission]) -> Result<()> {
        let (person, company) = (self.in_person(user), self.world.company.clone());
        install::approve(&self.running.hall, &person, foreign.app.clone(), company, granted.to_vec()).await
    }

    async fn reads_balance(&self, foreign: &Foreign) -> bool {
        let variables = json!({"id": self.world.company.as_str()});
        self.run_with(&foreign.key, None, BALANCE, variables).await.body.get("errors").is_none()
    }
}

/// What is asked: the word, whether it is granted, whether it is new.
fn asked(preview: &Preview) -> Vec<(&'static str, bool, bool)> {
    let asked = preview.asked.iter();
    asked.map(|asked| (asked.requirement.permission.as_str(), asked.granted, asked.is_new)).collect()
}

#[track_caller]
fn told<T: std::fmt::Debug>(outcome: Result<T>, words: &str) {
    let refused = outcome.expect_err("refused").to_string();
    assert!(refused.contains(words), "{refused:?} does not say {words:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_grants_what_it_approves_and_no_more() {
    let hall = Hall::open().await;
    let owner = hall.world.owner.clone();
    let foreign = offered(&hall).await;
    let wanted =
        json!([asks("company:balance:read", true), asks("chat:read", false), asks("forum:read", false)]);
    assert_eq!(require(&hall, &foreign, wanted).await.data()["updateAppPermissionRequirements"], true);
    let preview = hall.preview(&owner, &foreign).await.expect("shown");
    assert_eq!(
        asked(&preview),
        [("company:balance:read", false, true), ("chat:read", false, true), ("forum:read", false, true)]
    );
    assert!(preview.installed_at.is_none() && !preview.needs_approval());
    assert_eq!(preview.asked[1].requirement.justification, "to do what needs chat:read");
    assert_eq!(
        (preview.developer.id, preview.company.id),
        (foreign.company.clone(), hall.world.company.clone())
    );
    assert!(!hall.reads_balance(&foreign).await);

    told(hall.approve(&owner, &foreign, &[Permission::ChatRead]).await, "without `company:balance:read`");
    let more = [Permission::CompanyBalanceRead, Permission::TransferFunds];
    told(hall.approve(&owner, &foreign, &more).await, "does not ask for `payout:transfer_funds`");
    let twice = [Permission::CompanyBalanceRead, Permission::CompanyBalanceRead];
    told(hall.approve(&owner, &foreign, &twice).await, "`company:balance:read` is granted twice.");
    assert!(!hall.reads_balance(&foreign).await, "nothing was done");

    let granted = [Permission::CompanyBalanceRead, Permission::ChatRead];
    hall.approve(&owner, &foreign, &granted).await.expect("installed");
    assert!(hall.reads_balance(&foreign).await);
    hall.has_logged("install_app", foreign.app.as_str(), Some(&owner)).await;
    let preview = hall.preview(&owner, &foreign).await.expect("shown");
    assert_eq!(
        asked(&preview),
        [("company:balance:read", true, false), ("chat:read", true, false), ("forum:read", false, false)]
    );
    assert!(
        preview.installed_at.is_some() && !preview.needs_approval(),
        "what was declined is not asked again"
    );

    // A later decision replaces the earlier.
    require(&hall, &foreign, json!([asks("company:balance:read", false)])).await.data();
    let preview = hall.preview(&owner, &foreign).await.expect("shown");
    assert_eq!(preview.surplus, [Permission::ChatRead]);
    hall.approve(&owner, &foreign, &[]).await.expect("approved");
    assert!(!hall.reads_balance(&foreign).await, "at once");
    let preview = hall.preview(&owner, &foreign).await.expect("shown");
    assert!(preview.surplus.is_empty() && preview.installed_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_later_waits_for_approval_and_leaves_what_was_granted() {
    let hall = Hall::open().await;
    let owner = hall.world.owner.clone();
    let foreign = offered(&hall).await;
    require(&hall, &foreign, json!([asks("company:balance:read", true), asks("chat:read", false)]))
        .await
        .data();
    hall.approve(&owner, &foreign, &[Permission::CompanyBalanceRead]).await.expect("installed");
    let wanted =
        json!([asks("company:balance:read", true), asks("chat:read", true), asks("plan:basic:read", false)]);
    require(&hall, &foreign, wanted).await.data();
    assert!(hall.reads_balance(&foreign).await, "the grants stay as they were");
    let preview = hall.preview(&owner, &foreign).await.expect("shown");
    assert!(preview.needs_approval());
    assert_eq!(
        asked(&preview),
        [
            ("company:balance:read", true, false),
            ("chat:read", false, false),
            ("plan:basic:read", false, true)
        ]
    );
    let (_, candidates) =
        install::candidates(&hall.running.hall, &hall.in_person(&owner), foreign.app.clone())
            .await
            .expect("shown");
    assert_eq!(candidates.len(), 1);
    assert!(candidates[0].installed && candidates[0].needs_approval);
    hall.approve(&owner, &foreign, &[Permission::CompanyBalanceRead, Permission::ChatRead])
        .await
        .expect("approved");
    assert!(!hall.preview(&owner, &foreign).await.expect("shown").needs_approval());
}

#[tokio::test(flavor = "multi_thread")]
async fn unsound_requirements_are_refused_whole() {
    let hall = Hall::open().await;
    let foreign = offered(&hall).await;
    require(&hall, &foreign, json!([asks("chat:read", true)])).await.data();
    let with = |justification: &str| json!([{"action": "chat:read", "justification": justification, "isRequired": true}]);
    for (requested, words) in [
        (json!([asks("chat:reed", true)]), "`chat:reed` is no permission"),
        (json!([asks("forum:read", true), asks("forum:read", false)]), "`forum:read` is asked for twice."),
        (with("  "), "`justification` must say why the app needs `chat:read`."),
        (with(&"x".repeat(501)), "`justification` is at most 500 characters long."),
        (with("a\u{7}"), "must not hold control characters"),
    ] {
        require(&hall, &foreign, requested).await.is_refused("INVALID_INPUT", words);
    }
    let preview = hall.preview(&hall.world.owner, &foreign).await.expect("shown");
    assert_eq!(asked(&preview), [("chat:read", false, true)]);
    let input = json!({"input": {"appId": foreign.app.as_str(), "requestedPermissions": []}});
    hall.run(None, REQUIRE, input).await.is_refused("NOT_FOUND", "There is no app");
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_and_admins_decide_in_person_and_nobody_else() {
    let hall = Hall::open().await;
    let foreign = offered(&hall).await;
    for role in [Role::Manager, Role::AppManager, Role::Moderator] {
        let member = hall.team_member(&format!("a-{}", role.as_str().replace('_', "-")), role).await;
        told(hall.approve(&member, &foreign, &[]).await, "There is no company");
        told(hall.preview(&member, &foreign).await, "There is no company");
    }
    told(hall.approve(&hall.world.stranger, &foreign, &[]).await, "There is no company");
    // An app that acts for the owner, or in which the owner is, must not decide for itself.
    let inside = Principal {
        app: Some(CallingApp { id: foreign.app.clone(), company: foreign.company.clone() }),
        ..hall.in_person(&hall.world.owner)
    };
    let (app, company) = (foreign.app.clone(), hall.world.company.clone());
    let tried = install::approve(&hall.running.hall, &inside, app, company, Vec::new()).await;
    assert!(matches!(&tried, Err(Error::Forbidden(sentence)) if sentence.contains("signed in")), "{tried:?}");
    let nobody = Principal::default();
    let (app, company) = (foreign.app.clone(), hall.world.company.clone());
    let tried = install::approve(&hall.running.hall, &nobody, app, company, Vec::new()).await;
    assert!(matches!(tried, Err(Error::Unauthenticated(_))));
    let admin = hall.team_member("an-admin", Role::Admin).await;
    hall.approve(&admin, &foreign, &[]).await.expect("installed");
    let own = Foreign { app: hall.world.app.clone(), ..foreign };
    told(hall.approve(&admin, &own, &[]).await, "this company's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_app_is_known_to_its_team_and_to_those_who_have_it() {
    let hall = Hall::open().await;
    let owner = hall.world.owner.clone();
    let foreign = hall.foreign().await;
    told(hall.preview(&owner, &foreign).await, "There is no app");
    told(hall.approve(&owner, &foreign, &[]).await, "There is no app");
    let seen = |user: &UserId| {
        let (person, app) = (hall.in_person(user), foreign.app.clone());
        let hall = &hall.running.hall;
        async move { install::candidates(hall, &person, app).await }
    };
    let (_, candidates) = seen(&foreign.owner).await.expect("its own team sees it");
    assert!(candidates.is_empty(), "its own company has it already");
    told(seen(&owner).await, "There is no app");
    hall.install(&foreign, &[]).await;
    hall.preview(&owner, &foreign).await.expect("it is installed here");
    told(seen(&hall.world.stranger).await, "There is no app");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_sent_away_has_nothing_left() {
    let hall = Hall::open().await;
    let owner = hall.world.owner.clone();
    let foreign = offered(&hall).await;
    require(&hall, &foreign, json!([asks("company:balance:read", true), asks("chat:read", false)]))
        .await
        .data();
    hall.approve(&owner, &foreign, &[Permission::CompanyBalanceRead]).await.expect("installed");
    let viewer = "{ viewer { user { id } } }";
    let customer = Some(&hall.world.customer);
    hall.run_with(&foreign.key, customer, viewer, json!({})).await.data();
    let uninstall = || {
        let (person, app, company) =
            (hall.in_person(&owner), foreign.app.clone(), hall.world.company.clone());
        let hall = &hall.running.hall;
        async move { install::uninstall(hall, &person, app, company).await }
    };
    uninstall().await.expect("sent away");
    assert!(!hall.reads_balance(&foreign).await);
    hall.run_with(&foreign.key, customer, viewer, json!({})).await.is_refused("FORBIDDEN", "may not act for");
    hall.has_logged("uninstall_app", foreign.app.as_str(), Some(&owner)).await;
    told(uninstall().await, "The app is not installed in the company");
    // Installed again, it starts from nothing.
    let preview = hall.preview(&owner, &foreign).await.expect("shown");
    assert_eq!(asked(&preview), [("company:balance:read", false, true), ("chat:read", false, true)]);
    let (person, company) = (hall.in_person(&owner), hall.world.company.clone());
    let own = install::uninstall(&hall.running.hall, &person, hall.world.app.clone(), company).await;
    told(own, "stays installed in the company that owns it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_decisions_at_once_leave_one_of_them_whole() {
    let hall = Arc::new(Hall::open().await);
    let foreign = Arc::new(offered(&hall).await);
    let choices = [Permission::ChatRead, Permission::ForumRead, Permission::PlanRead, Permission::MemberRead];
    require(&hall, &foreign, choices.iter().map(|choice| asks(choice.as_str(), false)).collect())
        .await
        .data();
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (hall, foreign) = (Arc::clone(&hall), Arc::clone(&foreign));
        tasks.spawn(async move {
            let granted = [choices[number % 4], choices[(number + 1) % 4]];
            hall.approve(&hall.world.owner, &foreign, &granted).await
        });
    }
    for outcome in tasks.join_all().await {
        outcome.expect("decided");
    }
    let preview = hall.preview(&hall.world.owner, &foreign).await.expect("shown");
    let granted: Vec<bool> = preview.asked.iter().map(|asked| asked.granted).collect();
    assert_eq!(granted.iter().filter(|granted| **granted).count(), 2, "{granted:?}");
    assert!(
        (0..4).any(|place| granted[place] && granted[(place + 1) % 4]),
        "one decision's two: {granted:?}"
    );
}
