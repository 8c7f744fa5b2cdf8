//! A company of its own for lists: with people, what they bought and what they paid, told by a founder.

use crate::harness::{Answered, Foreign, Hall, NOW_MS};
use guildhall_app::access_pass::{AccessPassKind, NewAccessPass, Visibility};
use guildhall_app::founding::{EarlierMembership, EarlierPayment};
use guildhall_app::membership::NewMembership;
use guildhall_app::plan::NewPlan;
use guildhall_app::user::NewUser;
use guildhall_client::WhopApi;
use guildhall_core::billing::Terms;
use guildhall_core::ids::{
    AccessPassId, CompanyId, Id, MembershipId, PaymentId, PlanId, PromoCodeId, UserId,
};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::money::Currency;
use guildhall_core::payment::{Payment, Stage};
use guildhall_core::permission::Permission;
use guildhall_core::receipt::BillingReason;
use serde_json::{Value, json};

/// A company that sells a club by the month and a book for good.
pub(crate) struct Shop {
    pub(crate) hall: Hall,
    pub(crate) own: Foreign,
    pub(crate) club: AccessPassId,
    pub(crate) monthly: PlanId,
    pub(crate) book: AccessPassId,
    pub(crate) once: PlanId,
    pub(crate) promo_code: PromoCodeId,
}

/// Somebody, and what they bought.
#[derive(Debug, Clone)]
pub(crate) struct Bought {
    pub(crate) user: UserId,
    pub(crate) membership: MembershipId,
}

pub(crate) fn usd() -> Currency {
    Currency::parse("usd").expect("a currency")
}

/// A payment that stands so.
pub(crate) fn stands(stage: Stage, amount_minor: i64) -> Payment {
    Payment { stage, attempt: 1, ..Payment::draft(amount_minor, usd()).expect("sound") }
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let hall = Hall::open().await;
        let own = hall.foreign().await;
        let company = own.company.clone();
        let founded = hall.found(move |founder| {
            let mut pass = |title: &str| {
                founder.access_pass(&NewAccessPass {
                    company: company.clone(),
                    kind: if title == "Club" { AccessPassKind::Regular } else { AccessPassKind::ApiOnly },
                    title: title.into(),
                    route: title.to_lowercase(),
                    headline: None,
                    shortened_description: None,
                    visibility: Visibility::Visible,
                })
            };
            let (club, book) = (pass("Club")?, pass("Book")?);
            let by_the_month = Terms::Renewal {
                initial_price_minor: 0,
                renewal_price_minor: 1000,
                period_days: 30,
                trial_days: 0,
            };
            let for_good = Terms::OneTime { price_minor: 2500, expiration_days: None };
            let mut plan = |pass: &AccessPassId, terms| {
                founder.plan(&NewPlan::of_terms(company.clone(), pass.clone(), usd(), terms))
            };
            let (monthly, once) = (plan(&club, by_the_month)?, plan(&book, for_good)?);
            let promo_code = founder.percentage_off(&company, "SPRING", 2050, usd(), 3)?;
            Ok((club, monthly, book, once, promo_code))
        });
        let (club, monthly, book, once, promo_code) = founded.await;
        Self { hall, own, club, monthly, book, once, promo_code }
    }

    /// The client of the company's own app.
    pub(crate) fn api(&self) -> WhopApi {
        self.hall.client(&self.own.key)
    }

    /// A person with a name and an e-mail.
    pub(crate) async fn person(&self, username: &str) -> UserId {
        let user = NewUser {
            username: username.into(),
            name: Some(format!("The {username}")),
            email: Some(format!("{username}@mail.example")),
            ..NewUser::default()
        };
        self.hall.found(move |founder| founder.user(&user)).await
    }

    /// A person of that name who bought a plan so many milliseconds ago, and how that stands now.
    pub(crate) async fn buyer(
        &self,
        username: &str,
        plan: &PlanId,
        ago_ms: i64,
        stands: EarlierMembership,
    ) -> Bought {
        let user = self.person(username).await;
        let membership = self.bought(&user, Some(plan), ago_ms, stands).await;
        Bought { user, membership }
    }

    /// The same for somebody who is there already, by a plan or without one.
    pub(crate) async fn bought(
        &self,
        user: &UserId,
        plan: Option<&PlanId>,
        ago_ms: i64,
        stands: EarlierMembership,
    ) -> MembershipId {
        let is_club = plan.is_none_or(|plan| *plan == self.monthly);
        let membership = NewMembership {
            company: self.own.company.clone(),
            access_pass: if is_club { self.club.clone() } else { self.book.clone() },
            plan: plan.cloned(),
            user: user.clone(),
            status: stands.status,
            paid_until: stands.paid_until,
        };
        let founded = self.hall.found(move |founder| {
            founder.set_now(NOW_MS - ago_ms);
            let id = founder.membership(&membership)?;
            founder.age_membership(&id, &stands)?;
            Ok(id)
        });
        founded.await
    }

    /// A payment for what somebody bought, as yet untold in every particular.
    pub(crate) fn payment(&self, bought: &Bought, stands: Payment) -> EarlierPayment {
        EarlierPayment {
            company: self.own.company.clone(),
            user: bought.user.clone(),
            plan: self.monthly.clone(),
            access_pass: self.club.clone(),
            membership: Some(bought.membership.clone()),
            billing_reason: BillingReason::SubscriptionCreate,
            currency: usd(),
            stands,
            processor: None,
            card: None,
            failure_message: None,
            processor_fee_minor: 0,
            platform_fee_minor: 0,
            promo_code: None,
            paid_at: None,
        }
    }

    /// Tells of a payment of so many milliseconds ago.
    pub(crate) async fn paid(&self, payment: &EarlierPayment, ago_ms: i64) -> PaymentId {
        let payment = payment.clone();
        let founded = self.hall.found(move |founder| {
            founder.set_now(NOW_MS - ago_ms);
            founder.payment(&payment)
        });
        founded.await
    }

    /// Asks a document about the company as its own app; `$company` is its id.
    pub(crate) async fn ask(&self, document: &str, variables: Value) -> Answered {
        self.ask_with(&self.own.key, document, variables).await
    }

    /// The same as another app.
    pub(crate) async fn ask_with(&self, key: &str, document: &str, variables: Value) -> Answered {
        let mut variables = variables;
        variables["company"] = json!(self.own.company.as_str());
        self.hall.run_with(key, None, document, variables).await
    }

    /// The key of another company's app that was granted these permissions here.
    pub(crate) async fn guest(&self, granted: &[Permission]) -> String {
        let guest = self.hall.foreign().await;
        let (app, company, granted) = (guest.app.clone(), self.own.company.clone(), granted.to_vec());
        self.hall.found(move |founder| founder.install(&app, &company, &granted)).await;
        guest.key
    }

    /// Goes through a list page by page, forward and back, and insists that both ways are the whole; answers the nodes'
    /// `id`s in the list's order.
    pub(crate) async fn paged(
        &self,
        document: &str,
        field: &str,
        variables: &Value,
        size: usize,
    ) -> Vec<String> {
        let (forward, backward) = (
            self.walked(document, field, variables, size, true).await,
            self.walked(document, field, variables, size, false).await,
        );
        assert_eq!(forward, backward, "{variables}");
        forward
    }

    /// Goes through a list one way only.
    pub(crate) async fn walked(
        &self,
        document: &str,
        field: &str,
        variables: &Value,
        size: usize,
        is_forward: bool,
    ) -> Vec<String> {
        let (count, place, edge) =
            if is_forward { ("first", "after", "endCursor") } else { ("last", "before", "startCursor") };
        let (mut whole, mut variables) = (Vec::new(), variables.clone());
        variables[count] = json!(size);
        for _ in 0..100 {
            let answered = self.ask(document, variables.clone()).await;
            let list = &answered.data()["company"][field];
            let page = ids(list);
            assert!(page.len() <= size);
            let info = &list["pageInfo"];
            let (more, less) = if is_forward {
                (&info["hasNextPage"], &info["hasPreviousPage"])
            } else {
                (&info["hasPreviousPage"], &info["hasNextPage"])
            };
            assert_eq!(*less, json!(!whole.is_empty()), "{variables}");
            let at = if is_forward { whole.len() } else { 0 };
            whole.splice(at..at, page);
            variables[place] = info[edge].clone();
            if *more == json!(false) {
                return whole;
            }
        }
        panic!("the list has no end: {variables}");
    }
}

/// The `id`s of a connection's nodes.
pub(crate) fn ids(list: &Value) -> Vec<String> {
    let nodes = list["nodes"].as_array().unwrap_or_else(|| panic!("no nodes: {list}"));
    nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect()
}

/// One that stands so, without an end.
pub(crate) fn standing(status: MembershipStatus) -> EarlierMembership {
    EarlierMembership::standing(status, None)
}

/// Whether the permission that is missing in a company is the one named.
pub(crate) fn lacks(permission: Permission, company: &CompanyId) -> String {
    format!("The permission `{}` is missing in the company `{company}`.", permission.as_str())
}
