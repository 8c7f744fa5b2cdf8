//! The pages of what a company was paid: the list, one payment and giving it back, disputes and answering them.

use crate::browser::{Browser, Page};
use crate::harness::Hall;
use crate::purchase::{
    GOOD_CARD, MONTHLY, ONCE, Sold, between, company_balance, has_access, pay_by_card, sell, signed_in, sound,
};
use crate::scene::DAY_MS;
use crate::shop::{Shop, standing, stands};
use guildhall_app::founding::EarlierPayment;
use guildhall_app::processor::{self, Processor};
use guildhall_app::{dispute, founding, world_time};
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::UserId;
use guildhall_core::membership::MembershipStatus::Active;
use guildhall_core::payment::{Payment, Stage};
use guildhall_core::permission::Role;

const DISPUTED_LATER: &str = "4000 0000 0000 0259";
const REASON: &str = "Came <b>twice</b>";

/// Somebody's browser, signed in without a password.
async fn browser_of(hall: &Hall, user: &UserId) -> Browser {
    let user = user.clone();
    let token = hall.found(move |founder| founder.session(&user)).await;
    let mut browser = Browser::new(&hall.running.origin);
    browser.cookies.insert("guildhall_session".into(), token);
    browser.open("/").await.says(200, "Sign out");
    browser
}

/// Mira buys, signed in.
async fn buy(hall: &Hall, sold: &Sold, card: &str) {
    let mut mira = signed_in(hall, "mira").await;
    let paid = pay_by_card(&mut mira, &format!("/checkout/{sold}"), card, &[]).await;
    mira.open(&paid.location.expect("it leads on")).await.says(200, "What you bought is yours");
}

fn payments(hall: &Hall) -> String {
    format!("/companies/{}/payments", hall.world.company)
}

/// Where the newest payment of the demo's company is shown.
async fn newest(hall: &Hall, browser: &mut Browser) -> String {
    let list = payments(hall);
    let page = browser.open(&list).await;
    format!("{list}/pay_{}", between(&page.text, &format!("href=\"{list}/pay_"), "\""))
}

fn key(page: &Page) -> String {
    between(&page.text, "name=\"key\" value=\"", "\"").to_owned()
}

fn order<'a>(amount: &'a str, key: &'a str) -> [(&'static str, &'a str); 3] {
    [("amount", amount), ("reason", REASON), ("key", key)]
}

/// The amount of a line of the page.
fn line<'a>(page: &'a Page, name: &str) -> &'a str {
    between(&page.text, &format!("<th scope=\"row\">{name}</th><td>"), "</td>")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_given_back_in_parts_and_then_whole() {
    let hall = Hall::open().await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    buy(&hall, &sold, GOOD_CARD).await;
    let mut hanna = signed_in(&hall, "hanna").await;
    let place = newest(&hall, &mut hanna).await;
    let refunds = format!("{place}/refunds");
    let page = hanna.open(&place).await;
    for words in ["$20.00", "Paid", "A lathe course", "Mira Okafor (@mira)", "mira@example.com"] {
        page.says(200, words);
    }
    page.says(200, "Visa ending in 4242");
    page.says(200, "Nothing of it was given back.");
    page.says(200, "name=\"amount\" value=\"20.00\"");
    page.says(200, "$19.12 of it is held, and free in the balance from 8 May 2024 on.");
    let fee = line(&page, "Fee of the card&#39;s processor");
    assert_eq!((line(&page, "Total"), fee, line(&page, "You keep")), ("$20.00", "-$0.88", "$19.12"));

    let first = key(&page);
    for (amount, sentence) in [
        ("-5", "A refund is more than zero, and no more than is left of the payment."),
        ("0", "A refund is more than zero, and no more than is left of the payment."),
        ("20.01", "A refund is more than zero, and no more than is left of the payment."),
        ("1.005", "The amount is finer than usd knows"),
        ("NaN", "`NaN` is not an amount"),
        ("inf", "`inf` is not an amount"),
        ("1e400", "`1e400` is not an amount"),
        ("1e1", "`1e1` is not an amount"),
        ("12,50", "`12,50` is not an amount"),
        ("", "`` is not an amount"),
        ("99999999999999999999", "The amount is beyond what usd amounts can be here."),
    ] {
        let refused = hanna.send(&refunds, &order(amount, &first)).await;
        refused.says(400, sentence);
        refused.says(400, &format!("name=\"amount\" value=\"{amount}\""));
        refused.says(400, "Came &#60;b&#62;twice&#60;/b&#62;");
    }
    let long = "x".repeat(501);
    let refused =
        hanna.send(&refunds, &[("amount", "5"), ("reason", long.as_str()), ("key", first.as_str())]).await;
    refused.says(400, "The reason is at most 500 characters long.");
    refused.says(400, &long);
    let refused = hanna.send(&refunds, &[("amount", "5"), ("reason", "a\0b"), ("key", first.as_str())]).await;
    refused.says(400, "The reason must be plain text, without control characters.");
    let keyless = hanna.send(&refunds, &[("amount", "5")]).await;
    keyless.says(400, "The idempotence key must be");
    hanna.send_bare(&refunds, &order("5", &first)).await.says(403, "out of date");
    hanna.open(&place).await.says(200, "Nothing of it was given back.");

    // The form is sent twice, at the same time, and once more later.
    let (mut one, mut two) = (hanna.clone(), hanna.clone());
    let sent = order("5", &first);
    let (left, right) = tokio::join!(one.send(&refunds, &sent), two.send(&refunds, &sent));
    let done = format!("{place}?done=refunded");
    left.leads_to(&done);
    right.leads_to(&done);
    hanna.send(&refunds, &sent).await.leads_to(&done);
    let page = hanna.open(&done).await;
    page.says(200, "$5.00 went back to the buyer.");
    page.says(200, "Given back in part");
    page.says(200, "Came &#60;b&#62;twice&#60;/b&#62;");
    page.says(200, "name=\"amount\" value=\"15.00\"");
    assert_eq!((line(&page, "Given back"), line(&page, "You keep")), ("-$5.00", "$14.12"));
    assert_eq!(company_balance(&hall).await, (1000.0, 14.12), "once");
    hanna
        .send(&refunds, &order("6", &first))
        .await
        .says(409, "This idempotence key was used before for another refund; nothing was given back.");

    let second = key(&page);
    hall.clock.advance_ms(1000);
    hanna.send(&refunds, &order("15", &second)).await.leads_to(&done);
    let page = hanna.open(&done).await;
    page.says(200, "$15.00 went back to the buyer.");
    assert_eq!(line(&page, "You keep"), "-$0.88");
    assert!(!page.text.contains("name=\"amount\""), "nothing is left of it: {}", page.text);
    assert_eq!(company_balance(&hall).await, (999.12, 0.0));
    hanna
        .send(&refunds, &order("1", "another key"))
        .await
        .says(400, "There is nothing of this payment that can be refunded.");
    assert!(!has_access(&hall, &hall.world.customer, &sold).await, "the membership ended");
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seller_without_the_fees_is_told_what_is_missing() {
    let shop = Shop::open().await;
    let mut mira = signed_in(&shop.hall, "mira").await;
    let paid = pay_by_card(&mut mira, &format!("/checkout/{}", shop.monthly), GOOD_CARD, &[]).await;
    mira.open(&paid.location.expect("it leads on")).await.says(200, "What you bought is yours");
    let mut owner = browser_of(&shop.hall, &shop.own.owner).await;
    let list = format!("/companies/{}/payments", shop.own.company);
    let page = owner.open(&list).await;
    let place = format!("{list}/pay_{}", between(&page.text, &format!("href=\"{list}/pay_"), "\""));
    let key = key(&owner.open(&place).await);
    let refused = owner.send(&format!("{place}/refunds"), &order("10", &key)).await;
    refused.says(402, "To give 10.00 usd back, 0.59 usd would have to be free in the balance");
    refused.says(402, "name=\"amount\" value=\"10\"");
    owner
        .send(&format!("{place}/refunds"), &order("9.41", &key))
        .await
        .leads_to(&format!("{place}?done=refunded"));
    sound(&shop.hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_its_companys_and_its_teams_as_far_as_their_roles_go() {
    let hall = Hall::open().await;
    let sold = sell(&hall, ONCE, |plan| plan).await;
    buy(&hall, &sold, GOOD_CARD).await;
    let mut hanna = signed_in(&hall, "hanna").await;
    let (list, place) = (payments(&hall), newest(&hall, &mut hanna).await);
    let disputes = format!("/companies/{}/disputes", hall.world.company);
    let refunds = format!("{place}/refunds");
    for name in ["mira", "stranger", "pia"] {
        let mut other = signed_in(&hall, name).await;
        for closed in [&list, &place, &disputes] {
            other.open(closed).await.says(404, "There is no company `biz_");
        }
        other.send(&refunds, &order("1", "key")).await.says(404, "There is no company `biz_");
        assert!(!other.open("/").await.text.contains(&list), "{name} is not led there");
    }
    let mut jun = signed_in(&hall, "jun").await;
    for closed in [&list, &place, &disputes] {
        jun.open(closed).await.says(403, "The permission `payment:basic:read` is missing");
    }
    jun.send(&refunds, &order("1", "key")).await.says(403, "The permission `payment:basic:read` is missing");
    assert!(!jun.open("/").await.text.contains(&list), "nor is a moderator");

    let support = hall.team_member("supporter", Role::Support).await;
    let mut support = browser_of(&hall, &support).await;
    support.open("/").await.says(200, &format!("href=\"{list}\""));
    let page = support.open(&place).await;
    page.says(200, "mira@example.com");
    assert!(!page.text.contains("name=\"amount\""), "support gives nothing back: {}", page.text);
    support.send(&refunds, &order("1", "key")).await.says(403, "The permission `payment:manage` is missing");
    let seller = hall.team_member("seller", Role::SalesManager).await;
    let mut seller = browser_of(&hall, &seller).await;
    let page = seller.open(&place).await;
    page.says(200, "Mira Okafor (@mira)");
    assert!(!page.text.contains("mira@example.com"), "no e-mail for sellers: {}", page.text);
    seller.open(&format!("{list}?q=mira%40example")).await.says(200, "No payment is so.");
    support.open(&format!("{list}?q=mira%40example")).await.says(200, "One payment");

    // Another company's payment is as one that is not there.
    let foreign = hall.foreign().await;
    let mut owner = browser_of(&hall, &foreign.owner).await;
    let id = place.rsplit('/').next().expect("an id");
    for id in [id, "pay_none"] {
        let elsewhere = format!("/companies/{}/payments/{id}", foreign.company);
        let sentence = format!("There is no payment `{id}`, or you have no access to it.");
        owner.open(&elsewhere).await.says(404, &sentence);
        owner.send(&format!("{elsewhere}/refunds"), &order("1", "key")).await.says(404, &sentence);
    }
    hanna.open(&format!("{list}/mem_1")).await.says(400, "is not a payment id");
    hanna.open("/companies/biz_none/payments").await.says(404, "There is no company `biz_none`");
    hanna.open(&place).await.says(200, "Nothing of it was given back.");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_goes_through_its_pages_and_finds_what_is_looked_for() {
    let shop = Shop::open().await;
    let ada = shop.buyer("ada", &shop.monthly, 90 * DAY_MS, standing(Active)).await;
    let bob = shop.buyer("bob", &shop.once, 90 * DAY_MS, standing(Active)).await;
    for number in 0..55 {
        let payment = shop.payment(&ada, stands(Stage::Paid, 1000 + number));
        shop.paid(&payment, (60 - number) * DAY_MS).await;
    }
    let gone = Payment { refunded_minor: 4000, ..stands(Stage::Paid, 4000) };
    shop.paid(&shop.payment(&bob, gone), 70 * DAY_MS).await;
    let declined = EarlierPayment {
        failure_message: Some("The card was declined.".into()),
        ..shop.payment(&bob, stands(Stage::Failed, 5000))
    };
    let declined = shop.paid(&declined, 71 * DAY_MS).await;

    let mut owner = browser_of(&shop.hall, &shop.own.owner).await;
    let list = format!("/companies/{}/payments", shop.own.company);
    let page = owner.open(&list).await;
    page.says(200, "57 payments");
    let newest = page.text.find("$10.54").expect("the newest is on the first page");
    assert!(newest < page.text.find("$10.53").expect("the one before it"), "newest first");
    assert_eq!(page.text.matches("class=\"sum\"").count(), 50);
    assert!(!page.text.contains("Newer"));
    let older = between(&page.text, "href=\"", "\">Older").rsplit("href=\"").next().expect("one").to_owned();
    let page = owner.open(&older.replace("&#38;", "&")).await;
    assert_eq!(page.text.matches("class=\"sum\"").count(), 7);
    page.says(200, "Declined");
    assert!(!page.text.contains(">Older"));
    let newer =
        between(&page.text, "aria-label=\"More payments\">\n<a class=\"button second\" href=\"", "\"");
    let page = owner.open(&newer.replace("&#38;", "&")).await;
    assert!(page.text.contains("$10.54") && page.text.matches("class=\"sum\"").count() == 50);

    for (asked, count) in [
        ("status=refunded", "One payment"),
        ("status=failed", "One payment"),
        ("status=succeeded", "55 payments"),
        ("status=past_due", "0 payments"),
        ("status=nonsense", "57 payments"),
        ("q=BOB", "2 payments"),
        ("q=bob%40mail", "2 payments"),
        ("q=bob&status=failed", "One payment"),
        ("q=%25", "0 payments"),
    ] {
        owner.open(&format!("{list}?{asked}")).await.says(200, count);
    }
    let found = owner.open(&format!("{list}?q={declined}")).await;
    found.says(200, "One payment");
    found.says(200, &format!("value=\"{declined}\""));
    owner
        .open(&format!("{list}/{declined}"))
        .await
        .says(200, "An attempt was declined: The card was declined.");
    let long = "x".repeat(201);
    let refused = owner.open(&format!("{list}?q={long}")).await;
    refused.says(400, "`query` is at most 200 characters long");
    refused.says(400, &long);
    owner.open(&format!("{list}?after=pay_1")).await.says(400, "`after` is not a cursor of this list");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_contested_once_and_won() {
    let hall = Hall::open().await;
    let (hall_at, sold) = (&hall.running.hall, sell(&hall, ONCE, |plan| plan).await);
    buy(&hall, &sold, DISPUTED_LATER).await;
    world_time::advance(hall_at, dispute::SANDBOX_DISPUTE_MS).await.expect("the clock is moved");
    let list = format!("/companies/{}/disputes", hall.world.company);
    let mut hanna = signed_in(&hall, "hanna").await;
    hanna.open("/").await.says(200, "Disputes (1 to answer)");
    let page = hanna.open(&list).await;
    page.says(200, "The cardholder says that they did not make this payment.");
    page.says(200, "answer by 2024-05-10");
    let place = newest(&hall, &mut hanna).await;
    assert!(page.text.contains(&format!("href=\"{place}\"")), "it leads to the payment: {}", page.text);
    let page = hanna.open(&place).await;
    page.says(200, "Needs an answer");
    page.says(200, "While a bank holds it, nothing can be given back.");
    assert_eq!(line(&page, "You keep"), "-$15.88", "the bank has the money, and its fee");
    let answer = format!("{list}/{}", between(&page.text, &format!("action=\"{list}/"), "\""));
    let refused = hanna.send(&format!("{place}/refunds"), &order("5", "key")).await;
    refused.says(400, "The payment is disputed: its bank decides whether the money goes back.");

    let support = hall.team_member("supporter", Role::Support).await;
    let mut support = browser_of(&hall, &support).await;
    support.open(&place).await.says(200, "Owners, admins and managers answer it.");
    let contest = [("answer", "contest")];
    support.send(&answer, &contest).await.says(403, "The permission `payment:manage` is missing");
    let mut stranger = signed_in(&hall, "stranger").await;
    stranger.open("/account").await.says(200, "stranger");
    stranger.send(&answer, &contest).await.says(404, "There is no company `biz_");
    let foreign = hall.foreign().await;
    let mut elsewhere = browser_of(&hall, &foreign.owner).await;
    let id = answer.rsplit('/').next().expect("an id").to_owned();
    for id in [id.as_str(), "dspt_none"] {
        let other = format!("/companies/{}/disputes/{id}", foreign.company);
        elsewhere.send(&other, &contest).await.says(404, &format!("There is no dispute `{id}`"));
    }
    hanna.send(&answer, &[("answer", "perhaps")]).await.says(400, "answered by `contest` or `accept`");
    hanna.send_bare(&answer, &contest).await.says(403, "out of date");

    let (mut one, mut two) = (hanna.clone(), hanna.clone());
    let (left, right) = tokio::join!(one.send(&answer, &contest), two.send(&answer, &contest));
    let done = format!("{place}?done=contest");
    left.leads_to(&done);
    right.leads_to(&done);
    hanna.open(&done).await.says(200, "You contested the dispute.");
    let late = hanna.send(&answer, &[("answer", "accept")]).await;
    late.says(409, "This dispute does not wait for an answer.");
    late.says(409, "Under review");
    let logged = hall.found(move |founder| founder.deeds(&id)).await;
    assert_eq!(logged, [("dispute.contested".to_owned(), Some(hall.world.owner.clone()))]);
    hanna.open(&list).await.says(200, "No dispute waits for an answer.");
    world_time::advance(hall_at, dispute::SANDBOX_REVIEW_MS).await.expect("the clock is moved");
    let page = hanna.open(&place).await;
    page.says(200, "The bank found for you: the money is back.");
    assert_eq!(line(&page, "You keep"), "$4.12");
    assert_eq!(company_balance(&hall).await, (1004.12, 0.0), "what the page says is what the ledger holds");
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_is_accepted_is_lost_at_once() {
    let hall = Hall::open().await;
    let sold = sell(&hall, MONTHLY, |plan| plan).await;
    buy(&hall, &sold, DISPUTED_LATER).await;
    let moved = world_time::advance(&hall.running.hall, dispute::SANDBOX_DISPUTE_MS).await;
    moved.expect("the clock is moved");
    let list = format!("/companies/{}/disputes", hall.world.company);
    let mut hanna = signed_in(&hall, "hanna").await;
    let place = newest(&hall, &mut hanna).await;
    let page = hanna.open(&place).await;
    page.says(200, "The buyer keeps $10.00 for good");
    let answer = format!("{list}/{}", between(&page.text, &format!("action=\"{list}/"), "\""));
    let accept = [("answer", "accept")];
    hanna.send(&answer, &accept).await.leads_to(&format!("{place}?done=accept"));
    hanna.send(&answer, &accept).await.leads_to(&format!("{place}?done=accept"));
    hanna.send(&answer, &[("answer", "contest")]).await.says(409, "does not wait for an answer");
    let page = hanna.open(&format!("{place}?done=accept")).await;
    page.says(200, "You accepted the dispute.");
    page.says(200, "Lost to a dispute");
    page.says(200, "canceled");
    assert_eq!(line(&page, "Taken by the bank"), "-$10.00");
    let page = hanna.open(&format!("{place}?done=contest")).await;
    assert!(!page.text.contains("You contested"), "what did not happen is not said");
    hanna.open(&list).await.says(200, "Lost");
    sound(&hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disputes_of_other_processors_are_answered_there() {
    let shop = Shop::open().await;
    let ada = shop.buyer("ada", &shop.monthly, 20 * DAY_MS, standing(Active)).await;
    let disputed = |status| Payment { dispute: Some(status), ..stands(Stage::Paid, 1000) };
    let by_stripe = EarlierPayment {
        processor: Some(Processor::Stripe),
        ..shop.payment(&ada, disputed(DisputeStatus::NeedsResponse))
    };
    let by_stripe = shop.paid(&by_stripe, 3 * DAY_MS).await;
    for days in 4..60 {
        shop.paid(&shop.payment(&ada, disputed(DisputeStatus::Won)), days * DAY_MS).await;
    }
    let mut owner = browser_of(&shop.hall, &shop.own.owner).await;
    let place = format!("/companies/{}", shop.own.company);
    let page = owner.open(&format!("{place}/payments/{by_stripe}")).await;
    page.says(200, "It is answered at the card's processor");
    assert!(!page.text.contains("name=\"answer\""), "{}", page.text);
    let page = owner.open(&format!("{place}/disputes")).await;
    assert_eq!(
        page.text.matches("class=\"sum\"").count(),
        51,
        "the one to be answered, and a page of others"
    );
    let first = page.text.find("Needs an answer").expect("it is there");
    assert!(first < page.text.find("Won").expect("they are there"), "what waits comes first");
    let older =
        between(&page.text, "aria-label=\"More disputes\">\n\n<a class=\"button second\" href=\"", "\"");
    let page = owner.open(older).await;
    assert_eq!(page.text.matches("class=\"sum\"").count(), 6);
    owner.open(&format!("{place}/disputes?after=x")).await.says(400, "is not a dispute id");
    let all = dispute::list(&shop.hall.running.hall, Some(shop.own.company.clone())).await.expect("a list");
    let asked = all.iter().find(|one| one.payment == by_stripe).expect("it is listed");
    let answer = format!("{place}/disputes/{}", asked.id);
    let refused = owner.send(&answer, &[("answer", "contest")]).await;
    refused.says(409, "A dispute is answered where its processor asks for it.");
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_sales_are_booked_and_looked_after_as_others() {
    let hall = Hall::open().await;
    let (at, world) = (&hall.running.hall, &hall.world);
    for (goal, expected) in [(30, 30), (30, 0), (45, 15)] {
        let added = founding::fill_sales(at, &world.company, &world.plan, goal).await;
        assert_eq!(added.expect("they are made"), expected, "up to {goal}");
    }
    world_time::advance(at, 60_000).await.expect("the clock is moved");
    let books = processor::reconcile_sandbox(at).await.expect("the sandbox's books");
    assert!(books.iter().all(|one| one.taken_minor == one.booked_minor), "{books:?}");
    let mut hanna = signed_in(&hall, "hanna").await;
    let page = hanna.open(&payments(&hall)).await;
    page.says(200, "45 payments");
    for state in ["Paid", "Declined", "Given back", "Given back in part", "Disputed"] {
        page.says(200, &format!("\">{state}</span>"));
    }
    hanna.open("/").await.says(200, "Disputes (4 to answer)");
    sound(&hall).await;
}
