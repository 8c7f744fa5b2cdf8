//! Authorized users: a company's team.

use super::enums::{AuthorizedUserRoles, Word};
use async_graphql::{ID, Object};
use guildhall_app::authorized_user::AuthorizedUser as Found;

/// Somebody on a company's team.
#[derive(Debug)]
pub(crate) struct AuthorizedUser(pub(crate) Found);

#[Object]
impl AuthorizedUser {
    /// Null without `company:authorized_user:email:read`.
    async fn email(&self) -> Option<&str> {
        self.0.user.email.as_deref()
    }

    /// The id of being on this team; `userId` is the person's.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn name(&self) -> Option<&str> {
        self.0.user.name.as_deref()
    }

    async fn role(&self) -> AuthorizedUserRoles {
        let role = AuthorizedUserRoles::from_word(self.0.role.as_str());
        role.expect("the wire's words are those of the house; a test says so")
    }

    async fn user_id(&self) -> ID {
        self.0.user.id.to_string().into()
    }

    async fn username(&self) -> &str {
        &self.0.user.username
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use guildhall_core::permission::Role;

    #[test]
    fn every_role_is_on_the_wire() {
        for role in Role::ALL {
            assert!(AuthorizedUserRoles::from_word(role.as_str()).is_some(), "{role:?}");
        }
    }
}
