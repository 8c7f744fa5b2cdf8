//! The way between the pages of a company's team: those that whoever looks may open.

use guildhall_app::company::{Company, Doors};

/// One of the pages, as it is linked to.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) address: String,
    pub(super) name: String,
    /// Whether it is the page that is looked at.
    pub(super) is_here: bool,
}

/// The pages of a company that are open, seen from the one that ends its address in `here`.
pub(super) fn doors(company: &Company, open: Doors, here: &str) -> Vec<Door> {
    let disputes = match open.disputes_waiting {
        0 => "Disputes".to_owned(),
        waiting => format!("Disputes ({waiting} to answer)"),
    };
    let all = [
        (open.payments, "payments", "Payments".to_owned()),
        (open.payments, "disputes", disputes),
        (open.entries, "entries", "Entries".to_owned()),
        (open.balance, "balance", "Balance".to_owned()),
    ];
    let open = all.into_iter().filter(|(is_open, _, _)| *is_open);
    let door = |(_, word, name): (bool, &str, String)| Door {
        address: format!("/companies/{}/{word}", company.id),
        name,
        is_here: word == here,
    };
    open.map(door).collect()
}
