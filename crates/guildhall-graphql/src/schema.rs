//! The schema, put together from its nouns.

use crate::types::access::AccessQueries;
use crate::types::access_pass::AccessPassQueries;
use crate::types::access_pass_input::AccessPassMutations;
use crate::types::affiliate::AffiliateMutations;
use crate::types::app::AppMutations;
use crate::types::app_build::AppBuildMutations;
use crate::types::attachment::{AttachmentMutations, AttachmentQueries};
use crate::types::checkout::CheckoutMutations;
use crate::types::company::CompanyQueries;
use crate::types::direct_message::DirectMessageQueries;
use crate::types::experience::{ExperienceMutations, ExperienceQueries};
use crate::types::ledger::LedgerMutations;
use crate::types::moderation::ModerationMutations;
use crate::types::notification::NotificationMutations;
use crate::types::post::{PostMutations, PostQueries};
use crate::types::promo_code::{PromoCodeMutations, PromoCodeQueries};
use crate::types::user::UserQueries;
use crate::types::webhook::WebhookMutations;
use crate::validation::NoteSound;
use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder, ValidationMode};

/// How deeply the fields of a document may nest.
pub(crate) const DEEPEST: usize = 15;
/// How much a document may ask for: one a field, lists count their fields tenfold.
pub(crate) const MOST_COMPLEX: usize = 1000;
/// How many directives one field may carry.
const MOST_DIRECTIVES: usize = 10;

#[derive(Debug, Default, MergedObject)]
#[graphql(name = "PublicQuery")]
pub(crate) struct PublicQuery(
    AccessQueries,
    AccessPassQueries,
    AttachmentQueries,
    CompanyQueries,
    DirectMessageQueries,
    ExperienceQueries,
    PostQueries,
    PromoCodeQueries,
    UserQueries,
);

#[derive(Debug, Default, MergedObject)]
#[graphql(name = "PublicMutation")]
pub(crate) struct PublicMutation(
    AccessPassMutations,
    AffiliateMutations,
    AppBuildMutations,
    AppMutations,
    AttachmentMutations,
    CheckoutMutations,
    ExperienceMutations,
    LedgerMutations,
    ModerationMutations,
    NotificationMutations,
    PostMutations,
    PromoCodeMutations,
    WebhookMutations,
);

pub(crate) type PublicSchema = Schema<PublicQuery, PublicMutation, EmptySubscription>;

fn builder() -> SchemaBuilder<PublicQuery, PublicMutation, EmptySubscription> {
    Schema::build(PublicQuery::default(), PublicMutation::default(), EmptySubscription)
        .limit_depth(DEEPEST)
        .limit_complexity(MOST_COMPLEX)
        .limit_directives(MOST_DIRECTIVES)
}

/// The executor for documents that were not validated yet.
pub(crate) fn strict() -> PublicSchema {
    builder().extension(NoteSound).finish()
}

/// The executor for documents that the strict one has found sound, and that do not ask about the schema. It counts
/// as federated because the executor would otherwise look through all types, at every field, for a reason to.
pub(crate) fn lenient() -> PublicSchema {
    builder().validation_mode(ValidationMode::Fast).disable_introspection().enable_federation().finish()
}

/// The schema in GraphQL's own language, as it is committed and checked.
#[must_use]
pub fn printed() -> String {
    let options =
        async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    builder().finish().sdl_with_options(options)
}
