//! Authorized users: a company's team, as the wire calls it.

use crate::Guildhall;
use crate::company_member::withhold;
use crate::error::Result;
use crate::principal::{Principal, authorize, holds};
use crate::store;
use crate::user::User;
use guildhall_core::ids::{AuthorizedUserId, CompanyId, Id};
use guildhall_core::permission::{Permission, Role};
use sha2::{Digest, Sha256};

/// The most of a team that one list holds.
const MOST_LISTED: i64 = 1000;

/// Somebody on a company's team.
#[derive(Debug, Clone)]
pub struct AuthorizedUser {
    /// The id of being on this team; the same as long as they are.
    pub id: AuthorizedUserId,
    /// Who it is; without the e-mail for callers that may not see it.
    pub user: User,
    /// What they may do.
    pub role: Role,
}

/// A company's team, the longest on it first, at most 1000.
///
/// # Errors
/// `Forbidden` without `company:authorized_user:read`.
pub async fn list(
    hall: &Guildhall,
    principal: &Principal,
    company: CompanyId,
) -> Result<Vec<AuthorizedUser>> {
    let principal = principal.clone();
    let read = hall.store.read(move |read| {
        authorize(read, &principal, &company, Permission::AuthorizedUserRead)?;
        let shows_emails = holds(read, &principal, &company, Permission::AuthorizedUserEmailRead)?;
        let team = store::authorized_user::list(read, &company, MOST_LISTED)?;
        let shown = team.into_iter().map(|(mut user, role, since)| {
            withhold(&mut user, shows_emails);
            AuthorizedUser { id: id_of(&company, &user, since), user, role }
        });
        Ok(shown.collect())
    });
    read.await
}

/// A team member has no id of its own in the store: it is made of the pair and of when they came on the team.
fn id_of(company: &CompanyId, user: &User, since: i64) -> AuthorizedUserId {
    let hash = Sha256::digest(format!("{company} {}", user.id));
    let mut own = [0; 10];
    own.iter_mut().zip(hash).for_each(|(place, byte)| *place = byte);
    AuthorizedUserId::mint(since, own)
}
