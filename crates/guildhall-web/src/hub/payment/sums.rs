//! How a payment adds up: its price line by line, and what of it is whose.

use guildhall_app::receipt::Dossier;
use guildhall_core::moment::day_in_words;
use guildhall_core::money::percent_in_words;
use guildhall_core::plan_words::price;

/// The lines of the price, up to its total: what they are called, and their amounts.
pub(super) fn lines(dossier: &Dossier) -> Vec<(String, String)> {
    let (parts, money) = (dossier.price, |minor| price(minor, dossier.receipt.currency));
    let name = match dossier.quantity {
        1 => "Price".to_owned(),
        many => format!("Price of {many}"),
    };
    let mut lines = vec![(name, money(parts.subtotal_minor))];
    if parts.discount_minor > 0 {
        let code = dossier.receipt.promo_code.as_ref().map(|promo| format!(" {}", promo.code));
        lines.push((format!("Promo code{}", code.unwrap_or_default()), money(-parts.discount_minor)));
    }
    if let Some((label, rate)) = &dossier.tax {
        let is_included = parts.total_minor == parts.subtotal_minor - parts.discount_minor;
        let place = if is_included { ", in the price" } else { "" };
        lines.push((format!("{label} {}{place}", percent_in_words(*rate)), money(parts.tax_minor)));
    }
    lines
}

/// What others take of it, and what went back: the total less these is what the seller keeps.
pub(super) fn parts(dossier: &Dossier) -> Vec<(&'static str, String)> {
    let Some(sale) = dossier.sale else { return Vec::new() };
    let parts = [
        ("Fee of the card's processor", sale.shares.processor_fee_minor),
        ("Fee of this hall", sale.shares.platform_fee_minor),
        ("Reward of the affiliate", sale.shares.reward_minor - sale.reward_returned_minor),
        ("Given back", dossier.receipt.payment.refunded_minor),
        ("Taken by the bank", dossier.taken_minor()),
        ("Fees of disputes", dossier.dispute_fees_minor()),
    ];
    let parts = parts.into_iter().filter(|(_, minor)| *minor > 0);
    parts.map(|(name, minor)| (name, price(-minor, dossier.receipt.currency))).collect()
}

/// When what is held of it comes free, as a sentence.
pub(super) fn held_until(dossier: &Dossier) -> Option<String> {
    let pending_minor = dossier.sale?.pending_minor;
    let free_at = dossier.releases_at.filter(|_| pending_minor > 0)?;
    let (amount, day) = (price(pending_minor, dossier.receipt.currency), day_in_words(free_at));
    Some(format!("{amount} of it is held, and free in the balance from {day} on."))
}
