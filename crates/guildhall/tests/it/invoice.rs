//! Invoices: how they are made and refused, their numbers, letters and paper, and how they end.

use crate::access_pass::DELETE;
use crate::browser::Browser;
use crate::harness::{Answered, Hall, NOW_MS};
use crate::pdf_text::text_of;
use crate::process::{Caller, Home, one_sentence, run};
use crate::purchase::{GOOD_CARD, between, hidden, send_card};
use crate::scene::DAY_MS;
use crate::smtp::Smtp;
use guildhall::config::Config;
use guildhall_app::clock::Clock;
use guildhall_app::company::Tax;
use guildhall_app::founding;
use guildhall_app::jobs;
use guildhall_app::mail::{Sender, SmtpUrl};
use guildhall_app::webhook;
use guildhall_core::ids::{CompanyId, Id, InvoiceId, UserId};
use guildhall_core::invoice::series;
use guildhall_core::membership::MembershipStatus;
use guildhall_core::permission::{Permission, Role};
use guildhall_core::price::TaxRate;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

const CREATE: &str = "mutation($input: CreateInvoiceInput!) { createInvoice(input: $input) {
  checkoutJobId
  invoice {
    id number status createdAt dueDate emailAddress fetchInvoiceToken
    currentPlan { id formattedPrice baseCurrency visibility stock expirationDays }
    member { id email name username }
  }
} }";
const GET: &str = "query($company: ID!, $id: ID!) { company(id: $company) { invoice(id: $id) {
  id number status emailAddress fetchInvoiceToken member { id email }
} } }";
const LIST: &str = "query($company: ID!, $after: String, $before: String, $first: Int, $last: Int) {
  company(id: $company) { invoices(after: $after, before: $before, first: $first, last: $last) {
    totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } nodes { id number status }
  } }
}";

/// A sound invoice of the demo company, with changes.
pub(crate) fn invoice_input(company: &CompanyId, changes: &Value) -> Value {
    let mut input = json!({
        "companyId": company.as_str(),
        "collectionMethod": "send_invoice",
        "dueDate": (NOW_MS + 14 * DAY_MS) / 1000,
        "emailAddress": "zoe@example.com",
        "customerName": "Zoë Å. Müller 株式会社",
        "product": {"title": "Two days at the lathe"},
        "plan": {"initialPrice": "1250"},
    });
    for (name, value) in changes.as_object().expect("changes are an object") {
        input[name] = value.clone();
    }
    input
}

impl Hall {
    async fn create_invoice(&self, user: Option<&UserId>, changes: Value) -> Answered {
        let input = invoice_input(&self.world.company, &changes);
        self.run(user, CREATE, json!({"input": input})).await
    }

    /// An invoice of the demo company.
    pub(crate) async fn invoice(&self, changes: Value) -> Value {
        self.create_invoice(None, changes).await.data()["createInvoice"]["invoice"].clone()
    }

    /// Where an invoice stands, as its company reads it.
    async fn status(&self, invoice: &Value) -> String {
        let variables = json!({"company": self.world.company.as_str(), "id": invoice["id"]});
        let found = self.run(None, GET, variables).await;
        text(&found.data()["company"]["invoice"]["status"])
    }

    /// What happened to invoices, in the order of the words: all of it at one moment.
    async fn told(&self) -> Vec<String> {
        let happened = webhook::happened_since(&self.running.hall, 0).await.expect("a list");
        let words = happened.iter().map(|event| event.event().as_str().to_owned());
        let mut words: Vec<String> = words.filter(|word| word.starts_with("invoice_")).collect();
        words.sort();
        words
    }

    async fn settle_jobs(&self) {
        jobs::run_due(&self.running.hall).await.expect("it settles");
    }

    async fn signed_in(&self, user: &UserId) -> Browser {
        let (mut browser, user) = (Browser::new(&self.running.origin), user.clone());
        let token = self.found(move |founder| founder.session(&user)).await;
        browser.cookies.insert("guildhall_session".into(), token);
        browser
    }

    /// The text of an invoice's PDF.
    async fn pdf(&self, invoice: &Value) -> String {
        let address = format!("{}{}/invoice.pdf", self.running.origin, path(invoice));
        let answer = reqwest::get(address).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/pdf");
        let name = format!("inline; filename=\"invoice-{}.pdf\"", text(&invoice["number"]));
        assert_eq!(answer.headers()["content-disposition"], name.as_str());
        text_of(&answer.bytes().await.expect("a file"))
    }

    /// Has the customer pay an invoice at its checkout; answers what that asked for, in minor units.
    async fn pay(&self, invoice: &Value) -> String {
        let mut customer = self.signed_in(&self.world.customer).await;
        let page = customer.open(&path(invoice)).await;
        let place = format!("/checkout/{}", between(&page.text, "/checkout/", "\""));
        let (session, seen) = hidden(&customer.open(&place).await);
        send_card(&mut customer, &place, &session, &seen, GOOD_CARD, &[]).await.leads_to(&place);
        assert_eq!(self.status(invoice).await, "paid");
        seen
    }

    /// Has a payment of an invoice come in that was begun before.
    async fn pay_late(&self, invoice: &Value) -> guildhall_app::Result<()> {
        let (id, payer) = (id(invoice), self.world.customer.clone());
        let paid = founding::found(&self.running.hall, move |founder| founder.invoice_payment(&id, &payer));
        paid.await.map(|_| ())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn id(invoice: &Value) -> InvoiceId {
    InvoiceId::parse(&text(&invoice["id"])).expect("an id")
}

/// The path of an invoice's page.
fn path(invoice: &Value) -> String {
    format!("/invoices/{}/{}", text(&invoice["id"]), text(&invoice["fetchInvoiceToken"]))
}

async fn with_smtp() -> (Hall, Smtp) {
    let smtp = Smtp::start().await;
    let url = SmtpUrl::parse(&smtp.url()).expect("an address");
    let hall = Hall::open_with(|config| Config {
        smtp_url: Some(url),
        mail_from: Some(Sender::parse("Our Hall <hall@example.com>").expect("a sender")),
        ..config
    });
    (hall.await, smtp)
}

/// The text without the line breaks of quoted-printable.
fn unfolded(text: &str) -> String {
    text.replace("=\n", "").replace("=3D", "=")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_has_a_number_a_letter_a_page_and_a_pdf() {
    let (hall, mut smtp) = with_smtp().await;
    let company = hall.world.company.clone();
    let tax = Tax { label: "VAT".into(), rate: TaxRate { basis_points: 1900, is_included: false } };
    hall.found(move |founder| founder.tax(&company, &tax)).await;
    let plan = json!({"initialPrice": "1250", "description": "By the day", "internalNotes": "Ask for the key",
        "expirationDays": 30, "stock": 1, "cardPayments": true, "paypalAccepted": false});
    let answered = hall.create_invoice(None, json!({"plan": plan})).await;
    let created = &answered.data()["createInvoice"];
    assert_eq!(created["checkoutJobId"], Value::Null);
    let invoice = &created["invoice"];
    let number = format!("{}-0001", series(hall.world.company.as_str()));
    assert_eq!(invoice["number"], number.as_str());
    assert_eq!((&invoice["status"], &invoice["member"]), (&json!("open"), &Value::Null));
    assert_eq!(invoice["createdAt"], NOW_MS / 1000);
    assert_eq!(invoice["dueDate"], (NOW_MS + 14 * DAY_MS) / 1000);
    assert_eq!(invoice["emailAddress"], "zoe@example.com");
    let plan = &invoice["currentPlan"];
    assert_eq!(
        (&plan["formattedPrice"], &plan["baseCurrency"]),
        (&json!("$1,250.00 for 30 days"), &json!("usd"))
    );
    assert_eq!((&plan["visibility"], &plan["stock"]), (&json!("hidden"), &json!(1)));
    assert_eq!(text(&invoice["fetchInvoiceToken"]).len(), 43);
    hall.has_logged("create_invoice", &text(&invoice["id"]), Some(&hall.world.agent)).await;
    assert_eq!(hall.told().await, ["invoice_created"]);

    hall.settle_jobs().await;
    let mail = smtp.next().await;
    assert_eq!(mail.to, ["zoe@example.com"]);
    let letter = unfolded(&mail.text);
    let link = format!("{}{}", hall.running.origin, path(invoice));
    assert!(letter.contains(&format!("Subject: Invoice {number} from The Open Workshop")), "{letter}");
    for words in [link.as_str(), "$1,487.50 USD, due on 15 May 2024."] {
        assert!(letter.contains(words), "no {words} in {letter}");
    }

    let shown = [
        "The Open Workshop",
        &number,
        "Zoë Å. Müller 株式会社",
        "zoe@example.com",
        "1 May 2024",
        "15 May 2024",
        "Two days at the lathe",
        "$1,250.00",
        "VAT 19%",
        "$237.50",
        "$1,487.50",
    ];
    let answer = reqwest::get(&link).await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-robots-tag"]),
        (200, &"noindex".parse().expect("a value"))
    );
    assert_eq!(answer.headers()["referrer-policy"], "same-origin");
    let page = answer.text().await.expect("a page");
    let pdf = hall.pdf(invoice).await;
    for words in shown {
        assert!(page.contains(words), "no {words} in {page}");
        assert!(pdf.contains(words), "no {words} in {pdf}");
    }
    assert!(pdf.contains(&link) && pdf.contains("Pay online"), "{pdf}");
    for secret in ["Ask for the key", "For your team", "Withdraw"] {
        assert!(!page.contains(secret) && !pdf.contains(secret), "{secret} is for the team");
    }
    let pay = page.split("href=\"").find(|rest| rest.contains("/checkout/ch_")).expect("a button that pays");
    let pay = pay.split('"').next().expect("an address");
    // What is paid there is what the paper says, whatever the seller's tax is by now.
    let company = hall.world.company.clone();
    hall.found(move |founder| founder.tax(&company, &Tax::default())).await;
    let checkout = reqwest::get(pay).await.expect("an answer");
    assert_eq!(checkout.status(), 200, "{pay}");
    let checkout = checkout.text().await.expect("a page");
    for words in ["Pay $1,487.50", "of which VAT 19%</th><td>$237.50"] {
        assert!(checkout.contains(words), "no {words} in {checkout}");
    }
    hall.clock.advance_ms(400 * DAY_MS);
    let checkout = reqwest::get(pay).await.expect("an answer").text().await.expect("a page");
    assert!(!checkout.contains("This checkout is over"), "its session does not run out: {checkout}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_written_to_at_their_own_address_which_only_some_may_read() {
    let (hall, mut smtp) = with_smtp().await;
    let customer = hall.world.customer.clone();
    let changes = json!({"memberId": customer.as_str(), "emailAddress": null, "customerName": null});
    let invoice = hall.invoice(changes.clone()).await;
    assert_eq!(invoice["emailAddress"], Value::Null, "no address was given");
    let own = text(&invoice["member"]["email"]);
    let member = text(&invoice["member"]["id"]);
    assert!(member.starts_with("mber_"), "{member}");
    hall.settle_jobs().await;
    assert_eq!(smtp.next().await.to, std::slice::from_ref(&own));
    let page = reqwest::get(format!("{}{}", hall.running.origin, path(&invoice))).await.expect("an answer");
    let page = page.text().await.expect("a page");
    assert!(!page.contains(&own), "whoever has the link does not read the member's address");
    assert!(page.contains(&text(&invoice["member"]["name"])), "{page}");

    // Sales managers see members, and not their addresses.
    let seller = hall.team_member("otto", Role::SalesManager).await;
    let seen = hall.create_invoice(Some(&hall.world.owner), changes).await;
    let seen = seen.data()["createInvoice"]["invoice"].clone();
    let variables = json!({"company": hall.world.company.as_str(), "id": seen["id"]});
    let as_owner = hall.run(Some(&hall.world.owner), GET, variables.clone()).await;
    assert_eq!(as_owner.data()["company"]["invoice"]["member"]["email"], own.as_str());
    let as_seller = hall.run(Some(&seller), GET, variables).await;
    let member = &as_seller.data()["company"]["invoice"]["member"];
    assert_eq!((&member["id"], &member["email"]), (&invoice["member"]["id"], &Value::Null));
    for (user, shown) in [(&hall.world.owner, own.as_str()), (&seller, "the member’s own address")] {
        let page = hall.signed_in(user).await.open(&path(&invoice)).await;
        page.says(200, &format!("Send it to {shown} again"));
        assert_eq!(page.text.contains(&own), shown == own, "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_sentence_and_leaves_nothing_behind() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let theirs = foreign.owner.to_string();
    let (pass, customer) = (hall.world.access_pass.to_string(), hall.world.customer.to_string());
    let plan = |changes: Value| {
        let mut plan = json!({"initialPrice": "10"});
        for (name, value) in changes.as_object().expect("an object") {
            plan[name] = value.clone();
        }
        json!({"plan": plan})
    };
    let charge = |changes: Value| {
        let mut wanted = json!({"collectionMethod": "charge_automatically"});
        for (name, value) in changes.as_object().expect("an object") {
            wanted[name] = value.clone();
        }
        wanted
    };
    let silent = hall.person("silent").await;
    hall.membership(&silent, &hall.world.access_pass, MembershipStatus::Completed, None).await;
    let field = json!({"fieldType": "text", "id": "f", "name": "Size"});
    let table = [
        (json!({"dueDate": NOW_MS / 1000}), "INVALID_INPUT", "`dueDate` must lie ahead."),
        (json!({"dueDate": -5}), "INVALID_INPUT", "`dueDate` must lie ahead."),
        (json!({"dueDate": i64::MAX / 1000}), "INVALID_INPUT", "`dueDate` must lie within two years."),
        (json!({"emailAddress": null}), "INVALID_INPUT", "give `emailAddress` or `memberId`."),
        (json!({"emailAddress": "a@b@c"}), "INVALID_INPUT", "`a@b@c` is not an e-mail address."),
        (
            json!({"emailAddress": null, "memberId": silent.as_str()}),
            "INVALID_INPUT",
            "The member has no e-mail address that the invoice could go to: give `emailAddress`.",
        ),
        (
            json!({"customerName": " "}),
            "INVALID_INPUT",
            "`customerName` is 1 to 255 characters long, on one line.",
        ),
        (json!({"customerName": "a\nb"}), "INVALID_INPUT", "`customerName` is 1 to 255 characters"),
        (
            json!({"product": {"title": ""}}),
            "INVALID_INPUT",
            "`title` is 1 to 255 characters long, on one line.",
        ),
        (json!({"product": null}), "INVALID_INPUT", "give `product` or `productId`."),
        (json!({"productId": pass}), "INVALID_INPUT", "not both."),
        (
            json!({"product": {"title": "a", "productTaxCodeId": "ptc_1"}}),
            "INVALID_INPUT",
            "`productTaxCodeId` is not known here",
        ),
        (
            json!({"product": null, "productId": "prod_nowhere"}),
            "NOT_FOUND",
            "There is no access pass `prod_nowhere`",
        ),
        (json!({"memberId": "user_nobody"}), "NOT_FOUND", "There is no member `user_nobody`"),
        (json!({"memberId": theirs}), "NOT_FOUND", "There is no member"),
        (json!({"memberId": "mem_nothing"}), "NOT_FOUND", "There is no member `mem_nothing`"),
        (json!({"memberId": "mira"}), "INVALID_INPUT", "`memberId` is the id of a member (`mber_…`)"),
        (json!({"chargeBuyerFee": true}), "INVALID_INPUT", "`chargeBuyerFee` is not done on this server"),
        (json!({"paymentTokenId": "payt_1"}), "INVALID_INPUT", "leave it out of an invoice that is sent."),
        (charge(json!({})), "INVALID_INPUT", "Only a member can be charged automatically: give `memberId`."),
        (charge(json!({"memberId": customer})), "INVALID_INPUT", "send the invoice instead."),
        (plan(json!({"initialPrice": "0"})), "INVALID_INPUT", "An invoice asks for money"),
        (plan(json!({"initialPrice": -1})), "INVALID_INPUT", "`initialPrice` must not be negative."),
        (plan(json!({"initialPrice": "0.001"})), "INVALID_INPUT", "finer than usd knows"),
        (plan(json!({"initialPrice": "0.30000000000000001"})), "INVALID_INPUT", "finer than usd knows"),
        (
            plan(json!({"initialPrice": "1e3"})),
            "INVALID_INPUT",
            "`1e3` is not an amount: write it like `12.5`.",
        ),
        (plan(json!({"initialPrice": "NaN"})), "INVALID_INPUT", "`NaN` is not an amount"),
        (plan(json!({"initialPrice": "99999999999999"})), "INVALID_INPUT", "beyond what usd amounts can be"),
        (plan(json!({"initialPrice": "0.2"})), "INVALID_INPUT", "must be zero or at least 0.50 usd"),
        (
            plan(json!({"renewalPrice": 1})),
            "INVALID_INPUT",
            "`renewalPrice` is for plans of the type `renewal`.",
        ),
        (plan(json!({"stock": 0})), "INVALID_INPUT", "could not be paid: give at least 1."),
        (plan(json!({"releaseMethod": "waitlist"})), "INVALID_INPUT", "`releaseMethod` must be `buy_now`."),
        (plan(json!({"releaseMethodSettings": {}})), "INVALID_INPUT", "`releaseMethodSettings` is for plans"),
        (plan(json!({"redirectUrl": "javascript:1"})), "INVALID_INPUT", "`redirectUrl` must start with"),
        (plan(json!({"description": "x".repeat(2001)})), "INVALID_INPUT", "`description` is at most 2000"),
        (
            plan(json!({"internalNotes": "x".repeat(2001)})),
            "INVALID_INPUT",
            "`internalNotes` is at most 2000",
        ),
        (plan(json!({"visibility": "archived"})), "INVALID_INPUT", "it cannot be `archived`."),
        (
            plan(json!({"customFields": [field, field]})),
            "INVALID_INPUT",
            "Two custom fields have the `id` `f`",
        ),
        (
            plan(json!({"paypalAccepted": true})),
            "INVALID_INPUT",
            "`paypalAccepted` is not done on this server",
        ),
        (plan(json!({"cardPayments": false})), "INVALID_INPUT", "`cardPayments` cannot be switched off"),
        (plan(json!({"splitPayRequiredPayments": 3})), "INVALID_INPUT", "an invoice is paid at once."),
    ];
    for (changes, code, words) in table {
        hall.create_invoice(None, changes).await.is_refused(code, words);
    }
    let moderator = hall.world.moderator.clone();
    let refused = hall.create_invoice(Some(&moderator), json!({})).await;
    refused.is_refused("FORBIDDEN", "The permission `invoice:create` is missing");
    let elsewhere = json!({"companyId": foreign.company.as_str()});
    hall.create_invoice(None, elsewhere).await.is_refused("FORBIDDEN", "`invoice:create` is missing");
    assert!(hall.told().await.is_empty(), "nothing happened");
    assert_eq!(
        jobs::count(&hall.running.hall).await.expect("a count").waiting,
        0,
        "and nothing is to be done"
    );
    assert!(text(&hall.invoice(json!({})).await["number"]).ends_with("-0001"), "no number was lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_gaps_also_when_many_are_made_at_once_and_some_fail() {
    let hall = Arc::new(Hall::open().await);
    let mut asking = JoinSet::new();
    for which in 0..40 {
        let hall = Arc::clone(&hall);
        // Every other one is refused after it was counted.
        let changes = if which % 2 == 0 { json!({}) } else { json!({"memberId": "user_nobody"}) };
        asking.spawn(async move { hall.create_invoice(None, changes).await });
    }
    let mut numbers = BTreeSet::new();
    for answered in asking.join_all().await {
        if answered.body.get("errors").is_none() {
            numbers.insert(text(&answered.data()["createInvoice"]["invoice"]["number"]));
        }
    }
    let series = series(hall.world.company.as_str());
    let expected: BTreeSet<String> = (1..=20).map(|count| format!("{series}-{count:04}")).collect();
    assert_eq!(numbers, expected);
    // Another company counts for itself.
    let foreign = hall.foreign().await;
    let input = invoice_input(&foreign.company, &json!({}));
    let first = hall.run_with(&foreign.key, None, CREATE, json!({"input": input})).await;
    let number = text(&first.data()["createInvoice"]["invoice"]["number"]);
    assert!(number.ends_with("-0001") && !number.starts_with(&series), "{number}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_newest_first_and_paged_from_both_ends() {
    let hall = Hall::open().await;
    for _ in 0..5 {
        hall.invoice(json!({})).await;
    }
    let page = async |mut variables: Value| {
        variables["company"] = json!(hall.world.company.as_str());
        let found = hall.run(None, LIST, variables).await;
        found.data()["company"]["invoices"].clone()
    };
    let ends = |page: &Value| -> Vec<String> {
        let nodes = page["nodes"].as_array().expect("a list");
        nodes.iter().map(|node| text(&node["number"])[9..].to_owned()).collect()
    };
    let first = page(json!({"first": 2})).await;
    assert_eq!((ends(&first), &first["totalCount"]), (vec!["0005".into(), "0004".into()], &json!(5)));
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let next = page(json!({"first": 2, "after": first["pageInfo"]["endCursor"]})).await;
    assert_eq!(ends(&next), ["0003", "0002"]);
    assert_eq!(next["pageInfo"]["hasPreviousPage"], true);
    let last = page(json!({"last": 2})).await;
    assert_eq!(ends(&last), ["0002", "0001"]);
    assert_eq!(
        (&last["pageInfo"]["hasPreviousPage"], &last["pageInfo"]["hasNextPage"]),
        (&json!(true), &json!(false))
    );
    let before = page(json!({"last": 2, "before": last["pageInfo"]["startCursor"]})).await;
    assert_eq!(ends(&before), ["0004", "0003"]);
    let both = json!({
        "first": 5, "after": first["pageInfo"]["startCursor"], "before": last["pageInfo"]["endCursor"],
    });
    assert_eq!(ends(&page(both).await), ["0004", "0003", "0002"]);
    for (argument, cursor) in [("after", "inv_nowhere"), ("before", "inv_nowhere"), ("after", "ch_1")] {
        let variables = json!({"company": hall.world.company.as_str(), argument: cursor});
        let refused = hall.run(None, LIST, variables).await;
        refused.is_refused("INVALID_INPUT", &format!("`{argument}` is not a cursor of this list."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_find_nothing() {
    let hall = Hall::open().await;
    let (foreign, bare) = (hall.foreign().await, hall.foreign().await);
    hall.install(&bare, &[Permission::InvoiceCreate]).await;
    let invoice = hall.invoice(json!({})).await;
    let of = |company: &CompanyId| json!({"company": company.as_str(), "id": invoice["id"]});
    let (own, other) = (of(&hall.world.company), of(&foreign.company));
    for key in [&foreign.key, &bare.key] {
        let refused = hall.run_with(key, None, GET, own.clone()).await;
        refused.is_refused("FORBIDDEN", "The permission `invoice:basic:read` is missing");
    }
    let refused = hall.run_with(&foreign.key, None, GET, other).await;
    refused.is_refused("NOT_FOUND", "There is no invoice");
    let theirs = invoice_input(&foreign.company, &json!({}));
    let theirs = hall.run_with(&foreign.key, None, CREATE, json!({"input": theirs})).await;
    let theirs = theirs.data()["createInvoice"]["invoice"].clone();
    let mixed = json!({"company": hall.world.company.as_str(), "id": theirs["id"]});
    hall.run(None, GET, mixed).await.is_refused("NOT_FOUND", "There is no invoice");

    let mut browser = Browser::new(&hall.running.origin);
    let wrong = format!("/invoices/{}/{}", text(&invoice["id"]), text(&theirs["fetchInvoiceToken"]));
    for place in [
        wrong.clone(),
        format!("{wrong}/invoice.pdf"),
        format!("/invoices/{}?token=wrong", text(&invoice["id"])),
        format!("/invoices/inv_nowhere/{}", text(&invoice["fetchInvoiceToken"])),
        format!("/invoices/ch_1/{}", text(&invoice["fetchInvoiceToken"])),
    ] {
        let page = browser.open(&place).await;
        assert!(matches!(page.status, 400 | 404), "{place}: {}", page.status);
        assert!(!page.text.contains("Two days at the lathe"), "{}", page.text);
    }
    let right = format!("/invoices/{}?token={}", text(&invoice["id"]), text(&invoice["fetchInvoiceToken"]));
    browser.open(&right).await.leads_to(&path(&invoice));
    let plain = format!("/invoices/{}", text(&invoice["id"]));
    browser
        .open(&plain)
        .await
        .leads_to(&format!("/sign-in?return_to=%2Finvoices%2F{}", text(&invoice["id"])));
    let mut customer = hall.signed_in(&hall.world.customer).await;
    customer.open(&plain).await.says(404, "There is no invoice");
    let page = customer.open(&path(&invoice)).await;
    assert!(page.status == 200 && !page.text.contains("For your team"), "{}", page.text);
    for deed in ["send", "void"] {
        customer.send(&format!("{plain}/{deed}"), &[]).await.says(404, "There is no invoice");
    }
    assert_eq!(hall.status(&invoice).await, "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_its_plan_an_invoice_shows_the_price_alone() {
    let hall = Hall::open().await;
    let reader = hall.foreign().await;
    hall.install(&reader, &[Permission::InvoiceRead]).await;
    let invoice = hall.invoice(json!({})).await;
    let variables = json!({"company": hall.world.company.as_str(), "id": invoice["id"]});
    let asked = async |selection: &str| {
        let document = format!(
            "query($company: ID!, $id: ID!) {{ company(id: $company) {{ invoice(id: $id) {{
              currentPlan {{ {selection} }} }} }} }}"
        );
        hall.run_with(&reader.key, None, &document, variables.clone()).await
    };
    let shown = asked("id formattedPrice baseCurrency").await;
    assert_eq!(shown.data()["company"]["invoice"]["currentPlan"]["formattedPrice"], "$1,250.00");
    asked("id stock").await.is_refused("FORBIDDEN", "The permission `plan:basic:read` is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_invoice_is_for_is_not_deleted_before_it_is_paid() {
    let hall = Hall::open().await;
    let pass = hall.access_pass("invoiced").await;
    let invoice = hall.invoice(json!({"product": null, "productId": pass.as_str()})).await;
    let input = json!({"input": {"id": pass.as_str()}});
    let sentence = "cannot be deleted while an invoice for it is to be paid: withdraw that first.";
    hall.run(None, DELETE, input.clone()).await.is_refused("CONFLICT", sentence);
    hall.clock.advance_ms(15 * DAY_MS);
    hall.settle_jobs().await;
    hall.run(None, DELETE, input.clone()).await.is_refused("CONFLICT", sentence);
    let mut owner = hall.signed_in(&hall.world.owner).await;
    owner.open(&path(&invoice)).await;
    owner.send(&format!("/invoices/{}/void", text(&invoice["id"])), &[]).await;
    assert_eq!(hall.run(None, DELETE, input).await.data()["deleteAccessPass"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_paid_in_time_is_past_due_once() {
    let (hall, mut smtp) = with_smtp().await;
    let invoice = hall.invoice(json!({})).await;
    let paid = hall.invoice(json!({"emailAddress": "kim@example.com"})).await;
    hall.pay(&paid).await;
    hall.settle_jobs().await;
    // Two invoices and a receipt.
    for _ in 0..3 {
        assert_eq!(smtp.next().await.to.len(), 1);
    }
    hall.clock.advance_ms(14 * DAY_MS - 1);
    hall.settle_jobs().await;
    assert_eq!(hall.status(&invoice).await, "open");
    hall.clock.advance_ms(1);
    assert_eq!(hall.status(&invoice).await, "past_due", "whether or not it was written down");
    for _ in 0..2 {
        hall.settle_jobs().await;
        hall.clock.advance_ms(DAY_MS);
    }
    assert_eq!((hall.status(&invoice).await, hall.status(&paid).await), ("past_due".into(), "paid".into()));
    assert_eq!(hall.told().await, ["invoice_created", "invoice_created", "invoice_paid", "invoice_past_due"]);
    let mail = smtp.next().await;
    let letter = unfolded(&mail.text);
    assert_eq!(mail.to, ["zoe@example.com"]);
    assert!(
        letter.contains("Subject: Past due: invoice ") && letter.contains("It has not been paid yet."),
        "{letter}"
    );
    assert!(smtp.is_empty(), "nobody is reminded twice");
    let pdf = hall.pdf(&invoice).await;
    assert!(pdf.contains("Past due") && pdf.contains("Amount that was due on 15 May 2024"), "{pdf}");
    // Late is not too late.
    hall.pay(&invoice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_is_paid_once_and_then_not_withdrawn() {
    let hall = Hall::open().await;
    let invoice = hall.invoice(json!({})).await;
    let (of, payer) = (id(&invoice), hall.world.customer.clone());
    let payment = hall.found(move |founder| founder.invoice_payment(&of, &payer)).await;
    let of = id(&invoice);
    hall.found(move |founder| founder.invoice_payment_again(&of, &payment)).await;
    assert_eq!(hall.told().await, ["invoice_created", "invoice_paid"]);
    let refused = hall.pay_late(&invoice).await.expect_err("another payment").to_string();
    assert!(refused.contains("is paid already."), "{refused}");
    let mut owner = hall.signed_in(&hall.world.owner).await;
    let page = owner.open(&path(&invoice)).await;
    assert!(page.text.contains("Paid on 1 May 2024") && !page.text.contains("/checkout/"), "{}", page.text);
    assert!(!page.text.contains("Withdraw this invoice"), "{}", page.text);
    let deed = |deed: &str| format!("/invoices/{}/{deed}", text(&invoice["id"]));
    owner.send(&deed("void"), &[]).await.says(400, "refund the payment instead of withdrawing it.");
    owner.send(&deed("send"), &[]).await.says(400, "is paid: it is not sent any more.");
    let pdf = hall.pdf(&invoice).await;
    assert!(pdf.contains("Paid on 1 May 2024") && !pdf.contains("Pay online"), "{pdf}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_sends_again_and_withdraws_on_the_page() {
    let (hall, mut smtp) = with_smtp().await;
    let plan = json!({"initialPrice": 12.5, "internalNotes": "Ask <b>for</b> the key"});
    let invoice = hall.invoice(json!({"plan": plan})).await;
    hall.settle_jobs().await;
    smtp.next().await;
    let mut owner = hall.signed_in(&hall.world.owner).await;
    let plain = format!("/invoices/{}", text(&invoice["id"]));
    owner.open(&plain).await.leads_to(&path(&invoice));
    let page = owner.open(&format!("{}?done=withdrawn", path(&invoice))).await;
    page.says(200, "Send it to zoe@example.com again");
    assert!(!page.text.contains("nobody can pay it"), "anyone can write that: {}", page.text);
    assert!(page.text.contains("Ask &#60;b&#62;for") && !page.text.contains("<b>for"), "{}", page.text);
    let sent = owner.send(&format!("{plain}/send"), &[]).await;
    sent.leads_to(&format!("{}?done=sent", path(&invoice)));
    hall.settle_jobs().await;
    assert_eq!(smtp.next().await.to, ["zoe@example.com"]);
    owner.open(&path(&invoice)).await;
    let withdrawn = owner.send(&format!("{plain}/void"), &[]).await;
    withdrawn.leads_to(&format!("{}?done=withdrawn", path(&invoice)));
    owner
        .open(withdrawn.location.as_deref().expect("a place"))
        .await
        .says(200, "nobody can pay it any more.");
    owner.send(&format!("{plain}/void"), &[]).await.leads_to(&format!("{}?done=withdrawn", path(&invoice)));
    let page = owner.open(&format!("{}?done=sent", path(&invoice))).await;
    assert!(!page.text.contains("on its way"), "{}", page.text);
    assert_eq!(hall.told().await, ["invoice_created", "invoice_voided"], "once");
    assert_eq!(hall.status(&invoice).await, "void");
    hall.has_logged("void_invoice", &text(&invoice["id"]), Some(&hall.world.owner)).await;
    let refused = hall.pay_late(&invoice).await.expect_err("it is withdrawn").to_string();
    assert_eq!(refused, "The invoice was withdrawn.");
    hall.clock.advance_ms(15 * DAY_MS);
    hall.settle_jobs().await;
    assert_eq!(hall.status(&invoice).await, "void");
    assert!(smtp.is_empty(), "nobody is reminded of it");
    let pdf = hall.pdf(&invoice).await;
    assert!(
        pdf.contains("Withdrawn on 1 May 2024: nothing is to be paid") && !pdf.contains("Pay online"),
        "{pdf}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_paper_stays_as_it_was_sent() {
    let hall = Hall::open().await;
    let tax =
        |basis_points, is_included| Tax { label: "VAT".into(), rate: TaxRate { basis_points, is_included } };
    let set = async |tax: Tax| {
        let company = hall.world.company.clone();
        hall.found(move |founder| founder.tax(&company, &tax)).await;
    };
    set(tax(1900, true)).await;
    let invoice = hall.invoice(json!({"plan": {"initialPrice": "11.90"}})).await;
    let before = hall.pdf(&invoice).await;
    for words in ["The Open Workshop", "VAT 19% (included)", "$1.90", "$11.90 USD"] {
        assert!(before.contains(words), "no {words} in {before}");
    }
    set(tax(700, false)).await;
    let company = hall.world.company.clone();
    hall.found(move |founder| founder.rename_company(&company, "Another name")).await;
    assert_eq!(hall.pdf(&invoice).await, before);
    let next =
        hall.pdf(&hall.invoice(json!({"plan": {"initialPrice": 10, "baseCurrency": "chf"}})).await).await;
    for words in ["Another name", "VAT 7%", "0.70 CHF", "10.70 CHF"] {
        assert!(next.contains(words), "no {words} in {next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_tax_on_top_the_paper_the_checkout_and_the_charge_are_the_same() {
    let hall = Hall::open().await;
    let company = hall.world.company.clone();
    let tax = Tax { label: "VAT".into(), rate: TaxRate { basis_points: 1900, is_included: false } };
    hall.found(move |founder| founder.tax(&company, &tax)).await;
    let invoice = hall.invoice(json!({})).await;
    let pdf = hall.pdf(&invoice).await;
    assert!(pdf.contains("$237.50") && pdf.contains("$1,487.50 USD"), "{pdf}");
    assert_eq!(hall.pay(&invoice).await, "148750");
    let paid = "query($id: ID!) { company(id: $id) { receiptsV2(first: 1) { nodes { finalAmount } } } }";
    let paid = hall.run(None, paid, json!({"id": hall.world.company.as_str()})).await;
    assert_eq!(paid.data()["company"]["receiptsV2"]["nodes"], json!([{"finalAmount": 1487.5}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_agreed_to_it_is_charged_by_a_job() {
    let hall = Hall::open().await;
    let (company, customer) = (hall.world.company.clone(), hall.world.customer.clone());
    let card = hall.found(move |founder| founder.agreed_card(&company, &customer)).await;
    let changes = |token: &str| {
        json!({"collectionMethod": "charge_automatically", "memberId": hall.world.customer.as_str(),
            "paymentTokenId": token})
    };
    let refused = hall.create_invoice(None, changes("payt_other")).await;
    refused.is_refused("INVALID_INPUT", "The member has not agreed to be charged by `payt_other`.");
    let created = hall.create_invoice(None, changes(card.as_str())).await;
    let created = &created.data()["createInvoice"];
    assert_eq!(created["invoice"]["status"], "open");
    let job = text(&created["checkoutJobId"]);
    hall.settle_jobs().await;
    let listed = jobs::list(&hall.running.hall, false, 10).await.expect("a list");
    assert!(listed.iter().all(|listed| listed.id.as_str() != job), "it is done");
    assert_eq!(hall.status(&created["invoice"]).await, "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_sends_withdraws_and_prints() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let demo = home.demo();
    let company = CompanyId::parse(&demo["NEXT_PUBLIC_WHOP_COMPANY_ID"]).expect("an id");
    let due = json!({"dueDate": 4_102_444_800_i64});
    let caller = Caller::new(&demo["WHOP_API_KEY"]);
    let late =
        caller.ask(&server.origin, None, CREATE, json!({"input": invoice_input(&company, &due)})).await;
    let sentence = text(&late.expect("an answer")["errors"][0]["message"]);
    assert_eq!(sentence, "`dueDate` must lie within two years.");
    let list = "query($id: ID!) { company(id: $id) { invoices { nodes { id } } } }";
    let none = caller.data(&server.origin, None, list, json!({"id": company.as_str()})).await;
    assert_eq!(none["company"]["invoices"]["nodes"], json!([]));
    let told = async |arguments: &[&str]| {
        let output = run(&mut home.over_data(arguments)).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(told(&["invoices", "list"]).await, "0 shown.\n");
    for command in ["send", "void", "pdf"] {
        let sentence = one_sentence(&mut home.over_data(&["invoices", command, "inv_none"])).await;
        assert!(sentence.contains("There is no invoice `inv_none`"), "{sentence}");
        let sentence = one_sentence(&mut home.over_data(&["invoices", command, "ch_1"])).await;
        assert!(sentence.contains("is not an invoice id"), "{sentence}");
    }
    let tomorrow = json!({"dueDate": Clock::system().now_ms() / 1000 + 24 * 60 * 60});
    let made =
        caller.data(&server.origin, None, CREATE, json!({"input": invoice_input(&company, &tomorrow)})).await;
    let invoice = &made["createInvoice"]["invoice"];
    let (id, number) = (text(&invoice["id"]), text(&invoice["number"]));
    let listed = told(&["invoices", "list", "--company", company.as_str()]).await;
    let line = listed.lines().find(|line| line.starts_with(&id)).expect("its line");
    for words in [number.as_str(), "open", "$1,250.00", company.as_str(), "zoe@example.com"] {
        assert!(line.contains(words), "no {words} in {line}");
    }
    let file = home.beside("paper.pdf");
    let output = file.to_str().expect("a path");
    assert_eq!(told(&["invoices", "pdf", &id, "--output", output]).await, format!("{output}\n"));
    assert!(text_of(&std::fs::read(&file).expect("a file")).contains(&number));
    let sent = told(&["invoices", "send", &id]).await;
    assert_eq!(sent, "The invoice goes to zoe@example.com; the server sends it.\n");
    assert_eq!(told(&["invoices", "void", &id]).await, format!("The invoice {number} is withdrawn.\n"));
    let refused = one_sentence(&mut home.over_data(&["invoices", "send", &id])).await;
    assert!(refused.contains("is withdrawn: it is not sent any more."), "{refused}");
    server.stop().await;
}
