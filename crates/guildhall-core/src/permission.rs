//! Permissions and team roles: one table says which role holds which permission.

/// A role on a company's team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The company's owner: everything.
    Owner,
    /// Everything an owner may do but losing the company.
    Admin,
    /// Runs products, experiences and members.
    Manager,
    /// Keeps order in chats and forums.
    Moderator,
    /// Answers customers.
    Support,
    /// Sells.
    SalesManager,
    /// Builds the company's apps.
    AppManager,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Owner,
        Self::Admin,
        Self::Manager,
        Self::Moderator,
        Self::Support,
        Self::SalesManager,
        Self::AppManager,
    ];

    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Moderator => "moderator",
            Self::Support => "support",
            Self::SalesManager => "sales_manager",
            Self::AppManager => "app_manager",
        }
    }

    /// Whether who has it decides which apps are installed and what they may do. It is no permission, since an app
    /// could be granted one.
    #[must_use]
    pub fn decides_on_apps(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// Whether who has it decides which entries of a waitlist are approved. It is no permission, since an app could be
    /// granted one.
    #[must_use]
    pub fn decides_on_entries(self) -> bool {
        matches!(self, Self::Owner | Self::Admin | Self::Manager)
    }

    /// The role of the wire's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// Who holds a permission among people: these roles, and customers where `customers` is set.
struct Holders {
    roles: &'static [Role],
    customers: bool,
}

const EVERY_ROLE: &[Role] = &Role::ALL;
const OWNERS: &[Role] = &[Role::Owner, Role::Admin];
const MANAGERS: &[Role] = &[Role::Owner, Role::Admin, Role::Manager];
const MODERATORS: &[Role] = &[Role::Owner, Role::Admin, Role::Manager, Role::Moderator];
const SELLERS: &[Role] = &[Role::Owner, Role::Admin, Role::Manager, Role::SalesManager];
const HELPERS: &[Role] = &[Role::Owner, Role::Admin, Role::Manager, Role::Support];
const DEVELOPERS: &[Role] = &[Role::Owner, Role::Admin, Role::AppManager];
const ACCOUNTANTS: &[Role] = &[Role::Owner, Role::Admin, Role::Manager, Role::Support, Role::SalesManager];
const FRONT_DESK: &[Role] =
    &[Role::Owner, Role::Admin, Role::Manager, Role::Moderator, Role::Support, Role::SalesManager];

macro_rules! permissions {
    ($($name:ident $word:literal $roles:ident $customers:literal $sentence:literal;)*) => {
        /// Something an app is granted by a company and a person holds by role.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each is named by its word in the table below")]
        pub enum Permission { $($name),* }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The wire's word, e.g. `chat:read`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// What it lets an app do, in a sentence for whoever installs the app.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence),* }
            }

            fn holders(self) -> Holders {
                match self { $(Self::$name => Holders { roles: $roles, customers: $customers }),* }
            }
        }
    };
}

// name, word, roles that hold it, whether customers do; what it lets an app do, in words for who installs it.
permissions! {
    AccessPassRead "access_pass:basic:read" EVERY_ROLE false
        "See your access passes, hidden ones too.";
    AccessPassCreate "access_pass:create" MANAGERS false
        "Make new access passes.";
    AccessPassUpdate "access_pass:update" MANAGERS false
        "Change your access passes.";
    AccessPassDelete "access_pass:delete" MANAGERS false
        "Delete your access passes.";
    AffiliateRead "affiliate:basic:read" SELLERS false
        "See your affiliates and what they earn.";
    AffiliateCreate "affiliate:create" SELLERS false
        "Make new affiliates.";
    AffiliateUpdate "affiliate:update" SELLERS false
        "Change what your affiliates earn.";
    ChatMessageCreate "chat:message:create" EVERY_ROLE true
        "Write messages in your chats.";
    ChatModerate "chat:moderate" MODERATORS false
        "Mute people in your chats.";
    ChatRead "chat:read" EVERY_ROLE true
        "Read the messages in your chats.";
    CheckoutConfigurationCreate "checkout_configuration:create" SELLERS false
        "Make checkout links for your plans.";
    AuthorizedUserRead "company:authorized_user:read" EVERY_ROLE false
        "See who is on your team.";
    AuthorizedUserEmailRead "company:authorized_user:email:read" MANAGERS false
        "See the e-mail addresses of your team.";
    CompanyBalanceRead "company:balance:read" OWNERS false
        "See your company's balance.";
    CoursesRead "courses:read" EVERY_ROLE true
        "Read your courses.";
    CoursesUpdate "courses:update" MANAGERS false
        "Make and change your courses.";
    DeveloperRead "developer:basic:read" DEVELOPERS false
        "See the apps that your company builds.";
    DeveloperCreateApp "developer:create_app" DEVELOPERS false
        "Make new apps in your company's name.";
    DeveloperUpdateApp "developer:update_app" DEVELOPERS false
        "Change the apps that your company builds.";
    DeveloperUpdateAppAuthorization "developer:update_app_authorization" DEVELOPERS false
        "Change which permissions your company's apps ask for.";
    DeveloperManageApiKey "developer:manage_api_key" DEVELOPERS false
        "Make, see and revoke the API keys of your company's apps.";
    DeveloperManageBuilds "developer:manage_builds" DEVELOPERS false
        "Upload builds of your company's apps and put them into production.";
    DeveloperManageWebhook "developer:manage_webhook" DEVELOPERS false
        "Send what happens in your company to other servers.";
    ExperienceAttach "experience:attach" MANAGERS false
        "Put chats, forums and apps behind your access passes.";
    ExperienceCreate "experience:create" MANAGERS false
        "Make new chats, forums and apps in your community.";
    ForumPostCreate "forum:post:create" EVERY_ROLE true
        "Write posts in your forums.";
    ForumRead "forum:read" EVERY_ROLE true
        "Read the posts in your forums.";
    InvoiceRead "invoice:basic:read" SELLERS false
        "See your invoices.";
    InvoiceCreate "invoice:create" SELLERS false
        "Send invoices in your company's name.";
    LivestreamChatRead "livestream:chat:read" EVERY_ROLE true
        "Read the chats of your livestreams.";
    MemberRead "member:basic:read" FRONT_DESK false
        "See who your members are.";
    MemberEmailRead "member:email:read" HELPERS false
        "See the e-mail addresses of your members.";
    MemberPhoneRead "member:phone:read" HELPERS false
        "See the phone numbers of your members.";
    MemberModerate "member:moderate" MODERATORS false
        "Ban people from your community.";
    PaymentRead "payment:basic:read" ACCOUNTANTS false
        "See the payments your company received.";
    TransferFunds "payout:transfer_funds" OWNERS false
        "Send money from your company's balance.";
    PlanRead "plan:basic:read" EVERY_ROLE false
        "See your plans and their prices.";
    PlanCreate "plan:create" SELLERS false
        "Make new plans with prices.";
    PlanWaitlistRead "plan:waitlist:read" ACCOUNTANTS false
        "See who is on your waitlists.";
    PromoCodeRead "promo_code:basic:read" SELLERS false
        "See your promo codes.";
    PromoCodeCreate "promo_code:create" SELLERS false
        "Make new promo codes.";
    PromoCodeDelete "promo_code:delete" SELLERS false
        "Delete your promo codes.";
}

impl Permission {
    /// The permission of the wire's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == word)
    }

    /// Whether a person with this role (or, without one, a customer or not) holds the permission.
    #[must_use]
    pub fn held_by(self, role: Option<Role>, customer: bool) -> bool {
        let holders = self.holders();
        role.is_some_and(|role| holders.roles.contains(&role)) || (customer && holders.customers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_and_admins_hold_everything_and_strangers_nothing() {
        for permission in Permission::ALL {
            assert!(permission.held_by(Some(Role::Owner), false), "{permission:?}");
            assert!(permission.held_by(Some(Role::Admin), false), "{permission:?}");
            assert!(!permission.held_by(None, false), "{permission:?}");
        }
    }

    #[test]
    fn customers_read_and_speak_and_nothing_more() {
        let held: Vec<_> =
            Permission::ALL.iter().filter(|p| p.held_by(None, true)).map(|p| p.as_str()).collect();
        assert_eq!(
            held,
            [
                "chat:message:create",
                "chat:read",
                "courses:read",
                "forum:post:create",
                "forum:read",
                "livestream:chat:read"
            ]
        );
    }

    #[test]
    fn a_moderator_keeps_order_and_touches_no_money() {
        let moderator = Some(Role::Moderator);
        assert!(Permission::MemberModerate.held_by(moderator, false));
        assert!(Permission::ChatModerate.held_by(moderator, false));
        for refused in
            [Permission::TransferFunds, Permission::CompanyBalanceRead, Permission::ExperienceCreate]
        {
            assert!(!refused.held_by(moderator, false), "{refused:?}");
        }
    }

    #[test]
    fn who_decides_on_apps_holds_everything_they_may_grant() {
        for role in Role::ALL.into_iter().filter(|role| role.decides_on_apps()) {
            for permission in Permission::ALL {
                assert!(permission.held_by(Some(role), false), "{role:?} grants {permission:?}");
            }
        }
    }

    #[test]
    fn each_has_a_sentence_of_its_own_for_those_who_install_apps() {
        let mut seen = std::collections::BTreeSet::new();
        for permission in Permission::ALL {
            let sentence = permission.sentence();
            assert!((10..=90).contains(&sentence.len()), "{sentence}");
            assert!(sentence.starts_with(char::is_uppercase) && sentence.ends_with('.'), "{sentence}");
            assert!(!sentence.contains(':') && !sentence.contains('_'), "plain words: {sentence}");
            assert!(seen.insert(sentence), "twice: {sentence}");
        }
    }

    #[test]
    fn words_are_unique_and_read_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_word(permission.as_str()), Some(*permission));
        }
    }
}
