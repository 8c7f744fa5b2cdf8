//! The list of a company's members, and one of them.

use crate::harness::NOW_MS;
use crate::scene::DAY_MS;
use crate::shop::{Bought, Shop, ids, lacks, standing, stands, usd};
use guildhall_app::founding::{EarlierMembership, EarlierPayment};
use guildhall_client as client;
use guildhall_core::company_member::{MemberOrder, RecentAction};
use guildhall_core::ids::{AttachmentId, Id};
use guildhall_core::membership::{GRACE_MS, MembershipStatus::*};
use guildhall_core::money::Currency;
use guildhall_core::payment::{Payment, Stage};
use guildhall_core::permission::Permission;
use serde_json::{Value, json};

const LIST: &str = "query($company: ID!, $after: String, $before: String, $direction: Direction, $first: Int,
    $last: Int, $order: MembersSortableColumns, $filters: MembersFiltersInput) {
  company(id: $company) {
    members(after: $after, before: $before, direction: $direction, first: $first, last: $last, order: $order,
      filters: $filters) {
      totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      nodes { id status mrr totalSpent usdTotalSpent accessLevel user { username } }
    }
  }
}";
const FIND: &str = "query($company: ID!, $member: ID!) { company(id: $company) { companyMember(id: $member) {
  id header joinedAt createdAt updatedAtMs status totalSpent usdTotalSpent mrr phone accessLevel
  imageSrcset(style: s128) { original double isVideo } user { id username name email country countryName }
} } }";

/// The nodes of a list by the username of each.
fn names(list: &Value) -> Vec<String> {
    let nodes = list["nodes"].as_array().unwrap_or_else(|| panic!("no nodes: {list}"));
    nodes.iter().map(|node| node["user"]["username"].as_str().expect("a username").to_owned()).collect()
}

/// Everybody's member id by username.
async fn members(shop: &Shop) -> Vec<(String, String)> {
    let answered = shop.ask(LIST, json!({"first": 200})).await;
    let list = &answered.data()["company"]["members"];
    names(list).into_iter().zip(ids(list)).collect()
}

fn named(members: &[(String, String)], ids: &[String]) -> Vec<String> {
    let name = |id: &String| {
        members.iter().find(|(_, known)| known == id).map_or_else(|| "?".into(), |(name, _)| name.clone())
    };
    ids.iter().map(name).collect()
}

/// Eight people of every status, with what happened last to each in the name of their row.
async fn eight(shop: &Shop) -> Vec<(&'static str, Bought)> {
    let behind = |ms: i64| Some(NOW_MS - ms);
    let rows = [
        ("ada", &shop.monthly, 10, EarlierMembership { payments_due: 3, ..standing(Active) }),
        ("ben", &shop.monthly, 10, EarlierMembership { quantity: 2, ..standing(Active) }),
        ("cem", &shop.once, 9, standing(Completed)),
        ("dia", &shop.monthly, 8, EarlierMembership { cancel_at_period_end: true, ..standing(Active) }),
        ("eli", &shop.monthly, 7, EarlierMembership::standing(PastDue, behind(GRACE_MS - 1))),
        ("fay", &shop.monthly, 6, EarlierMembership::standing(Expired, behind(DAY_MS))),
        ("gus", &shop.once, 5, standing(Drafted)),
        (
            "hal",
            &shop.once,
            4,
            EarlierMembership { promo_code: Some(shop.promo_code.clone()), ..standing(Expired) },
        ),
    ];
    let mut eight = Vec::new();
    for (name, plan, days, stands) in rows {
        eight.push((name, shop.buyer(name, plan, days * DAY_MS, stands).await));
    }
    let eur = Currency::parse("eur").expect("a currency");
    let paid = |index: usize, currency, amount_minor| {
        let bought: &Bought = &eight[index].1;
        let stands = Payment { amount_minor, ..stands(Stage::Paid, amount_minor) };
        EarlierPayment { currency, ..shop.payment(bought, stands) }
    };
    for (index, currency, amount) in
        [(0, usd(), 1000), (0, usd(), 1000), (1, usd(), 2000), (2, usd(), 2500), (3, eur, 9900)]
    {
        shop.paid(&paid(index, currency, amount), 3 * DAY_MS).await;
    }
    eight
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_shown_with_all_that_is_known_of_them() {
    let shop = Shop::open().await;
    let ben = shop
        .buyer("ben", &shop.monthly, 10 * DAY_MS, EarlierMembership { quantity: 2, ..standing(Active) })
        .await;
    let mut partly = stands(Stage::Paid, 2000);
    partly.refunded_minor = 500;
    partly.lost_minor = 250;
    shop.paid(&shop.payment(&ben, partly), 3 * DAY_MS).await;
    shop.paid(&shop.payment(&ben, stands(Stage::Failed, 2000)), 2 * DAY_MS).await;
    shop.paid(&shop.payment(&ben, stands(Stage::Paid, 20)), 2 * DAY_MS).await;
    let eur = Currency::parse("eur").expect("a currency");
    shop.paid(&EarlierPayment { currency: eur, ..shop.payment(&ben, stands(Stage::Paid, 700)) }, DAY_MS)
        .await;

    let variables = client::ListMembersVariables {
        company_id: shop.own.company.to_string(),
        ..client::ListMembersVariables::default()
    };
    let listed =
        shop.api().list_members(variables).await.expect("a list").company.expect("a company").members;
    assert_eq!(listed.total_count, 1);
    let nodes = listed.nodes.expect("nodes");
    let listed = nodes[0].as_ref().expect("a member");
    let variables = client::GetMemberVariables {
        company_id: shop.own.company.to_string(),
        company_member_id: listed.id.clone(),
    };
    let member = shop.api().get_member(variables).await.expect("found").company.expect("a company").member;
    assert!(member.id.starts_with("mber_"), "{}", member.id);
    assert_eq!(member.status, client::MemberStatuses::Joined);
    assert_eq!(member.access_level, client::AccessLevel::Customer);
    assert_eq!(member.joined_at, (NOW_MS - 10 * DAY_MS) / 1000);
    assert_eq!(member.created_at, member.joined_at);
    assert_eq!(member.updated_at_ms.0, NOW_MS - DAY_MS);
    assert!((member.total_spent - 12.5).abs() < 1e-9, "{}", member.total_spent);
    assert_eq!((member.usd_total_spent.as_str(), member.mrr.as_str()), ("12.50", "20.00"));
    assert!(member.phone.is_none());
    let user = member.user.expect("a user");
    assert_eq!((user.id.as_str(), user.username.as_str()), (ben.user.as_str(), "ben"));
    assert_eq!((user.name.as_deref(), user.email.as_deref()), (Some("The ben"), Some("ben@mail.example")));
    assert_eq!((listed.mrr.as_str(), listed.usd_total_spent.as_str()), ("20.00", "12.50"));

    // Whoever has no picture is drawn.
    let drawing = reqwest::get(&member.image_srcset.original).await.expect("an answer");
    assert_eq!(
        (drawing.status().as_u16(), &drawing.headers()["content-type"]),
        (200, &"image/svg+xml".parse().expect("a value"))
    );
    let png = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
    let picture = shop.hall.uploaded(None, "text/plain", &png).await;
    let (user, picture_id) = (ben.user.clone(), AttachmentId::parse(&picture).expect("an id"));
    shop.hall.found(move |founder| founder.profile(&user, Some(&picture_id), Some("Portugal"))).await;
    let found = shop.ask(FIND, json!({"member": listed.id})).await;
    let found = &found.data()["company"]["companyMember"];
    let address = found["imageSrcset"]["original"].as_str().expect("an address");
    assert!(address.contains(&picture), "{address}");
    assert_eq!((&found["header"], &found["imageSrcset"]["double"]), (&json!("The ben"), &json!(address)));
    assert_eq!(
        (&found["user"]["country"], &found["user"]["countryName"]),
        (&json!("Portugal"), &json!("Portugal"))
    );
    let user = ben.user.clone();
    shop.hall.found(move |founder| founder.profile(&user, None, Some("PT"))).await;
    let found = shop.ask(FIND, json!({"member": listed.id})).await;
    let user = &found.data()["company"]["companyMember"]["user"];
    assert_eq!((&user["country"], &user["countryName"]), (&json!("PT"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_order_goes_through_its_pages_both_ways() {
    let shop = Shop::open().await;
    eight(&shop).await;
    let members = members(&shop).await;
    let by_id = {
        let mut by_id = members.clone();
        by_id.sort_by(|a, b| a.1.cmp(&b.1));
        by_id.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    let ranked = |rank: fn(&str) -> i64| {
        let mut names = by_id.clone();
        names.sort_by_key(|name| rank(name));
        names
    };
    let made = ranked(|name| {
        ["ada ben", "cem", "dia", "eli", "fay", "gus", "hal"]
            .iter()
            .position(|day| day.contains(name))
            .map_or(9, |day| day as i64)
    });
    let spent = ranked(|name| match name {
        "ada" | "ben" => 2000,
        "cem" => 2500,
        _ => 0,
    });
    let orders = [
        (MemberOrder::CreatedAt, made.clone()),
        (MemberOrder::Id, by_id.clone()),
        (MemberOrder::JoinedAt, made.clone()),
        (MemberOrder::MostRecentAction, made.clone()),
        (MemberOrder::UsdTotalSpent, spent),
    ];
    assert_eq!(orders.len(), MemberOrder::ALL.len());
    for (order, ascending) in orders {
        for direction in ["asc", "desc"] {
            let mut expected = ascending.clone();
            if direction == "desc" {
                expected.reverse();
            }
            for size in [1, 3, 200] {
                let variables = json!({"order": order.as_str(), "direction": direction});
                let found = shop.paged(LIST, "members", &variables, size).await;
                assert_eq!(named(&members, &found), expected, "{order:?} {direction} {size}");
            }
        }
    }
    let mut newest_first = made;
    newest_first.reverse();
    assert_eq!(names(&shop.ask(LIST, json!({})).await.data()["company"]["members"]), newest_first);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_finds_what_it_says() {
    let shop = Shop::open().await;
    let eight = eight(&shop).await;
    // One person with two memberships: no filter finds them twice, or joins the one's pass with the other's status.
    shop.bought(&eight[7].1.user, Some(&shop.monthly), 3 * DAY_MS, standing(Drafted)).await;
    let second = |days: i64| (NOW_MS - days * DAY_MS) / 1000;
    let all = vec!["ada", "ben", "cem", "dia", "eli", "fay", "gus", "hal"];
    let monthly = shop.monthly.as_str();
    let table: Vec<(Value, Vec<&str>)> = vec![
        (json!({}), all.clone()),
        (json!({"statuses": [], "query": "  "}), all.clone()),
        (json!({"accessPassIds": [shop.book.as_str()]}), vec!["cem", "gus", "hal"]),
        (json!({"accessPassIds": [shop.hall.world.access_pass.as_str()]}), vec![]),
        (json!({"planIds": [monthly]}), vec!["ada", "ben", "dia", "eli", "fay", "hal"]),
        (json!({"planIds": [monthly], "membershipStatus": "expired"}), vec!["fay"]),
        (json!({"membershipStatus": "drafted"}), vec!["gus", "hal"]),
        (json!({"promoCodeIds": [shop.promo_code.as_str()]}), vec!["hal"]),
        (json!({"promoCodeIds": [shop.promo_code.as_str()], "planIds": [monthly]}), vec![]),
        (json!({"statuses": ["joined"]}), vec!["ada", "ben", "cem", "dia", "eli"]),
        (json!({"statuses": ["left"]}), vec!["fay", "hal"]),
        (json!({"statuses": ["drafted"]}), vec!["gus"]),
        (json!({"statuses": ["drafted", "left"]}), vec!["fay", "gus", "hal"]),
        (json!({"mostRecentActions": ["renewing"]}), vec!["ada"]),
        (json!({"mostRecentActions": ["paid_subscriber", "paid_once"]}), vec!["ben", "cem"]),
        (json!({"mostRecentActions": ["canceling", "past_due", "churned"]}), vec!["dia", "eli", "fay"]),
        (json!({"mostRecentActions": ["drafted"]}), vec!["gus", "hal"]),
        (json!({"mostRecentActions": ["trialing", "left"]}), vec![]),
        (json!({"startDate": second(7), "endDate": second(5)}), vec!["eli", "fay", "gus"]),
        (json!({"endDate": i64::MIN}), vec![]),
        (json!({"trackingLinkIds": ["link_1"]}), vec![]),
        (json!({"trackingLinkIds": []}), all.clone()),
        (json!({"query": "EL"}), vec!["eli"]),
        (json!({"query": "the g"}), vec!["gus"]),
        (json!({"query": "fay@mail"}), vec!["fay"]),
        (json!({"query": "a%"}), vec![]),
    ];
    for (filters, expected) in table {
        let answered = shop.ask(LIST, json!({"filters": filters, "first": 1000})).await;
        let list = &answered.data()["company"]["members"];
        let mut found = names(list);
        found.sort_unstable();
        assert_eq!(found, expected, "{filters}");
        assert_eq!(list["totalCount"], json!(expected.len()), "{filters}");
        let variables = json!({"filters": filters, "order": "most_recent_action"});
        assert_eq!(shop.paged(LIST, "members", &variables, 2).await.len(), expected.len(), "{filters}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_on_record_with_what_they_begin_and_join_with_what_they_hold() {
    let shop = Shop::open().await;
    let gus = shop.buyer("gus", &shop.once, 5 * DAY_MS, standing(Drafted)).await;
    let member = members(&shop).await[0].1.clone();
    let found = async || {
        let answered = shop.ask(FIND, json!({"member": member})).await;
        answered.data()["company"]["companyMember"].clone()
    };
    let drafted = found().await;
    assert_eq!((&drafted["status"], &drafted["accessLevel"]), (&json!("drafted"), &json!("no_access")));
    assert_eq!(drafted["joinedAt"], drafted["createdAt"]);
    let (id, now) = (gus.membership.clone(), NOW_MS);
    let age = async |at: i64, stands: EarlierMembership| {
        let id = id.clone();
        let aged = move |founder: &mut guildhall_app::founding::Founder<'_, '_>| {
            founder.set_now(at);
            founder.age_membership(&id, &stands)
        };
        shop.hall.found(aged).await;
    };
    age(now - 3 * DAY_MS, standing(Completed)).await;
    let joined = found().await;
    assert_eq!((&joined["status"], &joined["accessLevel"]), (&json!("joined"), &json!("customer")));
    assert_eq!(joined["joinedAt"], json!((now - 3 * DAY_MS) / 1000));
    assert_eq!(joined["createdAt"], drafted["createdAt"]);
    age(now - DAY_MS, standing(Expired)).await;
    let left = found().await;
    assert_eq!((&left["status"], &left["joinedAt"]), (&json!("left"), &joined["joinedAt"]));
    assert_eq!(left["updatedAtMs"], json!((now - DAY_MS).to_string()));
    let filters = json!({"filters": {"mostRecentActions": [RecentAction::Left.as_str()]}});
    assert_eq!(names(&shop.ask(LIST, filters).await.data()["company"]["members"]), ["gus"]);
    // The members of another company are their own.
    let elsewhere = json!({"company": shop.hall.world.company.as_str(), "member": member});
    let refused = shop.hall.run(None, FIND, elsewhere).await;
    refused.is_refused("NOT_FOUND", &format!("There is no member `{member}`, or you have no access to it."));
    let unknown = shop.ask(FIND, json!({"member": "mber_1"})).await;
    unknown.is_refused("NOT_FOUND", "There is no member `mber_1`, or you have no access to it.");
    shop.ask(FIND, json!({"member": "user_1"})).await.is_refused("INVALID_INPUT", "is not a member id");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_or_filter_is_refused() {
    let shop = Shop::open().await;
    eight(&shop).await;
    let not_a_cursor = "is not a cursor of this list and order.";
    let table = [
        (json!({"first": -1}), "`first` must not be negative."),
        (json!({"after": "mber_1"}), not_a_cursor),
        (json!({"before": "id.1.mem_1"}), not_a_cursor),
        (json!({"after": "joined_at.1.mber_1"}), not_a_cursor),
        (json!({"filters": {"query": "x".repeat(201)}}), "`query` is at most 200 characters long"),
        (json!({"filters": {"query": "a\nb"}}), "without control characters"),
        (json!({"filters": {"statuses": vec!["left"; 101]}}), "`statuses` takes at most 100."),
        (
            json!({"filters": {"mostRecentActions": vec!["left"; 101]}}),
            "`mostRecentActions` takes at most 100.",
        ),
        (json!({"filters": {"planIds": ["plan"]}}), "`plan` is not a plan id"),
    ];
    for (variables, sentence) in table {
        shop.ask(LIST, variables).await.is_refused("INVALID_INPUT", sentence);
    }
    let answered = shop.ask(LIST, json!({"last": 2_000_000_000})).await;
    assert_eq!(names(&answered.data()["company"]["members"]).len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn e_mails_are_for_those_who_may_see_them_and_are_not_searched_for_others() {
    const EMAILS: &str = "query($company: ID!, $query: String) { company(id: $company) {
      members(filters: {query: $query}) { totalCount nodes { user { email } } }
    } }";
    let shop = Shop::open().await;
    shop.buyer("ada", &shop.monthly, DAY_MS, standing(Active)).await;
    let company = &shop.own.company;
    let nothing = shop.guest(&[Permission::MemberEmailRead]).await;
    let member = members(&shop).await[0].1.clone();
    for (document, variables) in [(LIST, json!({})), (FIND, json!({"member": member}))] {
        let refused = shop.ask_with(&nothing, document, variables).await;
        refused.is_refused("FORBIDDEN", &lacks(Permission::MemberRead, company));
    }
    let bare = shop.guest(&[Permission::MemberRead]).await;
    let trusted = shop.guest(&[Permission::MemberRead, Permission::MemberEmailRead]).await;
    for (key, query, found) in [
        (&bare, "ada", json!({"totalCount": 1, "nodes": [{"user": {"email": null}}]})),
        (&bare, "ada@mail", json!({"totalCount": 0, "nodes": []})),
        (&trusted, "ada@mail", json!({"totalCount": 1, "nodes": [{"user": {"email": "ada@mail.example"}}]})),
    ] {
        let answered = shop.ask_with(key, EMAILS, json!({"query": query})).await;
        assert_eq!(answered.data()["company"]["members"], found);
    }
    for (key, email) in [(&bare, Value::Null), (&trusted, json!("ada@mail.example"))] {
        let answered = shop.ask_with(key, FIND, json!({"member": member})).await;
        assert_eq!(answered.data()["company"]["companyMember"]["user"]["email"], email);
    }
}
