// The published clients under one vocabulary: each is an object of operations named as in `operations.json`.
// The packages are used as they are; 0.0.8, older than those names, is called through the table below.

import { test } from "node:test";
import { WhopApi } from "whop-api-0.0.8";
import { WhopServerSdk as WhopServerSdk29 } from "whop-api-0.0.29";
import { WhopServerSdk as WhopServerSdk40 } from "whop-api-0.0.40";
import { WhopServerSdk as WhopServerSdk51 } from "whop-api-0.0.51";
import "./wire.mjs";
import { world } from "./world.mjs";

const packages = {
	"0.0.8": { make: WhopApi, operationsOf: renamedOperations },
	"0.0.29": { make: WhopServerSdk29, operationsOf: groupedOperations },
	"0.0.40": { make: WhopServerSdk40, operationsOf: groupedOperations },
	"0.0.51": { make: WhopServerSdk51, operationsOf: groupedOperations },
};

/** One client: its operations, its `version`, and its own `withUser` and `withCompany`. */
export function makeClient(version, options = {}) {
	const sdk = packages[version].make({
		appApiKey: world.apiKey,
		appId: world.appId,
		apiOrigin: world.apiOrigin,
		onBehalfOfUserId: world.agentUserId,
		companyId: world.companyId,
		...options,
	});
	return clientAround(version, sdk);
}

export const clients = Object.keys(packages).map((version) => makeClient(version));
export const newest = clients.at(-1);

/** Registers a test for every client that has all the operations. */
export function testClients(name, operations, run) {
	const able = clients.filter((client) => operations.every((operation) => operation in client));
	if (able.length === 0) throw new Error(`no client has ${operations.join(" and ")}`);
	for (const client of able) {
		test(`${name} (${client.version})`, () => run(client));
	}
}

function clientAround(version, sdk) {
	return {
		...packages[version].operationsOf(sdk),
		version,
		withUser: (userId) => clientAround(version, sdk.withUser(userId)),
		withCompany: (companyId) => clientAround(version, sdk.withCompany(companyId)),
	};
}

/** From 0.0.21 on: `sdk.messages.sendMessageToChat(…)`; names are unique across groups. */
function groupedOperations(sdk) {
	const { oauth, websockets, verifyUserToken, withUser, withCompany, ...groups } = sdk;
	return Object.assign({}, ...Object.values(groups));
}

/** 0.0.8: flat methods whose answers still hold the root field, and mutations that take `{input}`. */
function renamedOperations(sdk) {
	return {
		checkIfUserHasAccessToAccessPass: async (variables) =>
			(await sdk.HasAccessToAccessPass(variables)).hasAccessToAccessPass,
		checkIfUserHasAccessToCompany: async (variables) => (await sdk.HasAccessToCompany(variables)).hasAccessToCompany,
		checkIfUserHasAccessToExperience: async (variables) =>
			(await sdk.HasAccessToExperience(variables)).hasAccessToExperience,
		getAccessPass: async (variables) => (await sdk.AccessPass(variables)).accessPass,
		getCompanyLedgerAccount: async (variables) => (await sdk.CompanyLedgerAccount(variables)).company,
		getExperience: async (variables) => (await sdk.Experience(variables)).experience,
		listExperiences: async (variables) => (await sdk.ListExperiences(variables)).company,
		// It knows feeds only; an experience's id names its feed.
		listMessagesFromChat: async ({ chatExperienceId }) =>
			(await sdk.ListMessages({ type: "chat_feed", id: chatExperienceId })).feedPosts,
		listMessages: async (variables) => (await sdk.ListMessages(variables)).feedPosts,
		sendMessageToChat: async (variables) => (await sdk.SendChatMessage(variables)).sendMessage,
		sendFeedMessage: async (variables) => (await sdk.SendFeedMessage(variables)).sendMessage,
		sendDirectMessageToUser: async ({ toUserIdOrUsername, message }) =>
			(await sdk.SendDmMessage({ toUserId: toUserIdOrUsername, message })).sendMessage,
		chargeUser: async (input) => (await sdk.ChargeUser({ input })).chargeUser,
		payUser: async (input) => (await sdk.TransferFunds({ input })).transferFunds,
		getCurrentUser: async () => (await sdk.CurrentUser()).viewer,
		getUser: async (variables) => (await sdk.PublicUser(variables)).publicUser,
		getUserLedgerAccount: async () => (await sdk.UserLedgerAccount()).viewer,
	};
}
