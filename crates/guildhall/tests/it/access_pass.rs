//! Access passes: made, changed, listed and deleted by those who sell them.

use crate::harness::{Answered, Hall};
use crate::purchase::{GOOD_CARD, pay_by_card, signed_in};
use crate::scene::DAY_MS;
use crate::shop::{Bought, Shop, standing, stands};
use guildhall_app::founding::EarlierPayment;
use guildhall_client as client;
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{AccessPassId, Id, UserId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::payment::Stage;
use guildhall_core::permission::{Permission, Role};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

pub(crate) const CREATE: &str = "mutation($input: CreateAccessPassInput!) { createAccessPass(input: $input) {
  id title route headline shortenedDescription creatorPitch visibility customCta customCtaUrl redirectPurchaseUrl
  globalAffiliatePercentage globalAffiliateStatus memberAffiliatePercentage memberAffiliateStatus showMemberCount
  showOffers verified activeUsersCount reviewsAverage createdAt updatedAtMs logo { id } bannerImage { id }
} }";
const UPDATE: &str = "mutation($input: UpdateAccessPassInput!) { updateAccessPass(input: $input) {
  id title route headline visibility logo { id } globalAffiliatePercentage globalAffiliateStatus updatedAtMs
} }";
pub(crate) const DELETE: &str =
    "mutation($input: DeleteAccessPassInput!) { deleteAccessPass(input: $input) }";
const GET: &str = "query($id: ID!) { publicAccessPass(id: $id) { id title } }";
const LIST: &str = "query($company: ID!, $types: [AccessPassTypes!], $visibility: VisibilityFilter,
  $conditions: [AccessPassConditions!], $order: AccessPassOrder, $direction: Direction, $first: Int, $last: Int,
  $after: String, $before: String) {
  company(id: $company) { accessPassesV2(accessPassTypes: $types, visibility: $visibility, conditions: $conditions,
    order: $order, direction: $direction, first: $first, last: $last, after: $after, before: $before) {
    totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } nodes { id title visibility }
  } }
}";

pub(crate) async fn create(hall: &Hall, user: Option<&UserId>, input: Value) -> Answered {
    hall.run(user, CREATE, json!({"input": input})).await
}

/// A pass as the agent makes it.
pub(crate) async fn made(hall: &Hall, input: Value) -> Value {
    create(hall, None, input).await.data()["createAccessPass"].clone()
}

fn id(pass: &Value) -> AccessPassId {
    AccessPassId::parse(pass["id"].as_str().expect("an id")).expect("a pass")
}

async fn update(hall: &Hall, pass: &Value, changes: Value) -> Answered {
    let mut input = changes;
    input["id"] = pass["id"].clone();
    hall.run(None, UPDATE, json!({"input": input})).await
}

async fn delete(hall: &Hall, pass: &Value) -> Answered {
    hall.run(None, DELETE, json!({"input": {"id": pass["id"]}})).await
}

async fn list(hall: &Hall, arguments: Value) -> Value {
    let mut variables = arguments;
    variables["company"] = json!(hall.world.company.as_str());
    hall.run(None, LIST, variables).await.data()["company"]["accessPassesV2"].clone()
}

fn titles(page: &Value) -> Vec<&str> {
    let nodes = page["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["title"].as_str().expect("a title")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_is_made_with_its_plan_and_opens_its_experiences() {
    let hall = Hall::open().await;
    let chat = hall.experience(ExperienceKind::Chat, "Joinery", &[], None).await;
    let input = client::CreateAccessPassInput {
        title: "  The Bench Course ".into(),
        headline: Some("Eight weeks, one bench".into()),
        company_id: Some(hall.world.company.to_string()),
        experience_ids: Some(vec![chat.to_string()]),
        license_key_prefix: Some("bench".into()),
        global_affiliate_percentage: Some(12.5),
        global_affiliate_status: Some(client::GlobalAffiliateStatuses::Enabled),
        custom_cta: Some(client::CustomCtas::Join),
        redirect_purchase_url: Some("https://example.com/welcome".into()),
        plan_options: Some(client::CompanyOnboardingPlanOptions {
            plan_type: Some(client::PlanTypes::Renewal),
            renewal_price: Some(12.0),
            release_method: Some(client::ReleaseMethod::Waitlist),
            ..client::CompanyOnboardingPlanOptions::default()
        }),
        ..client::CreateAccessPassInput::default()
    };
    let variables = client::CreateAccessPassVariables { input };
    let made = hall.app().create_access_pass(variables).await.expect("made");
    let made = made.create_access_pass.expect("a pass");
    assert_eq!((made.title.as_str(), made.route.as_str()), ("The Bench Course", "the-bench-course"));
    assert_eq!(made.headline.as_deref(), Some("Eight weeks, one bench"));
    assert_eq!(made.visibility, client::Visibility::Visible);
    assert_eq!(made.custom_cta, client::CustomCtas::Join);
    assert_eq!(made.redirect_purchase_url.as_deref(), Some("https://example.com/welcome"));
    assert_eq!(made.global_affiliate_percentage, Some(12.5));
    assert_eq!(made.global_affiliate_status, client::GlobalAffiliateStatuses::Enabled);
    assert_eq!(made.member_affiliate_status, client::GlobalAffiliateStatuses::Disabled);
    assert!(made.member_affiliate_percentage.is_none() && made.show_member_count && made.show_offers);
    assert!(made.logo.is_none() && made.banner_image.is_none() && !made.verified);
    hall.has_logged("create_access_pass", &made.id, Some(&hall.world.agent)).await;

    let variables = client::ListPlansVariables {
        company_id: hall.world.company.to_string(),
        filter: Some(client::PlanFilters {
            access_pass_id: Some(made.id.clone()),
            ..client::PlanFilters::default()
        }),
        ..client::ListPlansVariables::default()
    };
    let plans = hall.app().list_plans(variables).await.expect("a list").company.expect("a company").plans;
    let plan = plans.nodes.expect("nodes")[0].clone().expect("a plan");
    assert_eq!((plan.formatted_price.as_str(), plans.total_count), ("$12.00 / month", 1));
    assert_eq!(plan.release_method, client::ReleaseMethod::Waitlist);

    // Its holders enter what it opens.
    let member = hall.person("bench-member").await;
    let pass = AccessPassId::parse(&made.id).expect("a pass");
    hall.membership(&member, &pass, MembershipStatus::Completed, None).await;
    let variables = client::CheckIfUserHasAccessToExperienceVariables {
        experience_id: chat.to_string(),
        user_id: Some(member.to_string()),
    };
    let access = hall.app().check_if_user_has_access_to_experience(variables).await.expect("an answer");
    assert_eq!(access.has_access_to_experience.access_level, client::AccessLevel::Customer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_is_changed_in_part_and_what_may_be_absent_is_taken_away() {
    let hall = Hall::open().await;
    let logo = hall.uploaded(None, "image/png", PIXEL).await;
    let pass = made(&hall, json!({"title": "One", "headline": "a", "logo": {"directUploadId": logo}})).await;
    assert_eq!(pass["logo"]["id"], json!(logo));
    hall.at(5_000);
    let changed = update(&hall, &pass, json!({"name": "Two", "visibility": "quick_link"})).await;
    let changed = &changed.data()["updateAccessPass"];
    assert_eq!((&changed["title"], &changed["route"]), (&json!("Two"), &json!("one")));
    assert_eq!((&changed["headline"], &changed["visibility"]), (&json!("a"), &json!("quick_link")));
    assert_ne!(changed["updatedAtMs"], pass["updatedAtMs"]);
    hall.has_logged("update_access_pass", id(&pass).as_str(), Some(&hall.world.agent)).await;
    let bare = update(&hall, &pass, json!({"headline": null, "logo": null, "route": "Second"})).await;
    let bare = &bare.data()["updateAccessPass"];
    assert!(bare["headline"].is_null() && bare["logo"].is_null());
    assert_eq!(bare["route"], "second");
    // Enabled once, an offer needs its percentage for as long as it stands.
    let enabled = json!({"globalAffiliatePercentage": 10, "globalAffiliateStatus": "enabled"});
    assert_eq!(
        update(&hall, &pass, enabled).await.data()["updateAccessPass"]["globalAffiliatePercentage"],
        10.0
    );
    update(&hall, &pass, json!({"globalAffiliatePercentage": null}))
        .await
        .is_refused("INVALID_INPUT", "`globalAffiliateStatus` cannot be `enabled` without");
}

/// A picture of one dot.
const PIXEL: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 4, 0, 0, 0, 181,
    28, 12, 2, 0, 0, 0, 11, 73, 68, 65, 84, 120, 218, 99, 100, 248, 15, 0, 1, 5, 1, 1, 39, 24, 227, 102, 0,
    0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_what_is_sent_has_its_sentence() {
    let hall = Hall::open().await;
    let text = hall.uploaded(None, "text/plain", b"words").await;
    let long = "x".repeat(141);
    let both = [
        (json!({"headline": long}), "`headline` is at most 140 characters long."),
        (json!({"route": "no blanks"}), "`route` is 1 to 100 letters and digits"),
        (json!({"licenseKeyPrefix": "no-dash"}), "`licenseKeyPrefix` is 1 to 20 letters and digits."),
        (
            json!({"globalAffiliatePercentage": 101}),
            "`globalAffiliatePercentage` is a percentage from 0 to 100",
        ),
        (json!({"memberAffiliatePercentage": 1.234}), "`memberAffiliatePercentage` is a percentage"),
        (json!({"memberAffiliateStatus": "enabled"}), "`memberAffiliateStatus` cannot be `enabled` without"),
        (json!({"customCtaUrl": "javascript:alert(1)"}), "`customCtaUrl` must be an address"),
        (json!({"redirectPurchaseUrl": "https://me:you@example.com"}), "holds no user name"),
        (json!({"logo": {"id": text}}), "`logo` must be a picture."),
        (json!({"bannerImage": {"id": text}}), "`bannerImage` must be a picture."),
        (json!({"logo": {}}), "An attachment needs `directUploadId` or `id`."),
        (json!({"name": "Another"}), "`name` is "),
        (json!({"customStatementDescriptor": "x"}), "is the processor's to decide"),
        (json!({"onePerUser": true}), "`onePerUser` is not enforced here"),
        (json!({"pageId": "page_1"}), "there are no pages apart from companies"),
        (json!({"productTaxCodeId": "x"}), "tax is set for the whole company"),
        (json!({"shuffleable": true}), "members cannot exchange their license keys"),
        (json!({"transferable": true}), "members cannot hand memberships on"),
        (json!({"upsellTitle": "x"}), "checkouts offer nothing beside what is bought"),
        (json!({"upsellDescription": "x"}), "checkouts offer nothing beside what is bought"),
        (json!({"upsellMedia": {"id": text}}), "checkouts offer nothing beside what is bought"),
    ];
    let pass = made(&hall, json!({"title": "Sound"})).await;
    for (input, words) in both {
        let mut new = input.clone();
        new["title"] = json!("A pass");
        create(&hall, None, new.clone()).await.is_refused("INVALID_INPUT", words);
        update(&hall, &pass, new).await.is_refused("INVALID_INPUT", words);
    }
    let plan = |options: Value| json!({"title": "A pass", "planOptions": options});
    let field = |id: &str| json!({"fieldType": "text", "id": id, "name": "Size"});
    for (input, words) in [
        (json!({"title": " "}), "`title` must be 1 to 80 characters long."),
        (json!({"title": "a\u{7}"}), "`title` must not hold control characters."),
        (json!({"title": "A pass", "asApp": true}), "`createApp` makes the pass of an app"),
        (json!({"title": "A pass", "imageUrls": ["https://a"]}), "`imageUrls` are not fetched"),
        (json!({"title": "A pass", "upgradeable": true}), "members cannot exchange memberships"),
        (json!({"title": "A pass", "metadata": [1]}), "`metadata` must be a JSON object."),
        (json!({"title": "A pass", "companyId": "prod_1"}), "is not a company id"),
        (plan(json!({"renewalPrice": 5})), "`renewalPrice` is for plans of the type `renewal`"),
        (plan(json!({"initialPrice": 0.1})), "`initialPrice` must be zero or at least 0.50 usd"),
        (plan(json!({"releaseMethod": "raffle"})), "A raffle needs `stock`"),
        (plan(json!({"visibility": "archived"})), "A new plan cannot be `archived`."),
        (
            plan(json!({"customFields": [field("size"), field("size")]})),
            "Two custom fields have the `id` `size`",
        ),
        (
            plan(json!({"customFields": [field("")]})),
            "The `id` of a custom field is 1 to 100 characters long",
        ),
        (plan(json!({"customFields": [field("a\r\nb")]})), "of a custom field is 1 to 100 characters long"),
        (plan(json!({"planType": "renewal", "billingPeriod": 0})), "`billingPeriod` must be 1 to 3650 days."),
    ] {
        create(&hall, None, input).await.is_refused("INVALID_INPUT", words);
    }
    update(&hall, &pass, json!({"pinnedExperienceId": "exp_1"}))
        .await
        .is_refused("INVALID_INPUT", "in the order in which they were attached");
    let page = list(&hall, json!({})).await;
    assert!(!titles(&page).contains(&"A pass"), "nothing was made of what was refused: {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_without_an_id_get_one_that_no_other_has_so_that_the_plan_can_be_bought() {
    let hall = Hall::open().await;
    let field =
        |id: Option<&str>, name: &str| json!({"fieldType": "text", "id": id, "name": name, "required": true});
    let fields =
        [field(None, "Bench"), field(Some("1"), "Size"), field(None, "Team"), field(Some("3"), "Tool")];
    let options = json!({"initialPrice": 20, "customFields": fields});
    made(&hall, json!({"title": "Made to measure", "planOptions": options})).await;
    let plans = "query($company: ID!) { company(id: $company) { plans(filter: {query: \"Made to measure\"}) {
      nodes { id } } } }";
    let answered = hall.run(None, plans, json!({"company": hall.world.company.as_str()})).await;
    let plan = answered.data()["company"]["plans"]["nodes"][0]["id"].as_str().expect("a plan").to_owned();
    let place = format!("/checkout/{plan}");
    let mut mira = signed_in(&hall, "mira").await;
    let page = mira.open(&place).await;
    for id in ["1", "2", "3", "4"] {
        assert_eq!(page.text.matches(&format!("name=\"field:{id}\"")).count(), 1, "{id}: {}", page.text);
    }
    let answers = [("field:1", "L"), ("field:2", "oak"), ("field:3", "saw"), ("field:4", "red")];
    let paid = pay_by_card(&mut mira, &place, GOOD_CARD, &answers).await;
    mira.open(paid.location.as_deref().expect("it leads on")).await.says(200, "What you bought is yours");
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_are_unique_in_a_company_also_when_two_are_made_at_once() {
    let hall = Arc::new(Hall::open().await);
    made(&hall, json!({"title": "One", "route": "taken"})).await;
    create(&hall, None, json!({"title": "Two", "route": "TAKEN"}))
        .await
        .is_refused("CONFLICT", "The route `taken` is taken in this company.");
    let other = made(&hall, json!({"title": "Other"})).await;
    update(&hall, &other, json!({"route": "taken"}))
        .await
        .is_refused("CONFLICT", "The route `taken` is taken");
    let mut tasks = JoinSet::new();
    for _ in 0..12 {
        let hall = Arc::clone(&hall);
        tasks.spawn(async move { made(&hall, json!({"title": "The Same"})).await });
    }
    let passes = tasks.join_all().await;
    let routes: BTreeSet<&str> = passes.iter().map(|pass| pass["route"].as_str().expect("a route")).collect();
    assert_eq!(routes.len(), 12, "{routes:?}");
    assert!(routes.contains("the-same") && routes.contains("the-same-12"), "{routes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_pass_is_found_nowhere_and_its_route_is_free_again() {
    let hall = Hall::open().await;
    let plan = json!({"title": "Gone", "planOptions": {"initialPrice": 5}});
    let pass = made(&hall, plan.clone()).await;
    let member = hall.person("one-member").await;
    let until = hall.clock.now_ms() + 60_000;
    hall.membership(&member, &id(&pass), MembershipStatus::Active, Some(until)).await;
    delete(&hall, &pass)
        .await
        .is_refused("CONFLICT", "cannot be deleted while one person holds a valid membership of it");
    hall.at(120_000);
    assert_eq!(delete(&hall, &pass).await.data()["deleteAccessPass"], true);
    hall.has_logged("delete_access_pass", id(&pass).as_str(), Some(&hall.world.agent)).await;

    hall.run(None, GET, json!({"id": pass["id"]})).await.is_refused("NOT_FOUND", "There is no access pass");
    delete(&hall, &pass).await.is_refused("NOT_FOUND", "There is no access pass");
    update(&hall, &pass, json!({"title": "Back"})).await.is_refused("NOT_FOUND", "There is no access pass");
    hall.run(
        None,
        crate::scene::CREATE_CHAT,
        json!({"input": {"name": "On it", "accessPassId": pass["id"]}}),
    )
    .await
    .is_refused("NOT_FOUND", "There is no access pass");
    for visibility in ["all", "archived"] {
        let page = list(&hall, json!({"visibility": visibility})).await;
        assert!(!titles(&page).contains(&"Gone"), "{page}");
    }
    let plans = "query($company: ID!, $pass: ID!, $visibility: VisibilityFilter) { company(id: $company) {
      plans(filter: {accessPassId: $pass, visibility: $visibility}) { nodes { visibility accessPass { id } } } } }";
    let variables = |visibility: &str| json!({"company": hall.world.company.as_str(), "pass": pass["id"], "visibility": visibility});
    let shown = hall.run(None, plans, variables("not_archived")).await;
    assert_eq!(shown.data()["company"]["plans"]["nodes"], json!([]));
    let archived = hall.run(None, plans, variables("archived")).await;
    let expected = json!([{"visibility": "archived", "accessPass": null}]);
    assert_eq!(archived.data()["company"]["plans"]["nodes"], expected);
    assert_eq!(made(&hall, plan).await["route"], "gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_many_members_a_pass_has_is_told_to_all_or_to_its_team() {
    let hall = Hall::open().await;
    let pass = made(&hall, json!({"title": "Small", "showMemberCount": false})).await;
    assert_eq!(pass["showMemberCount"], json!(false));
    for name in ["one", "two"] {
        let member = hall.person(name).await;
        hall.membership(&member, &id(&pass), MembershipStatus::Completed, None).await;
    }
    let get = "query($id: ID!) { publicAccessPass(id: $id) { activeUsersCount } }";
    let world = &hall.world;
    let manager = hall.team_member("manager", Role::Manager).await;
    let asked = [None, Some(&world.owner), Some(&manager), Some(&world.customer)];
    for (shows, expected) in [(false, [2, 2, 2, 0]), (true, [2; 4])] {
        update(&hall, &pass, json!({"showMemberCount": shows})).await.data();
        for (user, expected) in asked.iter().zip(expected) {
            let found = hall.run(*user, get, json!({"id": pass["id"]})).await;
            assert_eq!(found.data()["publicAccessPass"]["activeUsersCount"], expected, "{shows} {user:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pass_of_an_app_or_an_upsell_is_left_to_what_it_stands_for() {
    let hall = Hall::open().await;
    let app = "query($company: ID!, $app: ID!) { company(id: $company) { app(id: $app) { accessPass { id title } } } }";
    let variables = json!({"company": hall.world.company.as_str(), "app": hall.world.app.as_str()});
    let answered = hall.run(None, app, variables).await;
    let pass = answered.data()["company"]["app"]["accessPass"].clone();
    update(&hall, &pass, json!({"title": "x"})).await.is_refused("CONFLICT", "change the app instead");
    delete(&hall, &pass).await.is_refused("CONFLICT", "change the app instead");
    let upsold = hall
        .chat(json!({"accessPassId": hall.world.access_pass.as_str(), "name": "upsold", "price": {"initialPrice": 5}}))
        .await;
    let upsell = json!({"id": hall.upsell_pass(&upsold).await.as_str()});
    delete(&hall, &upsell).await.is_refused("CONFLICT", "is the upsell of an experience");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_company_s_things_are_none_of_the_caller_s_business() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let theirs = json!({"companyId": foreign.company.as_str(), "title": "Theirs"});
    create(&hall, None, theirs)
        .await
        .is_refused("FORBIDDEN", "The permission `access_pass:create` is missing");
    let answered = hall.run_with(&foreign.key, None, CREATE, json!({"input": {"title": "Theirs"}})).await;
    let theirs = answered.data()["createAccessPass"].clone();
    update(&hall, &theirs, json!({"title": "Ours"})).await.is_refused("NOT_FOUND", "There is no access pass");
    delete(&hall, &theirs).await.is_refused("NOT_FOUND", "There is no access pass");
    let unknown = json!({"title": "A pass", "experienceIds": ["exp_none"]});
    create(&hall, None, unknown).await.is_refused("NOT_FOUND", "There is no experience `exp_none`");
    let their_file = hall.uploaded_with(&foreign.key, None, "image/png", PIXEL).await;
    create(&hall, None, json!({"title": "A pass", "logo": {"id": their_file}}))
        .await
        .is_refused("NOT_FOUND", "There is no attachment");

    // An app that may make passes, but not put experiences behind them.
    hall.install(&foreign, &[Permission::AccessPassCreate]).await;
    let ours = |more: Value| {
        let mut input = json!({"title": "Made by a guest", "companyId": hall.world.company.as_str()});
        input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({"input": input})
    };
    let experiences = json!({"experienceIds": [hall.world.chat_experience.as_str()]});
    hall.run_with(&foreign.key, None, CREATE, ours(experiences))
        .await
        .is_refused("FORBIDDEN", "The permission `experience:attach` is missing");
    hall.run_with(&foreign.key, None, CREATE, ours(json!({}))).await.data();
    // Roles: a manager makes and deletes, a moderator does not.
    let manager = hall.team_member("a-manager", Role::Manager).await;
    let input = json!({"title": "A manager's"});
    let made = create(&hall, Some(&manager), input.clone()).await.data()["createAccessPass"].clone();
    create(&hall, Some(&hall.world.moderator), input).await.is_refused("FORBIDDEN", "access_pass:create");
    hall.run(Some(&hall.world.moderator), DELETE, json!({"input": {"id": made["id"]}}))
        .await
        .is_refused("FORBIDDEN", "The permission `access_pass:delete` is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_s_passes_are_filtered_ordered_and_paged() {
    let hall = Hall::open().await;
    let before = list(&hall, json!({})).await["totalCount"].as_i64().expect("a number");
    for (number, title) in ["P1", "P2", "P3", "P4"].into_iter().enumerate() {
        let visibility = ["visible", "hidden", "quick_link", "archived"][number];
        hall.at(i64::try_from(number).expect("small") * 1_000 + 1_000);
        let plan = if number == 1 { json!({"initialPrice": 5}) } else { Value::Null };
        let pass = made(&hall, json!({"title": title, "visibility": visibility, "planOptions": plan})).await;
        for member in 0..[2, 0, 3, 1][number] {
            let member = hall.person(&format!("m-{number}-{member}")).await;
            hall.membership(&member, &id(&pass), MembershipStatus::Completed, None).await;
        }
    }
    let own = |page: &Value| -> Vec<String> {
        titles(page).into_iter().filter(|title| title.starts_with('P')).map(ToOwned::to_owned).collect()
    };
    for (arguments, expected) in [
        (json!({}), vec!["P1", "P2", "P3"]),
        (json!({"visibility": "all"}), vec!["P1", "P2", "P3", "P4"]),
        (json!({"visibility": "all", "direction": "desc"}), vec!["P4", "P3", "P2", "P1"]),
        (json!({"visibility": "archived"}), vec!["P4"]),
        (json!({"visibility": "hidden"}), vec!["P2"]),
        (json!({"visibility": "quick_link"}), vec!["P3"]),
        (json!({"visibility": "visible"}), vec!["P1"]),
        (json!({"visibility": "not_quick_link"}), vec!["P1", "P2", "P4"]),
        (json!({"conditions": ["has_plans"]}), vec!["P2"]),
        (json!({"types": ["app"]}), vec![]),
        (json!({"visibility": "all", "order": "active_memberships_count"}), vec!["P2", "P4", "P1", "P3"]),
        (
            json!({"visibility": "all", "order": "active_memberships_count", "direction": "desc"}),
            vec!["P3", "P1", "P4", "P2"],
        ),
    ] {
        let page = list(&hall, arguments.clone()).await;
        assert_eq!(own(&page), expected, "{arguments}");
    }
    let apps = list(&hall, json!({"types": ["app"], "visibility": "all"})).await;
    assert!(apps["totalCount"].as_i64() >= Some(1), "{apps}");
    assert_eq!(list(&hall, json!({})).await["totalCount"], before + 3);

    // Every page of two, forwards and backwards, in an order in which ranks repeat.
    for direction in ["asc", "desc"] {
        let order = json!({"visibility": "all", "order": "active_memberships_count", "direction": direction});
        let whole: Vec<String> =
            titles(&list(&hall, order.clone()).await).into_iter().map(Into::into).collect();
        let (mut forwards, mut after) = (Vec::new(), Value::Null);
        loop {
            let mut page = order.clone();
            (page["first"], page["after"]) = (json!(2), after.clone());
            let page = list(&hall, page).await;
            assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
            forwards.extend(titles(&page).into_iter().map(ToOwned::to_owned));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(forwards, whole);
        let (mut backwards, mut before) = (Vec::new(), Value::Null);
        loop {
            let mut page = order.clone();
            (page["last"], page["before"]) = (json!(2), before.clone());
            let page = list(&hall, page).await;
            let nodes: Vec<String> = titles(&page).into_iter().map(ToOwned::to_owned).collect();
            backwards.splice(0..0, nodes);
            if page["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
            before = page["pageInfo"]["startCursor"].clone();
        }
        assert_eq!(backwards, whole);
    }
    for (arguments, words) in [
        (json!({"after": "plan_1"}), "`after` is not a cursor of this list and order."),
        (json!({"first": -1}), "`first` must not be negative."),
        (json!({"last": -1}), "`last` must not be negative."),
        (
            json!({"order": "usd_gmv", "after": "prod_none"}),
            "`after` is not a cursor of this list and order.",
        ),
        (
            json!({"order": "usd_gmv", "before": "usd_gmv_30_days.1.prod_none"}),
            "`before` is not a cursor of this list and order.",
        ),
        (json!({"types": vec!["app"; 101]}), "`accessPassTypes` takes at most 100."),
    ] {
        let mut variables = arguments;
        variables["company"] = json!(hall.world.company.as_str());
        hall.run(None, LIST, variables).await.is_refused("INVALID_INPUT", words);
    }
    for order in ["usd_gmv", "usd_gmv_30_days", "created_at"] {
        assert_eq!(list(&hall, json!({"order": order})).await["totalCount"], before + 3, "{order}");
    }
}

/// A pass with so many members, until a moment where one is given.
async fn with_members(hall: &Hall, title: &str, members: i64, until: Option<i64>) -> Value {
    // Ids of one moment are in no order.
    hall.clock.advance_ms(1);
    let pass = made(hall, json!({"title": title})).await;
    join(hall, &pass, title, members, until).await;
    pass
}

async fn join(hall: &Hall, pass: &Value, name: &str, members: i64, until: Option<i64>) {
    for member in 0..members {
        let member = hall.person(&format!("{}-{member}", name.to_lowercase())).await;
        let status = if until.is_some() { MembershipStatus::Active } else { MembershipStatus::Completed };
        hall.membership(&member, &id(pass), status, until).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_where_the_one_before_ended_whatever_became_of_that_pass() {
    let hall = Hall::open().await;
    let until = hall.clock.now_ms() + 60_000;
    with_members(&hall, "Q1", 26, None).await;
    let moving = with_members(&hall, "Q2", 25, Some(until)).await;
    with_members(&hall, "Q3", 24, None).await;
    with_members(&hall, "Q4", 24, None).await;
    let by_members = json!({"order": "active_memberships_count", "direction": "desc"});
    let page = async |changes: Value| {
        let mut arguments = by_members.clone();
        for (name, value) in changes.as_object().expect("an object") {
            arguments[name] = value.clone();
        }
        let page = list(&hall, arguments).await;
        (titles(&page).into_iter().map(ToOwned::to_owned).collect::<Vec<String>>(), page)
    };
    let (whole, _) = page(json!({})).await;
    let place = whole.iter().position(|title| title == "Q2").expect("it is there");
    let (first, answered) = page(json!({"first": place + 1})).await;
    assert_eq!(first, whole[..=place]);
    let (rest, cursor) = (&whole[place + 1..], answered["pageInfo"]["endCursor"].clone());

    // It rises to the top: nothing comes a second time.
    join(&hall, &moving, "Q2-more", 5, Some(until)).await;
    assert_eq!(page(json!({})).await.0[0], "Q2");
    assert_eq!(page(json!({"after": cursor})).await.0, rest);
    let (before, answered) = page(json!({"before": cursor, "last": 1})).await;
    assert_eq!((before, &answered["pageInfo"]["hasNextPage"]), (vec!["Q1".to_owned()], &json!(true)));
    // It falls: nothing is left out, and it comes again at its new place.
    hall.at(61_000);
    let (mut fallen, _) = page(json!({"after": cursor})).await;
    assert!(fallen.iter().any(|title| title == "Q2"), "{fallen:?}");
    fallen.retain(|title| title != "Q2");
    assert_eq!(fallen, rest);
    // It is deleted: nothing is left out.
    delete(&hall, &moving).await.data();
    assert_eq!(page(json!({"after": cursor})).await.0, rest);
    let (bounded, answered) = page(json!({"after": cursor, "first": 1})).await;
    assert_eq!(bounded, rest[..1]);
    let last = answered["pageInfo"]["endCursor"].clone();
    assert!(page(json!({"after": cursor, "before": last})).await.0.is_empty());

    for (order, after) in
        [("usd_gmv", &cursor), ("created_at", &cursor), ("active_memberships_count", &moving["id"])]
    {
        let variables = json!({"company": hall.world.company.as_str(), "order": order, "after": after});
        let refused = hall.run(None, LIST, variables).await;
        refused.is_refused("INVALID_INPUT", "`after` is not a cursor of this list and order.");
    }
    // In the order of making the id is the cursor, also that of a deleted pass.
    let after = list(&hall, json!({"after": moving["id"]})).await;
    assert_eq!(titles(&after), ["Q3", "Q4"]);
    assert_eq!(after["pageInfo"]["startCursor"], after["nodes"][0]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dollars_are_those_of_each_pass_and_of_thirty_days() {
    let shop = Shop::open().await;
    let now = shop.hall.clock.now_ms();
    let ada = shop.buyer("ada", &shop.monthly, 90 * DAY_MS, standing(MembershipStatus::Active)).await;
    let ben = shop.buyer("ben", &shop.once, 90 * DAY_MS, standing(MembershipStatus::Completed)).await;
    let paid = |bought: &Bought, amount: i64, days: i64| EarlierPayment {
        paid_at: Some(now - days * DAY_MS),
        ..shop.payment(bought, stands(Stage::Paid, amount))
    };
    shop.paid(&paid(&ada, 1000, 40), 40 * DAY_MS).await;
    shop.paid(&shop.payment(&ada, stands(Stage::Failed, 9000)), DAY_MS).await;
    let book =
        EarlierPayment { access_pass: shop.book.clone(), plan: shop.once.clone(), ..paid(&ben, 700, 1) };
    shop.paid(&book, DAY_MS).await;
    let (club, book) = (shop.club.to_string(), shop.book.to_string());
    for (order, expected) in [("usd_gmv", [&book, &club]), ("usd_gmv_30_days", [&club, &book])] {
        let wanted = json!({"order": order, "types": ["regular", "api_only"]});
        let listed = shop.paged(LIST, "accessPassesV2", &wanted, 1).await;
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{order}");
    }
}
