//! Payment methods that people keep, and who may charge them.

use super::Payment;
use crate::Guildhall;
use crate::error::{Result, no_such};
use crate::processor::{KeptMethod, PaymentMethod, Processor};
use crate::store::{self, Read, Tx};
use guildhall_core::card::CardFace;
use guildhall_core::ids::{AppId, CompanyId, PaymentMethodId, UserId};

/// The most methods that are shown of somebody.
const MOST_SHOWN: i64 = 20;

/// What a buyer lets be done with a method besides this purchase and what it renews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodUse {
    /// Nothing: somebody typed it who typed the account's e-mail, and it is not the account's to spend.
    ThisPurchase,
    /// The account keeps it, and its owner may pay with it again.
    Kept,
    /// The seller may charge it again without asking, too.
    Agreed,
}

impl MethodUse {
    /// The word that the store uses.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ThisPurchase => "this_purchase",
            Self::Kept => "kept",
            Self::Agreed => "agreed",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::ThisPurchase, Self::Kept, Self::Agreed].into_iter().find(|one| one.as_str() == word)
    }
}

/// Keeps a card for its buyer.
pub(crate) fn keep_method(
    tx: &mut Tx<'_>,
    user: &UserId,
    processor: Processor,
    face: &CardFace,
    method_use: MethodUse,
) -> Result<PaymentMethodId> {
    let (month, year) = (i64::from(face.expiry_month), face.expiry_year);
    let kept = KeptMethod {
        reference: format!("card_{}_{month:02}{year}", face.last4),
        brand: Some(face.brand.as_str().to_owned()),
        last4: Some(face.last4.clone()),
        expiry: Some((month, year)),
    };
    store::payment_method::find_or_insert(tx, user, processor, &kept, method_use)
}

/// Notes that a payment's buyer lets its company charge a method again without asking. The company's own apps may ask for
/// that; one of another company may where the buyer said so in a session of it, whose page names it.
pub(crate) fn agree(tx: &mut Tx<'_>, payment: &Payment, method: &PaymentMethodId) -> Result<()> {
    store::payment_method::consent(tx, &payment.user, &payment.company, method)?;
    match &payment.app {
        Some(app) if from_elsewhere(tx, app, &payment.company)?.is_some() => {
            store::payment_method::consent_to_app(tx, &payment.user, &payment.company, app)
        }
        _ => Ok(()),
    }
}

/// The name of an app that is another company's than the one it asks for.
pub(crate) fn from_elsewhere(
    read: &mut Read<'_>,
    app: &AppId,
    company: &CompanyId,
) -> Result<Option<String>> {
    let found = store::app::find(read, app)?.filter(|found| found.company != *company);
    Ok(found.map(|found| found.name))
}

/// The method by which a company may charge somebody without asking.
pub(crate) fn consented(
    read: &mut Read<'_>,
    user: &UserId,
    company: &CompanyId,
) -> Result<Option<PaymentMethod>> {
    store::payment_method::consented(read, user, company)
}

/// The methods somebody keeps here, newest first, at most twenty.
///
/// # Errors
/// `Internal` only.
pub async fn methods(hall: &Guildhall, user: UserId) -> Result<Vec<PaymentMethod>> {
    hall.store.read(move |read| store::payment_method::of_user(read, &user, MOST_SHOWN)).await
}

/// Forgets somebody's method: nobody charges it any more.
///
/// # Errors
/// `NotFound` when it is not theirs.
pub async fn remove_method(hall: &Guildhall, user: UserId, id: PaymentMethodId) -> Result<()> {
    hall.store
        .write(move |tx| {
            if store::payment_method::remove(tx, &user, &id)? {
                Ok(())
            } else {
                no_such("payment method", &id)
            }
        })
        .await
}
