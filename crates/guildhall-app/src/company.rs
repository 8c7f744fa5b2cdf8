//! Companies: sellers, and owners of communities.

use crate::Guildhall;
use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::ledger;
use crate::principal::{Principal, authorize, holds, is_within_reach};
use crate::store::{self, Read, Tx};
use guildhall_core::ids::{AttachmentId, CompanyId, Id, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::permission::{Permission, Role};
use guildhall_core::price::{TaxRate, check_tax_label};

/// The most companies that a person is led to.
const MOST_COMPANIES: i64 = 50;

/// A company.
#[derive(Debug, Clone)]
pub struct Company {
    /// The id.
    pub id: CompanyId,
    /// The owner; always on the team.
    pub owner: UserId,
    /// The name shown.
    pub title: String,
    /// Its unique path in the hub.
    pub route: String,
    /// One of the wire's `IndustryTypes`.
    pub industry_type: Option<String>,
    /// One of the wire's `BusinessTypes`.
    pub business_type: Option<String>,
    /// The logo.
    pub logo: Option<AttachmentId>,
    /// The banner.
    pub banner: Option<AttachmentId>,
}

/// What a new company is made of.
#[derive(Debug, Clone)]
pub struct NewCompany {
    /// The owner.
    pub owner: UserId,
    /// The name shown.
    pub title: String,
    /// Its unique path in the hub.
    pub route: String,
    /// One of the wire's `IndustryTypes`.
    pub industry_type: Option<String>,
    /// One of the wire's `BusinessTypes`.
    pub business_type: Option<String>,
}

/// How a company taxes what it sells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tax {
    /// What buyers read, e.g. `VAT`.
    pub label: String,
    /// The rate; zero for none.
    pub rate: TaxRate,
}

impl Tax {
    /// Its name and rate, in hundredths of a percent; `None` where there is none.
    #[must_use]
    pub fn shown(&self) -> Option<(String, i64)> {
        (self.rate.basis_points > 0).then(|| (self.label.clone(), self.rate.basis_points))
    }
}

/// How a company taxes what it sells.
pub(crate) fn tax(read: &mut store::Read<'_>, id: &CompanyId) -> Result<Tax> {
    store::company::tax(read, id)
}

/// How a company is to tax what it sells.
#[derive(Debug, Clone)]
pub enum NewTax {
    /// Not at all.
    None,
    /// By one rate.
    Rate {
        /// What buyers read, e.g. `VAT`.
        label: String,
        /// How much, e.g. 8.25.
        percent: f64,
        /// Whether prices hold it; else it comes on top.
        is_included: bool,
    },
}

/// A company, and how it taxes what it sells.
#[derive(Debug, Clone)]
pub struct Taxed {
    /// The company.
    pub company: Company,
    /// The tax.
    pub tax: Tax,
}

/// How a company taxes what it sells, to an operator.
///
/// # Errors
/// `NotFound`.
pub async fn taxed(hall: &Guildhall, id: CompanyId) -> Result<Taxed> {
    hall.store.read(move |read| require_taxed(read, &id)).await
}

/// Sets how a company taxes what it sells, by an operator: what is ordered, renewed and invoiced from now on. Who looks
/// at a price that this changes is asked again before they pay.
///
/// # Errors
/// `NotFound`; `Invalid` for a name or rate that cannot be.
pub async fn set_tax(hall: &Guildhall, id: CompanyId, new: NewTax) -> Result<Taxed> {
    let tax = match new {
        NewTax::None => Tax::default(),
        NewTax::Rate { label, percent, is_included } => Tax {
            label: check_tax_label(&label)?.to_owned(),
            rate: TaxRate::of_percent(percent, is_included)?,
        },
    };
    hall.store
        .write(move |tx| {
            require_taxed(tx, &id)?;
            store::company::set_tax(tx, &id, &tax)?;
            let details = serde_json::json!({"label": tax.label, "basis_points": tax.rate.basis_points,
                "is_included": tax.rate.is_included});
            Doer::OPERATOR.log(tx, &id, "company.tax_set", &id, details)?;
            require_taxed(tx, &id)
        })
        .await
}

fn require_taxed(read: &mut store::Read<'_>, id: &CompanyId) -> Result<Taxed> {
    match store::company::find(read, id)? {
        Some(company) => Ok(Taxed { tax: tax(read, &company.id)?, company }),
        None => no_such("company", id),
    }
}

/// A company's public face.
///
/// # Errors
/// `NotFound`.
pub async fn find(hall: &Guildhall, id: CompanyId) -> Result<Company> {
    hall.store
        .read(move |read| match store::company::find(read, &id)? {
            Some(company) => Ok(company),
            None => no_such("company", &id),
        })
        .await
}

/// Which pages of a company's team somebody may open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doors {
    /// Payments, and disputes of them.
    pub payments: bool,
    /// How many disputes wait for an answer; zero for whoever may not see them.
    pub disputes_waiting: i64,
    /// Who waits for what it sells.
    pub entries: bool,
    /// What it holds.
    pub balance: bool,
}

impl Doors {
    /// Those that are open to a caller.
    pub(crate) fn of(read: &mut Read<'_>, principal: &Principal, company: &CompanyId) -> Result<Self> {
        let payments = holds(read, principal, company, Permission::PaymentRead)?;
        Ok(Self {
            payments,
            disputes_waiting: if payments { store::dispute::count_waiting(read, company)? } else { 0 },
            entries: holds(read, principal, company, Permission::PlanWaitlistRead)?,
            balance: holds(read, principal, company, Permission::CompanyBalanceRead)?,
        })
    }

    fn is_any_open(self) -> bool {
        self.payments || self.entries || self.balance
    }
}

/// The companies whose team a person is on and that have a page for them, by title, [`MOST_COMPANIES`] at most.
///
/// # Errors
/// `Unauthenticated` when nobody asks.
pub async fn led_to(hall: &Guildhall, principal: &Principal) -> Result<Vec<(Company, Doors)>> {
    let (principal, person) = (principal.clone(), principal.acting_user()?.clone());
    hall.store
        .read(move |read| {
            let mut companies = Vec::new();
            for company in store::install::companies_of_team(read, &person, MOST_COMPANIES)? {
                let doors = Doors::of(read, &principal, &company.id)?;
                companies.extend(doors.is_any_open().then_some((company, doors)));
            }
            Ok(companies)
        })
        .await
}

/// A company, to whoever holds a permission there. For whoever is not of its team there is none.
pub(crate) fn enter(
    read: &mut Read<'_>,
    principal: &Principal,
    id: &CompanyId,
    permission: Permission,
) -> Result<Company> {
    match store::company::find(read, id)? {
        Some(company) if is_within_reach(read, principal, id)? => {
            authorize(read, principal, id, permission)?;
            Ok(company)
        }
        _ => no_such("company", id),
    }
}

/// Makes a company with its owner on the team and a ledger account.
pub(crate) fn create(tx: &mut Tx<'_>, company: &NewCompany) -> Result<CompanyId> {
    let id = store::company::insert(tx, company)?
        .ok_or_else(|| Error::Conflict(format!("The route `{}` is taken.", company.route)))?;
    store::company::set_team_member(tx, &id, &company.owner, Role::Owner)?;
    ledger::open_account(tx, AccountKind::Company, id.as_str())?;
    Ok(id)
}
