//! Whom Stripe knows our buyers as.

use super::client::{Client, Refused, form};
use super::{Heard, silent};
use crate::Guildhall;
use crate::processor::Charge;
use crate::store;
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Customer {
    id: String,
}

/// The customer of a buyer; the first charge makes it.
pub(super) async fn of(hall: &Guildhall, client: &Client, charge: &Charge) -> Heard<String> {
    let (user, mode) = (charge.user.clone(), client.settings.mode());
    let known = hall.store.read(move |read| store::stripe::customer(read, &user, mode)).await;
    if let Some(customer) = known.map_err(silent)? {
        return Ok(customer);
    }
    let user = charge.user.to_string();
    let mut pairs = vec![("metadata[guildhall_user]", user.as_str())];
    pairs.extend(charge.email.as_deref().map(|email| ("email", email)));
    let form = form(pairs);
    // Who has another e-mail by now is asked for under another key.
    let asked = &Sha256::digest(form.as_bytes())[..8];
    let asked: String = asked.iter().map(|byte| format!("{byte:02x}")).collect();
    let key = format!("customer:{user}:{asked}");
    let made: Customer = client.post("/v1/customers", &form, &key).await.map_err(Refused::into_silence)?;
    let user = charge.user.clone();
    let write = hall.store.write(move |tx| {
        store::stripe::insert_customer(tx, &user, mode, &made.id)?;
        Ok(store::stripe::customer(tx, &user, mode)?.unwrap_or_else(|| made.id.clone()))
    });
    write.await.map_err(silent)
}
