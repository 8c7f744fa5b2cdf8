//! What an app asks for, changed on its page: a choice and a reason for every permission there is.

use super::app::{Done, Sent, again, told};
use super::page::{Refused, see_other};
use crate::form::ProtectedForm;
use crate::session::SignedIn;
use axum::extract::{Path, State};
use axum::response::Response;
use guildhall_app::permission_requirement::{self, PermissionRequirement, RequestedPermission};
use guildhall_app::{Error, Guildhall, Principal};
use guildhall_core::ids::{AppId, Id};
use guildhall_core::permission::Permission;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One permission with what the app says of it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) word: &'static str,
    pub(super) sentence: &'static str,
    pub(super) is_asked: bool,
    pub(super) is_required: bool,
    pub(super) justification: String,
}

/// Every permission, those that are asked for first and in their order.
pub(super) fn lines(asked: &[PermissionRequirement]) -> Vec<Line> {
    let line = |permission: Permission, asked: Option<&PermissionRequirement>| Line {
        word: permission.as_str(),
        sentence: permission.sentence(),
        is_asked: asked.is_some(),
        is_required: asked.is_some_and(|asked| asked.required),
        justification: asked.map(|asked| asked.justification.clone()).unwrap_or_default(),
    };
    let rest = Permission::ALL.iter().filter(|rest| asked.iter().all(|asked| asked.permission != **rest));
    let asked = asked.iter().map(|asked| line(asked.permission, Some(asked)));
    asked.chain(rest.map(|permission| line(*permission, None))).collect()
}

/// Replaces the list: `level:<word>` is `no`, `wished` or `needed`, and `why:<word>` is the reason.
pub(crate) async fn replace(
    State(hall): State<Arc<Guildhall>>,
    signed_in: SignedIn,
    Path(app): Path<String>,
    ProtectedForm(fields): ProtectedForm<Vec<(String, String)>>,
) -> Result<Response, Refused> {
    let SignedIn { session, visitor } = signed_in;
    let principal = Principal::in_person(session.user);
    let app = AppId::parse(&app).map_err(|error| told(&visitor, error.into()))?;
    let reasons: BTreeMap<&str, &str> = fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("why:")?, value.as_str())))
        .collect();
    let requested = fields.iter().filter_map(|(name, level)| {
        let word = name.strip_prefix("level:").filter(|_| matches!(level.as_str(), "wished" | "needed"))?;
        Some(RequestedPermission {
            action: word.to_owned(),
            justification: reasons.get(word).copied().unwrap_or_default().to_owned(),
            required: level == "needed",
        })
    });
    let requested = requested.collect();
    match permission_requirement::replace(&hall, &principal, app.clone(), requested).await {
        Ok(()) => Ok(see_other(&format!("/developer/apps/{app}?done=asked#permissions"))),
        Err(Error::Invalid(sentence)) => {
            again(&hall, &visitor, &principal, app, Sent::Nothing, Done::Refused(&sentence)).await
        }
        Err(error) => Err(told(&visitor, error)),
    }
}
