//! Guildhall's own transfer, asked for by people who are signed in, between accounts drawn by lot.

use super::{Fallible, Options, load};
use guildhall_app::clock::{Clock, Random};
use guildhall_app::ledger::{self, Transfer, Wanted};
use guildhall_app::user::NewUser;
use guildhall_app::{Guildhall, Principal, Settings, founding, outbound, webhook};
use guildhall_core::ids::{Id, LedgerAccountId, UserId};
use guildhall_core::ledger::{AccountKind, TransferRequest};
use guildhall_core::money::Currency;
use std::path::PathBuf;
use std::sync::Arc;

/// How many people hold money: as many as the accounts of the plain table.
const PEOPLE: usize = 1000;
/// What each holds in the beginning, in minor units: nobody runs dry.
const FUNDS_MINOR: i64 = 1_000_000_000;

async fn open(options: &Options) -> Fallible<Arc<Guildhall>> {
    let settings = Settings {
        location: options.location()?,
        files: options.data_dir()?.join("files"),
        origin: "http://localhost".into(),
        largest_upload_bytes: 1,
        mail: None,
        money: guildhall_app::money::Settings::default(),
        stripe: None,
        webhooks: webhook::Settings::within(outbound::Reach::PublicOnly),
    };
    std::fs::create_dir_all(options.data_dir()?)?;
    Ok(Arc::new(Guildhall::open(settings, Clock::system(), Random::System).await?))
}

/// Where the people stand whom `prepare` made: a line each, the person and their account.
fn list(options: &Options) -> Fallible<PathBuf> {
    Ok(options.data_dir()?.join("people.txt"))
}

/// Makes people who hold money.
pub(super) async fn prepare(options: &Options) -> Fallible<()> {
    let hall = open(options).await?;
    let usd = Currency::parse("usd").map_err(|error| error.0)?;
    let people = founding::found(&hall, move |founder| {
        let mut people = Vec::with_capacity(PEOPLE);
        for number in 0..PEOPLE {
            let username = format!("person-{number}");
            let user = founder.user(&NewUser { username: username.clone(), ..NewUser::default() })?;
            founder.fund(AccountKind::User, user.as_str(), usd, FUNDS_MINOR, &username)?;
            people.push(user);
        }
        Ok(people)
    });
    let mut lines = String::new();
    for person in people.await? {
        let held = ledger::of_current_user(&hall, &Principal::in_person(person.clone())).await?;
        lines.push_str(&format!("{person} {}\n", held.id));
    }
    std::fs::write(list(options)?, lines)?;
    Ok(())
}

/// Gives a company of a demo world as much as a benchmark can move, and prints its account.
pub(super) async fn fund(options: &Options) -> Fallible<()> {
    let hall = open(options).await?;
    let whose = options.text("company")?.to_owned();
    let (company, usd) =
        (options.text("company")?.to_owned(), Currency::parse("usd").map_err(|error| error.0)?);
    let founded = founding::found(&hall, move |founder| {
        founder.fund(AccountKind::Company, &company, usd, FUNDS_MINOR, "benchmark")
    });
    founded.await?;
    let wanted = Wanted { whose, currency: Some(usd), from: None, until: None, most: 1 };
    let held = ledger::statements(&hall, wanted).await?;
    println!("{}", held.first().ok_or("the company holds nothing")?.account.id);
    Ok(())
}

struct Person {
    principal: Principal,
    account: LedgerAccountId,
}

/// One round of transfers.
pub(super) async fn run(options: &Options) -> Fallible<()> {
    let hall = open(options).await?;
    let mut people = Vec::new();
    for line in std::fs::read_to_string(list(options)?)?.lines() {
        let (user, account) = line.split_once(' ').ok_or("a line without an account")?;
        let user = UserId::parse(user).map_err(|error| error.0)?;
        let account = LedgerAccountId::parse(account).map_err(|error| error.0)?;
        people.push(Person { principal: Principal::in_person(user), account });
    }
    let people = Arc::new(people);
    let run = hall.now_ms();
    load::drive(options.period()?, move |client, number| {
        let (hall, people) = (Arc::clone(&hall), Arc::clone(&people));
        async move {
            let (from, to) = pair(client, number, people.len());
            let transfer = Transfer {
                request: TransferRequest {
                    amount: 0.01,
                    currency: "usd".into(),
                    idempotence_key: format!("{run}-{client}-{number}"),
                    notes: None,
                    transfer_fee: None,
                },
                source: people[from].account.clone(),
                destination: people[to].account.to_string(),
                reason: None,
            };
            Ok(ledger::transfer(&hall, &people[from].principal, transfer).await?)
        }
    })
    .await
}

/// Two different places below `most`, drawn by a client for its so-and-so-many-th transfer.
fn pair(client: usize, number: u64, most: usize) -> (usize, usize) {
    // SplitMix64: a step and a mix; plenty for a lot.
    let mut mixed =
        (client as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd134_2543_de82_ef95);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    let from = (mixed >> 32) as usize % most;
    let apart = 1 + (mixed & 0xffff_ffff) as usize % (most - 1);
    (from, (from + apart) % most)
}
