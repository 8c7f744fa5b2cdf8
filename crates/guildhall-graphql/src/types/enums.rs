//! The wire's enumerations, each value with its word.

use async_graphql::Enum;

/// A value of the wire with its word.
pub(crate) trait Word: Copy {
    /// The wire's word.
    fn as_str(&self) -> &'static str;

    /// The value of the wire's word.
    fn from_word(word: &str) -> Option<Self>;
}

/// Declares an enumeration of the wire: its variants, and the words they stand for.
macro_rules! wire_enum {
    ($($name:ident { $($variant:ident $word:tt)* })*) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
        pub(crate) enum $name {
            $(#[graphql(name = $word)] $variant),*
        }

        impl Word for $name {
            fn as_str(&self) -> &'static str {
                match *self {
                    $(Self::$variant => $word),*
                }
            }

            fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

wire_enum! {
    AccessLevel {
        Admin "admin" Customer "customer" NoAccess "no_access"
    }
    AccessPassAttachmentCategories {
        AffiliateAssets "affiliate_assets" GalleryImages "gallery_images"
    }
    AccessPassConditions {
        HasPlans "has_plans"
    }
    AccessPassOnboardingVersionTypes {
        Mar2025 "mar_2025"
    }
    AccessPassOrder {
        ActiveMembershipsCount "active_memberships_count" CreatedAt "created_at" UsdGmv "usd_gmv"
        UsdGmvThirtyDays "usd_gmv_30_days"
    }
    AccessPassTypes {
        App "app" ExperienceUpsell "experience_upsell" Regular "regular" ApiOnly "api_only"
    }
    AffiliateTypes {
        Custom "custom" Global "global" Marketplace "marketplace" Passholder "passholder"
    }
    AffiliatesSortableColumns {
        CachedTotalReferrals "cached_total_referrals" CachedTotalRewards "cached_total_rewards"
        CreatedAt "created_at" Id "id"
    }
    AppBuildPlatforms {
        Android "android" Ios "ios" Web "web"
    }
    AppBuildStatuses {
        Approved "approved" Draft "draft" Pending "pending" Rejected "rejected"
    }
    AppStatuses {
        Hidden "hidden" Live "live" Unlisted "unlisted"
    }
    AppValidScopes {
        ReadUser "read_user"
    }
    AppViewTypes {
        Analytics "analytics" Checkout "checkout" Dash "dash" Hub "hub" Preview "preview" Seller "seller"
        SeoApi "seo_api" Discover "discover" Dashboard "dashboard"
    }
    ApiVersion {
        V1 "v1" V2 "v2" V5 "v5"
    }
    AttachableRecords {
        AbuseReport "abuse_report" AccessPass "access_pass" App "app"
        AutomatedMessagesConfig "automated_messages_config" Bot "bot" Bounty "bounty"
        BountySubmission "bounty_submission" CompetitionPrize "competition_prize"
        ContentRewardCampaign "content_reward_campaign" ContentRewardSubmission "content_reward_submission"
        Dispute "dispute" DmsPost "dms_post" Experience "experience" ForumPost "forum_post"
        ResolutionEventUpload "resolution_event_upload" Review "review" ReviewReport "review_report"
        User "user" AssessmentQuestion "assessment_question" CourseLesson "course_lesson"
        AccessPassCollection "access_pass_collection" InformationRequestItem "information_request_item"
    }
    AttachmentVariants {
        Legacy "legacy" Original "original" S1000x500 "s1000x500" S1000x500fit "s1000x500fit"
        S1080x1920 "s1080x1920" S1080x1920fit "s1080x1920fit" S1080x1920fitH264Vq7 "s1080x1920fit_h264_vq7"
        S1200x630 "s1200x630" S128 "s128" S1280x720 "s1280x720" S1280x720fit "s1280x720fit" S16 "s16"
        S1600x400 "s1600x400" S180 "s180" S1920x1080 "s1920x1080" S1920x1080fit "s1920x1080fit"
        S1920x1080fitH264Vq7 "s1920x1080fit_h264_vq7" S20 "s20" S24 "s24" S250x125 "s250x125"
        S250x125fit "s250x125fit" S32 "s32" S40 "s40" S440x220 "s440x220" S440x220fit "s440x220fit"
        S48 "s48" S48fit "s48fit" S500x250 "s500x250" S500x250fit "s500x250fit" S512x288 "s512x288"
        S512x288fit "s512x288fit" S600x200 "s600x200" S600x400 "s600x400" S600x400fit "s600x400fit"
        S64 "s64" S64fit "s64fit" S720x1280 "s720x1280" S720x1280fit "s720x1280fit" S80 "s80"
        S800x200 "s800x200" S80fit "s80fit" S900x300 "s900x300" X2 "x2" X5 "x5"
    }
    BanReasons {
        BottingContentRewards "botting_content_rewards" BottingNegativeReviews "botting_negative_reviews"
        ControlCenterBlockedCountry "control_center_blocked_country" Harassment "harassment" Other "other"
        Spamming "spamming"
    }
    BusinessTypes {
        Agency "agency" BrickAndMortar "brick_and_mortar" Coaching "coaching" Community "community"
        Course "course" EducationProgram "education_program" Events "events" Newsletter "newsletter"
        Other "other" PaidGroup "paid_group" PhysicalProducts "physical_products" Saas "saas"
        Software "software" CoachingAndCourses "coaching_and_courses"
    }
    ChargeUserResponseStatus {
        NeedsAction "needs_action" Success "success"
    }
    CreditTransactionTransferReasons {
        BountyPayout "bounty_payout" ContentRewardFixedPayout "content_reward_fixed_payout"
        ContentRewardPayout "content_reward_payout" ContentRewardReturn "content_reward_return"
        CreatorToCreator "creator_to_creator" CreatorToUser "creator_to_user" PoolTopUp "pool_top_up"
        TeamMemberPayout "team_member_payout" UserToCreator "user_to_creator" UserToUser "user_to_user"
        WadminTransferredFunds "wadmin_transferred_funds"
    }
    Currencies {
        Aed "aed" All "all" Amd "amd" Ape "ape" Ars "ars" Aud "aud" Bam "bam" Bgn "bgn" Bhd "bhd" Bob "bob"
        Brl "brl" Bsd "bsd" Cad "cad" Chf "chf" Clp "clp" Cop "cop" Crc "crc" Czk "czk" Dkk "dkk" Dop "dop"
        Dzd "dzd" Egp "egp" Etb "etb" Eth "eth" Eur "eur" Gbp "gbp" Ghs "ghs" Gmd "gmd" Gtq "gtq" Gyd "gyd"
        Hkd "hkd" Huf "huf" Idr "idr" Ils "ils" Inr "inr" Jmd "jmd" Jod "jod" Jpy "jpy" Kes "kes" Khr "khr"
        Krw "krw" Kwd "kwd" Lkr "lkr" Mad "mad" Mdl "mdl" Mga "mga" Mkd "mkd" Mnt "mnt" Mop "mop" Mur "mur"
        Mxn "mxn" Myr "myr" Nad "nad" Ngn "ngn" Nok "nok" Nzd "nzd" Omr "omr" Pen "pen" Php "php" Pkr "pkr"
        Pln "pln" Pyg "pyg" Qar "qar" Ron "ron" Rsd "rsd" Rub "rub" Rwf "rwf" Sar "sar" Sek "sek" Sgd "sgd"
        Thb "thb" Tnd "tnd" Try "try" Ttd "ttd" Twd "twd" Tzs "tzs" Usd "usd" Uyu "uyu" Uzs "uzs" Vnd "vnd"
        Xcd "xcd" Xof "xof" Zar "zar" Btc "btc"
    }
    CustomCtas {
        ApplyNow "apply_now" CallNow "call_now" ContactUs "contact_us" DonateNow "donate_now"
        GetAccess "get_access" GetOffer "get_offer" Join "join" OrderNow "order_now" Purchase "purchase"
        ShopNow "shop_now" SignUp "sign_up" Subscribe "subscribe" CompleteOrder "complete_order"
    }
    CustomFieldTypes {
        Text "text"
    }
    Direction {
        Asc "asc" Desc "desc"
    }
    DmsFeedMemberStatuses {
        Accepted "accepted" Hidden "hidden" Requested "requested" Archived "archived" Closed "closed"
    }
    DmsPostTypes {
        Automated "automated" Regular "regular" System "system"
    }
    EntriesSortableColumns {
        CreatedAt "created_at" Id "id"
    }
    EntryStatus {
        Any "any" Approved "approved" Denied "denied" Pending "pending"
    }
    ExperienceAccessLevels {
        Private "private" Public "public"
    }
    ExperienceTypes {
        HasInterface "has_interface"
    }
    FeedTypes {
        ChatFeed "chat_feed" DmsFeed "dms_feed" ForumFeed "forum_feed" LivestreamFeed "livestream_feed"
        UniversalPost "universal_post" User "user"
    }
    FileAttachmentTypes {
        Audio "audio" File "file" Image "image" Unknown "unknown" Video "video"
    }
    ForumWhoCanPostTypes {
        Admins "admins" Everyone "everyone"
    }
    GifProviders {
        Giphy "giphy"
    }
    ImageStyles {
        Original "original" S1000x500 "s1000x500" S1000x500fit "s1000x500fit" S1200x630 "s1200x630"
        S128 "s128" S1280x720 "s1280x720" S1280x720fit "s1280x720fit" S16 "s16" S1600x400 "s1600x400"
        S180 "s180" S1920x1080 "s1920x1080" S1920x1080fit "s1920x1080fit" S20 "s20" S24 "s24"
        S250x125 "s250x125" S250x125fit "s250x125fit" S32 "s32" S40 "s40" S440x220 "s440x220"
        S440x220fit "s440x220fit" S48 "s48" S48fit "s48fit" S500x250 "s500x250" S500x250fit "s500x250fit"
        S512x288 "s512x288" S512x288fit "s512x288fit" S600x200 "s600x200" S600x400 "s600x400"
        S600x400fit "s600x400fit" S64 "s64" S64fit "s64fit" S80 "s80" S800x200 "s800x200" S80fit "s80fit"
        S900x300 "s900x300"
    }
    IndustryTypes {
        Accessories "accessories" Agencies "agencies" Ai "ai" AiAgency "ai_agency" AmazonFba "amazon_fba"
        AutoRepairShop "auto_repair_shop" BeautyAndPersonalCare "beauty_and_personal_care"
        Bootcamps "bootcamps" Business "business" Careers "careers" Clipping "clipping" Clothing "clothing"
        CoachingAgency "coaching_agency" CoffeeShop "coffee_shop" Concerts "concerts"
        Convention "convention" CustomerSupportAgency "customer_support_agency" Dating "dating"
        DesignAgency "design_agency" DevelopmentAgency "development_agency" Ecommerce "ecommerce"
        ElectronicsAndGadgets "electronics_and_gadgets" Fitness "fitness" FitnessGear "fitness_gear"
        FoodAndBeverages "food_and_beverages" Gym "gym" HealthAndWellness "health_and_wellness"
        HomeGoods "home_goods" HomeServices "home_services" HotelLodging "hotel_lodging"
        KindleBookPublishing "kindle_book_publishing" MarketingAgency "marketing_agency"
        Masterminds "masterminds" MedicalDentistOffice "medical_dentist_office" Meetups "meetups"
        Other "other" Parties "parties" PersonalDevelopment "personal_development"
        PersonalFinance "personal_finance" PublicSpeaking "public_speaking" RealEstate "real_estate"
        RecruitingAgency "recruiting_agency" Reselling "reselling" Restaurant "restaurant"
        RetailStore "retail_store" Sales "sales" SalesAgency "sales_agency" SalonSpa "salon_spa"
        SocialMedia "social_media" Software "software" Spirituality "spirituality"
        SportsBetting "sports_betting" Supplements "supplements" Trading "trading" Travel "travel" Vas "vas"
        VideoGames "video_games" Webinars "webinars" ClippingAgency "clipping_agency"
    }
    GlobalAffiliateStatuses {
        Disabled "disabled" Enabled "enabled"
    }
    MarketplaceStatuses {
        LiveMarketplace "live_marketplace" NotAvailable "not_available" PendingReview "pending_review"
    }
    Media {
        Audio "audio" Image "image" Other "other" Video "video"
    }
    PayoutTypes {
        FlatFee "flat_fee" Percentage "percentage"
    }
    PlanOrder {
        Affiliates "affiliates" CreatedAt "created_at" ExpiresAt "expires_at" InternalNotes "internal_notes"
        ActiveMembershipsCount "active_memberships_count"
    }
    PlanTypes {
        OneTime "one_time" Renewal "renewal"
    }
    ProductHighlightTypes {
        Benefit "benefit" PricingFeature "pricing_feature" Qualification "qualification"
        WhoThisIsFor "who_this_is_for"
    }
    PromoCodeNewStatus {
        Active "active" Expired "expired"
    }
    PromoCodeOrder {
        Code "code" CreatedAt "created_at"
    }
    PromoCodeStatus {
        Active "active" Archived "archived" Inactive "inactive"
    }
    PromoDurations {
        Forever "forever" Once "once" Repeating "repeating"
    }
    PromoTypes {
        FlatAmount "flat_amount" Percentage "percentage"
    }
    ReleaseMethod {
        BuyNow "buy_now" Raffle "raffle" Waitlist "waitlist"
    }
    SocialLinkWebsites {
        Facebook "facebook" Instagram "instagram" Linkedin "linkedin" Tiktok "tiktok" Twitter "twitter"
        Website "website" X "x" Youtube "youtube"
    }
    Status {
        Active "active" Archived "archived" Deleted "deleted"
    }
    UpsellTypes {
        AfterCheckout "after_checkout" BeforeCheckout "before_checkout" OnlyInWhop "only_in_whop"
    }
    Visibility {
        Archived "archived" Hidden "hidden" QuickLink "quick_link" Visible "visible"
    }
    VisibilityFilter {
        All "all" Archived "archived" Hidden "hidden" NotArchived "not_archived" NotQuickLink "not_quick_link"
        QuickLink "quick_link" Visible "visible"
    }
    WebhookEvent {
        AppMembershipCancelAtPeriodEndChanged "app_membership_cancel_at_period_end_changed"
        AppMembershipWentInvalid "app_membership_went_invalid"
        AppMembershipWentValid "app_membership_went_valid" AppPaymentFailed "app_payment_failed"
        AppPaymentPending "app_payment_pending" AppPaymentSucceeded "app_payment_succeeded"
        DisputeAlertCreated "dispute_alert_created" DisputeCreated "dispute_created"
        DisputeUpdated "dispute_updated" InvoiceCreated "invoice_created" InvoicePaid "invoice_paid"
        InvoicePastDue "invoice_past_due" InvoiceVoided "invoice_voided"
        MembershipCancelAtPeriodEndChanged "membership_cancel_at_period_end_changed"
        MembershipExperienceClaimed "membership_experience_claimed"
        MembershipMetadataUpdated "membership_metadata_updated" MembershipWentInvalid "membership_went_invalid"
        MembershipWentValid "membership_went_valid"
        PaymentAffiliateRewardCreated "payment_affiliate_reward_created" PaymentFailed "payment_failed"
        PaymentPending "payment_pending" PaymentSucceeded "payment_succeeded" RefundCreated "refund_created"
        RefundUpdated "refund_updated" ResolutionCreated "resolution_created"
        ResolutionDecided "resolution_decided" ResolutionUpdated "resolution_updated"
    }
    WhoCanPostTypes {
        Admins "admins" Everyone "everyone"
    }
}
