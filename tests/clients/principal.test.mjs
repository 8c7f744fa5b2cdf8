import assert from "node:assert/strict";
import { test } from "node:test";
import { makeClient, testClients } from "./clients.mjs";
import { assertRefused, observe, post } from "./wire.mjs";
import { unusedId, world } from "./world.mjs";

testClients("an app without a user acts as its agent", ["getCurrentUser"], async ({ version }) => {
	const client = makeClient(version, { onBehalfOfUserId: undefined, companyId: undefined });
	const { user } = await client.getCurrentUser();
	assert.equal(user.id, world.agentUserId);
	const inCompany = await client.withCompany(world.companyId).getCurrentUser();
	assert.equal(inCompany.user.id, world.agentUserId);
});

testClients("an app may not act for a stranger, and is told so", ["getCurrentUser", "getExperience"], async (client) => {
	const stranger = client.withUser(world.strangerUserId);
	const calls = [
		() => stranger.getCurrentUser(),
		() => stranger.getExperience({ experienceId: world.chatExperienceId }),
		() => stranger.sendMessageToChat({ experienceId: world.chatExperienceId, message: "Let me in" }),
	];
	for (const call of calls) {
		await assertRefused(call, "FORBIDDEN", /behalf|\bact\b/i);
		const { error } = await observe(call);
		assert.ok(error, "the client's user gets an error, not an empty answer");
	}
});

testClients("an app may not act for a user who does not exist", ["getCurrentUser"], async (client) => {
	await assertRefused(() => client.withUser(unusedId("user")).getCurrentUser(), ["FORBIDDEN", "NOT_FOUND"]);
	await assertRefused(() => client.withUser("nonsense").getCurrentUser(), ["FORBIDDEN", "NOT_FOUND", "INVALID_INPUT"]);
});

testClients("an unknown key is unauthenticated", ["getCurrentUser"], async ({ version }) => {
	const client = makeClient(version, { appApiKey: "not-a-key" });
	const { error, status } = await observe(() => client.getCurrentUser());
	assert.ok(error);
	assert.equal(status, 401);
	await assertRefused(() => client.getCurrentUser(), "UNAUTHENTICATED");
});

test("without a credential public things are read and no others", async () => {
	const named = await post("/public-graphql", { query: "{ __typename }" }, {});
	assert.equal(named.status, 200);
	assert.ok(named.body.data.__typename);

	const viewer = await post("/public-graphql", { query: "{ viewer { user { id } } }" }, {});
	assert.equal(viewer.body.errors[0].extensions.code, "UNAUTHENTICATED");
});
