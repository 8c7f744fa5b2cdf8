//! Who may do what: every root field and every guarded field, for every kind of caller, held against the table in
//! `authorization.table`. A field without a row fails, and so does a row that no field has. Routes: `route.rs`.

use crate::harness::{Answered, Foreign, Hall};
use crate::invoice::invoice_input;
use guildhall_app::founding::{EarlierMembership, EarlierPayment};
use guildhall_app::membership::NewMembership;
use guildhall_app::user::NewUser;
use guildhall_core::ids::{Id, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::membership::MembershipStatus;
use guildhall_core::money::Currency;
use guildhall_core::payment::{Payment, Stage};
use guildhall_core::permission::Permission;
use guildhall_core::receipt::BillingReason;
use guildhall_core::waitlist::EntryRules;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const TABLE: &str = include_str!("authorization.table");

/// Types whose fields come with whatever holds them: nothing in them is guarded by itself.
const PLAIN_TYPES: &[&str] = &[
    "AccessPass",
    "AccessPassConnection",
    "Address",
    "Affiliate",
    "AffiliateConnection",
    "AppBuild",
    "AppConnection",
    "AttachmentInterfaceConnection",
    "AttachmentSource",
    "AudioAttachment",
    "BalanceCache",
    "BalanceCacheConnection",
    "ChargeUserResponse",
    "CheckoutSession",
    "CompanyMember",
    "CompanyMemberConnection",
    "CreateInvoicePayload",
    "CustomFieldResponse",
    "DirectUpload",
    "DmsChannel",
    "DmsPost",
    "EntryConnection",
    "Experience",
    "ExperienceInterfaceConnection",
    "FeedMember",
    "FeedPostsResponse",
    "ForumPost",
    "HasAccessResult",
    "ImageAttachment",
    "ImgSrcset",
    "InvoiceConnection",
    "LedgerAccount",
    "MarketplaceCategory",
    "MembershipConnection",
    "MultipartUrl",
    "OtherAttachment",
    "PageInfo",
    "PlanConnection",
    "Post",
    "PrivateApiKey",
    "PrivateApiKeyConnection",
    "PromoCodeConnection",
    "PublicAccessPass",
    "PublicApp",
    "PublicAppStats",
    "PublicCompany",
    "PublicPlan",
    "PublicProfileUserConnection",
    "PublicPromoCode",
    "ReceiptConnection",
    "UserConnection",
    "UserStat",
    "VideoAttachment",
    "Webhook",
    "WebhookTestResult",
];

/// Fields of the other types that are anyone's who got as far as the thing that holds them.
const PLAIN_FIELDS: &[(&str, &[&str])] = &[
    (
        "App",
        &[
            "accessPass",
            "agentUsers",
            "baseDevUrl",
            "baseUrl",
            "company",
            "description",
            "experiencePath",
            "icon",
            "id",
            "name",
            "stats",
            "status",
            "usingDefaultIcon",
            "viewPath",
        ],
    ),
    ("AuthorizedUser", &["id", "name", "role", "userId", "username"]),
    ("Company", &["creatorDashboardTable", "id"]),
    ("CompanyMemberUser", &["country", "countryName", "id", "name", "username"]),
    ("CustomPrivate", &["app", "description", "id", "imageSrcset", "name", "upsellType"]),
    ("Member", &["id", "name", "profilePicture", "username"]),
    (
        "Membership",
        &["cancelationReason", "canceledAt", "createdAt", "expiresAt", "id", "status", "totalSpend"],
    ),
    (
        "Entry",
        &["accessPass", "createdAt", "customFieldResponses", "id", "name", "status", "updatedAtMs", "user"],
    ),
    (
        "Plan",
        &[
            "baseCurrency",
            "billingPeriod",
            "createdAt",
            "description",
            "expirationDays",
            "formattedBillingPeriod",
            "formattedPrice",
            "id",
            "initialPrice",
            "initialPriceDue",
            "name",
            "paymentLinkDescription",
            "planType",
            "rawInitialPrice",
            "rawRenewalPrice",
            "releaseMethod",
            "renewalPrice",
            "stock",
            "title",
            "trialPeriodDays",
            "unlimitedStock",
            "updatedAt",
            "visibility",
        ],
    ),
    (
        "PromoCode",
        &[
            "amountOff",
            "baseCurrency",
            "churnedUsersOnly",
            "code",
            "createdAt",
            "discountOff",
            "duration",
            "existingMembershipsOnly",
            "expirationDatetime",
            "id",
            "newUsersOnly",
            "numberOfIntervals",
            "onePerCustomer",
            "promoType",
            "status",
            "stock",
            "unlimitedStock",
            "uses",
        ],
    ),
    ("Invoice", &["createdAt", "dueDate", "emailAddress", "fetchInvoiceToken", "id", "number", "status"]),
    (
        "PublicExperience",
        &["accessPasses", "app", "company", "description", "id", "logo", "name", "upsellType"],
    ),
    (
        "PublicProfileUser",
        &[
            "banner",
            "bio",
            "city",
            "country",
            "createdAt",
            "id",
            "name",
            "phoneVerified",
            "profilePicture",
            "username",
        ],
    ),
    (
        "Receipt",
        &[
            "address",
            "amountAfterFees",
            "autoRefunded",
            "billingReason",
            "brand",
            "chargeSkippedPriceTooLow",
            "createdAt",
            "currency",
            "disputeAlertedAt",
            "failureMessage",
            "finalAmount",
            "friendlyStatus",
            "id",
            "last4",
            "lastPaymentAttempt",
            "mostRecentRiskScore",
            "paidAt",
            "paymentMethodType",
            "paymentProcessor",
            "presentedFinalAmount",
            "presentedSettledUsdAmount",
            "refundable",
            "refundedAmount",
            "retryable",
            "settledUsdAmount",
            "status",
            "total",
            "totalUsdAmount",
        ],
    ),
    // One's own, through `viewer`; or an agent's, to the developers of its app.
    (
        "User",
        &[
            "bannerImage",
            "bio",
            "createdAt",
            "dateOfBirthDay",
            "dateOfBirthMonth",
            "dateOfBirthYear",
            "id",
            "name",
            "phoneVerified",
            "profilePicture",
            "username",
        ],
    ),
    ("Viewer", &["user"]),
];

/// One caller of the table, in the order of its columns.
struct Caller {
    name: &'static str,
    key: Option<String>,
    user: Option<UserId>,
}

/// A hall with every caller in it, and with what the cases are about.
struct Scene {
    hall: Hall,
    callers: Vec<Caller>,
    upsold: String,
    build: String,
    member: String,
    post: String,
    account: String,
    company_account: String,
}

async fn scene() -> Scene {
    let hall = Hall::open().await;
    let world = hall.world.clone();
    let stranger = hall.foreign().await;
    let (bare, trusted) = (hall.foreign().await, hall.foreign().await);
    hall.install(&bare, &[]).await;
    hall.install(&trusted, Permission::ALL).await;
    let caller = |name, key: Option<&str>, user: Option<&UserId>| Caller {
        name,
        key: key.map(str::to_owned),
        user: user.cloned(),
    };
    let agent_of = |name, app: &Foreign| caller(name, Some(&app.key), None);
    let own = Some(world.api_key.as_str());
    let callers = vec![
        caller("nobody", None, None),
        caller("stranger", Some(&stranger.key), Some(&stranger.owner)),
        agent_of("other-app", &stranger),
        agent_of("app-without", &bare),
        agent_of("app-with", &trusted),
        caller("customer", own, Some(&world.customer)),
        caller("moderator", own, Some(&world.moderator)),
        caller("owner", own, Some(&world.owner)),
        caller("own-app", own, None),
    ];
    let upsold = hall
        .chat(json!({
            "accessPassId": world.access_pass.as_str(),
            "name": "the upsold one",
            "price": {"initialPrice": 5, "baseCurrency": "usd"},
        }))
        .await;
    let post = hall.written(&world.owner, &world.forum_experience, json!({"content": "a post"})).await;
    let (usd, rich) = (Currency::parse("usd").expect("a currency"), world.owner.to_string());
    hall.found(move |founder| founder.fund(AccountKind::User, &rich, usd, 10_000, "the owner's own")).await;
    let file = hall.uploaded(None, "text/plain", FILE.as_bytes()).await;
    let build = json!({"input": {"attachment": {"id": file}, "checksum": "1", "platform": "web"}});
    let create = "mutation($input: CreateAppBuildInput!) { createAppBuild(input: $input) { id } }";
    let build = hall.run(None, create, build).await;
    let account = "query { viewer { user { ledgerAccount { id } } } }";
    let account = hall.run(Some(&world.owner), account, json!({})).await;
    let company = "query($id: ID!) { company(id: $id) { ledgerAccount { id } } }";
    let company = hall.run(None, company, json!({"id": world.company.as_str()})).await;
    let waitlist = hall.waitlist(EntryRules::default(), vec![]).await;
    hall.entered(&waitlist, &world.customer).await;
    Scene {
        account: text(&account.data()["viewer"]["user"]["ledgerAccount"]["id"]),
        company_account: text(&company.data()["company"]["ledgerAccount"]["id"]),
        upsold: upsold.to_string(),
        build: text(&build.data()["createAppBuild"]["id"]),
        member: sold(&hall).await,
        post: text(&post["id"]),
        hall,
        callers,
    }
}

/// Sells the paid pass to a customer with an e-mail and a promo code; answers which member they are.
async fn sold(hall: &Hall) -> String {
    let (world, usd) = (hall.world.clone(), Currency::parse("usd").expect("a currency"));
    let found = hall.found(move |founder| {
        let buyer = NewUser {
            username: "buyer".into(),
            email: Some("buyer@mail.example".into()),
            ..NewUser::default()
        };
        let user = founder.user(&buyer)?;
        let promo_code = Some(founder.percentage_off(&world.company, "TEN", 1000, usd, 1)?);
        let membership = founder.membership(&NewMembership {
            company: world.company.clone(),
            access_pass: world.paid_access_pass.clone(),
            plan: Some(world.plan.clone()),
            user: user.clone(),
            status: MembershipStatus::Active,
            paid_until: None,
        })?;
        let stands = EarlierMembership {
            promo_code: promo_code.clone(),
            ..EarlierMembership::standing(MembershipStatus::Active, None)
        };
        founder.age_membership(&membership, &stands)?;
        founder.payment(&EarlierPayment {
            company: world.company.clone(),
            user,
            plan: world.plan.clone(),
            access_pass: world.paid_access_pass.clone(),
            membership: Some(membership),
            billing_reason: BillingReason::OneTime,
            currency: usd,
            stands: Payment { stage: Stage::Paid, attempt: 1, ..Payment::draft(1000, usd)? },
            processor: None,
            card: None,
            failure_message: None,
            processor_fee_minor: 0,
            platform_fee_minor: 0,
            promo_code,
            paid_at: None,
        })
    });
    found.await;
    let members = "query($id: ID!) { company(id: $id) { members { nodes { id } } } }";
    let members = hall.run(None, members, json!({"id": hall.world.company.as_str()})).await;
    text(&members.data()["company"]["members"]["nodes"][0]["id"])
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// What a row asks, and where in the data its answer stands.
struct Case {
    document: String,
    variables: Value,
    path: String,
    /// Whether the company is named in a header, without which it would be the caller's own.
    names_company: bool,
}

impl Scene {
    /// The case of a row for one caller; `None` for a row that no case is known of.
    async fn case(&self, row: &str, caller: &Caller) -> Option<Case> {
        let world = &self.hall.world;
        let input = |field: &str, type_name: &str, selection: &str, input: Value| Case {
            document: format!("mutation($input: {type_name}!) {{ {field}(input: $input) {selection} }}"),
            variables: json!({"input": input}),
            path: format!("/{field}"),
            names_company: matches!(
                row,
                "banUser" | "unbanUser" | "createCompanyMutedUser" | "deleteCompanyMutedUser" | "chargeUser"
            ),
        };
        let query = |document: String, path: &str| Case {
            document,
            variables: json!({}),
            path: path.into(),
            names_company: false,
        };
        let of_company = |selection: &str, path: &str| {
            query(format!("{{ company(id: \"{}\") {{ {selection} }} }}", world.company), path)
        };
        let part_of = |list: &str, part: &str| {
            let field = part.split(' ').next().expect("a field");
            of_company(
                &format!("{list} {{ nodes {{ {part} }} }}"),
                &format!("/company/{list}/nodes/0/{field}"),
            )
        };
        let access = |field: &str, argument: &str, id: &str| {
            let user = &world.customer;
            let document =
                format!("{{ {field}({argument}: \"{id}\", userId: \"{user}\") {{ accessLevel }} }}");
            query(document, &format!("/{field}"))
        };
        let (name, chat, forum) = (caller.name, &world.chat_experience, &world.forum_experience);
        Some(match row {
            "attachment" => {
                let file = self.announced(&world.owner).await;
                let process =
                    "mutation($input: AnalyzeAttachmentInput!) { mediaAnalyzeAttachment(input: $input) }";
                let sent = json!({"input": {"directUploadId": file, "mediaType": "other"}});
                self.hall.run(Some(&world.owner), process, sent).await.data();
                query(format!("{{ attachment(id: \"{file}\") {{ id }} }}"), "/attachment")
            }
            "company" => of_company("id", "/company"),
            "Company.accessPassesV2" => {
                of_company("accessPassesV2 { nodes { id } }", "/company/accessPassesV2/nodes/0")
            }
            "Company.entries" => of_company("entries { nodes { id } }", "/company/entries/nodes/0"),
            "Company.plans" => of_company("plans { nodes { id } }", "/company/plans/nodes/0"),
            "CreatorDashboardTable.entries" => of_company(
                "creatorDashboardTable { entries { nodes { id } } }",
                "/company/creatorDashboardTable/entries/nodes/0",
            ),
            "Entry.member" => {
                of_company("entries { nodes { member { id } } }", "/company/entries/nodes/0/member")
            }
            "Entry.plan" => of_company("entries { nodes { plan { id } } }", "/company/entries/nodes/0/plan"),
            "Plan.accessPass" => {
                of_company("plans { nodes { accessPass { id } } }", "/company/plans/nodes/0/accessPass")
            }
            "createAccessPass" => {
                let new = json!({"title": format!("{row} {name}"), "companyId": world.company.as_str()});
                input(row, "CreateAccessPassInput", "{ id }", new)
            }
            "deleteAccessPass" => {
                let pass = self.hall.access_pass(&format!("to-delete-{name}")).await;
                input(row, "DeleteAccessPassInput", "", json!({"id": pass.as_str()}))
            }
            "updateAccessPass" => {
                let changes = json!({"id": world.access_pass.as_str(), "headline": name});
                input(row, "UpdateAccessPassInput", "{ id }", changes)
            }
            "Company.affiliate" => {
                let id = self.affiliate(&format!("shown-{name}")).await;
                of_company(&format!("affiliate(id: \"{id}\") {{ id }}"), "/company/affiliate")
            }
            "Company.affiliates" => of_company("affiliates { totalCount }", "/company/affiliates"),
            "Company.promoCodes" => of_company("promoCodes { totalCount }", "/company/promoCodes"),
            "createAffiliate" => {
                let username = format!("new-{name}");
                self.hall.person(&username).await;
                input(row, "CreateAffiliateInput", "{ id }", self.new_affiliate(&username))
            }
            "updateAffiliate" => {
                let id = self.affiliate(&format!("changed-{name}")).await;
                input(
                    row,
                    "UpdateAffiliateInput",
                    "{ id }",
                    json!({"id": id, "planId": "", "status": "archived"}),
                )
            }
            "createPromoCode" => {
                input(row, "CreatePromoCodeInput", "{ id }", self.new_promo_code(&format!("made-{name}")))
            }
            "PromoCode.accessPass" => {
                let mut new = self.new_promo_code(&format!("of-pass-{name}"));
                new["accessPassId"] = json!(world.access_pass.as_str());
                let selection = "{ accessPass { id } }";
                let case = input("createPromoCode", "CreatePromoCodeInput", selection, new);
                Case { path: "/createPromoCode/accessPass".into(), ..case }
            }
            "deletePromoCode" => {
                let id = self.promo_code(&format!("gone-{name}")).await;
                input(row, "DeletePromoCodeInput", "", json!({"id": id}))
            }
            "promoCode" => {
                let code = format!("public-{name}");
                self.promo_code(&code).await;
                query(
                    format!("{{ promoCode(code: \"{code}\", planId: \"{}\") {{ id }} }}", world.plan),
                    "/promoCode",
                )
            }
            "Company.app" => of_company(&format!("app(id: \"{}\") {{ id }}", world.app), "/company/app"),
            "Company.apps" => of_company("apps { nodes { id } }", "/company/apps/nodes/0"),
            "App.apiKeys" => {
                let selection = format!("app(id: \"{}\") {{ apiKeys {{ nodes {{ id }} }} }}", world.app);
                of_company(&selection, "/company/app/apiKeys/nodes/0")
            }
            "AuthorizedUser.email" => {
                of_company("authorizedUsers { userId email }", "/company/authorizedUsers/0/email")
            }
            "Company.authorizedUsers" => of_company("authorizedUsers { id }", "/company/authorizedUsers"),
            "Company.companyMember" => {
                let selection = format!("companyMember(id: \"{}\") {{ id }}", self.member);
                of_company(&selection, "/company/companyMember")
            }
            "Company.members" => of_company("members { nodes { id } }", "/company/members/nodes/0"),
            "Company.memberships" => {
                of_company("memberships { nodes { id } }", "/company/memberships/nodes/0")
            }
            "Company.receiptsV2" => of_company("receiptsV2 { nodes { id } }", "/company/receiptsV2/nodes/0"),
            "CompanyMemberUser.email" => {
                let selection = format!("companyMember(id: \"{}\") {{ user {{ email }} }}", self.member);
                of_company(&selection, "/company/companyMember/user/email")
            }
            "Member.email" => of_company(
                "memberships(filters: {headerFilter: active}) { nodes { member { email } } }",
                "/company/memberships/nodes/0/member/email",
            ),
            "Membership.accessPass" => part_of("memberships", "accessPass { id activeMembershipsCount }"),
            "Membership.member" => part_of("memberships", "member { id }"),
            "Membership.plan" => part_of("memberships", "plan { id title }"),
            "Membership.promoCode" => part_of("memberships", "promoCode { id }"),
            "Receipt.accessPass" => part_of("receiptsV2", "accessPass { id }"),
            "Receipt.member" => part_of("receiptsV2", "member { id }"),
            "Receipt.membership" => part_of("receiptsV2", "membership { id }"),
            "Receipt.plan" => part_of("receiptsV2", "plan { id }"),
            "Receipt.promoCode" => part_of("receiptsV2", "promoCode { id }"),
            "Company.experiencesV2" => {
                of_company("experiencesV2 { nodes { id } }", "/company/experiencesV2/nodes/0")
            }
            "Company.webhook" => {
                let id = self.webhook().await;
                of_company(&format!("webhook(id: \"{id}\") {{ id }}"), "/company/webhook")
            }
            "Company.webhooks" => of_company("webhooks { id }", "/company/webhooks"),
            "createInvoice" => {
                let invoice = invoice_input(&world.company, &json!({}));
                input(row, "CreateInvoiceInput", "{ invoice { id } }", invoice)
            }
            "Company.invoice" | "Invoice.currentPlan" | "Invoice.member" => {
                let id = self.invoice().await;
                let (selection, path) = match row {
                    "Company.invoice" => ("id", "/company/invoice"),
                    "Invoice.currentPlan" => ("currentPlan { id stock }", "/company/invoice/currentPlan"),
                    _ => ("member { id }", "/company/invoice/member"),
                };
                of_company(&format!("invoice(id: \"{id}\") {{ {selection} }}"), path)
            }
            "Company.invoices" => {
                self.invoice().await;
                of_company("invoices { nodes { id } }", "/company/invoices/nodes/0")
            }
            "createWebhook" => {
                let webhook = json!({"url": "https://example.com/in", "resourceId": world.company.as_str()});
                input(row, "CreateWebhookInput", "{ id }", webhook)
            }
            "deleteWebhook" => input(row, "DeleteWebhookInput", "", json!({"id": self.webhook().await})),
            "testWebhookV2" => {
                let test = json!({"id": self.webhook().await, "event": "payment_failed"});
                input(row, "TestWebhookV2Input", "{ success }", test)
            }
            "updateWebhook" => input(
                row,
                "UpdateWebhookInput",
                "{ id }",
                json!({"id": self.webhook().await, "enabled": false}),
            ),
            "Company.ledgerAccount" => of_company("ledgerAccount { id }", "/company/ledgerAccount"),
            "CustomPrivate.upsellPlan" => of_company(
                "experiencesV2(filter: {query: \"the upsold one\"}) { nodes { upsellPlan { id } } }",
                "/company/experiencesV2/nodes/0/upsellPlan",
            ),
            "feedPosts" => query(
                format!(
                    "{{ feedPosts(feedType: chat_feed, experienceId: \"{chat}\") {{ posts {{ __typename }} }} }}"
                ),
                "/feedPosts",
            ),
            "hasAccessToAccessPass" => access(row, "accessPassId", world.access_pass.as_str()),
            "hasAccessToCompany" => access(row, "companyId", world.company.as_str()),
            "hasAccessToExperience" => access(row, "experienceId", chat.as_str()),
            "myDmsChannelsV2" => query("{ myDmsChannelsV2 { id } }".into(), "/myDmsChannelsV2"),
            "publicAccessPass" => query(
                format!("{{ publicAccessPass(id: \"{}\") {{ id }} }}", world.access_pass),
                "/publicAccessPass",
            ),
            "publicCompany" => {
                query(format!("{{ publicCompany(id: \"{}\") {{ id }} }}", world.company), "/publicCompany")
            }
            "publicExperience" => {
                query(format!("{{ publicExperience(id: \"{chat}\") {{ id }} }}"), "/publicExperience")
            }
            "PublicExperience.users" => query(
                format!("{{ publicExperience(id: \"{chat}\") {{ users {{ totalCount }} }} }}"),
                "/publicExperience/users",
            ),
            "PublicExperience.upsellPlan" => query(
                format!("{{ publicExperience(id: \"{}\") {{ upsellPlan {{ id }} }} }}", self.upsold),
                "/publicExperience/upsellPlan",
            ),
            "publicUser" => {
                query(format!("{{ publicUser(id: \"{}\") {{ id }} }}", world.customer), "/publicUser")
            }
            "PublicProfileUser.userStat" => query(
                format!(
                    "{{ publicUser(id: \"{}\") {{ userStat {{ moneyEarnedLifetime }} }} }}",
                    world.customer
                ),
                "/publicUser/userStat",
            ),
            "viewer" => query("{ viewer { user { id } } }".into(), "/viewer"),
            "User.email" => query("{ viewer { user { id email } } }".into(), "/viewer/user/email"),
            "User.ledgerAccount" => {
                query("{ viewer { user { ledgerAccount { id } } } }".into(), "/viewer/user/ledgerAccount")
            }
            "banUser" | "unbanUser" | "createCompanyMutedUser" | "deleteCompanyMutedUser" => {
                let subject = self.hall.customer(&format!("{}-{name}", &row[..6])).await;
                let type_name = format!("{}{}Input", row[..1].to_uppercase(), &row[1..]);
                input(row, &type_name, "", json!({"userId": subject.as_str()}))
            }
            "createApp" => {
                let wanted = json!({"name": "another", "companyId": world.company.as_str()});
                input(row, "CreateAppInput", "{ id }", wanted)
            }
            "createAppBuild" => {
                let file = match &caller.key {
                    Some(key) => {
                        self.hall
                            .uploaded_with(key, caller.user.as_ref(), "text/plain", FILE.as_bytes())
                            .await
                    }
                    None => "file_none".into(),
                };
                let app = world.app.as_str();
                let build =
                    json!({"attachment": {"id": file}, "checksum": "1", "platform": "web", "appId": app});
                input(row, "CreateAppBuildInput", "{ id }", build)
            }
            "promoteAppBuildToProduction" => {
                input(row, "PromoteAppBuildToProductionInput", "", json!({"appBuildId": self.build}))
            }
            "unassignProductionAppBuild" => {
                let place = json!({"appId": world.app.as_str(), "platform": "web"});
                input(row, "UnassignProductionAppBuildInput", "", place)
            }
            "updateApp" => {
                input(row, "UpdateAppInput", "", json!({"id": world.app.as_str(), "hubCta": "Open"}))
            }
            "updateAppPermissionRequirements" => {
                let wanted = json!({"appId": world.app.as_str(), "requestedPermissions": []});
                input(row, "UpdateAppPermissionRequirementsInput", "", wanted)
            }
            "chargeUser" => {
                let charge = json!({"userId": world.customer.as_str(), "amount": 5, "currency": "usd"});
                input(row, "ChargeUserInput", "{ status }", charge)
            }
            "createCheckoutSession" => {
                let plan = json!({"planId": world.plan.as_str()});
                input(row, "CreateCheckoutSessionInput", "{ id }", plan)
            }
            "createChat" | "createForum" => {
                let type_name = format!("{}{}Input", row[..1].to_uppercase(), &row[1..]);
                let pass = world.access_pass.as_str();
                input(
                    row,
                    &type_name,
                    "{ id }",
                    json!({"name": format!("{row} {name}"), "accessPassId": pass}),
                )
            }
            "createForumPost" => {
                let comment =
                    json!({"experienceId": forum.as_str(), "content": "me too", "parentId": self.post});
                input(row, "CreateForumPostInput", "{ id }", comment)
            }
            "mediaDirectUpload" => input(row, "DirectUploadInput", "{ id }", announcement()),
            "mediaAnalyzeAttachment" => {
                let file = self.announced(&world.owner).await;
                input(
                    row,
                    "AnalyzeAttachmentInput",
                    "",
                    json!({"directUploadId": file, "mediaType": "other"}),
                )
            }
            "sendMessage" => {
                input(row, "SendMessageInput", "", json!({"experienceId": chat.as_str(), "message": "hello"}))
            }
            "sendNotification" => {
                let notification = json!({"experienceId": chat.as_str(), "title": "news", "content": "good"});
                input(row, "SendNotificationInput", "", notification)
            }
            "transferFunds" => self.transfer(&self.company_account, name),
            "transferFunds (another person's)" => self.transfer(&self.account, name),
            _ => return None,
        })
    }

    /// An invoice of the company, for its customer.
    async fn invoice(&self) -> String {
        text(&self.hall.invoice(json!({"memberId": self.hall.world.customer.as_str()})).await["id"])
    }

    fn new_affiliate(&self, username: &str) -> Value {
        json!({
            "username": username,
            "payoutType": "percentage",
            "fee": 10,
            "companyId": self.hall.world.company.as_str(),
        })
    }

    /// An affiliate of the company, whom nobody knew before.
    async fn affiliate(&self, username: &str) -> String {
        self.hall.person(username).await;
        let document = "mutation($input: CreateAffiliateInput!) { createAffiliate(input: $input) { id } }";
        let made = self.hall.run(None, document, json!({"input": self.new_affiliate(username)})).await;
        text(&made.data()["createAffiliate"]["id"])
    }

    fn new_promo_code(&self, code: &str) -> Value {
        json!({
            "code": code,
            "promoType": "percentage",
            "amountOff": 10,
            "baseCurrency": "usd",
            "newUsersOnly": false,
            "numberOfIntervals": 0,
            "companyId": self.hall.world.company.as_str(),
        })
    }

    /// A promo code of the company.
    async fn promo_code(&self, code: &str) -> String {
        let document = "mutation($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { id } }";
        let made = self.hall.run(None, document, json!({"input": self.new_promo_code(code)})).await;
        text(&made.data()["createPromoCode"]["id"])
    }

    /// A webhook of the company, whose receiver nobody is.
    async fn webhook(&self) -> String {
        let document = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { id } }";
        let made = self.hall.run(None, document, json!({"input": {"url": "http://127.0.0.1:1/"}})).await;
        text(&made.data()["createWebhook"]["id"])
    }

    fn transfer(&self, source: &str, name: &str) -> Case {
        Case {
            document: "mutation($input: TransferFundsInput!) { transferFunds(input: $input) }".into(),
            variables: json!({"input": {
                "amount": 1,
                "currency": "usd",
                "destinationId": self.hall.world.customer.as_str(),
                "idempotenceKey": format!("{source} {name}"),
                "ledgerAccountId": source,
            }}),
            path: "/transferFunds".into(),
            names_company: false,
        }
    }

    /// A file that a user announced, with its bytes put.
    async fn announced(&self, user: &UserId) -> String {
        let document =
            "mutation($input: DirectUploadInput!) { mediaDirectUpload(input: $input) { id uploadUrl } }";
        let announced = self.hall.run(Some(user), document, json!({"input": announcement()})).await;
        let upload = &announced.data()["mediaDirectUpload"];
        let put = reqwest::Client::new().put(text(&upload["uploadUrl"])).body(FILE).send().await;
        assert_eq!(put.expect("an answer").status().as_u16(), 200);
        text(&upload["id"])
    }

    async fn ask(&self, caller: &Caller, case: &Case) -> Answered {
        let bearer = caller.key.as_ref().map(|key| format!("Bearer {key}"));
        let user = caller.user.as_ref().map(ToString::to_string);
        let mut headers = Vec::new();
        if let Some(bearer) = &bearer {
            headers.push(("authorization", bearer.as_str()));
            headers.extend(user.as_deref().map(|user| ("x-on-behalf-of", user)));
            headers.extend(case.names_company.then_some(("x-company-id", self.hall.world.company.as_str())));
        }
        self.hall.post(&headers, &json!({"query": case.document, "variables": case.variables})).await
    }
}

const FILE: &str = "five!";

fn announcement() -> Value {
    json!({
        "byteSizeV2": FILE.len().to_string(),
        "checksum": "7FULrcJrVOq/LtVQUfc5LQ==",
        "contentType": "text/plain",
        "filename": "five.txt",
        "record": "forum_post",
    })
}

/// The word of the table for an answer.
fn word(answered: &Answered, path: &str) -> &'static str {
    if answered.body.get("errors").is_some() {
        return match answered.refusal().0.as_str() {
            "UNAUTHENTICATED" => "unauthenticated",
            "FORBIDDEN" => "forbidden",
            "NOT_FOUND" => "not-found",
            other => panic!("{other} says nothing of who may: {}", answered.body),
        };
    }
    match answered.body["data"].pointer(path) {
        Some(Value::Null) | None => "withheld",
        Some(_) => "yes",
    }
}

/// The rows of one part of the table: a name, then a word for each caller.
pub(crate) fn rows(part: &str) -> BTreeMap<String, Vec<String>> {
    let begins = format!("[{part}]");
    let lines = TABLE.lines().skip_while(|line| *line != begins).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let lines = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, words) = line.split_once('|').expect("a name, then words");
            (name.trim().to_owned(), words.split_whitespace().map(str::to_owned).collect())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_answers_every_caller_as_the_table_says() {
    let scene = scene().await;
    let wanted = rows("fields");
    let names: Vec<&str> = scene.callers.iter().map(|caller| caller.name).collect();
    assert_eq!(wanted["caller"], names, "the columns");
    let (mut differences, mut seen) = (String::new(), String::new());
    for (row, words) in wanted.iter().filter(|(row, _)| *row != "caller") {
        let mut found = Vec::new();
        for caller in &scene.callers {
            let case = scene.case(row, caller).await.unwrap_or_else(|| panic!("no case asks `{row}`"));
            found.push(word(&scene.ask(caller, &case).await, &case.path));
        }
        for ((caller, wanted), found) in scene.callers.iter().zip(words).zip(&found) {
            if wanted != found {
                writeln!(differences, "{row}: {} is told {found}, not {wanted}", caller.name).expect("text");
            }
        }
        assert_eq!(words.len(), scene.callers.len(), "`{row}` has a word for each caller; seen: {found:?}");
        writeln!(seen, "{row:34}| {}", found.join(" ")).expect("text");
    }
    assert!(differences.is_empty(), "{differences}\nseen:\n{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_the_schema_has_a_row_or_comes_with_what_holds_it() {
    let hall = Hall::open().await;
    let document = "{ __schema { types { kind name fields(includeDeprecated: true) { name } } } }";
    let answered = hall.run(None, document, json!({})).await;
    let types = answered.data()["__schema"]["types"].as_array().expect("types").clone();
    let rows = rows("fields");
    let plain: BTreeMap<&str, &[&str]> = PLAIN_FIELDS.iter().copied().collect();
    let (mut missing, mut guarded) = (Vec::new(), BTreeSet::from(["caller".to_owned()]));
    for object in types.iter().filter(|object| object["kind"] == "OBJECT") {
        let name = object["name"].as_str().expect("a name");
        if name.starts_with("__") || PLAIN_TYPES.contains(&name) {
            continue;
        }
        for field in object["fields"].as_array().expect("fields") {
            let field = field["name"].as_str().expect("a name");
            let row = match name {
                "PublicQuery" | "PublicMutation" => field.to_owned(),
                _ if plain.get(name).is_some_and(|fields| fields.contains(&field)) => continue,
                _ => format!("{name}.{field}"),
            };
            if !rows.contains_key(&row) {
                missing.push(row.clone());
            }
            guarded.insert(row);
        }
    }
    assert!(missing.is_empty(), "without a row in authorization.table: {missing:#?}");
    let dead: Vec<&String> =
        rows.keys().filter(|row| !guarded.contains(row.split(" (").next().unwrap_or_default())).collect();
    assert!(dead.is_empty(), "rows that the schema has no field for: {dead:#?}");
    let known: BTreeSet<&str> = types.iter().filter_map(|object| object["name"].as_str()).collect();
    let gone = PLAIN_TYPES.iter().chain(plain.keys()).find(|name| !known.contains(**name));
    assert_eq!(gone, None, "a type that is not in the schema any more");
}
