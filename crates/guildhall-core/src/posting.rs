//! The table of postings: what each thing that happens to money moves, and from where to where.
//!
//! | happens | from | to | how much |
//! |---|---|---|---|
//! | [`Charged`](Happening::Charged) | source | clearing | what the buyer paid |
//! | [`Returned`](Happening::Returned) | clearing | source | what was charged and is not sold |
//! | [`Sold`](Happening::Sold) | clearing | processor's fees | its fee |
//! | | clearing | platform's fees | its fee |
//! | | clearing | affiliate, pending | the reward |
//! | | clearing | seller's reserve | a share of the seller's part |
//! | | clearing | seller, pending | the rest, the odd cent included |
//! | [`FeeTold`](Happening::FeeTold) | seller, pending, reserve, free, then debt | processor's fees | its fee, told after the sale |
//! | [`Released`](Happening::Released) | seller, pending, or reserve | seller's debt | what pays back a debt |
//! | | same | seller | the rest |
//! | [`RewardReleased`](Happening::RewardReleased) | affiliate, pending | affiliate | the reward |
//! | [`Refunded`](Happening::Refunded) | what it was drawn from | source | what goes back; fees stay |
//! | [`RefundFailed`](Happening::RefundFailed) | source | affiliate, pending | what of the reward had gone |
//! | | source | seller's debt, then seller | the rest |
//! | [`DisputeOpened`](Happening::DisputeOpened) | what it was drawn from | disputed | what the bank takes |
//! | | seller, then seller's debt | processor's fees | the dispute's fee, kept however it ends |
//! | [`DisputeWon`](Happening::DisputeWon) | disputed | affiliate, pending | what of the reward had gone |
//! | | disputed | seller's debt, then seller | the rest |
//! | [`DisputeLost`](Happening::DisputeLost) | disputed | outside | what the bank takes |
//! | [`StrayDisputed`](Happening::StrayDisputed) | clearing | disputed | what the bank takes of what was to go back |
//! | [`StrayDisputeWon`](Happening::StrayDisputeWon) | disputed | clearing | what is to go back again |
//! | [`PayoutRequested`](Happening::PayoutRequested) | holder | in transit | the amount and its fee |
//! | [`PayoutPaid`](Happening::PayoutPaid) | in transit | outside | the amount |
//! | | in transit | platform's fees | the fee |
//! | [`PayoutFailed`](Happening::PayoutFailed) | in transit | seller's debt, then holder | the amount and its fee |
//! | [`Repaid`](Happening::Repaid) | seller | seller's debt | what free money pays back |
//!
//! A transfer between two accounts is `ledger::Posting::payment`. A source is the outside, for processors, or a
//! person's balance. Amounts come from `fee` and `sale`; here they are moved. The ledger's accounts for the places are
//! of [`Place::kind`]; the outside, clearing, disputed, in transit and the processor's fees are one account a
//! processor, so that each can be held against what that processor reports.
//!
//! A buyer's own purchase of zero moves nothing, and has no posting.

use crate::Invalid;
use crate::fee::Shares;
use crate::ledger::{AccountKind, Move, Posting};
use crate::money::Currency;
use crate::sale::{Drawn, Sale};

/// An account by the part it plays in what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Beyond the house: cards, banks, wallets.
    Outside,
    /// The person who pays out of their balance or takes money out of it.
    Person,
    /// The selling company's free money.
    Seller,
    /// The selling company's part, not released.
    SellerPending,
    /// The selling company's reserve.
    SellerReserve,
    /// What the selling company owes.
    SellerDebt,
    /// The affiliate's free money.
    Affiliate,
    /// The affiliate's rewards, not released.
    AffiliatePending,
    /// Charged, not sold.
    Clearing,
    /// Disputed, not decided.
    Disputed,
    /// On its way out.
    InTransit,
    /// The platform's earnings.
    PlatformFees,
    /// What processors keep.
    ProcessorFees,
}

impl Place {
    /// The kind of the account.
    #[must_use]
    pub fn kind(self) -> AccountKind {
        match self {
            Self::Outside => AccountKind::Funding,
            Self::Person | Self::Affiliate => AccountKind::User,
            Self::Seller => AccountKind::Company,
            Self::SellerPending => AccountKind::CompanyPending,
            Self::SellerReserve => AccountKind::CompanyReserve,
            Self::SellerDebt => AccountKind::CompanyDebt,
            Self::AffiliatePending => AccountKind::UserPending,
            Self::Clearing => AccountKind::Clearing,
            Self::Disputed => AccountKind::Disputed,
            Self::InTransit => AccountKind::InTransit,
            Self::PlatformFees => AccountKind::PlatformFees,
            Self::ProcessorFees => AccountKind::ProcessorFees,
        }
    }
}

/// Where a buyer's money comes from, and goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A processor.
    Processor,
    /// The buyer's balance here.
    Balance,
}

impl Source {
    fn place(self) -> Place {
        match self {
            Self::Processor => Place::Outside,
            Self::Balance => Place::Person,
        }
    }
}

/// What of a seller's part is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portion {
    /// The pending one.
    Pending,
    /// The reserve.
    Reserve,
}

/// Who takes money out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A company.
    Company,
    /// A user.
    User,
}

impl Holder {
    fn place(self) -> Place {
        match self {
            Self::Company => Place::Seller,
            Self::User => Place::Person,
        }
    }
}

/// What happens to money. Amounts are minor units of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "amounts are named as in the table of the module")]
pub enum Happening {
    /// A buyer was charged.
    Charged { from: Source, amount_minor: i64 },
    /// What was charged is not sold, in whole or in part, and goes back.
    Returned { to: Source, amount_minor: i64 },
    /// What was charged is sold; takes the sale as it begins.
    Sold { sale: Sale },
    /// The processor told after the sale what it keeps of it.
    FeeTold { drawn: Drawn },
    /// The seller may spend a portion of a sale.
    Released { portion: Portion, amount_minor: i64, repaid_minor: i64 },
    /// The affiliate may spend the reward.
    RewardReleased { amount_minor: i64 },
    /// Money goes back to the buyer.
    Refunded { to: Source, drawn: Drawn },
    /// It could not be given back, and is here again.
    RefundFailed { from: Source, drawn: Drawn, repaid_minor: i64 },
    /// The buyer's bank takes the money until it has decided.
    DisputeOpened { drawn: Drawn, fee: Drawn },
    /// The bank decided for the seller.
    DisputeWon { drawn: Drawn, repaid_minor: i64 },
    /// The bank decided for the buyer.
    DisputeLost { amount_minor: i64 },
    /// The buyer's bank takes what was charged, is not sold and has not gone back.
    StrayDisputed { amount_minor: i64 },
    /// It decided against the buyer, and the money is to go back as before.
    StrayDisputeWon { amount_minor: i64 },
    /// A payout was asked for.
    PayoutRequested { holder: Holder, amount_minor: i64, fee_minor: i64 },
    /// It arrived.
    PayoutPaid { amount_minor: i64, fee_minor: i64 },
    /// It did not, and is here again, its fee too.
    PayoutFailed { holder: Holder, amount_minor: i64, fee_minor: i64, repaid_minor: i64 },
    /// A company's free money pays back what it owes.
    Repaid { amount_minor: i64 },
}

impl Happening {
    /// What it moves: the table, row by row.
    #[must_use]
    pub fn moves(self) -> Vec<Move<Place>> {
        use Place::{Affiliate, AffiliatePending, Clearing, Disputed, InTransit, Outside, PlatformFees};
        match self {
            Self::Charged { from, amount_minor } => vec![go(from.place(), Clearing, amount_minor)],
            Self::Returned { to, amount_minor } => vec![go(Clearing, to.place(), amount_minor)],
            Self::Sold { sale } => sold(&sale),
            Self::FeeTold { drawn } => draw(drawn, Place::ProcessorFees),
            Self::Released { portion, amount_minor, repaid_minor } => {
                let from = match portion {
                    Portion::Pending => Place::SellerPending,
                    Portion::Reserve => Place::SellerReserve,
                };
                to_seller(from, amount_minor, repaid_minor)
            }
            Self::RewardReleased { amount_minor } => vec![go(AffiliatePending, Affiliate, amount_minor)],
            Self::Refunded { to, drawn } => draw(drawn, to.place()),
            Self::RefundFailed { from, drawn, repaid_minor } => undo(from.place(), drawn, repaid_minor),
            Self::DisputeOpened { drawn, fee } => {
                [draw(drawn, Disputed), draw(fee, Place::ProcessorFees)].concat()
            }
            Self::DisputeWon { drawn, repaid_minor } => undo(Disputed, drawn, repaid_minor),
            Self::DisputeLost { amount_minor } => vec![go(Disputed, Outside, amount_minor)],
            Self::StrayDisputed { amount_minor } => vec![go(Clearing, Disputed, amount_minor)],
            Self::StrayDisputeWon { amount_minor } => vec![go(Disputed, Clearing, amount_minor)],
            Self::PayoutRequested { holder, amount_minor, fee_minor } => {
                vec![go(holder.place(), InTransit, amount_minor), go(holder.place(), InTransit, fee_minor)]
            }
            Self::PayoutPaid { amount_minor, fee_minor } => {
                vec![go(InTransit, Outside, amount_minor), go(InTransit, PlatformFees, fee_minor)]
            }
            Self::PayoutFailed { holder, amount_minor, fee_minor, repaid_minor } => {
                let holder = holder.place();
                vec![
                    go(InTransit, holder, amount_minor),
                    go(InTransit, holder, fee_minor),
                    go(holder, Place::SellerDebt, repaid_minor),
                ]
            }
            Self::Repaid { amount_minor } => vec![go(Place::Seller, Place::SellerDebt, amount_minor)],
        }
    }
}

fn go(from: Place, to: Place, amount_minor: i64) -> Move<Place> {
    Move { from, to, amount_minor }
}

fn sold(sale: &Sale) -> Vec<Move<Place>> {
    let Shares { processor_fee_minor, platform_fee_minor, reward_minor, .. } = sale.shares;
    vec![
        go(Place::Clearing, Place::ProcessorFees, processor_fee_minor),
        go(Place::Clearing, Place::PlatformFees, platform_fee_minor),
        go(Place::Clearing, Place::AffiliatePending, reward_minor),
        go(Place::Clearing, Place::SellerReserve, sale.reserve_minor),
        go(Place::Clearing, Place::SellerPending, sale.pending_minor),
    ]
}

fn to_seller(from: Place, amount_minor: i64, repaid_minor: i64) -> Vec<Move<Place>> {
    vec![go(from, Place::SellerDebt, repaid_minor), go(from, Place::Seller, amount_minor - repaid_minor)]
}

fn draw(drawn: Drawn, to: Place) -> Vec<Move<Place>> {
    vec![
        go(Place::AffiliatePending, to, drawn.reward_minor),
        go(Place::SellerPending, to, drawn.pending_minor),
        go(Place::SellerReserve, to, drawn.reserve_minor),
        go(Place::Seller, to, drawn.available_minor),
        go(Place::SellerDebt, to, drawn.debt_minor),
    ]
}

fn undo(from: Place, drawn: Drawn, repaid_minor: i64) -> Vec<Move<Place>> {
    let reward = go(from, Place::AffiliatePending, drawn.reward_minor);
    [vec![reward], to_seller(from, drawn.seller_minor(), repaid_minor)].concat()
}

/// One posting for what happens together, e.g. charged and sold: what comes out even in between leaves no entry.
///
/// # Errors
/// When an amount is below zero, or nothing is moved.
pub fn posting(currency: Currency, happenings: &[Happening]) -> Result<Posting<Place>, Invalid> {
    let moves: Vec<Move<Place>> = happenings.iter().flat_map(|happening| happening.moves()).collect();
    Posting::of_moves(currency, &moves)
}

#[cfg(test)]
mod tests;
