//! Members, where they stand at something that they hold.

use super::attachment::{AttachmentInterface, shown};
use crate::error::Result;
use async_graphql::{Context, ID, Object};
use guildhall_app::membership_list::Holder;

/// A member, as the holder of something.
#[derive(Debug)]
pub(crate) struct Member(pub(crate) Holder);

#[Object]
impl Member {
    /// Null without `member:email:read`.
    async fn email(&self) -> Option<&str> {
        self.0.user.email.as_deref()
    }

    /// The id of being this company's member, as `Company.companyMember` takes it.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn name(&self) -> Option<&str> {
        self.0.user.name.as_deref()
    }

    async fn profile_picture(&self, context: &Context<'_>) -> Result<Option<AttachmentInterface>> {
        shown(context, self.0.user.picture.as_ref()).await
    }

    async fn username(&self) -> Option<&str> {
        Some(&self.0.user.username)
    }
}
