//! What tests of a community arrange before they act, and the few questions they ask again and again.

use crate::harness::{Answered, Foreign, Hall, NOW_MS};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guildhall_app::access_pass::{AccessPassKind, NewAccessPass, Visibility};
use guildhall_app::experience::{self, NewExperience};
use guildhall_app::feed;
use guildhall_app::founding::{self, Founder};
use guildhall_app::membership::NewMembership;
use guildhall_app::principal::{CallingApp, Principal};
use guildhall_app::user::NewUser;
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{AccessPassId, ExperienceId, Id, UserId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::permission::{Permission, Role};
use guildhall_core::post::{FeedRules, WhoCanPost};
use md5::{Digest, Md5};
use serde_json::{Value, json};

pub(crate) const MINUTE_MS: i64 = 60 * 1000;
pub(crate) const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

impl Answered {
    /// Insists on a refusal of this code whose sentence holds these words, and that nothing was done.
    #[track_caller]
    pub(crate) fn is_refused(&self, code: &str, words: &str) {
        let (given, sentence) = self.refusal();
        assert_eq!(given, code, "{sentence}");
        assert!(sentence.contains(words), "{sentence:?} does not say {words:?}");
    }
}

impl Hall {
    /// Founds something in the hall's database.
    pub(crate) async fn found<T, F>(&self, closure: F) -> T
    where
        T: Send + 'static,
        F: FnMut(&mut Founder<'_, '_>) -> guildhall_app::Result<T> + Send + 'static,
    {
        founding::found(&self.running.hall, closure).await.expect("it is founded")
    }

    /// A user without any membership.
    pub(crate) async fn person(&self, username: &str) -> UserId {
        let user = NewUser { username: username.into(), ..NewUser::default() };
        self.found(move |founder| founder.user(&user)).await
    }

    /// A user who holds the free pass.
    pub(crate) async fn customer(&self, username: &str) -> UserId {
        let user = self.person(username).await;
        self.membership(&user, &self.world.access_pass, MembershipStatus::Completed, None).await;
        user
    }

    /// A user on the team.
    pub(crate) async fn team_member(&self, username: &str, role: Role) -> UserId {
        let user = self.person(username).await;
        let (company, member) = (self.world.company.clone(), user.clone());
        self.found(move |founder| founder.team_member(&company, &member, role)).await;
        user
    }

    /// Gives a user a membership of one of the demo company's passes.
    pub(crate) async fn membership(
        &self,
        user: &UserId,
        pass: &AccessPassId,
        status: MembershipStatus,
        paid_until: Option<i64>,
    ) {
        let membership = NewMembership {
            company: self.world.company.clone(),
            access_pass: pass.clone(),
            plan: None,
            user: user.clone(),
            status,
            paid_until,
        };
        self.found(move |founder| founder.membership(&membership)).await;
    }

    /// Another pass of the demo company.
    pub(crate) async fn access_pass(&self, route: &str) -> AccessPassId {
        let pass = NewAccessPass {
            company: self.world.company.clone(),
            kind: AccessPassKind::Regular,
            title: route.into(),
            route: route.into(),
            headline: None,
            shortened_description: None,
            visibility: Visibility::Visible,
        };
        self.found(move |founder| founder.access_pass(&pass)).await
    }

    /// An experience of the demo company, attached to these passes.
    pub(crate) async fn experience(
        &self,
        kind: ExperienceKind,
        name: &str,
        passes: &[&AccessPassId],
        who_can_post: Option<WhoCanPost>,
    ) -> ExperienceId {
        let new = NewExperience {
            company: self.world.company.clone(),
            app: self.world.app.clone(),
            kind,
            name: name.into(),
            description: None,
            expires_at: None,
        };
        let passes: Vec<AccessPassId> = passes.iter().map(|pass| (*pass).clone()).collect();
        self.found(move |founder| founder.experience(&new, &passes.iter().collect::<Vec<_>>(), who_can_post))
            .await
    }

    /// Installs the foreign app in the demo company, with these permissions beside those that it has.
    pub(crate) async fn install(&self, foreign: &Foreign, granted: &[Permission]) {
        let (app, company, granted) = (foreign.app.clone(), self.world.company.clone(), granted.to_vec());
        self.found(move |founder| founder.install(&app, &company, &granted)).await;
    }

    /// Changes the rules of a chat or forum.
    pub(crate) async fn set_rules(&self, experience: &ExperienceId, rules: FeedRules) {
        feed::set_rules(&self.running.hall, experience.clone(), rules).await.expect("the rules are changed");
    }

    /// The demo app, as it calls.
    pub(crate) fn calling_app(&self) -> CallingApp {
        CallingApp { id: self.world.app.clone(), company: self.world.company.clone() }
    }

    /// The hidden pass of an experience's upsell.
    pub(crate) async fn upsell_pass(&self, experience: &ExperienceId) -> AccessPassId {
        let agent = Principal {
            app: Some(self.calling_app()),
            user: Some(self.world.agent.clone()),
            is_agent: true,
            ..Principal::default()
        };
        let found =
            experience::find(&self.running.hall, &agent, experience.clone()).await.expect("it is there");
        found.upsell_plan.expect("it has an upsell").access_pass
    }

    /// Moves the clock to a moment, in milliseconds after the hall was opened.
    pub(crate) fn at(&self, after_ms: i64) {
        self.clock.advance_ms(NOW_MS + after_ms - self.clock.now_ms());
    }

    /// A file that a user, or the agent, uploaded and that is ready.
    pub(crate) async fn uploaded(&self, user: Option<&UserId>, content_type: &str, bytes: &[u8]) -> String {
        self.uploaded_with(&self.world.api_key, user, content_type, bytes).await
    }

    /// The same through any app.
    pub(crate) async fn uploaded_with(
        &self,
        key: &str,
        user: Option<&UserId>,
        content_type: &str,
        bytes: &[u8],
    ) -> String {
        let media = if content_type.starts_with("image/") { "image" } else { "other" };
        let announced = json!({"input": {
            "byteSizeV2": bytes.len().to_string(),
            "checksum": STANDARD.encode(Md5::digest(bytes)),
            "contentType": content_type,
            "filename": "file",
            "record": "app",
        }});
        let announce =
            "mutation($input: DirectUploadInput!) { mediaDirectUpload(input: $input) { id uploadUrl } }";
        let announced = self.run_with(key, user, announce, announced).await;
        let upload = &announced.data()["mediaDirectUpload"];
        let address = upload["uploadUrl"].as_str().expect("an address");
        let put = reqwest::Client::new().put(address).body(bytes.to_vec()).send().await.expect("an answer");
        assert_eq!(put.status().as_u16(), 200);
        let process = "mutation($input: AnalyzeAttachmentInput!) { mediaAnalyzeAttachment(input: $input) }";
        let examined = json!({"input": {"directUploadId": upload["id"], "mediaType": media}});
        self.run_with(key, user, process, examined).await.data();
        upload["id"].as_str().expect("an id").to_owned()
    }

    /// A caller that is a person, signed in to the hall, as pages have it.
    pub(crate) fn in_person(&self, user: &UserId) -> Principal {
        Principal::in_person(user.clone())
    }

    /// Insists that the audit log says that this was done to a thing once, and by whom.
    pub(crate) async fn has_logged(&self, action: &str, subject: &str, actor: Option<&UserId>) {
        let subject = subject.to_owned();
        let deeds = self.found(move |founder| founder.deeds(&subject)).await;
        let found: Vec<_> = deeds.iter().filter(|deed| deed.0 == action).collect();
        assert!(found.len() == 1 && found[0].1.as_ref() == actor, "{action} is not once in {deeds:?}");
    }

    /// The level of a user before a company, pass or experience.
    pub(crate) async fn level(&self, thing: &str, user: &UserId) -> String {
        let (field, argument) = match thing {
            id if id.starts_with("biz_") => ("hasAccessToCompany", "companyId"),
            id if id.starts_with("prod_") => ("hasAccessToAccessPass", "accessPassId"),
            _ => ("hasAccessToExperience", "experienceId"),
        };
        let query = format!(
            "query($id: ID!, $user: ID) {{ check: {field}({argument}: $id, userId: $user) {{ hasAccess accessLevel }} }}"
        );
        let answered = self.run(None, &query, json!({"id": thing, "user": user.as_str()})).await;
        let check = &answered.data()["check"];
        assert_eq!(check["hasAccess"], json!(check["accessLevel"] != "no_access"));
        check["accessLevel"].as_str().expect("a level").to_owned()
    }

    /// Finds or creates a chat, as a user or as the agent.
    pub(crate) async fn create_chat(&self, user: Option<&UserId>, input: Value) -> Answered {
        self.run(user, CREATE_CHAT, json!({"input": input})).await
    }

    /// The chat that the agent finds or creates.
    pub(crate) async fn chat(&self, input: Value) -> ExperienceId {
        made(&self.create_chat(None, input).await, "createChat")
    }

    /// Sends a message into a chat.
    pub(crate) async fn send(&self, user: &UserId, chat: &ExperienceId, message: &str) -> Answered {
        let input = json!({"experienceId": chat.as_str(), "message": message});
        self.run(Some(user), SEND, json!({"input": input})).await
    }

    /// Sends a message into a chat and answers its id.
    pub(crate) async fn say(&self, user: &UserId, chat: &ExperienceId, message: &str) -> String {
        self.send(user, chat, message).await.data()["sendMessage"].as_str().expect("an id").to_owned()
    }

    /// A page of a chat as a user reads it.
    pub(crate) async fn messages(&self, user: &UserId, chat: &ExperienceId, page: Value) -> Vec<Value> {
        posts(&self.read(user, "chat_feed", json!({"experienceId": chat.as_str()}), page).await)
    }

    /// Reads a feed.
    pub(crate) async fn read(&self, user: &UserId, kind: &str, feed: Value, page: Value) -> Answered {
        self.run(Some(user), READ, reading(kind, feed, page)).await
    }

    /// Writes in a forum.
    pub(crate) async fn write(&self, user: &UserId, forum: &ExperienceId, input: Value) -> Answered {
        let mut input = input;
        input["forumExperienceId"] = json!(forum.as_str());
        self.run(Some(user), CREATE_POST, json!({"input": input})).await
    }

    /// Writes in a forum and answers the post.
    pub(crate) async fn written(&self, user: &UserId, forum: &ExperienceId, input: Value) -> Value {
        self.write(user, forum, input).await.data()["createForumPost"].clone()
    }

    /// A page of a forum as a user reads it.
    pub(crate) async fn forum(&self, user: &UserId, forum: &ExperienceId, page: Value) -> Vec<Value> {
        posts(&self.read(user, "forum_feed", json!({"experienceId": forum.as_str()}), page).await)
    }
}

/// The posts of an answer of [`READ`].
#[track_caller]
pub(crate) fn posts(answered: &Answered) -> Vec<Value> {
    answered.data()["feedPosts"]["posts"].as_array().expect("posts").clone()
}

/// The experience that a find-or-create answered.
#[track_caller]
pub(crate) fn made(answered: &Answered, field: &str) -> ExperienceId {
    let made = &answered.data()[field];
    let id = ExperienceId::parse(made["id"].as_str().expect("an id")).expect("an experience");
    assert!(made["link"].as_str().expect("a link").ends_with(&format!("/experiences/{id}")));
    id
}

/// The variables of [`READ`].
pub(crate) fn reading(kind: &str, feed: Value, page: Value) -> Value {
    let mut variables = json!({"kind": kind});
    for part in [feed, page] {
        for (name, value) in part.as_object().expect("an object") {
            variables[name] = value.clone();
        }
    }
    variables
}

/// The contents of posts, in their order.
pub(crate) fn contents(posts: &[Value]) -> Vec<String> {
    posts.iter().map(|post| post["content"].as_str().unwrap_or("(withheld)").to_owned()).collect()
}

pub(crate) const CREATE_CHAT: &str =
    "mutation($input: CreateChatInput!) { createChat(input: $input) { id link } }";
pub(crate) const CREATE_FORUM: &str =
    "mutation($input: CreateForumInput!) { createForum(input: $input) { id link } }";
pub(crate) const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) }";
pub(crate) const CREATE_POST: &str = "mutation($input: CreateForumPostInput!) {
  createForumPost(input: $input) { id title content pinned parentId mentionedUserIds isDeleted user { id } }
}";
pub(crate) const READ: &str = "query($kind: FeedTypes!, $experienceId: ID, $feedId: ID, $limit: Int, $before: ID, $after: ID, $parent: ID) {
  feedPosts(feedType: $kind, experienceId: $experienceId, feedId: $feedId, limit: $limit, before: $before, after: $after, parentId: $parent) {
    posts {
      ... on DmsPost { id content isDeleted mentionedUserIds isEveryoneMentioned user { id } attachments { id } }
      ... on ForumPost { id content title pinned isDeleted parentId user { id } attachments { id } }
    }
  }
}";
