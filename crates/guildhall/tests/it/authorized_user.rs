//! A company's team, to those who may see it.

use crate::harness::Hall;
use crate::shop::lacks;
use guildhall_client as client;
use guildhall_core::ids::Id;
use guildhall_core::permission::{Permission, Role};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TEAM: &str = "query($company: ID!) { company(id: $company) {
  authorizedUsers { id userId username name email role }
} }";

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_listed_with_its_roles() {
    let hall = Hall::open().await;
    let company_id = hall.world.company.to_string();
    for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::Owner | Role::Moderator)) {
        hall.team_member(&format!("{}-person", role.as_str().replace('_', "-")), role).await;
    }
    let variables = client::ListAuthorizedUsersVariables { company_id: company_id.clone() };
    let team = hall.app().list_authorized_users(variables).await.expect("a team");
    let team = team.company.expect("a company").authorized_users;
    let variables = client::GetCompanyAuthorizedUsersVariables { company_id };
    let same = hall.app().get_company_authorized_users(variables).await.expect("a team");
    let same = same.company.expect("a company").authorized_users;
    assert_eq!(
        team.iter().map(|one| &one.id).collect::<Vec<_>>(),
        same.iter().map(|one| &one.id).collect::<Vec<_>>(),
        "an id stays"
    );
    assert_eq!(team.len(), Role::ALL.len());
    let found: BTreeSet<String> = team.iter().map(|one| format!("{} {:?}", one.username, one.role)).collect();
    assert!(found.contains("hanna Owner") && found.contains("jun Moderator"), "{found:?}");
    assert!(found.contains("sales-manager-person SalesManager"), "{found:?}");
    let owner = team.iter().find(|one| one.role == client::AuthorizedUserRoles::Owner).expect("an owner");
    assert_eq!(owner.user_id, hall.world.owner.as_str());
    assert!(owner.id.starts_with("ausr_") && owner.name.is_some());
    let distinct: BTreeSet<&String> = team.iter().map(|one| &one.id).collect();
    assert_eq!(distinct.len(), team.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn e_mails_are_for_those_who_may_see_them() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let variables = json!({"company": foreign.company.as_str()});
    let own = hall.run_with(&foreign.key, None, TEAM, variables.clone()).await;
    let owner = &own.data()["company"]["authorizedUsers"][0];
    assert_eq!(owner["userId"], foreign.owner.as_str());
    assert!(owner["email"].as_str().is_some_and(|email| email.ends_with("@example.com")), "{owner}");

    let guest = hall.foreign().await;
    let install = async |granted: &'static [Permission]| {
        let (app, company) = (guest.app.clone(), foreign.company.clone());
        hall.found(move |founder| founder.install(&app, &company, granted)).await;
    };
    install(&[]).await;
    let refused = hall.run_with(&guest.key, None, TEAM, variables.clone()).await;
    refused.is_refused("FORBIDDEN", &lacks(Permission::AuthorizedUserRead, &foreign.company));
    install(&[Permission::AuthorizedUserRead]).await;
    let answered = hall.run_with(&guest.key, None, TEAM, variables.clone()).await;
    let seen = &answered.data()["company"]["authorizedUsers"][0];
    assert_eq!((&seen["id"], &seen["email"]), (&owner["id"], &Value::Null));
    install(&[Permission::AuthorizedUserEmailRead]).await;
    let answered = hall.run_with(&guest.key, None, TEAM, variables).await;
    assert_eq!(answered.data()["company"]["authorizedUsers"][0], *owner);
}
