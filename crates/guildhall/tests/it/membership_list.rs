//! The list of a company's memberships.

use crate::scene::DAY_MS;
use crate::shop::{Bought, Shop, ids, lacks, standing, stands};
use guildhall_app::founding::EarlierMembership;
use guildhall_client as client;
use guildhall_core::ids::Id;
use guildhall_core::membership::MembershipStatus::{self, *};
use guildhall_core::membership_list::MembershipOrder;
use guildhall_core::payment::Stage;
use guildhall_core::permission::Permission;
use serde_json::{Value, json};

const LIST: &str = "query($company: ID!, $after: String, $before: String, $direction: Direction, $first: Int,
    $last: Int, $order: MembershipsSortableColumns, $filters: MembershipsFiltersInput) {
  company(id: $company) {
    memberships(after: $after, before: $before, direction: $direction, first: $first, last: $last, order: $order,
      filters: $filters) {
      totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } nodes { id }
    }
  }
}";

/// Seven memberships, some of which stand at one place in each order.
async fn seven(shop: &Shop) -> Vec<(&'static str, Bought)> {
    let now = shop.hall.clock.now_ms();
    let canceled = |ago: i64, reason: &str| EarlierMembership {
        canceled_at: Some(now - ago),
        cancelation_reason: Some(reason.into()),
        ..standing(Canceled)
    };
    let rows = [
        ("ada", &shop.monthly, 10, standing(Active)),
        (
            "ben",
            &shop.monthly,
            10,
            EarlierMembership { promo_code: Some(shop.promo_code.clone()), ..standing(Active) },
        ),
        ("cem", &shop.once, 9, standing(Completed)),
        ("dia", &shop.monthly, 8, canceled(2 * DAY_MS, "too_expensive")),
        ("eli", &shop.once, 7, canceled(2 * DAY_MS, "the book was wet")),
        ("fay", &shop.monthly, 6, EarlierMembership::standing(Expired, Some(now - DAY_MS))),
        ("gus", &shop.monthly, 5, standing(Drafted)),
    ];
    let mut seven = Vec::new();
    for (name, plan, days, stands) in rows {
        seven.push((name, shop.buyer(name, plan, days * DAY_MS, stands).await));
    }
    for (index, amount) in [(0, 1000), (0, 1000), (1, 795), (2, 2500), (3, 1000)] {
        shop.paid(&shop.payment(&seven[index].1, stands(Stage::Paid, amount)), DAY_MS).await;
    }
    seven
}

fn named(seven: &[(&'static str, Bought)], ids: &[String]) -> Vec<&'static str> {
    let name = |id: &String| {
        seven.iter().find(|(_, bought)| bought.membership.as_str() == id).map_or("?", |(name, _)| *name)
    };
    ids.iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_is_listed_with_all_that_is_known_of_it() {
    let shop = Shop::open().await;
    let now = shop.hall.clock.now_ms();
    let stands_so = EarlierMembership {
        canceled_at: Some(now - DAY_MS),
        cancelation_reason: Some("switching".into()),
        promo_code: Some(shop.promo_code.clone()),
        ..EarlierMembership::standing(Canceled, Some(now + DAY_MS))
    };
    let ada = shop.buyer("ada", &shop.monthly, 10 * DAY_MS, stands_so).await;
    let mut paid = stands(Stage::Paid, 1000);
    paid.refunded_minor = 250;
    shop.paid(&shop.payment(&ada, paid), DAY_MS).await;
    shop.paid(&shop.payment(&ada, stands(Stage::Paid, 1000)), DAY_MS).await;
    shop.paid(&shop.payment(&ada, stands(Stage::Failed, 1000)), DAY_MS).await;
    // What nobody bought is no sale, and is in no list of sales.
    shop.bought(&ada.user, None, DAY_MS, standing(Active)).await;

    let variables = client::ListMembershipsVariables {
        company_id: shop.own.company.to_string(),
        ..client::ListMembershipsVariables::default()
    };
    let listed = shop.api().list_memberships(variables).await.expect("a list");
    let listed = listed.company.expect("a company").memberships;
    assert_eq!((listed.total_count, listed.page_info.has_next_page), (1, false));
    assert_eq!(listed.page_info.start_cursor, listed.page_info.end_cursor);
    let nodes = listed.nodes.expect("nodes");
    let found = nodes[0].as_ref().expect("a membership");
    assert_eq!(found.id, ada.membership.as_str());
    assert_eq!(found.status, client::MembershipStatus::Canceled);
    assert_eq!(found.created_at, (now - 10 * DAY_MS) / 1000);
    assert_eq!(found.expires_at, Some((now + DAY_MS) / 1000));
    assert_eq!(found.canceled_at, Some((now - DAY_MS) / 1000));
    assert_eq!(found.cancelation_reason.as_deref(), Some("switching"));
    assert!((found.total_spend - 17.5).abs() < 1e-9, "{}", found.total_spend);
    assert_eq!(found.plan.id, shop.monthly.as_str());
    assert_eq!(
        (found.access_pass.id.as_str(), found.access_pass.title.as_str()),
        (shop.club.as_str(), "Club")
    );
    assert_eq!(found.promo_code.as_ref().and_then(|code| code.code.as_deref()), Some("SPRING"));
    let member = found.member.as_ref().expect("a member");
    assert!(member.id.starts_with("mber_"), "{}", member.id);
    assert_eq!((member.name.as_deref(), member.username.as_deref()), (Some("The ada"), Some("ada")));
    assert_eq!(member.email.as_deref(), Some("ada@mail.example"));
    assert!(member.profile_picture.is_none());

    let variables = client::GetMemberVariables {
        company_id: shop.own.company.to_string(),
        company_member_id: member.id.clone(),
    };
    let same = shop.api().get_member(variables).await.expect("found").company.expect("a company").member;
    assert_eq!(same.user.expect("a user").id, ada.user.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_order_goes_through_its_pages_both_ways() {
    let shop = Shop::open().await;
    let seven = seven(&shop).await;
    let by_id = {
        let mut ids: Vec<String> = seven.iter().map(|(_, bought)| bought.membership.to_string()).collect();
        ids.sort();
        named(&seven, &ids)
    };
    let ranked = |rank: fn(&str) -> i64| {
        let mut names = by_id.clone();
        names.sort_by_key(|name| rank(name));
        names
    };
    let made = ranked(|name| match name {
        "ada" | "ben" => 0,
        "cem" => 1,
        "dia" => 2,
        "eli" => 3,
        "fay" => 4,
        _ => 5,
    });
    let canceled = ranked(|name| i64::from(matches!(name, "dia" | "eli")));
    let status = ranked(|name| match name {
        "ada" | "ben" => 0,
        "dia" | "eli" => 1,
        "cem" => 2,
        "gus" => 3,
        _ => 4,
    });
    let spent = ranked(|name| match name {
        "ada" => 2000,
        "ben" => 795,
        "cem" => 2500,
        "dia" => 1000,
        _ => 0,
    });
    let orders = [
        (MembershipOrder::CanceledAt, canceled),
        (MembershipOrder::CreatedAt, made.clone()),
        (MembershipOrder::DateJoined, made.clone()),
        (MembershipOrder::Id, by_id.clone()),
        (MembershipOrder::Status, status),
        (MembershipOrder::TotalSpend, spent),
    ];
    assert_eq!(orders.len(), MembershipOrder::ALL.len());
    for (order, ascending) in orders {
        for direction in ["asc", "desc"] {
            let mut expected = ascending.clone();
            if direction == "desc" {
                expected.reverse();
            }
            for size in [1, 2, 3, 200] {
                let variables = json!({"order": order.as_str(), "direction": direction});
                let found = shop.paged(LIST, "memberships", &variables, size).await;
                assert_eq!(named(&seven, &found), expected, "{order:?} {direction} {size}");
            }
        }
    }
    let mut newest_first = made;
    newest_first.reverse();
    let answered = shop.ask(LIST, json!({})).await;
    assert_eq!(named(&seven, &ids(&answered.data()["company"]["memberships"])), newest_first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_where_the_one_before_ended_when_its_last_row_moved() {
    let shop = Shop::open().await;
    let seven = seven(&shop).await;
    let variables = json!({"order": "total_spend", "direction": "desc", "first": 2});
    let answered = shop.ask(LIST, variables.clone()).await;
    let list = &answered.data()["company"]["memberships"];
    assert_eq!(named(&seven, &ids(list)), ["cem", "ada"]);
    // The last one of the page goes to the top of the list.
    shop.paid(&shop.payment(&seven[0].1, stands(Stage::Paid, 9000)), 0).await;
    let mut next = variables;
    next["after"] = list["pageInfo"]["endCursor"].clone();
    let answered = shop.ask(LIST, next).await;
    assert_eq!(named(&seven, &ids(&answered.data()["company"]["memberships"])), ["dia", "ben"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_finds_what_it_says() {
    let shop = Shop::open().await;
    let seven = seven(&shop).await;
    let second = |days: i64| (shop.hall.clock.now_ms() - days * DAY_MS) / 1000;
    let (other_pass, other_plan) = (shop.hall.world.access_pass.as_str(), shop.hall.world.plan.as_str());
    let all = vec!["ada", "ben", "cem", "dia", "eli", "fay", "gus"];
    let table: Vec<(Value, Vec<&str>)> = vec![
        (json!({}), all.clone()),
        (json!({"accessPassIds": []}), all.clone()),
        (json!({"accessPassIds": [shop.book.as_str()]}), vec!["cem", "eli"]),
        (json!({"accessPassIds": [shop.book.as_str(), shop.club.as_str()]}), all.clone()),
        (json!({"accessPassIds": [other_pass]}), vec![]),
        (json!({"accessPassTypes": ["api_only"]}), vec!["cem", "eli"]),
        (json!({"accessPassTypes": ["app", "experience_upsell"]}), vec![]),
        (json!({"planIds": [shop.monthly.as_str(), other_plan]}), vec!["ada", "ben", "dia", "fay", "gus"]),
        (json!({"promoCodeIds": [shop.promo_code.as_str()]}), vec!["ben"]),
        (json!({"promoCodeIds": ["promo_1"]}), vec![]),
        (json!({"statuses": ["active", "expired"]}), vec!["ada", "ben", "fay"]),
        (json!({"cancelationReasons": ["too_expensive", "other"]}), vec!["dia"]),
        (json!({"hasCancelationReason": true}), vec!["dia", "eli"]),
        (json!({"hasCancelationReason": false}), vec!["ada", "ben", "cem", "fay", "gus"]),
        (json!({"startDate": second(8)}), vec!["dia", "eli", "fay", "gus"]),
        (json!({"endDate": second(8)}), vec!["ada", "ben", "cem", "dia"]),
        (json!({"startDate": second(8) + 1, "endDate": second(6) - 1}), vec!["eli"]),
        (json!({"startDate": i64::MAX}), vec![]),
        (json!({"membershipStatus": "active"}), vec!["ada", "ben", "cem"]),
        (json!({"membershipStatus": "inactive"}), vec!["dia", "eli", "fay", "gus"]),
        (json!({"headerFilter": "active"}), vec!["ada", "ben", "cem"]),
        (json!({"headerFilter": "churned"}), vec!["dia", "eli", "fay"]),
        (json!({"headerFilter": "churned", "membershipStatus": "active"}), vec![]),
        (json!({"trackingLinkIds": ["link_1"]}), vec![]),
        (
            json!({"planIds": [shop.monthly.as_str()], "statuses": ["active"], "promoCodeIds": null}),
            vec!["ada", "ben"],
        ),
    ];
    for (filters, expected) in table {
        let answered = shop.ask(LIST, json!({"filters": filters, "first": 1000, "direction": "asc"})).await;
        let list = &answered.data()["company"]["memberships"];
        let mut found = named(&seven, &ids(list));
        found.sort_unstable();
        assert_eq!(found, expected, "{filters}");
        assert_eq!(list["totalCount"], json!(expected.len()), "{filters}");
        let variables = json!({"filters": filters, "order": "status"});
        assert_eq!(shop.paged(LIST, "memberships", &variables, 2).await.len(), expected.len(), "{filters}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_or_filter_is_refused() {
    let shop = Shop::open().await;
    seven(&shop).await;
    let long: Vec<String> = (0..101).map(|number| format!("plan_{number}")).collect();
    let not_a_cursor = |argument: &str| format!("`{argument}` is not a cursor of this list and order.");
    let table = [
        (json!({"first": -1}), "`first` must not be negative.".to_owned()),
        (json!({"last": -1}), "`last` must not be negative.".into()),
        (json!({"after": "mem_1"}), not_a_cursor("after")),
        (json!({"before": "created_at.x.mem_1"}), not_a_cursor("before")),
        (json!({"after": "created_at.1.pay_1"}), not_a_cursor("after")),
        (json!({"after": "created_at.1.mem_1", "order": "status"}), not_a_cursor("after")),
        (json!({"filters": {"planIds": long}}), "`planIds` takes at most 100.".into()),
        (json!({"filters": {"planIds": ["prod_1"]}}), "`prod_1` is not a plan id".into()),
        (json!({"filters": {"accessPassIds": [""]}}), "is not an access pass id".into()),
        (json!({"filters": {"promoCodeIds": ["x"]}}), "is not a promo code id".into()),
    ];
    for (variables, sentence) in table {
        shop.ask(LIST, variables).await.is_refused("INVALID_INPUT", &sentence);
    }
    let answered = shop.ask(LIST, json!({"first": 2_000_000_000})).await;
    assert_eq!(ids(&answered.data()["company"]["memberships"]).len(), 7);
    let answered = shop.ask(LIST, json!({"first": 0})).await;
    let list = &answered.data()["company"]["memberships"];
    assert_eq!(
        (ids(list).len(), &list["totalCount"], &list["pageInfo"]["hasNextPage"]),
        (0, &json!(7), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_may_not_see_is_withheld() {
    const NODES: &str = "query($company: ID!) { company(id: $company) { memberships { nodes {
      id member { username email } plan { id } accessPass { id title } promoCode { code }
    } } } }";
    const PLANS: &str = "query($company: ID!) { company(id: $company) { memberships { nodes { plan { id formattedPrice } } } } }";
    const PASSES: &str = "query($company: ID!) { company(id: $company) { memberships {
      nodes { accessPass { ... on AccessPass { title activeMembershipsCount } } }
    } } }";
    let shop = Shop::open().await;
    let status: MembershipStatus = Active;
    let bought = EarlierMembership { promo_code: Some(shop.promo_code.clone()), ..standing(status) };
    shop.buyer("ada", &shop.monthly, DAY_MS, bought).await;
    let company = &shop.own.company;

    let nothing = shop.guest(&[]).await;
    shop.ask_with(&nothing, NODES, json!({}))
        .await
        .is_refused("FORBIDDEN", &lacks(Permission::MemberRead, company));
    let bare = shop.guest(&[Permission::MemberRead]).await;
    let answered = shop.ask_with(&bare, NODES, json!({})).await;
    let node = &answered.data()["company"]["memberships"]["nodes"][0];
    assert_eq!(node["member"], json!({"username": "ada", "email": null}));
    assert_eq!(node["plan"]["id"], shop.monthly.as_str());
    assert_eq!(node["accessPass"], json!({"id": shop.club.as_str(), "title": "Club"}));
    assert_eq!(node["promoCode"], Value::Null);
    for (document, permission) in [(PLANS, Permission::PlanRead), (PASSES, Permission::AccessPassRead)] {
        let refused = shop.ask_with(&bare, document, json!({})).await;
        refused.is_refused("FORBIDDEN", &lacks(permission, company));
    }
    let all = [
        Permission::MemberRead,
        Permission::MemberEmailRead,
        Permission::PlanRead,
        Permission::AccessPassRead,
        Permission::PromoCodeRead,
    ];
    let trusted = shop.guest(&all).await;
    let answered = shop.ask_with(&trusted, NODES, json!({})).await;
    let node = &answered.data()["company"]["memberships"]["nodes"][0];
    assert_eq!(
        (&node["member"]["email"], &node["promoCode"]["code"]),
        (&json!("ada@mail.example"), &json!("SPRING"))
    );
    let answered = shop.ask_with(&trusted, PLANS, json!({})).await;
    let price = &answered.data()["company"]["memberships"]["nodes"][0]["plan"]["formattedPrice"];
    assert_eq!(*price, json!("$10.00 / month"));
    let answered = shop.ask_with(&trusted, PASSES, json!({})).await;
    let count =
        &answered.data()["company"]["memberships"]["nodes"][0]["accessPass"]["activeMembershipsCount"];
    assert_eq!(*count, json!(1));
}
