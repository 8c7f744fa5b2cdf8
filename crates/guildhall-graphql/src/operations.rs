//! The persisted operations: every id ever published, and our own documents for those that are built.

use crate::validation::Prepared;
use async_graphql::parser::parse_query;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Our documents; each selects what all published versions of its operation read.
const DOCUMENTS: &[(&str, &str)] = &[
    (
        "checkIfUserHasAccessToAccessPass",
        include_str!("../operations/access/checkIfUserHasAccessToAccessPass.graphql"),
    ),
    (
        "checkIfUserHasAccessToCompany",
        include_str!("../operations/access/checkIfUserHasAccessToCompany.graphql"),
    ),
    (
        "checkIfUserHasAccessToExperience",
        include_str!("../operations/access/checkIfUserHasAccessToExperience.graphql"),
    ),
    ("createAccessPass", include_str!("../operations/accessPasses/createAccessPass.graphql")),
    ("deleteAccessPass", include_str!("../operations/accessPasses/deleteAccessPass.graphql")),
    ("getAccessPass", include_str!("../operations/accessPasses/getAccessPass.graphql")),
    ("updateAccessPass", include_str!("../operations/accessPasses/updateAccessPass.graphql")),
    ("createAffiliate", include_str!("../operations/affiliates/createAffiliate.graphql")),
    ("getAffiliate", include_str!("../operations/affiliates/getAffiliate.graphql")),
    ("listAffiliates", include_str!("../operations/affiliates/listAffiliates.graphql")),
    ("updateAffiliate", include_str!("../operations/affiliates/updateAffiliate.graphql")),
    ("createApp", include_str!("../operations/apps/createApp.graphql")),
    ("createAppBuild", include_str!("../operations/apps/createAppBuild.graphql")),
    ("getApp", include_str!("../operations/apps/getApp.graphql")),
    ("listApps", include_str!("../operations/apps/listApps.graphql")),
    ("promoteAppBuild", include_str!("../operations/apps/promoteAppBuild.graphql")),
    ("unassignAppBuild", include_str!("../operations/apps/unassignAppBuild.graphql")),
    ("updateApp", include_str!("../operations/apps/updateApp.graphql")),
    ("updateAppPermissions", include_str!("../operations/apps/updateAppPermissions.graphql")),
    ("getAttachment", include_str!("../operations/attachments/getAttachment.graphql")),
    ("processAttachment", include_str!("../operations/attachments/processAttachment.graphql")),
    ("uploadMedia", include_str!("../operations/attachments/uploadMedia.graphql")),
    ("getCompany", include_str!("../operations/companies/getCompany.graphql")),
    ("getCompanyLedgerAccount", include_str!("../operations/companies/getCompanyLedgerAccount.graphql")),
    (
        "getWaitlistEntriesForCompany",
        include_str!("../operations/companies/getWaitlistEntriesForCompany.graphql"),
    ),
    ("listAccessPasses", include_str!("../operations/companies/listAccessPasses.graphql")),
    ("listPlans", include_str!("../operations/companies/listPlans.graphql")),
    ("listWaitlistEntries", include_str!("../operations/companies/listWaitlistEntries.graphql")),
    ("getExperience", include_str!("../operations/experiences/getExperience.graphql")),
    (
        "listAccessPassesForExperience",
        include_str!("../operations/experiences/listAccessPassesForExperience.graphql"),
    ),
    ("listExperiences", include_str!("../operations/experiences/listExperiences.graphql")),
    ("listUsersForExperience", include_str!("../operations/experiences/listUsersForExperience.graphql")),
    ("createForumPost", include_str!("../operations/forums/createForumPost.graphql")),
    ("findOrCreateForum", include_str!("../operations/forums/findOrCreateForum.graphql")),
    ("listForumPostsFromForum", include_str!("../operations/forums/listForumPostsFromForum.graphql")),
    ("findOrCreateChat", include_str!("../operations/messages/findOrCreateChat.graphql")),
    (
        "listDirectMessageConversations",
        include_str!("../operations/messages/listDirectMessageConversations.graphql"),
    ),
    ("listMessagesFromChat", include_str!("../operations/messages/listMessagesFromChat.graphql")),
    ("sendDirectMessageToUser", include_str!("../operations/messages/sendDirectMessageToUser.graphql")),
    ("sendMessageToChat", include_str!("../operations/messages/sendMessageToChat.graphql")),
    ("sendPushNotification", include_str!("../operations/notifications/sendPushNotification.graphql")),
    ("chargeUser", include_str!("../operations/payments/chargeUser.graphql")),
    ("createCheckoutSession", include_str!("../operations/payments/createCheckoutSession.graphql")),
    ("payUser", include_str!("../operations/payments/payUser.graphql")),
    ("createPromoCode", include_str!("../operations/promoCodes/createPromoCode.graphql")),
    ("deletePromoCode", include_str!("../operations/promoCodes/deletePromoCode.graphql")),
    ("getPromoCode", include_str!("../operations/promoCodes/getPromoCode.graphql")),
    ("listPromoCodes", include_str!("../operations/promoCodes/listPromoCodes.graphql")),
    ("banUser", include_str!("../operations/users/banUser.graphql")),
    ("getCurrentUser", include_str!("../operations/users/getCurrentUser.graphql")),
    ("getUser", include_str!("../operations/users/getUser.graphql")),
    ("getUserLedgerAccount", include_str!("../operations/users/getUserLedgerAccount.graphql")),
    ("muteUser", include_str!("../operations/users/muteUser.graphql")),
    ("unbanUser", include_str!("../operations/users/unbanUser.graphql")),
    ("unmuteUser", include_str!("../operations/users/unmuteUser.graphql")),
    ("createWebhook", include_str!("../operations/webhooks/createWebhook.graphql")),
    ("deleteWebhook", include_str!("../operations/webhooks/deleteWebhook.graphql")),
    ("getWebhook", include_str!("../operations/webhooks/getWebhook.graphql")),
    ("listWebhooks", include_str!("../operations/webhooks/listWebhooks.graphql")),
    ("testWebhook", include_str!("../operations/webhooks/testWebhook.graphql")),
    ("updateWebhook", include_str!("../operations/webhooks/updateWebhook.graphql")),
];

/// The table of every published operation.
const TABLE: &str = include_str!("../operations/operations.json");

#[derive(Debug, Deserialize)]
struct Row {
    ids: BTreeMap<String, BTreeMap<String, String>>,
}

/// One published operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: String,
    /// `None` while it is not built.
    pub(crate) document: Option<Arc<Prepared>>,
}

/// Every published operation by its ids.
#[derive(Debug)]
pub(crate) struct Operations {
    by_id: HashMap<String, Arc<Operation>>,
}

impl Operations {
    /// Reads the table and the documents that this binary was built with.
    pub(crate) fn load() -> Self {
        let table: BTreeMap<String, Row> = serde_json::from_str(TABLE).expect("the committed table is sound");
        let mut by_id = HashMap::new();
        for (name, row) in table {
            let text = DOCUMENTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
            let document = text.map(|text| parse_query(text).expect("the committed documents are sound"));
            let document = document.map(|document| Arc::new(Prepared::new(document)));
            let operation = Arc::new(Operation { name, document });
            for id in row.ids.into_values().flat_map(BTreeMap::into_keys) {
                by_id.insert(id, Arc::clone(&operation));
            }
        }
        Self { by_id }
    }

    /// The operation of an id such as `whop-sdk-ts-server/sha256:…` or `sha256:…`.
    pub(crate) fn find(&self, id: &str) -> Option<&Arc<Operation>> {
        let bare = id.rsplit('/').next().unwrap_or(id);
        self.by_id.get(bare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_committed_document_is_listed_and_every_listed_one_is_published() {
        let table: BTreeMap<String, Row> = serde_json::from_str(TABLE).expect("sound");
        for (name, _) in DOCUMENTS {
            assert!(table.contains_key(*name), "{name} is in no published version");
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/operations");
        let groups =
            std::fs::read_dir(folder).expect("operations/").flatten().filter(|entry| entry.path().is_dir());
        let files = groups.flat_map(|group| std::fs::read_dir(group.path()).expect("a group").flatten());
        let mut committed: Vec<String> = files
            .map(|file| file.file_name().to_string_lossy().trim_end_matches(".graphql").to_owned())
            .collect();
        committed.sort();
        let mut listed: Vec<&str> = DOCUMENTS.iter().map(|(name, _)| *name).collect();
        listed.sort_unstable();
        assert_eq!(committed, listed);
    }

    #[test]
    fn ids_are_found_with_and_without_their_client() {
        let operations = Operations::load();
        let id = "sha256:f69684";
        let full =
            operations.by_id.keys().find(|known| known.starts_with(id)).expect("findOrCreateChat").clone();
        assert_eq!(operations.find(&full).expect("bare").name, "findOrCreateChat");
        assert_eq!(
            operations.find(&format!("whop-sdk-ts-client/{full}")).expect("named").name,
            "findOrCreateChat"
        );
        assert!(operations.find("sha256:0").is_none());
    }
}
