//! What an app asks of those who install it: permissions, each with a reason, each needed or only wished for.
//!
//! Changing the list changes nobody's grants: a company that installed the app keeps what it granted, and is asked
//! about what is new when one of its deciders opens the app's install page (`install.rs`).

use crate::Guildhall;
use crate::app;
use crate::audit::Doer;
use crate::error::{Error, Result};
use crate::principal::Principal;
use crate::store;
use guildhall_core::app as rules;
use guildhall_core::ids::AppId;
use guildhall_core::permission::Permission;
use serde_json::json;

/// One permission that an app asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionRequirement {
    /// The permission.
    pub permission: Permission,
    /// Why, in the developer's words.
    pub justification: String,
    /// Whether the app cannot be installed without it.
    pub required: bool,
}

/// One permission as a developer names it.
#[derive(Debug, Clone)]
pub struct RequestedPermission {
    /// The permission's word, e.g. `chat:read`.
    pub action: String,
    /// Why.
    pub justification: String,
    /// Whether the app cannot be installed without it.
    pub required: bool,
}

/// Checks a whole list.
fn check(requested: Vec<RequestedPermission>) -> Result<Vec<PermissionRequirement>> {
    let mut checked: Vec<PermissionRequirement> =
        Vec::with_capacity(requested.len().min(Permission::ALL.len()));
    for RequestedPermission { action, justification, required } in requested {
        let Some(permission) = Permission::from_word(&action) else {
            let shown: String = action.chars().filter(|c| !c.is_control()).take(64).collect();
            return Err(Error::Invalid(format!(
                "`{shown}` is no permission: `action` is a word such as `chat:read`."
            )));
        };
        if checked.iter().any(|earlier| earlier.permission == permission) {
            return Err(Error::Invalid(format!("`{action}` is asked for twice.")));
        }
        let justification = rules::check_justification(&justification, &action)?;
        checked.push(PermissionRequirement { permission, justification, required });
    }
    Ok(checked)
}

/// Replaces what an app asks for.
///
/// # Errors
/// `Invalid` for a permission nobody knows, one asked for twice, or a justification that is empty or longer than 500
/// characters; `NotFound`, `Forbidden` without `developer:update_app_authorization`.
pub async fn replace(
    hall: &Guildhall,
    principal: &Principal,
    app: AppId,
    requested: Vec<RequestedPermission>,
) -> Result<()> {
    let requirements = check(requested)?;
    let principal = principal.clone();
    let replaced = hall.store.write(move |tx| {
        let app = app::managed(tx, &principal, &app, Permission::DeveloperUpdateAppAuthorization)?;
        tx.lock(&format!("requirements {}", app.id))?;
        store::permission_requirement::replace(tx, &app.id, &requirements)?;
        let words: Vec<&str> = requirements.iter().map(|asked| asked.permission.as_str()).collect();
        let details = json!({"permissions": words});
        Doer::of(&principal).log(tx, &app.company, "update_app_permissions", &app.id, details)
    });
    replaced.await
}

/// What an app asks for, in its developer's order.
///
/// # Errors
/// `Internal` only.
pub async fn list(hall: &Guildhall, app: AppId) -> Result<Vec<PermissionRequirement>> {
    hall.store.read(move |read| store::permission_requirement::list(read, &app)).await
}
