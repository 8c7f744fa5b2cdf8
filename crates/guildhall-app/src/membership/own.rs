//! What people see of their own memberships, and do to them.

use super::{Membership, set_cancel_at_period_end};
use crate::Guildhall;
use crate::billing;
use crate::error::{Result, no_such};
use crate::payment::Payment;
use crate::plan::Plan;
use crate::processor::PaymentMethod;
use crate::store::{self, Read, Tx};
use guildhall_core::billing::Renewals;
use guildhall_core::ids::{MembershipId, UserId};

/// The most memberships, and the most payments, that are shown.
const MOST_SHOWN: i64 = 100;
/// The most payment methods that are shown.
const MOST_METHODS: i64 = 20;

/// A membership with what its holder reads of it.
#[derive(Debug, Clone)]
pub struct OwnMembership {
    /// The membership.
    pub membership: Membership,
    /// Who sold it.
    pub company_title: String,
    /// What it opens.
    pub pass_title: String,
    /// By which plan; `None` for one that was given.
    pub plan: Option<Plan>,
    /// What its renewals will cost, where the plan charges any.
    pub renewals: Option<Renewals>,
}

/// What somebody bought, and pays with.
#[derive(Debug, Clone)]
pub struct Purchases {
    /// Their memberships, newest first, at most a hundred.
    pub memberships: Vec<OwnMembership>,
    /// Their payments, newest first, at most a hundred.
    pub payments: Vec<Payment>,
    /// Their payment methods, newest first, at most twenty, each with the companies that may charge it,
    /// and the apps of others that may do so for them.
    pub methods: Vec<(PaymentMethod, Vec<String>)>,
}

/// Where people see what they have, cancel it, and take it up again.
pub(crate) fn manage_url(origin: &str) -> String {
    format!("{origin}/account/purchases")
}

/// What somebody bought, and pays with.
///
/// # Errors
/// `Internal` only.
pub async fn purchases(hall: &Guildhall, user: UserId) -> Result<Purchases> {
    hall.store
        .read(move |read| {
            let found = store::membership::of_user(read, &user, MOST_SHOWN)?;
            let memberships =
                found.into_iter().map(|one| shown(read, one)).collect::<Result<Vec<OwnMembership>>>()?;
            let payments = store::payment::of_user(read, &user, MOST_SHOWN)?;
            let mut methods = Vec::new();
            for method in store::payment_method::of_user(read, &user, MOST_METHODS)? {
                if method.last4.is_some() {
                    let charged_by = store::payment_method::consented_to(read, &method.id)?;
                    methods.push((method, charged_by));
                }
            }
            Ok(Purchases { memberships, payments, methods })
        })
        .await
}

fn shown(read: &mut Read<'_>, membership: Membership) -> Result<OwnMembership> {
    let pass = store::access_pass::find_ever(read, &membership.access_pass)?;
    let company = store::company::find(read, &membership.company)?;
    let plan = match &membership.plan {
        Some(id) => store::plan::find(read, id)?,
        None => None,
    };
    let renewals = match &plan {
        Some(plan) => billing::renewals_of(read, &membership, plan)?,
        None => None,
    };
    Ok(OwnMembership {
        company_title: company.map_or_else(|| membership.company.to_string(), |company| company.title),
        pass_title: pass.map_or_else(|| membership.access_pass.to_string(), |pass| pass.title),
        membership,
        plan,
        renewals,
    })
}

/// Has a membership of somebody end with its period, or renew after all.
///
/// # Errors
/// `NotFound` when it is not theirs, `Invalid` when it does not renew or has ended.
pub async fn cancel_own(hall: &Guildhall, user: UserId, id: MembershipId, cancel: bool) -> Result<()> {
    hall.store
        .write(move |tx| {
            refuse_others(tx, &user, &id)?;
            set_cancel_at_period_end(tx, &id, cancel, None).map(|_| ())
        })
        .await
}

fn refuse_others(tx: &mut Tx<'_>, user: &UserId, id: &MembershipId) -> Result<()> {
    match store::membership::find(tx, id)? {
        Some(membership) if membership.user == *user => Ok(()),
        _ => no_such("membership", id),
    }
}
