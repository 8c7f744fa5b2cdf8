//! A company's shelf.

use super::{AccessPass, AccessPassKind};
use crate::Guildhall;
use crate::error::Result;
use crate::page::{Page, Ranked};
use crate::principal::{Principal, authorize};
use crate::store;
use guildhall_core::cursor::{Order, Window};
use guildhall_core::ids::CompanyId;
use guildhall_core::permission::Permission;

/// What a list of passes is ordered by; equals by when they were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AccessPassOrder {
    /// When it was made.
    #[default]
    CreatedAt,
    /// How many people hold a valid membership.
    ActiveMembershipsCount,
    /// What was paid for it in us dollars.
    UsdGmv,
    /// The same within the last thirty days.
    UsdGmvThirtyDays,
}

impl Order for AccessPassOrder {
    fn word(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::ActiveMembershipsCount => "active_memberships_count",
            Self::UsdGmv => "usd_gmv",
            Self::UsdGmvThirtyDays => "usd_gmv_30_days",
        }
    }

    fn is_by_word(self) -> bool {
        false
    }

    /// Ids sort by when they were made.
    fn is_by_id(self) -> bool {
        self == Self::CreatedAt
    }
}

/// Which visibilities a list holds: the wire's `VisibilityFilter`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VisibilityFilter {
    /// Every one.
    All,
    /// `archived` alone.
    Archived,
    /// `hidden` alone.
    Hidden,
    /// All but `archived`.
    #[default]
    NotArchived,
    /// All but `quick_link`.
    NotQuickLink,
    /// `quick_link` alone.
    QuickLink,
    /// `visible` alone.
    Visible,
}

impl VisibilityFilter {
    /// The words that pass, each between commas.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::All => ",archived,hidden,quick_link,visible,",
            Self::Archived => ",archived,",
            Self::Hidden => ",hidden,",
            Self::NotArchived => ",hidden,quick_link,visible,",
            Self::NotQuickLink => ",archived,hidden,visible,",
            Self::QuickLink => ",quick_link,",
            Self::Visible => ",visible,",
        }
    }
}

/// Which passes a list holds.
#[derive(Debug, Clone, Default)]
pub struct AccessPassFilter {
    /// Of these kinds; when empty, those that are sold on their own.
    pub kinds: Vec<AccessPassKind>,
    /// Who finds them.
    pub visibility: VisibilityFilter,
    /// Those alone that have a plan which is not archived.
    pub has_plans: bool,
}

impl AccessPassFilter {
    /// The kinds that pass, each between commas.
    pub(crate) fn kind_words(&self) -> String {
        let kinds = if self.kinds.is_empty() { &[AccessPassKind::Regular][..] } else { &self.kinds };
        let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        format!(",{},", words.join(","))
    }
}

/// A company's access passes, with what they were ordered by.
///
/// A page in the order of making, and the total, read the company's passes. Figures are counted anew for each page: that
/// of members reads every membership of the company, those of dollars its payments, or those of thirty days.
///
/// # Errors
/// `Forbidden` without `access_pass:basic:read`.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
    filter: AccessPassFilter,
    window: Window<AccessPassOrder>,
) -> Result<Page<Ranked<AccessPass>>> {
    let principal = principal.clone();
    hall.store
        .scan(move |read| {
            authorize(read, &principal, &company, Permission::AccessPassRead)?;
            let passes = store::access_pass::list(read, &company, &filter, &window)?;
            let total = store::access_pass::count(read, &company, &filter)?;
            Ok(store::listed::page(&window, passes, total))
        })
        .await
}
