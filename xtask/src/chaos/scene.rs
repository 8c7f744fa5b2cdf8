//! What the commands are about: plans, promo codes, and accounts with money to pay from.

use super::client::{Answer, Client, Order, major};
use super::commands::{Card, Commands, OFF_MINOR, PRICES_MINOR, PROMO_CODES};
use super::hall::Hall;
use crate::Fallible;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

/// What the company earns before it begins to pay, in cents.
const EARNED_MINOR: i64 = 5_000_000;
const MAKE_PASS: &str = "mutation($input: CreateAccessPassInput!) { createAccessPass(input: $input) { id } }";
const MAKE_PROMO_CODE: &str =
    "mutation($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { id } }";
const PLANS: &str = "query($company: ID!, $pass: ID!) { company(id: $company) {
  plans(filter: {accessPassId: $pass}) { nodes { id } } } }";
const COMPANY_ACCOUNT: &str = "query($company: ID!) { company(id: $company) { ledgerAccount {
  id balanceCaches { nodes { balance currency } } } } }";
const OWN_ACCOUNT: &str = "{ viewer { user { ledgerAccount { id } } } }";

/// The scene, set.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) client: Client,
    pub(super) company: String,
    /// The ledger accounts that pay.
    pub(super) company_account: String,
    pub(super) scarce_account: String,
    pub(super) payees: Vec<String>,
    pub(super) plans: Vec<String>,
    pub(super) promo_codes: Vec<String>,
    /// What the sandbox took before the commands began, in cents.
    pub(super) taken_before_minor: i64,
}

impl Scene {
    pub(super) async fn set(hall: &Hall, commands: &Commands) -> Fallible<Self> {
        let demo = hall.demo()?;
        let company = demo.get("NEXT_PUBLIC_WHOP_COMPANY_ID")?.to_owned();
        let page = format!("/checkout/{}", demo.get("DEMO_PLAN_ID")?);
        let client = Client::visit(hall, demo.get("WHOP_API_KEY")?, &page).await?;
        let payees = ["CUSTOMER", "OWNER", "MODERATOR", "STRANGER"];
        let payees = payees.iter().map(|who| Ok(demo.get(&format!("DEMO_{who}_USER_ID"))?.to_owned()));
        let mut scene = Self {
            client,
            company,
            company_account: String::new(),
            scarce_account: String::new(),
            payees: payees.collect::<Fallible<_>>()?,
            plans: Vec::new(),
            promo_codes: Vec::new(),
            taken_before_minor: EARNED_MINOR,
        };
        for price in PRICES_MINOR {
            let plan = scene.plan(hall, price).await?;
            scene.plans.push(plan);
        }
        scene.make_promo_codes(hall, commands).await?;
        scene.earn(hall, commands).await?;
        scene.fund(hall, commands, demo.get("NEXT_PUBLIC_WHOP_AGENT_USER_ID")?).await?;
        Ok(scene)
    }

    async fn ask(&self, hall: &Hall, query: &str, variables: Value) -> Fallible<Value> {
        self.client.ask(&hall.origin(0), query, variables).await
    }

    /// A pass with a plan that is bought once.
    async fn plan(&self, hall: &Hall, price_minor: i64) -> Fallible<String> {
        let options = json!({
            "planType": "one_time",
            "baseCurrency": "usd",
            "initialPrice": major(price_minor),
            "releaseMethod": "buy_now",
        });
        let title = format!("Course for {price_minor}");
        let input = json!({"companyId": self.company, "title": title, "planOptions": options});
        let made = self.ask(hall, MAKE_PASS, json!({"input": input})).await?;
        let pass = text(&made["createAccessPass"]["id"])?;
        let found = self.ask(hall, PLANS, json!({"company": self.company, "pass": pass})).await?;
        text(&found["company"]["plans"]["nodes"][0]["id"])
    }

    /// Codes that about half of those who want them will get.
    async fn make_promo_codes(&mut self, hall: &Hall, commands: &Commands) -> Fallible<()> {
        for code in 0..PROMO_CODES {
            let name = format!("CHAOS{code}");
            let input = json!({
                "companyId": self.company,
                "amountOff": major(OFF_MINOR),
                "baseCurrency": "usd",
                "code": name,
                "newUsersOnly": false,
                "numberOfIntervals": 1,
                "promoType": "flat_amount",
                "stock": commands.promo_stock(code),
                "unlimitedStock": false,
            });
            self.ask(hall, MAKE_PROMO_CODE, json!({"input": input})).await?;
            self.promo_codes.push(name);
        }
        Ok(())
    }

    /// One large sale, and the days until the company may spend it.
    async fn earn(&self, hall: &Hall, commands: &Commands) -> Fallible<()> {
        let plan = self.plan(hall, EARNED_MINOR).await?;
        let order = Order {
            plan: &plan,
            session: format!("ch_chaos{}first", commands.seed),
            email: format!("chaos-{}-first@example.com", commands.seed),
            place: Ipv4Addr::LOCALHOST,
            card: Card::Good,
            promo: None,
            seen_minor: EARNED_MINOR,
        };
        match self.client.order(&hall.origin(0), &order).await? {
            Answer::Done => {}
            answer => return Err(format!("the first order was answered {answer:?}").into()),
        }
        hall.run(&["clock", "advance", "8d"]).await?;
        // A server that starts knows the time; one that runs sees soon that it was moved.
        hall.restart().await
    }

    /// Finds the accounts that pay, and fills the one that runs out.
    async fn fund(&mut self, hall: &Hall, commands: &Commands, agent: &str) -> Fallible<()> {
        let found = self.ask(hall, COMPANY_ACCOUNT, json!({"company": self.company})).await?;
        let account = &found["company"]["ledgerAccount"];
        self.company_account = text(&account["id"])?;
        let held = &account["balanceCaches"]["nodes"];
        let usd = held.as_array().into_iter().flatten().find(|held| held["currency"] == "usd");
        let held = usd.and_then(|usd| usd["balance"].as_f64()).unwrap_or_default();
        let needed = commands.paid_by_company_minor() + commands.scarce_funds_minor();
        #[expect(clippy::cast_precision_loss, reason = "an amount of money on the wire is a float")]
        if held * 100.0 < needed as f64 {
            return Err(
                format!("so many commands need {needed} cents, and the company holds {held} usd").into()
            );
        }
        let own = self.ask(hall, OWN_ACCOUNT, json!({})).await?;
        self.scarce_account = text(&own["viewer"]["user"]["ledgerAccount"]["id"])?;
        let key = format!("chaos-{}-funds", commands.seed);
        let ends = (self.company_account.as_str(), agent);
        match self.client.transfer(&hall.origin(0), ends, commands.scarce_funds_minor(), &key).await? {
            Answer::Done => Ok(()),
            answer => Err(format!("the agent's funds were answered {answer:?}").into()),
        }
    }
}

fn text(value: &Value) -> Fallible<String> {
    Ok(value.as_str().ok_or_else(|| format!("no text: {value}"))?.to_owned())
}
