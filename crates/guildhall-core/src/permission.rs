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
    ($($name:ident $word:literal $roles:ident $customers:literal;)*) => {
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

            fn holders(self) -> Holders {
                match self { $(Self::$name => Holders { roles: $roles, customers: $customers }),* }
            }
        }
    };
}

// name, word, roles that hold it, whether customers do.
permissions! {
    AccessPassRead "access_pass:basic:read" EVERY_ROLE false;
    AccessPassCreate "access_pass:create" MANAGERS false;
    AccessPassUpdate "access_pass:update" MANAGERS false;
    AccessPassDelete "access_pass:delete" MANAGERS false;
    AffiliateRead "affiliate:basic:read" SELLERS false;
    AffiliateCreate "affiliate:create" SELLERS false;
    AffiliateUpdate "affiliate:update" SELLERS false;
    ChatMessageCreate "chat:message:create" EVERY_ROLE true;
    ChatModerate "chat:moderate" MODERATORS false;
    ChatRead "chat:read" EVERY_ROLE true;
    CheckoutConfigurationCreate "checkout_configuration:create" SELLERS false;
    AuthorizedUserRead "company:authorized_user:read" EVERY_ROLE false;
    AuthorizedUserEmailRead "company:authorized_user:email:read" MANAGERS false;
    CompanyBalanceRead "company:balance:read" OWNERS false;
    CoursesRead "courses:read" EVERY_ROLE true;
    CoursesUpdate "courses:update" MANAGERS false;
    DeveloperRead "developer:basic:read" DEVELOPERS false;
    DeveloperCreateApp "developer:create_app" DEVELOPERS false;
    DeveloperUpdateApp "developer:update_app" DEVELOPERS false;
    DeveloperUpdateAppAuthorization "developer:update_app_authorization" DEVELOPERS false;
    DeveloperManageApiKey "developer:manage_api_key" DEVELOPERS false;
    DeveloperManageBuilds "developer:manage_builds" DEVELOPERS false;
    DeveloperManageWebhook "developer:manage_webhook" DEVELOPERS false;
    ExperienceAttach "experience:attach" MANAGERS false;
    ExperienceCreate "experience:create" MANAGERS false;
    ForumPostCreate "forum:post:create" EVERY_ROLE true;
    ForumRead "forum:read" EVERY_ROLE true;
    InvoiceRead "invoice:basic:read" SELLERS false;
    InvoiceCreate "invoice:create" SELLERS false;
    LivestreamChatRead "livestream:chat:read" EVERY_ROLE true;
    MemberRead "member:basic:read" FRONT_DESK false;
    MemberEmailRead "member:email:read" HELPERS false;
    MemberPhoneRead "member:phone:read" HELPERS false;
    MemberModerate "member:moderate" MODERATORS false;
    PaymentRead "payment:basic:read" ACCOUNTANTS false;
    TransferFunds "payout:transfer_funds" OWNERS false;
    PlanRead "plan:basic:read" EVERY_ROLE false;
    PlanCreate "plan:create" SELLERS false;
    PlanWaitlistRead "plan:waitlist:read" ACCOUNTANTS false;
    PromoCodeRead "promo_code:basic:read" SELLERS false;
    PromoCodeCreate "promo_code:create" SELLERS false;
    PromoCodeDelete "promo_code:delete" SELLERS false;
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
    fn words_are_unique_and_read_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_word(permission.as_str()), Some(*permission));
        }
    }
}
