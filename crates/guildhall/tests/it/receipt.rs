//! The list of a company's receipts.

use crate::harness::NOW_MS;
use crate::scene::DAY_MS;
use crate::shop::{Bought, Shop, ids, lacks, standing, stands};
use guildhall_app::founding::{EarlierMembership, EarlierPayment};
use guildhall_app::processor::Processor;
use guildhall_client as client;
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::Id;
use guildhall_core::membership::MembershipStatus::Active;
use guildhall_core::money::Currency;
use guildhall_core::payment::{Payment, Stage};
use guildhall_core::permission::Permission;
use guildhall_core::receipt::{BillingReason, ReceiptOrder};
use serde_json::{Value, json};

const LIST: &str = "query($company: ID!, $first: Int, $after: String, $filter: ReceiptV2Filters) {
  company(id: $company) { receiptsV2(first: $first, after: $after, filter: $filter) {
    totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
    nodes {
      id status friendlyStatus refundable retryable paymentProcessor paymentMethodType currency total finalAmount
      amountAfterFees refundedAmount settledUsdAmount totalUsdAmount autoRefunded chargeSkippedPriceTooLow
      disputeAlertedAt
    }
  } }
}";

fn eur() -> Currency {
    Currency::parse("eur").expect("a currency")
}

/// A payment of each kind, by a name of its own.
async fn kinds(shop: &Shop) -> Vec<(&'static str, String)> {
    let ada = shop.buyer("ada", &shop.monthly, 20 * DAY_MS, standing(Active)).await;
    let bob = shop.buyer("bob", &shop.once, 19 * DAY_MS, standing(Active)).await;
    let of = |bought: &Bought, stands: Payment| shop.payment(bought, stands);
    let paid = |amount: i64| stands(Stage::Paid, amount);
    let disputed = |amount, dispute| Payment { dispute: Some(dispute), ..paid(amount) };
    let renewal = BillingReason::SubscriptionCycle;
    let (card, balance) = (Some(Processor::Sandbox), Some(Processor::PlatformBalance));
    let kinds = [
        ("paid", 19, EarlierPayment { processor: card, ..of(&ada, paid(1000)) }),
        (
            "partly",
            18,
            EarlierPayment { processor: card, ..of(&ada, Payment { refunded_minor: 300, ..paid(1000) }) },
        ),
        (
            "gone",
            18,
            EarlierPayment { processor: balance, ..of(&ada, Payment { refunded_minor: 900, ..paid(900) }) },
        ),
        (
            "lost",
            17,
            EarlierPayment {
                processor: Some(Processor::Stripe),
                ..of(&ada, Payment { lost_minor: 800, ..disputed(800, DisputeStatus::Lost) })
            },
        ),
        (
            "disputed",
            16,
            EarlierPayment { processor: card, ..of(&ada, disputed(700, DisputeStatus::NeedsResponse)) },
        ),
        (
            "warned",
            15,
            EarlierPayment {
                processor: card,
                ..of(&ada, disputed(600, DisputeStatus::WarningNeedsResponse))
            },
        ),
        ("declined", 14, EarlierPayment { processor: card, ..of(&ada, stands(Stage::Failed, 1000)) }),
        (
            "overdue",
            13,
            EarlierPayment {
                billing_reason: renewal,
                processor: card,
                ..of(&ada, stands(Stage::Failed, 1000))
            },
        ),
        (
            "given-up",
            12,
            EarlierPayment {
                billing_reason: renewal,
                processor: card,
                ..of(&ada, stands(Stage::Uncollectible, 1000))
            },
        ),
        ("returned", 11, EarlierPayment { processor: card, ..of(&ada, stands(Stage::AutoRefunded, 1000)) }),
        ("tiny", 10, of(&ada, paid(20))),
        (
            "euros",
            9,
            EarlierPayment {
                currency: eur(),
                plan: shop.once.clone(),
                access_pass: shop.book.clone(),
                processor: card,
                billing_reason: BillingReason::OneTime,
                ..of(&bob, paid(5000))
            },
        ),
        ("begun", 8, of(&bob, stands(Stage::Drafted, 1000))),
    ];
    let mut named = Vec::new();
    for (name, days, payment) in kinds {
        let is_paid = payment.stands.stage == Stage::Paid;
        let payment = EarlierPayment { paid_at: is_paid.then_some(NOW_MS - days * DAY_MS + 1), ..payment };
        named.push((name, shop.paid(&payment, days * DAY_MS).await.to_string()));
    }
    named
}

fn named(kinds: &[(&'static str, String)], ids: &[String]) -> Vec<&'static str> {
    ids.iter().map(|id| kinds.iter().find(|(_, known)| known == id).map_or("?", |(name, _)| *name)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_listed_with_all_that_is_known_of_it() {
    let shop = Shop::open().await;
    let bought = EarlierMembership { promo_code: Some(shop.promo_code.clone()), ..standing(Active) };
    let ada = shop.buyer("ada", &shop.monthly, 10 * DAY_MS, bought).await;
    let payment = EarlierPayment {
        processor: Some(Processor::Sandbox),
        card: Some(("visa".into(), "4242".into())),
        processor_fee_minor: 51,
        platform_fee_minor: 23,
        promo_code: Some(shop.promo_code.clone()),
        paid_at: Some(NOW_MS - 9 * DAY_MS),
        failure_message: Some("The first card was declined.".into()),
        ..shop.payment(&ada, Payment { refunded_minor: 100, ..stands(Stage::Paid, 795) })
    };
    let id = shop.paid(&payment, 10 * DAY_MS).await;
    let variables = client::ListReceiptsForCompanyVariables {
        company_id: shop.own.company.to_string(),
        ..client::ListReceiptsForCompanyVariables::default()
    };
    let listed = shop.api().list_receipts_for_company(variables).await.expect("a list");
    let listed = listed.company.expect("a company").receipts.expect("receipts");
    assert!(!listed.page_info.has_next_page && listed.page_info.end_cursor.is_some());
    let nodes = listed.nodes.expect("nodes");
    let receipt = nodes[0].as_ref().expect("a receipt");
    assert_eq!((receipt.id.as_str(), nodes.len()), (id.as_str(), 1));
    assert_eq!(receipt.status, Some(client::ReceiptStatus::Paid));
    assert_eq!(receipt.friendly_status, client::FriendlyReceiptStatus::PartiallyRefunded);
    assert_eq!(receipt.billing_reason.as_deref(), Some("subscription_create"));
    assert_eq!((receipt.brand.as_deref(), receipt.last_4.as_deref()), (Some("visa"), Some("4242")));
    assert_eq!(receipt.payment_processor, Some(client::ReceiptPaymentProcessor::MultiPsp));
    assert_eq!(receipt.payment_method_type.as_deref(), Some("card"));
    assert_eq!(receipt.currency, Some(client::Currencies::Usd));
    assert_eq!(
        (receipt.created_at, receipt.paid_at),
        ((NOW_MS - 10 * DAY_MS) / 1000, Some((NOW_MS - 9 * DAY_MS) / 1000))
    );
    assert_eq!(receipt.last_payment_attempt, Some((NOW_MS - 10 * DAY_MS) / 1000));
    assert_eq!(receipt.failure_message.as_deref(), Some("The first card was declined."));
    let amounts = [
        (Some(receipt.final_amount), 7.95),
        (receipt.total, 7.95),
        (receipt.presented_final_amount, 7.95),
        (receipt.settled_usd_amount, 7.95),
        (receipt.presented_settled_usd_amount, 7.95),
        (receipt.total_usd_amount, 7.95),
        (receipt.refunded_amount, 1.0),
        (Some(receipt.amount_after_fees), 7.21),
    ];
    for (index, (found, expected)) in amounts.into_iter().enumerate() {
        assert!((found.expect("an amount") - expected).abs() < 1e-9, "{index}: {found:?}, not {expected}");
    }
    assert!(receipt.refundable && !receipt.retryable && !receipt.auto_refunded);
    assert!(!receipt.charge_skipped_price_too_low && receipt.dispute_alerted_at.is_none());
    assert!(receipt.address.is_none() && receipt.most_recent_risk_score.is_none());
    let member = receipt.member.as_ref().expect("a member");
    assert_eq!(member.header, "The ada");
    assert!(member.image_srcset.original.ends_with("/assets/person.svg") && !member.image_srcset.is_video);
    let user = member.user.as_ref().expect("a user");
    assert_eq!((user.id.as_str(), user.email.as_deref()), (ada.user.as_str(), Some("ada@mail.example")));
    let plan = receipt.plan.as_ref().expect("a plan");
    assert_eq!((plan.id.as_str(), plan.title.as_str()), (shop.monthly.as_str(), "Club"));
    assert_eq!(plan.formatted_price, "$10.00 / month");
    assert!((plan.renewal_price - 10.0).abs() < 1e-9 && plan.initial_price.abs() < 1e-9);
    let membership = receipt.membership.as_ref().expect("a membership");
    assert_eq!(
        (membership.id.as_str(), &membership.status),
        (ada.membership.as_str(), &client::MembershipStatus::Active)
    );
    let code = receipt.promo_code.as_ref().expect("a promo code");
    assert_eq!((code.code.as_deref(), code.number_of_intervals), (Some("SPRING"), Some(3)));
    assert_eq!(
        (&code.promo_type, &code.base_currency),
        (&client::PromoTypes::Percentage, &client::Currencies::Usd)
    );
    assert!((code.amount_off - 20.5).abs() < 1e-9);
    let pass = receipt.access_pass.as_ref().expect("a pass");
    assert_eq!((pass.id.as_str(), pass.title.as_str()), (shop.club.as_str(), "Club"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_payment_has_its_words_and_amounts() {
    let shop = Shop::open().await;
    let kinds = kinds(&shop).await;
    let answered = shop.ask(LIST, json!({"first": 200})).await;
    let nodes = answered.data()["company"]["receiptsV2"]["nodes"].as_array().expect("nodes").clone();
    // Its status, in plain words; who took it; whether it can be refunded or tried again.
    let table = [
        ("paid", "paid", "succeeded", json!("multi_psp"), true, false),
        ("partly", "paid", "partially_refunded", json!("multi_psp"), true, false),
        ("gone", "paid", "refunded", json!("platform_balance"), false, false),
        ("lost", "paid", "refunded", json!("stripe"), false, false),
        ("disputed", "paid", "open_dispute", json!("multi_psp"), false, false),
        ("warned", "paid", "dispute_warning", json!("multi_psp"), true, false),
        ("declined", "open", "failed", json!("multi_psp"), false, true),
        ("overdue", "open", "past_due", json!("multi_psp"), false, true),
        ("given-up", "uncollectible", "uncollectible", json!("multi_psp"), false, false),
        ("returned", "paid", "auto_refunded", json!("multi_psp"), false, false),
        ("tiny", "paid", "price_too_low", json!("free"), false, false),
        ("euros", "paid", "succeeded", json!("multi_psp"), true, false),
        ("begun", "draft", "drafted", Value::Null, false, false),
    ];
    assert_eq!(table.len(), kinds.len());
    let of = |name: &str| {
        let id = &kinds.iter().find(|(known, _)| *known == name).expect("a kind").1;
        nodes
            .iter()
            .find(|node| node["id"] == json!(id))
            .unwrap_or_else(|| panic!("{name} is not listed"))
            .clone()
    };
    for (name, status, friendly, processor, refundable, retryable) in table {
        let node = of(name);
        assert_eq!((&node["status"], &node["friendlyStatus"]), (&json!(status), &json!(friendly)), "{name}");
        assert_eq!(node["paymentProcessor"], processor, "{name}");
        assert_eq!(
            (&node["refundable"], &node["retryable"]),
            (&json!(refundable), &json!(retryable)),
            "{name}"
        );
        assert_eq!(node["autoRefunded"], json!(name == "returned"), "{name}");
        assert_eq!(node["chargeSkippedPriceTooLow"], json!(name == "tiny"), "{name}");
        assert_eq!(node["disputeAlertedAt"].is_null(), name != "warned", "{name}");
        assert_eq!(
            node["paymentMethodType"],
            if name == "gone" { json!("platform_balance") } else { Value::Null }
        );
    }
    assert_eq!(of("returned")["refundedAmount"], json!(10.0));
    assert_eq!((&of("lost")["refundedAmount"], &of("gone")["refundedAmount"]), (&json!(0.0), &json!(9.0)));
    let euros = of("euros");
    assert_eq!(
        (&euros["currency"], &euros["total"], &euros["finalAmount"]),
        (&json!("eur"), &json!(50.0), &json!(50.0))
    );
    assert_eq!((&euros["settledUsdAmount"], &euros["totalUsdAmount"]), (&Value::Null, &Value::Null));
    let tiny = of("tiny");
    assert_eq!((&tiny["settledUsdAmount"], &tiny["totalUsdAmount"]), (&Value::Null, &json!(0.2)));
    let declined = of("declined");
    assert_eq!((&declined["settledUsdAmount"], &declined["totalUsdAmount"]), (&Value::Null, &json!(10.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_order_goes_through_its_pages_both_directions() {
    let shop = Shop::open().await;
    let kinds = kinds(&shop).await;
    let by_id = {
        let mut ids: Vec<String> = kinds.iter().map(|(_, id)| id.clone()).collect();
        ids.sort();
        named(&kinds, &ids)
    };
    let made = [
        "paid",
        "partly gone",
        "lost",
        "disputed",
        "warned",
        "declined",
        "overdue",
        "given-up",
        "returned",
        "tiny",
        "euros",
        "begun",
    ];
    let day =
        move |name: &str| made.iter().position(|day| day.split(' ').any(|one| one == name)).unwrap_or(99);
    let unpaid = ["declined", "overdue", "given-up", "returned", "begun"];
    let paid_on = move |name: &str| if unpaid.contains(&name) { 0 } else { 1 + day(name) };
    let amount = |name: &str| match name {
        "gone" => 900,
        "lost" => 800,
        "disputed" => 700,
        "warned" => 600,
        "tiny" => 20,
        "euros" => 5000,
        _ => 1000,
    };
    let ranked = |rank: &dyn Fn(&str) -> usize| {
        let mut names = by_id.clone();
        names.sort_by_key(|name| rank(name));
        names
    };
    let orders = [
        (ReceiptOrder::CreatedAt, ranked(&day)),
        (ReceiptOrder::FinalAmount, ranked(&amount)),
        (ReceiptOrder::PaidAt, ranked(&paid_on)),
    ];
    assert_eq!(orders.len(), ReceiptOrder::ALL.len());
    for (order, ascending) in orders {
        for direction in ["asc", "desc"] {
            let mut expected = ascending.clone();
            if direction == "desc" {
                expected.reverse();
            }
            for size in [1, 4, 200] {
                let variables = json!({"filter": {"order": order.as_str(), "direction": direction}});
                let found = shop.walked(LIST, "receiptsV2", &variables, size, true).await;
                assert_eq!(named(&kinds, &found), expected, "{order:?} {direction} {size}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_finds_what_it_says() {
    let shop = Shop::open().await;
    let kinds = kinds(&shop).await;
    let second = |days: i64| (NOW_MS - days * DAY_MS) / 1000;
    let all: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
    let begun = kinds.last().expect("a kind").1.clone();
    let table: Vec<(Value, Vec<&str>)> = vec![
        (json!({}), all.clone()),
        (json!({"statuses": []}), all.clone()),
        (json!({"accessPassIds": [shop.book.as_str()]}), vec!["euros"]),
        (json!({"accessPassIds": [shop.hall.world.access_pass.as_str()]}), vec![]),
        (json!({"planIds": [shop.once.as_str(), shop.hall.world.plan.as_str()]}), vec!["euros"]),
        (json!({"billingReasons": ["one_time", "manual"]}), vec!["euros"]),
        (json!({"billingReasons": ["subscription_cycle"]}), vec!["overdue", "given-up"]),
        (json!({"currencies": ["eur", "gbp"]}), vec!["euros"]),
        (json!({"paymentMethods": ["stripe"]}), vec!["lost"]),
        (json!({"paymentMethods": ["free", "platform_balance"]}), vec!["gone", "tiny"]),
        (json!({"paymentMethods": ["paypal"]}), vec![]),
        (
            json!({"paymentMethods": ["multi_psp"], "statuses": ["succeeded"]}),
            vec!["paid", "disputed", "warned", "euros"],
        ),
        (json!({"statuses": ["succeeded"]}), vec!["paid", "disputed", "warned", "tiny", "euros"]),
        (json!({"statuses": ["failed"]}), vec!["declined", "given-up"]),
        (json!({"statuses": ["past_due"]}), vec!["overdue"]),
        (json!({"statuses": ["refunded"]}), vec!["gone", "lost", "returned"]),
        (json!({"statuses": ["partially_refunded", "past_due"]}), vec!["partly", "overdue"]),
        (json!({"startDate": second(9)}), vec!["euros", "begun"]),
        (json!({"endDate": second(18)}), vec!["paid", "partly", "gone"]),
        (json!({"query": "BOB"}), vec!["euros", "begun"]),
        (json!({"query": "the bob"}), vec!["euros", "begun"]),
        (json!({"query": "bob@mail"}), vec!["euros", "begun"]),
        (json!({"query": begun}), vec!["begun"]),
        (json!({"query": "nobody"}), vec![]),
    ];
    for (filter, expected) in table {
        let filter_asc = {
            let mut filter = filter.clone();
            filter["direction"] = json!("asc");
            filter
        };
        let answered = shop.ask(LIST, json!({"filter": filter_asc, "first": 1000})).await;
        let list = &answered.data()["company"]["receiptsV2"];
        let mut found = named(&kinds, &ids(list));
        found.sort_by_key(|name| all.iter().position(|known| known == name));
        assert_eq!(found, expected, "{filter}");
        assert_eq!(list["totalCount"], json!(expected.len()), "{filter}");
        let walked = shop.walked(LIST, "receiptsV2", &json!({"filter": filter}), 2, true).await;
        assert_eq!(walked.len(), expected.len(), "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_or_filter_is_refused() {
    let shop = Shop::open().await;
    let table = [
        (json!({"first": -1}), "`first` must not be negative."),
        (json!({"after": "pay_1"}), "`after` is not a cursor of this list and order."),
        (json!({"after": "paid_at.1.pay_1"}), "`after` is not a cursor of this list and order."),
        (json!({"filter": {"query": "x".repeat(201)}}), "`query` is at most 200 characters long"),
        (json!({"filter": {"currencies": vec!["usd"; 101]}}), "`currencies` takes at most 100."),
        (json!({"filter": {"planIds": ["x"]}}), "`x` is not a plan id"),
    ];
    for (variables, sentence) in table {
        shop.ask(LIST, variables).await.is_refused("INVALID_INPUT", sentence);
    }
    let answered = shop.ask(LIST, json!({"first": 2_000_000_000})).await;
    let list = &answered.data()["company"]["receiptsV2"];
    assert_eq!(
        (ids(list).len(), &list["totalCount"], &list["pageInfo"]["endCursor"]),
        (0, &json!(0), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_may_not_see_is_withheld() {
    const NODES: &str = "query($company: ID!, $query: String) { company(id: $company) {
      receiptsV2(filter: {query: $query}) { nodes {
        member { user { username email } } plan { id } accessPass { id } promoCode { code }
        membership { member { username email } promoCode { code } }
      } }
    } }";
    let shop = Shop::open().await;
    let bought = EarlierMembership { promo_code: Some(shop.promo_code.clone()), ..standing(Active) };
    let ada = shop.buyer("ada", &shop.monthly, DAY_MS, bought).await;
    let payment = EarlierPayment {
        promo_code: Some(shop.promo_code.clone()),
        ..shop.payment(&ada, stands(Stage::Paid, 795))
    };
    shop.paid(&payment, DAY_MS).await;
    let seen = async |granted: &[Permission], query: &str| {
        let key = shop.guest(granted).await;
        let answered = shop.ask_with(&key, NODES, json!({"query": query})).await;
        answered.data()["company"]["receiptsV2"]["nodes"].clone()
    };
    let refused = shop.ask_with(&shop.guest(&[Permission::MemberRead]).await, NODES, json!({})).await;
    refused.is_refused("FORBIDDEN", &lacks(Permission::PaymentRead, &shop.own.company));
    let nothing = json!([{
        "member": null, "plan": null, "accessPass": null, "promoCode": null,
        "membership": {"member": null, "promoCode": null},
    }]);
    assert_eq!(seen(&[Permission::PaymentRead], "").await, nothing);
    assert_eq!(seen(&[Permission::PaymentRead, Permission::MemberEmailRead], "").await, nothing);
    assert_eq!(seen(&[Permission::PaymentRead], "ada").await, json!([]), "who paid is not to be guessed");
    let bare = [Permission::PaymentRead, Permission::MemberRead];
    assert_eq!(seen(&bare, "ada@mail").await, json!([]), "nor by their e-mail");
    let shown = &seen(&bare, "ada").await[0];
    assert_eq!(shown["member"], json!({"user": {"username": "ada", "email": null}}));
    assert_eq!(shown["membership"]["member"], json!({"username": "ada", "email": null}));
    let all = [
        Permission::PaymentRead,
        Permission::MemberRead,
        Permission::MemberEmailRead,
        Permission::PlanRead,
        Permission::AccessPassRead,
        Permission::PromoCodeRead,
    ];
    let whole = json!([{
        "member": {"user": {"username": "ada", "email": "ada@mail.example"}},
        "plan": {"id": shop.monthly.as_str()},
        "accessPass": {"id": shop.club.as_str()},
        "promoCode": {"code": "SPRING"},
        "membership": {"member": {"username": "ada", "email": "ada@mail.example"}, "promoCode": {"code": "SPRING"}},
    }]);
    assert_eq!(seen(&all, "ada@mail").await, whole);
}
