//! The rows of the table, and a world in which they happen in any order.

use super::*;
use crate::affiliate::Commission;
use crate::fee::{self, FeeRate};
use crate::sale::{self, Demand};
use proptest::prelude::*;
use std::collections::HashMap;

fn usd() -> Currency {
    Currency::parse("usd").expect("a known currency")
}

/// 100.00 paid: 3.20 to the processor, 3.00 to the platform, 20.00 to the affiliate, 73.80 to the seller, of which a
/// tenth is in reserve.
fn shares(gross_minor: i64) -> Shares {
    let card = FeeRate::new(290, 30).expect("sound");
    let platform = FeeRate::new(300, 0).expect("sound");
    fee::divide(gross_minor, card, platform, Some(Commission::Percentage(2000))).expect("sound")
}

type Row = (Vec<Happening>, Vec<(Place, i64)>);

#[test]
fn the_table_of_postings() {
    use Place::*;
    let sale = Sale::new(shares(10_000), 1000);
    let drawn =
        Drawn { reward_minor: 5, pending_minor: 10, reserve_minor: 20, available_minor: 30, debt_minor: 40 };
    let fee = Drawn { available_minor: 3, debt_minor: 12, ..Drawn::default() };
    let (card, balance) = (Source::Processor, Source::Balance);
    let (company, user) = (Holder::Company, Holder::User);
    let table: Vec<Row> = vec![
        (vec![Happening::Charged { from: card, amount_minor: 7 }], vec![(Outside, -7), (Clearing, 7)]),
        (vec![Happening::Charged { from: balance, amount_minor: 7 }], vec![(Person, -7), (Clearing, 7)]),
        (vec![Happening::Returned { to: card, amount_minor: 7 }], vec![(Clearing, -7), (Outside, 7)]),
        (
            vec![Happening::Sold { sale }],
            vec![
                (Clearing, -10_000),
                (ProcessorFees, 320),
                (PlatformFees, 300),
                (AffiliatePending, 2000),
                (SellerReserve, 738),
                (SellerPending, 6642),
            ],
        ),
        // Charged and sold in one go: clearing comes out even.
        (
            vec![Happening::Charged { from: balance, amount_minor: 10_000 }, Happening::Sold { sale }],
            vec![
                (Person, -10_000),
                (ProcessorFees, 320),
                (PlatformFees, 300),
                (AffiliatePending, 2000),
                (SellerReserve, 738),
                (SellerPending, 6642),
            ],
        ),
        (
            vec![Happening::FeeTold { drawn: Drawn { reward_minor: 0, ..drawn } }],
            vec![
                (SellerPending, -10),
                (ProcessorFees, 100),
                (SellerReserve, -20),
                (Seller, -30),
                (SellerDebt, -40),
            ],
        ),
        (
            vec![Happening::Released { portion: Portion::Pending, amount_minor: 50, repaid_minor: 20 }],
            vec![(SellerPending, -50), (SellerDebt, 20), (Seller, 30)],
        ),
        (
            vec![Happening::Released { portion: Portion::Reserve, amount_minor: 50, repaid_minor: 0 }],
            vec![(SellerReserve, -50), (Seller, 50)],
        ),
        (vec![Happening::RewardReleased { amount_minor: 9 }], vec![(AffiliatePending, -9), (Affiliate, 9)]),
        (
            vec![Happening::Refunded { to: card, drawn }],
            vec![
                (AffiliatePending, -5),
                (Outside, 105),
                (SellerPending, -10),
                (SellerReserve, -20),
                (Seller, -30),
                (SellerDebt, -40),
            ],
        ),
        (
            vec![Happening::RefundFailed { from: card, drawn, repaid_minor: 40 }],
            vec![(Outside, -105), (AffiliatePending, 5), (SellerDebt, 40), (Seller, 60)],
        ),
        (
            vec![Happening::DisputeOpened { drawn, fee }],
            vec![
                (AffiliatePending, -5),
                (Disputed, 105),
                (SellerPending, -10),
                (SellerReserve, -20),
                (Seller, -33),
                (SellerDebt, -52),
                (ProcessorFees, 15),
            ],
        ),
        (
            vec![Happening::DisputeWon { drawn, repaid_minor: 52 }],
            vec![(Disputed, -105), (AffiliatePending, 5), (SellerDebt, 52), (Seller, 48)],
        ),
        (vec![Happening::DisputeLost { amount_minor: 105 }], vec![(Disputed, -105), (Outside, 105)]),
        (vec![Happening::StrayDisputed { amount_minor: 7 }], vec![(Clearing, -7), (Disputed, 7)]),
        (vec![Happening::StrayDisputeWon { amount_minor: 7 }], vec![(Disputed, -7), (Clearing, 7)]),
        (
            vec![Happening::PayoutRequested { holder: company, amount_minor: 90, fee_minor: 10 }],
            vec![(Seller, -100), (InTransit, 100)],
        ),
        (
            vec![Happening::PayoutPaid { amount_minor: 90, fee_minor: 10 }],
            vec![(InTransit, -100), (Outside, 90), (PlatformFees, 10)],
        ),
        (
            vec![Happening::PayoutFailed { holder: user, amount_minor: 90, fee_minor: 10, repaid_minor: 0 }],
            vec![(InTransit, -100), (Person, 100)],
        ),
        (
            vec![Happening::PayoutFailed {
                holder: company,
                amount_minor: 90,
                fee_minor: 10,
                repaid_minor: 40,
            }],
            vec![(InTransit, -100), (Seller, 60), (SellerDebt, 40)],
        ),
        (vec![Happening::Repaid { amount_minor: 40 }], vec![(Seller, -40), (SellerDebt, 40)]),
    ];
    for (happenings, expected) in table {
        let posting = posting(usd(), &happenings).expect("sound");
        assert!(posting.is_balanced(), "{happenings:?}");
        let entries: Vec<(Place, i64)> =
            posting.entries.iter().map(|entry| (entry.account, entry.amount_minor)).collect();
        assert_eq!(entries, expected, "{happenings:?}");
    }
}

/// What a caller may ask of the world; which sale, dispute or payout is meant is counted round.
#[derive(Debug, Clone)]
enum Wish {
    Buy { gross: i64, from_balance: bool },
    Undeliverable { gross: i64 },
    TellFee { which: usize, fee: i64 },
    Release { which: usize, what: u8 },
    Refund { which: usize, amount: i64, fails: bool },
    Dispute { which: usize, amount: i64 },
    Decide { which: usize, is_won: bool },
    Withdraw { amount: i64, is_company: bool },
    Arrive { which: usize, is_paid: bool },
    Transfer { amount: i64 },
}

fn wish() -> impl Strategy<Value = Wish> {
    let (which, amount) = (0..20_usize, 1..20_000_i64);
    prop_oneof![
        3 => (amount.clone(), any::<bool>()).prop_map(|(gross, from_balance)| Wish::Buy { gross, from_balance }),
        1 => amount.clone().prop_map(|gross| Wish::Undeliverable { gross }),
        2 => (which.clone(), 0..3000_i64).prop_map(|(which, fee)| Wish::TellFee { which, fee }),
        3 => (which.clone(), 0..3_u8).prop_map(|(which, what)| Wish::Release { which, what }),
        2 => (which.clone(), amount.clone(), any::<bool>())
            .prop_map(|(which, amount, fails)| Wish::Refund { which, amount, fails }),
        2 => (which.clone(), amount.clone()).prop_map(|(which, amount)| Wish::Dispute { which, amount }),
        2 => (which.clone(), any::<bool>()).prop_map(|(which, is_won)| Wish::Decide { which, is_won }),
        2 => (amount.clone(), any::<bool>()).prop_map(|(amount, is_company)| Wish::Withdraw { amount, is_company }),
        2 => (which, any::<bool>()).prop_map(|(which, is_paid)| Wish::Arrive { which, is_paid }),
        1 => amount.prop_map(|amount| Wish::Transfer { amount }),
    ]
}

/// A seller, a buyer with a balance who is somebody's affiliate, and a processor.
#[derive(Default)]
struct World {
    balances: HashMap<AccountKind, i64>,
    entries: Vec<(AccountKind, i64)>,
    sales: Vec<(Sale, Source)>,
    /// What of each sale was refunded, and what banks took of it.
    refunded: HashMap<usize, i64>,
    taken: HashMap<usize, i64>,
    disputes: Vec<(usize, Drawn)>,
    payouts: Vec<(Holder, i64, i64)>,
    largest_debt: i64,
}

impl World {
    fn balance(&self, kind: AccountKind) -> i64 {
        self.balances.get(&kind).copied().unwrap_or(0)
    }

    fn owed(&self) -> i64 {
        -self.balance(AccountKind::CompanyDebt)
    }

    /// What the store does: all entries or none, and no balance over its bounds.
    fn post(&mut self, happenings: &[Happening]) -> bool {
        posting(usd(), happenings).is_ok_and(|posting| self.write(&posting))
    }

    fn write(&mut self, posting: &Posting<Place>) -> bool {
        assert!(posting.is_balanced());
        let mut after = self.balances.clone();
        for entry in &posting.entries {
            *after.entry(entry.account.kind()).or_default() += entry.amount_minor;
        }
        let is_within = |(kind, balance): (&AccountKind, &i64)| {
            (*balance >= 0 || kind.may_go_negative()) && (*balance <= 0 || kind.may_go_positive())
        };
        if !after.iter().all(is_within) {
            return false;
        }
        self.balances = after;
        self.entries.extend(posting.entries.iter().map(|entry| (entry.account.kind(), entry.amount_minor)));
        self.largest_debt = self.largest_debt.max(self.owed());
        true
    }

    /// For what only ever happens when it can.
    fn must_post(&mut self, happenings: &[Happening]) {
        assert!(self.post(happenings), "{happenings:?} in {:?}", self.balances);
    }

    fn fulfil(&mut self, wish: &Wish) {
        let of = |which: &usize, length: usize| if length == 0 { None } else { Some(which % length) };
        match wish {
            Wish::Buy { gross, from_balance } => {
                let from = if *from_balance { Source::Balance } else { Source::Processor };
                let sale = Sale::new(shares(*gross), 1000);
                let charged = Happening::Charged { from, amount_minor: *gross };
                if self.post(&[charged, Happening::Sold { sale }]) {
                    self.sales.push((sale, from));
                }
            }
            Wish::Undeliverable { gross } => {
                self.must_post(&[Happening::Charged { from: Source::Processor, amount_minor: *gross }]);
                self.must_post(&[Happening::Returned { to: Source::Processor, amount_minor: *gross }]);
            }
            Wish::TellFee { which, fee } => {
                if let Some(index) = of(which, self.sales.len()) {
                    self.tell_fee(index, *fee);
                }
            }
            Wish::Release { which, what } => {
                if let Some(index) = of(which, self.sales.len()) {
                    self.release(index, *what);
                }
            }
            Wish::Refund { which, amount, fails } => {
                if let Some(index) = of(which, self.sales.len()) {
                    self.refund(index, *amount, *fails);
                }
            }
            Wish::Dispute { which, amount } => {
                if let Some(index) = of(which, self.sales.len()) {
                    self.dispute(index, *amount);
                }
            }
            Wish::Decide { which, is_won } => {
                if let Some(index) = of(which, self.disputes.len()) {
                    let (sale, drawn) = self.disputes.swap_remove(index);
                    self.decide(sale, drawn, *is_won);
                }
            }
            Wish::Withdraw { amount, is_company } => {
                let holder = if *is_company { Holder::Company } else { Holder::User };
                let asked = Happening::PayoutRequested { holder, amount_minor: *amount, fee_minor: 25 };
                if self.post(&[asked]) {
                    self.payouts.push((holder, *amount, 25));
                }
            }
            Wish::Arrive { which, is_paid } => {
                if let Some(index) = of(which, self.payouts.len()) {
                    let (holder, amount_minor, fee_minor) = self.payouts.swap_remove(index);
                    let repaid_minor = match holder {
                        Holder::Company => sale::repaid(amount_minor + fee_minor, self.owed()),
                        Holder::User => 0,
                    };
                    self.must_post(&[if *is_paid {
                        Happening::PayoutPaid { amount_minor, fee_minor }
                    } else {
                        Happening::PayoutFailed { holder, amount_minor, fee_minor, repaid_minor }
                    }]);
                }
            }
            Wish::Transfer { amount } => {
                let to_seller = Posting::payment(usd(), Place::Person, Place::Seller, *amount, None);
                if self.write(&to_seller.expect("sound")) {
                    let amount_minor = sale::repaid(self.balance(AccountKind::Company), self.owed());
                    self.post(&[Happening::Repaid { amount_minor }]);
                }
            }
        }
    }

    fn tell_fee(&mut self, index: usize, fee_minor: i64) {
        let (sale, drawn) = self.sales[index].0.bear_fee(fee_minor, self.balance(AccountKind::Company));
        if drawn.total_minor() > 0 {
            self.must_post(&[Happening::FeeTold { drawn }]);
        }
        self.sales[index].0 = sale;
    }

    fn release(&mut self, index: usize, what: u8) {
        let sale = self.sales[index].0;
        let (sale, happening) = match what {
            0 => {
                let (sale, amount_minor) = sale.release_pending();
                let repaid_minor = sale::repaid(amount_minor, self.owed());
                (sale, Happening::Released { portion: Portion::Pending, amount_minor, repaid_minor })
            }
            1 => {
                let (sale, amount_minor) = sale.release_reserve();
                let repaid_minor = sale::repaid(amount_minor, self.owed());
                (sale, Happening::Released { portion: Portion::Reserve, amount_minor, repaid_minor })
            }
            _ => {
                let (sale, amount_minor) = sale.release_reward();
                (sale, Happening::RewardReleased { amount_minor })
            }
        };
        // Refused only when there is nothing to release.
        if self.post(&[happening]) {
            self.sales[index].0 = sale;
        }
    }

    fn refund(&mut self, index: usize, amount: i64, fails: bool) {
        let (sale, source) = self.sales[index];
        let Ok((left, drawn)) = sale.draw(amount, Demand::Seller) else { return };
        if !self.post(&[Happening::Refunded { to: source, drawn }]) {
            return;
        }
        self.sales[index].0 = left;
        *self.refunded.entry(index).or_default() += amount;
        if fails && source == Source::Processor {
            let repaid_minor = sale::repaid(drawn.seller_minor(), self.owed());
            self.must_post(&[Happening::RefundFailed { from: source, drawn, repaid_minor }]);
            self.sales[index].0 = left.undo(drawn);
            *self.refunded.entry(index).or_default() -= amount;
        }
    }

    fn dispute(&mut self, index: usize, amount: i64) {
        let (sale, source) = self.sales[index];
        if source == Source::Balance {
            return;
        }
        let available = self.balance(AccountKind::Company);
        // The bank takes what it says, whatever went back of it before.
        let amount = amount.min(sale.shares.gross_minor);
        let (left, drawn) = sale.draw(amount, Demand::Forced(available)).expect("a bank is not refused");
        assert_eq!(drawn.total_minor(), amount);
        *self.taken.entry(index).or_default() += amount;
        let fee = sale::drawn_by_force(1500, available - drawn.available_minor);
        self.must_post(&[Happening::DisputeOpened { drawn, fee }]);
        self.sales[index].0 = left;
        self.disputes.push((index, drawn));
    }

    fn decide(&mut self, index: usize, drawn: Drawn, is_won: bool) {
        if is_won {
            let repaid_minor = sale::repaid(drawn.seller_minor(), self.owed());
            self.must_post(&[Happening::DisputeWon { drawn, repaid_minor }]);
            self.sales[index].0 = self.sales[index].0.undo(drawn);
            *self.taken.entry(index).or_default() -= drawn.total_minor();
        } else {
            self.must_post(&[Happening::DisputeLost { amount_minor: drawn.total_minor() }]);
        }
    }

    fn check(&self) {
        use AccountKind::*;
        assert_eq!(self.balances.values().sum::<i64>(), 0);
        for kind in AccountKind::ALL {
            let of_kind = self.entries.iter().filter(|(of, _)| of == kind);
            let sum: i64 = of_kind.map(|(_, amount)| amount).sum();
            assert_eq!(self.balance(*kind), sum, "{kind:?}");
            assert!(sum >= 0 || kind.may_go_negative(), "{kind:?}: {sum}");
            assert!(sum <= 0 || kind.may_go_positive(), "{kind:?}: {sum}");
        }
        let of_sales = |part: fn(&Sale) -> i64| self.sales.iter().map(|(sale, _)| part(sale)).sum::<i64>();
        assert_eq!(self.balance(CompanyPending), of_sales(|sale| sale.pending_minor));
        assert_eq!(self.balance(CompanyReserve), of_sales(|sale| sale.reserve_minor));
        assert_eq!(self.balance(UserPending), of_sales(|sale| sale.reward_pending_minor));
        assert_eq!(self.balance(Clearing), 0);
        let disputed: i64 = self.disputes.iter().map(|(_, drawn)| drawn.total_minor()).sum();
        assert_eq!(self.balance(Disputed), disputed);
        let in_transit: i64 = self.payouts.iter().map(|(_, amount, fee)| amount + fee).sum();
        assert_eq!(self.balance(InTransit), in_transit);
        assert!(self.owed() == 0 || self.balance(Company) == 0, "free money beside a debt");
        for (index, (sale, _)) in self.sales.iter().enumerate() {
            let of = |parts: &HashMap<usize, i64>| parts.get(&index).copied().unwrap_or(0);
            let (refunded, taken) = (of(&self.refunded), of(&self.taken));
            assert_eq!(sale.returned_minor, refunded + taken);
            assert!(refunded <= sale.shares.gross_minor, "more was refunded than was paid");
            let (pending, returned) = (sale.reward_pending_minor, sale.reward_returned_minor);
            assert!(pending >= 0 && returned >= 0 && pending + returned <= sale.shares.reward_minor);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_keeps_the_ledger_sound(wishes in proptest::collection::vec(wish(), 1..80)) {
        let mut world = World::default();
        for wish in &wishes {
            world.fulfil(wish);
            world.check();
        }
    }
}

/// The world above does come into debt, and out of it: what it checks is not vacuous.
#[test]
fn a_lost_dispute_after_the_payout_is_a_debt_that_sales_pay_back() {
    let mut world = World::default();
    let buy = Wish::Buy { gross: 10_000, from_balance: false };
    world.fulfil(&buy);
    for what in 0..3 {
        world.fulfil(&Wish::Release { which: 0, what });
    }
    world.fulfil(&Wish::Withdraw { amount: 7000, is_company: true });
    world.fulfil(&Wish::Arrive { which: 0, is_paid: true });
    world.fulfil(&Wish::Dispute { which: 0, amount: 10_000 });
    world.fulfil(&Wish::Decide { which: 0, is_won: false });
    // 73.80 earned, 70.25 withdrawn with its fee; 100.00 lost and 15.00 for the dispute.
    assert_eq!((world.balance(AccountKind::Company), world.owed()), (0, 11_500 - 355));
    world.fulfil(&Wish::Withdraw { amount: 1, is_company: true });
    assert!(world.payouts.is_empty());
    for which in 1..=2 {
        world.fulfil(&buy);
        world.fulfil(&Wish::Release { which, what: 0 });
    }
    assert_eq!((world.balance(AccountKind::Company), world.owed()), (2 * 6642 - 11_145, 0));
    assert_eq!(world.largest_debt, 11_145);
    world.check();
}

#[test]
fn a_payout_that_comes_back_and_a_transfer_pay_a_debt_first() {
    let mut world = World::default();
    world.fulfil(&Wish::Buy { gross: 10_000, from_balance: false });
    for what in 0..3 {
        world.fulfil(&Wish::Release { which: 0, what });
    }
    // 73.80 earned, all withdrawn with its fee; 100.00 lost and 15.00 for the dispute.
    world.fulfil(&Wish::Withdraw { amount: 7355, is_company: true });
    world.fulfil(&Wish::Dispute { which: 0, amount: 10_000 });
    assert_eq!((world.balance(AccountKind::Company), world.owed()), (0, 11_500));
    world.fulfil(&Wish::Arrive { which: 0, is_paid: false });
    assert_eq!((world.balance(AccountKind::Company), world.owed()), (0, 11_500 - 7380));
    world.fulfil(&Wish::Transfer { amount: 2000 });
    assert_eq!((world.balance(AccountKind::Company), world.owed()), (0, 11_500 - 7380 - 2000));
    world.check();
}
