//! Payouts: money that a company or a person takes out.
//!
//! What is asked for leaves the balance and the payout stands, in one transaction; every further step is one too, and
//! happens if the payout still stands where it is taken from. By the method `manual` an operator sends the money by hand
//! and says how it went ([`operator`]). Bounds: [`MOST_REQUESTED`] payouts of a holder wait to be sent,
//! [`MOST_SHOWN`] are shown.

pub mod operator;
mod step;

use crate::audit::Doer;
use crate::company::{Company, Doors};
use crate::error::{Error, Result, no_such};
use crate::ledger::{self, Holdings, Parties};
use crate::principal::{Principal, authorize, holds};
use crate::store::{self, Read, Tx};
use crate::{Guildhall, money};
use guildhall_core::ids::{CompanyId, Id, PayoutId, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::{Currency, in_words, minor_from_major};
use guildhall_core::payout::{PayoutMethod, PayoutStatus, check, check_destination, check_key};
use guildhall_core::permission::Permission;
use guildhall_core::posting::{Happening, Holder};
use serde_json::json;
use step::Told;

/// The most payouts of a holder that wait to be sent.
pub const MOST_REQUESTED: i64 = 20;
/// The most payouts that are shown to their holder.
pub const MOST_SHOWN: i64 = 100;
/// The most companies whose balances a person is led to.
const MOST_COMPANIES: i64 = 50;

/// Whose money it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A company's.
    Company(CompanyId),
    /// A user's.
    User(UserId),
}

impl Owner {
    pub(crate) const COMPANY: &'static str = "company";
    pub(crate) const USER: &'static str = "user";

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Company(company) => company.as_str(),
            Self::User(user) => user.as_str(),
        }
    }

    /// The store's word for what it is.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Company(_) => Self::COMPANY,
            Self::User(_) => Self::USER,
        }
    }

    fn holder(&self) -> Holder {
        match self {
            Self::Company(_) => Holder::Company,
            Self::User(_) => Holder::User,
        }
    }

    /// Where its balance is seen, from the server's root.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Company(company) => format!("/companies/{company}"),
            Self::User(_) => "/account".to_owned(),
        }
    }
}

/// A payout. Times are milliseconds, amounts minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// The id.
    pub id: PayoutId,
    /// Whose money it is.
    pub owner: Owner,
    /// Of which currency.
    pub currency: Currency,
    /// What arrives.
    pub amount_minor: i64,
    /// What the platform takes on top.
    pub fee_minor: i64,
    /// Where it stands.
    pub status: PayoutStatus,
    /// How it reaches its holder.
    pub method: PayoutMethod,
    /// Where it goes, in the holder's words; for the holder and the operator alone.
    pub destination: String,
    /// Who asked for it.
    pub requested_by: UserId,
    /// What the operator's bank calls it.
    pub reference: Option<String>,
    /// Why it failed or was denied.
    pub failure_message: Option<String>,
    /// When it was given to the bank.
    pub sent_at: Option<i64>,
    /// When it arrived or came back.
    pub ended_at: Option<i64>,
    /// When it was asked for.
    pub created_at: i64,
    /// When it changed last.
    pub updated_at: i64,
}

/// What is asked of a payout.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Major units.
    pub amount: f64,
    /// The code.
    pub currency: String,
    /// Where the money goes, in the holder's words.
    pub destination: String,
    /// Who asks twice under one key is paid once.
    pub idempotence_key: String,
}

/// What somebody sees of a balance.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The company whose it is; `None` for one's own.
    pub company: Option<Company>,
    /// Where else in that company they may go.
    pub doors: Doors,
    /// What it holds.
    pub holdings: Holdings,
    /// What was taken out of it, newest first, [`MOST_SHOWN`] at most.
    pub payouts: Vec<Payout>,
    /// Whether they may take money out.
    pub may_take_out: bool,
    /// What the platform takes on top of a payout, in hundredths of a percent.
    pub fee_basis_points: i64,
    /// With one's own: the companies whose balances one sees, by title.
    pub companies: Vec<Company>,
}

/// A balance and the payouts from it: a company's to its team, one's own to oneself.
///
/// # Errors
/// `Forbidden` without `company:balance:read`, and for an app that asks for a person's; `NotFound`; `Unauthenticated`.
pub async fn overview(hall: &Guildhall, principal: &Principal, owner: Owner) -> Result<Overview> {
    let (principal, fee_basis_points) = (principal.clone(), hall.settings.money.payout_fee_basis_points);
    hall.store
        .read(move |read| {
            let (company, companies, kind) = match &owner {
                Owner::Company(id) => {
                    authorize(read, &principal, id, Permission::CompanyBalanceRead)?;
                    let Some(company) = store::company::find(read, id)? else {
                        return no_such("company", id);
                    };
                    (Some(company), Vec::new(), AccountKind::Company)
                }
                Owner::User(user) => {
                    check_in_person(&principal, user)?;
                    (None, companies_seen_by(read, &principal, user)?, AccountKind::User)
                }
            };
            let (may_take_out, doors) = match &owner {
                Owner::Company(id) => {
                    let may_take_out = holds(read, &principal, id, Permission::TransferFunds)?;
                    (may_take_out, Doors::of(read, &principal, id)?)
                }
                Owner::User(_) => (true, Doors::default()),
            };
            let holdings = ledger::holdings(read, kind, owner.as_str())?;
            let payouts = store::payout::of_owner(read, &owner, MOST_SHOWN)?;
            Ok(Overview { company, doors, holdings, payouts, may_take_out, fee_basis_points, companies })
        })
        .await
}

fn companies_seen_by(read: &mut Read<'_>, principal: &Principal, user: &UserId) -> Result<Vec<Company>> {
    let mut companies = Vec::new();
    for company in store::install::companies_of_team(read, user, MOST_COMPANIES)? {
        if holds(read, principal, &company.id, Permission::CompanyBalanceRead)? {
            companies.push(company);
        }
    }
    Ok(companies)
}

/// Asks for a payout. The money and its fee leave the balance at once.
///
/// # Errors
/// `Forbidden` without `payout:transfer_funds` in the company, and for an app that asks for a person's money;
/// `Invalid` for what no payout can be, and while more is owed than there is; `Conflict` for a key used otherwise and when
/// [`MOST_REQUESTED`] wait; `InsufficientFunds`; `Unauthenticated`.
pub async fn request(
    hall: &Guildhall,
    principal: &Principal,
    owner: Owner,
    wanted: Wanted,
) -> Result<Payout> {
    let (principal, money) = (principal.clone(), hall.settings.money);
    let requested = hall.store.write(move |tx| request_in(tx, &principal, &owner, &wanted, &money));
    requested.await
}

fn request_in(
    tx: &mut Tx<'_>,
    principal: &Principal,
    owner: &Owner,
    wanted: &Wanted,
    money: &money::Settings,
) -> Result<Payout> {
    let requested_by = check_may_take_out(tx, principal, owner)?;
    let key = check_key(&wanted.idempotence_key)?;
    let destination = check_destination(&wanted.destination)?;
    let currency = Currency::parse(&wanted.currency)?;
    tx.lock(&format!("money of {}", owner.as_str()))?;
    if let Some(known) = store::payout::of_key(tx, owner, key)? {
        let is_same = known.currency == currency
            && known.destination == destination
            && minor_from_major(wanted.amount, currency) == Ok(known.amount_minor);
        return match is_same {
            true => Ok(known),
            false => Err(Error::Conflict(
                "Another payout was asked for under this idempotence key; nothing was moved.".into(),
            )),
        };
    }
    let owed_minor = match owner {
        Owner::Company(company) => ledger::pay_debt(tx, company, currency)?,
        Owner::User(_) => 0,
    };
    let amount_minor = check(wanted.amount, currency, owed_minor)?;
    let waiting = store::payout::count(tx, owner, PayoutStatus::Requested, MOST_REQUESTED)?;
    if waiting >= MOST_REQUESTED {
        let sentence = format!("{MOST_REQUESTED} payouts wait to be sent already; no more can be asked for.");
        return Err(Error::Conflict(sentence));
    }
    let payout = Payout {
        id: tx.mint(),
        owner: owner.clone(),
        currency,
        amount_minor,
        fee_minor: money.payout_fee().of(amount_minor),
        status: PayoutStatus::Requested,
        method: PayoutMethod::Manual,
        destination,
        requested_by,
        reference: None,
        failure_message: None,
        sent_at: None,
        ended_at: None,
        created_at: tx.now,
        updated_at: tx.now,
    };
    set_aside(tx, &payout)?;
    store::payout::insert(tx, &payout, key)?;
    log(tx, &Doer::of(principal), &payout, "request_payout")?;
    Ok(payout)
}

/// Moves the money of a new payout into transit.
fn set_aside(tx: &mut Tx<'_>, payout: &Payout) -> Result<()> {
    let Payout { amount_minor, fee_minor, currency, .. } = *payout;
    let requested = Happening::PayoutRequested { holder: payout.owner.holder(), amount_minor, fee_minor };
    match book(tx, payout, "payout_requested", requested) {
        Err(Error::InsufficientFunds(_)) => {
            let (amount, fee) = (in_words(amount_minor, currency), in_words(fee_minor, currency));
            let what = match fee_minor {
                0 => amount,
                _ => format!("{amount} and the fee of {fee}"),
            };
            Err(Error::InsufficientFunds(format!("The balance does not hold {what}; nothing was moved.")))
        }
        booked => booked,
    }
}

/// Books a step of a payout, once.
fn book(tx: &mut Tx<'_>, payout: &Payout, reason: &str, happening: Happening) -> Result<()> {
    let (company, person) = match &payout.owner {
        Owner::Company(company) => (Some(company), None),
        Owner::User(user) => (None, Some(user)),
    };
    let parties = Parties { company, person, affiliate: None, processor: payout.method.as_str() };
    let id = payout.id.as_str();
    ledger::book(tx, &format!("{id}:{reason}"), reason, id, payout.currency, &[happening], &parties)?;
    Ok(())
}

/// Takes back a payout that was not sent yet; the money is in the balance again.
///
/// # Errors
/// `Forbidden` as for [`request`]; `NotFound` for a payout of another balance; `Invalid` once it was sent;
/// `Unauthenticated`.
pub async fn cancel(
    hall: &Guildhall,
    principal: &Principal,
    owner: Owner,
    payout: PayoutId,
) -> Result<Payout> {
    let (principal, origin) = (principal.clone(), hall.origin().to_owned());
    let canceled = hall.store.write(move |tx| {
        check_may_take_out(tx, &principal, &owner)?;
        match store::payout::find(tx, &payout)? {
            Some(found) if found.owner == owner => {}
            _ => return no_such("payout", &payout),
        }
        step::take(tx, &payout, PayoutStatus::Canceled, &Told::default(), &Doer::of(&principal), &origin)
    });
    canceled.await
}

/// Who takes money out, if they may.
fn check_may_take_out(read: &mut Read<'_>, principal: &Principal, owner: &Owner) -> Result<UserId> {
    match owner {
        Owner::Company(company) => authorize(read, principal, company, Permission::TransferFunds)?,
        Owner::User(user) => check_in_person(principal, user)?,
    }
    principal.acting_user().cloned()
}

/// An app could otherwise send a person's money to whom it likes.
fn check_in_person(principal: &Principal, user: &UserId) -> Result<()> {
    if principal.app.is_some() {
        return Err(Error::Forbidden(
            "A person's payouts are for that person alone, signed in to the hall, and not for an app.".into(),
        ));
    }
    if principal.acting_user()? != user {
        return Err(Error::Forbidden("This balance is another person's.".into()));
    }
    Ok(())
}

/// Writes down what is done about a company's payout.
fn log(tx: &mut Tx<'_>, doer: &Doer, payout: &Payout, action: &str) -> Result<()> {
    let Owner::Company(company) = &payout.owner else {
        return Ok(());
    };
    let details = json!({
        "amount": in_words(payout.amount_minor, payout.currency),
        "fee": in_words(payout.fee_minor, payout.currency),
    });
    doer.log(tx, company, action, &payout.id, details)
}
