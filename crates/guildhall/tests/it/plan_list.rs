//! A company's list of plans.

use crate::harness::Hall;
use guildhall_app::access_pass::Visibility;
use guildhall_app::membership::NewMembership;
use guildhall_app::plan::NewPlan;
use guildhall_client as client;
use guildhall_core::billing::Terms;
use guildhall_core::ids::{Id, PlanId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::money::Currency;
use guildhall_core::permission::Permission;
use guildhall_core::plan::ReleaseMethod;
use guildhall_core::waitlist::EntryRules;
use serde_json::{Value, json};

const LIST: &str =
    "query($company: ID!, $filter: PlanFilters, $first: Int, $last: Int, $after: String, $before: String) {
  company(id: $company) { plans(filter: $filter, first: $first, last: $last, after: $after, before: $before) {
    totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } nodes { id name title }
  } }
}";

impl Hall {
    /// A plan of the paid pass, made by `change` of one that is free.
    pub(crate) async fn plan_of(
        &self,
        change: impl Fn(NewPlan) -> NewPlan + Send + Sync + 'static,
    ) -> PlanId {
        let (company, pass) = (self.world.company.clone(), self.world.paid_access_pass.clone());
        let usd = Currency::parse("usd").expect("a currency");
        let terms = Terms::OneTime { price_minor: 0, expiration_days: None };
        let free = NewPlan::of_terms(company, pass, usd, terms);
        self.found(move |founder| founder.plan(&change(free.clone()))).await
    }
}

async fn list(hall: &Hall, filter: Value, page: Value) -> Value {
    let mut variables = page;
    (variables["company"], variables["filter"]) = (json!(hall.world.company.as_str()), filter);
    hall.run(None, LIST, variables).await.data()["company"]["plans"].clone()
}

fn names(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().expect("nodes");
    nodes.iter().filter_map(|node| node["name"].as_str().map(ToOwned::to_owned)).collect()
}

/// Five plans with names, whose demo neighbours have none.
async fn plans(hall: &Hall) -> Vec<PlanId> {
    let end = hall.clock.now_ms() + 100_000;
    let mut made = Vec::new();
    for name in ["A", "B", "C", "D", "E"] {
        // Ids of one moment are in no order.
        hall.clock.advance_ms(1);
        let plan = hall.plan_of(move |plan| {
            let plan = NewPlan { name: Some(name.into()), ..plan };
            match name {
                "B" => {
                    NewPlan { visibility: Visibility::Hidden, description: Some("Oak_only".into()), ..plan }
                }
                "C" => NewPlan { release_method: ReleaseMethod::Waitlist, ..plan },
                "D" => NewPlan {
                    release_method: ReleaseMethod::Raffle,
                    stock: Some(1),
                    entry_rules: EntryRules { expires_at: Some(end), ..EntryRules::default() },
                    ..plan
                },
                "E" => NewPlan {
                    release_method: ReleaseMethod::Raffle,
                    stock: Some(1),
                    entry_rules: EntryRules { expires_at: Some(end + 100_000), ..EntryRules::default() },
                    ..plan
                },
                _ => plan,
            }
        });
        made.push(plan.await);
    }
    let (company, pass) = (hall.world.company.clone(), hall.world.paid_access_pass.clone());
    for (plan, count) in [(&made[1], 2), (&made[3], 1)] {
        for number in 0..count {
            let user = hall.person(&format!("of-{}-{number}", &plan.to_string()[20..])).await;
            let membership = NewMembership {
                company: company.clone(),
                access_pass: pass.clone(),
                plan: Some(plan.clone()),
                user,
                status: MembershipStatus::Completed,
                paid_until: None,
            };
            hall.found(move |founder| founder.membership(&membership)).await;
        }
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_filtered_ordered_and_paged() {
    let hall = Hall::open().await;
    plans(&hall).await;
    let all = json!({"visibility": "all"});
    let total = list(&hall, all.clone(), json!({})).await["totalCount"].as_i64().expect("a number");
    hall.at(150_000);
    for (filter, expected) in [
        (json!({}), vec!["A", "B", "C", "D", "E"]),
        (json!({"direction": "desc"}), vec!["E", "D", "C", "B", "A"]),
        (json!({"visibility": "visible"}), vec!["A", "C", "D", "E"]),
        (json!({"visibility": "hidden"}), vec!["B"]),
        (json!({"visibility": "archived"}), vec![]),
        (json!({"releaseMethod": "waitlist"}), vec!["C"]),
        (json!({"releaseMethod": "raffle"}), vec!["D", "E"]),
        (json!({"raffleEnded": true}), vec!["D"]),
        (json!({"raffleEnded": false}), vec!["E"]),
        (json!({"query": "oak_"}), vec!["B"]),
        (json!({"query": "o%k"}), vec![]),
        (json!({"accessPassId": hall.world.access_pass.as_str()}), vec![]),
        (json!({"affiliates": true}), vec![]),
        (json!({"passholderAffiliate": false}), vec!["A", "B", "C", "D", "E"]),
        (json!({"order": "expires_at", "releaseMethod": "raffle", "direction": "desc"}), vec!["E", "D"]),
        (json!({"order": "affiliates"}), vec!["A", "B", "C", "D", "E"]),
    ] {
        assert_eq!(names(&list(&hall, filter.clone(), json!({})).await), expected, "{filter}");
    }
    let busiest = json!({"order": "active_memberships_count", "direction": "desc"});
    let page = list(&hall, busiest.clone(), json!({"first": 200})).await;
    let ranked: Vec<String> = names(&page).into_iter().filter(|name| name == "B" || name == "D").collect();
    assert_eq!(ranked, ["B", "D"]);

    let whole = page["nodes"].as_array().expect("nodes").clone();
    assert_eq!(i64::try_from(whole.len()).ok(), Some(total));
    let (mut read, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = list(&hall, busiest.clone(), json!({"first": 2, "after": after})).await;
        assert_eq!(page["totalCount"], total);
        read.extend(page["nodes"].as_array().expect("nodes").clone());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(read, whole);
    let last = list(&hall, busiest, json!({"last": 2})).await;
    assert_eq!(last["nodes"], json!(whole[whole.len() - 2..]));
    assert_eq!(last["pageInfo"]["hasPreviousPage"], true);
    for (filter, page, words) in [
        (json!({"order": "internal_notes"}), json!({}), "Plans have no internal notes here"),
        (json!({"accessPassId": "plan_1"}), json!({}), "is not an access pass id"),
        (json!({}), json!({"after": "prod_1"}), "`after` is not a cursor of this list and order."),
        (
            json!({"order": "affiliates"}),
            json!({"after": "plan_none"}),
            "`after` is not a cursor of this list and order.",
        ),
        (json!({}), json!({"first": -1}), "`first` must not be negative."),
    ] {
        let mut variables = page;
        (variables["company"], variables["filter"]) = (json!(hall.world.company.as_str()), filter);
        hall.run(None, LIST, variables).await.is_refused("INVALID_INPUT", words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_goes_through_its_pages_both_ways() {
    let hall = Hall::open().await;
    plans(&hall).await;
    for order in ["created_at", "active_memberships_count", "affiliates", "expires_at"] {
        for direction in ["asc", "desc"] {
            let filter = json!({"visibility": "all", "order": order, "direction": direction});
            let page = async |page: Value| list(&hall, filter.clone(), page).await;
            let whole = page(json!({"first": 200})).await["nodes"].as_array().expect("nodes").clone();
            let (mut forward, mut after) = (Vec::new(), Value::Null);
            loop {
                let page = page(json!({"first": 2, "after": after})).await;
                forward.extend(page["nodes"].as_array().expect("nodes").clone());
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(forward, whole, "{filter}");
            let (mut backward, mut before) = (Vec::new(), Value::Null);
            loop {
                let page = page(json!({"last": 2, "before": before})).await;
                backward.splice(0..0, page["nodes"].as_array().expect("nodes").clone());
                before = page["pageInfo"]["startCursor"].clone();
                if page["pageInfo"]["hasPreviousPage"] == false {
                    break;
                }
            }
            assert_eq!(backward, whole, "{filter}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_where_the_one_before_ended_also_when_that_plan_moved() {
    let hall = Hall::open().await;
    let made = plans(&hall).await;
    let busiest = json!({"order": "active_memberships_count", "direction": "desc"});
    let whole = list(&hall, busiest.clone(), json!({})).await["nodes"].as_array().expect("nodes").clone();
    let place = whole.iter().position(|plan| plan["id"] == made[3].as_str()).expect("D has a member");
    let first = list(&hall, busiest.clone(), json!({"first": place + 1})).await;
    let after = first["pageInfo"]["endCursor"].clone();
    // D is bought by so many that it rises to the top.
    for number in 0..40 {
        let membership = NewMembership {
            company: hall.world.company.clone(),
            access_pass: hall.world.paid_access_pass.clone(),
            plan: Some(made[3].clone()),
            user: hall.person(&format!("late-{number}")).await,
            status: MembershipStatus::Completed,
            paid_until: None,
        };
        hall.found(move |founder| founder.membership(&membership)).await;
    }
    assert_eq!(list(&hall, busiest.clone(), json!({"first": 1})).await["nodes"][0]["name"], "D");
    let rest = list(&hall, busiest.clone(), json!({"after": after})).await;
    assert_eq!(rest["nodes"], json!(whole[place + 1..]));
    let before = list(&hall, busiest, json!({"before": after})).await;
    let before = before["nodes"].as_array().expect("nodes");
    assert_eq!((&before[0]["name"], &before[1..]), (&json!("D"), &whole[..place]), "it went before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_what_it_costs_in_numbers_and_words() {
    let hall = Hall::open().await;
    let terms = Terms::Renewal {
        initial_price_minor: 500,
        renewal_price_minor: 123_456,
        period_days: 90,
        trial_days: 0,
    };
    hall.plan_of(move |plan| NewPlan { terms, stock: Some(7), name: Some("Quarterly".into()), ..plan }).await;
    let variables = client::ListPlansVariables {
        company_id: hall.world.company.to_string(),
        filter: Some(client::PlanFilters {
            query: Some("quarterly".into()),
            ..client::PlanFilters::default()
        }),
        ..client::ListPlansVariables::default()
    };
    let plans =
        hall.app().list_plans(variables.clone()).await.expect("a list").company.expect("a company").plans;
    assert_eq!(plans.total_count, 1);
    let plan = plans.nodes.expect("nodes")[0].clone().expect("a plan");
    assert_eq!(plan.formatted_price, "$1,234.56 / 3 months + $5.00 once");
    assert_eq!(plan.formatted_billing_period.as_deref(), Some("every 3 months"));
    assert_eq!((plan.raw_initial_price, plan.raw_renewal_price), (5.0, 1234.56));
    assert!((plan.initial_price_due - 1239.56).abs() < 1e-9, "{}", plan.initial_price_due);
    assert_eq!((plan.title.as_str(), plan.name.as_deref()), ("Quarterly", Some("Quarterly")));
    assert_eq!((plan.stock, plan.unlimited_stock, plan.billing_period), (7, false, Some(90)));
    assert_eq!(plan.access_pass.expect("its pass").id, hall.world.paid_access_pass.as_str());

    // Without a name it is called as its pass; without the permission the pass is not shown.
    let foreign = hall.foreign().await;
    hall.install(&foreign, &[Permission::PlanRead]).await;
    let variables = client::ListPlansVariables { filter: None, ..variables };
    let plans = hall.client(&foreign.key).list_plans(variables).await.expect("a list");
    let nodes = plans.company.expect("a company").plans.nodes.expect("nodes");
    let demo =
        nodes.iter().flatten().find(|plan| plan.id == hall.world.plan.as_str()).expect("the demo's plan");
    assert!(demo.access_pass.is_none() && demo.name.is_none() && !demo.title.is_empty());
}
