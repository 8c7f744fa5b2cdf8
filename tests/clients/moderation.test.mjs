import assert from "node:assert/strict";
import { newest, testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { uniqueName, world } from "./world.mjs";

const operations = ["muteUser", "unmuteUser", "banUser", "unbanUser"];
const known = [
	world.agentUserId,
	world.ownerUserId,
	world.moderatorUserId,
	world.customerUserId,
	world.strangerUserId,
];

async function accessLevel(userId, experienceId = world.chatExperienceId) {
	const access = await newest.checkIfUserHasAccessToExperience({ experienceId, userId });
	return access.accessLevel;
}

/** A customer the other files do not use, because they run at the same time. */
async function someMember() {
	const { users } = await newest.listUsersForExperience({ experienceId: world.chatExperienceId, first: 50 });
	for (const user of users.nodes) {
		if (!known.includes(user.id) && (await accessLevel(user.id)) === "customer") return user.id;
	}
	throw new Error("the demo world has no other customer");
}

async function openChat() {
	const chat = await newest.findOrCreateChat({ accessPassId: world.accessPassId, name: uniqueName("Corner") });
	return chat.id;
}

testClients("a muted user writes nothing until unmuted", operations, async (client) => {
	const userId = await someMember();
	const experienceId = await openChat();
	const moderator = client.withUser(world.moderatorUserId);
	const say = (message) => client.withUser(userId).sendMessageToChat({ experienceId, message });
	const inAnHour = Math.floor(Date.now() / 1000) + 3600;

	await say("Before");
	for (const mutedUntil of [undefined, inAnHour]) {
		try {
			assert.equal(await moderator.muteUser({ userId, mutedUntil }), true);
			await assertRefused(() => say("Muted"), "FORBIDDEN");
			assert.equal(await accessLevel(userId), "customer", "a mute takes the voice, not the access");
		} finally {
			assert.equal(await moderator.unmuteUser({ userId }), true);
		}
	}
	await say("After");

	const { posts } = await client.listMessagesFromChat({ chatExperienceId: experienceId });
	assert.deepEqual(posts.map((post) => post.content), ["After", "Before"]);
});

testClients("a banned user has access to nothing until unbanned", operations, async (client) => {
	const userId = await someMember();
	const experienceId = await openChat();
	const moderator = client.withUser(world.moderatorUserId);
	const say = (message) => client.withUser(userId).sendMessageToChat({ experienceId, message });
	try {
		assert.equal(await moderator.banUser({ userId, reason: "spamming" }), true);
		assert.equal(await accessLevel(userId), "no_access");
		const { accessLevel: atCompany } = await client.checkIfUserHasAccessToCompany({
			companyId: world.companyId,
			userId,
		});
		assert.equal(atCompany, "no_access");
		await assertRefused(() => say("Banned"), ["FORBIDDEN", "NOT_FOUND"]);
	} finally {
		assert.equal(await moderator.unbanUser({ userId }), true);
	}
	assert.equal(await accessLevel(userId), "customer");
	await say("Back again");
});

testClients("a ban of one pass closes that pass", operations, async (client) => {
	const userId = await someMember();
	const { accessPassId } = world;
	try {
		await client.banUser({ userId, accessPassId, reason: "other", customReason: "Loud after ten" });
		const access = await client.checkIfUserHasAccessToAccessPass({ accessPassId, userId });
		assert.equal(access.accessLevel, "no_access");
	} finally {
		await client.unbanUser({ userId });
	}
	assert.equal(await accessLevel(userId), "customer");
});

testClients("a customer moderates nobody", operations, async (client) => {
	const userId = await someMember();
	const customer = client.withUser(world.customerUserId);
	try {
		await assertRefused(() => customer.muteUser({ userId }), "FORBIDDEN");
		await assertRefused(() => customer.banUser({ userId }), "FORBIDDEN");
		assert.equal(await accessLevel(userId), "customer");
	} finally {
		await client.unmuteUser({ userId });
		await client.unbanUser({ userId });
	}
});
