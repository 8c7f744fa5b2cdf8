//! Who may enter what, and what asking tells.

use crate::harness::Hall;
use guildhall_core::ids::Id;
use serde_json::{Value, json};

const EXPERIENCE: &str = "query($id: ID!, $user: ID) {
  hasAccessToExperience(experienceId: $id, userId: $user) { hasAccess accessLevel }
}";

async fn level(hall: &Hall, user: &guildhall_core::ids::UserId) -> Value {
    let variables = json!({"id": hall.world.chat_experience.as_str(), "user": user.as_str()});
    hall.run(None, EXPERIENCE, variables).await.data()["hasAccessToExperience"]["accessLevel"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_follow_team_membership_and_neither() {
    let hall = Hall::open().await;
    let world = &hall.world;
    for (user, expected) in [
        (&world.owner, "admin"),
        (&world.moderator, "admin"),
        (&world.agent, "admin"),
        (&world.customer, "customer"),
        (&world.stranger, "no_access"),
    ] {
        assert_eq!(level(&hall, user).await, expected, "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_learns_nothing_from_asking_about_others() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let ask = |experience: String| {
        let variables = json!({"id": experience, "user": hall.world.customer.as_str()});
        hall.run_with(&foreign.key, None, EXPERIENCE, variables)
    };
    let real = ask(hall.world.chat_experience.to_string()).await.refusal();
    let made_up = ask("exp_doesnotexist".into()).await.refusal();
    assert_eq!(real.0, "NOT_FOUND");
    assert_eq!(real, made_up);
}
