import assert from "node:assert/strict";
import { testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { unusedId, world } from "./world.mjs";

const demoExperienceIds = [world.chatExperienceId, world.forumExperienceId, world.appExperienceId];
const maxPages = 200;

/** Every node of a paged list; `page(after)` answers one connection. */
async function allNodes(page) {
	const nodes = [];
	let after;
	for (let count = 0; count < maxPages; count++) {
		const connection = await page(after);
		nodes.push(...connection.nodes);
		assert.ok(connection.totalCount >= 0);
		if (!connection.pageInfo.hasNextPage) return nodes;
		after = connection.pageInfo.endCursor;
		assert.ok(after, "a page that has a next one says where it starts");
	}
	throw new Error(`the list did not end after ${maxPages} pages`);
}

function assertUnique(ids) {
	assert.equal(new Set(ids).size, ids.length, "a page repeats what another held");
}

testClients("an experience names its app and its company", ["getExperience"], async (client) => {
	for (const experienceId of demoExperienceIds) {
		const experience = await client.getExperience({ experienceId });
		assert.equal(experience.id, experienceId);
		assert.ok(experience.name);
		assert.match(experience.app.id, /^app_/);
		assert.ok(experience.app.name);
		assert.equal(experience.company.id, world.companyId);
		assert.ok(experience.company.title);
	}
	const appExperience = await client.getExperience({ experienceId: world.appExperienceId });
	assert.equal(appExperience.app.id, world.appId);
});

testClients("an unknown experience is not found", ["getExperience"], async (client) => {
	await assertRefused(() => client.getExperience({ experienceId: unusedId("exp") }), "NOT_FOUND");
});

testClients("a company's experiences are paged without gaps or doubles", ["listExperiences"], async (client) => {
	const list = (variables) => (after) =>
		client.listExperiences({ companyId: world.companyId, first: 20, after, ...variables }).then(
			(company) => company.experiencesV2,
		);
	for (const variables of [{}, { accessPassId: world.accessPassId }, { onAccessPass: true }]) {
		const ids = (await allNodes(list(variables))).map((experience) => experience.id);
		assertUnique(ids);
		for (const id of demoExperienceIds) assert.ok(ids.includes(id), `${id} under ${JSON.stringify(variables)}`);
	}
});

testClients("experiences are filtered by app and by pass", ["listExperiences"], async (client) => {
	const { companyId, appId } = world;
	const ofApp = (await client.listExperiences({ companyId, appId, first: 50 })).experiencesV2;
	assert.ok(ofApp.nodes.some((experience) => experience.id === world.appExperienceId));
	assert.ok(ofApp.nodes.every((experience) => experience.app.id === appId));

	const ofPaidPass = await client.listExperiences({ companyId, accessPassId: world.paidAccessPassId, first: 50 });
	assert.ok(ofPaidPass.experiencesV2.nodes.every((experience) => experience.id !== world.chatExperienceId));
});

testClients("a page size that makes no sense is refused", ["listExperiences"], async (client) => {
	await assertRefused(() => client.listExperiences({ companyId: world.companyId, first: -1 }), "INVALID_INPUT");
	await assertRefused(() => client.listExperiences({ companyId: world.companyId, after: "\u0000" }), "INVALID_INPUT");
});

testClients("an experience lists its users", ["listUsersForExperience"], async (client) => {
	const users = await allNodes(async (after) => {
		const experience = await client.listUsersForExperience({ experienceId: world.chatExperienceId, first: 5, after });
		return experience.users;
	});
	const ids = users.map((user) => user.id);
	assertUnique(ids);
	assert.ok(ids.includes(world.customerUserId));
	assert.ok(!ids.includes(world.strangerUserId));
});

testClients("an experience's users are searched by name", ["listUsersForExperience", "getUser"], async (client) => {
	const { username } = await client.getUser({ userId: world.customerUserId });
	const { users } = await client.listUsersForExperience({
		experienceId: world.chatExperienceId,
		searchQuery: username,
		first: 10,
	});
	assert.ok(users.nodes.some((user) => user.id === world.customerUserId));
});

testClients("an experience lists the passes that open it", ["listAccessPassesForExperience"], async (client) => {
	for (const experienceId of demoExperienceIds) {
		const { accessPasses } = await client.listAccessPassesForExperience({ experienceId });
		assert.ok(accessPasses.some((accessPass) => accessPass.id === world.accessPassId));
		assert.ok(accessPasses.every((accessPass) => accessPass.title && accessPass.route));
	}
});
