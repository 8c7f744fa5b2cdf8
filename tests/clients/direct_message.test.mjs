import assert from "node:assert/strict";
import { test } from "node:test";
import { clients, newest, testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { uniqueName, unusedId, world } from "./world.mjs";

const operations = ["sendDirectMessageToUser"];

// 0.0.8 sends but does not list, so the newest client reads what every client sent.
async function conversationOfCustomerWith(userId, filter = {}) {
	const conversations = await newest.withUser(world.customerUserId).listDirectMessageConversations(filter);
	return conversations.find(
		(conversation) => !conversation.isGroupChat && conversation.feedMembers.some((member) => member.id === userId),
	);
}

testClients("a direct message arrives by id and by username", [...operations, "getUser"], async (client) => {
	const moderator = client.withUser(world.moderatorUserId);
	const { username } = await client.getUser({ userId: world.customerUserId });
	const feedIds = [];
	for (const toUserIdOrUsername of [world.customerUserId, username]) {
		const message = uniqueName(`Dear ${client.version}`);
		const sent = await moderator.sendDirectMessageToUser({ toUserIdOrUsername, message });
		assert.equal(typeof sent, "string");

		const conversation = await conversationOfCustomerWith(world.moderatorUserId);
		assert.deepEqual(
			conversation.feedMembers.map((member) => member.id).sort(),
			[world.customerUserId, world.moderatorUserId].sort(),
		);
		assert.equal(conversation.lastMessage.content, message);
		assert.equal(conversation.lastMessage.userId, world.moderatorUserId);
		assert.equal(conversation.isUnread, true);
		feedIds.push(conversation.id);
	}
	assert.equal(new Set(feedIds).size, 1, "one feed per pair");
});

testClients("conversations are filtered", [...operations, "listDirectMessageConversations"], async (client) => {
	const customer = client.withUser(world.customerUserId);
	await client.withUser(world.ownerUserId).sendDirectMessageToUser({
		toUserIdOrUsername: world.customerUserId,
		message: uniqueName("Welcome"),
	});
	const { username } = await client.getUser({ userId: world.ownerUserId });

	const holdsOwner = (list) => list.some(({ feedMembers }) => feedMembers.some(({ id }) => id === world.ownerUserId));
	assert.ok(holdsOwner(await customer.listDirectMessageConversations()));
	assert.ok(holdsOwner(await customer.listDirectMessageConversations({ query: username })));
	assert.ok(holdsOwner(await customer.listDirectMessageConversations({ unread: true })));
	assert.ok(holdsOwner(await customer.listDirectMessageConversations({ status: "accepted" })));
	assert.deepEqual(await customer.listDirectMessageConversations({ query: uniqueName("nobody") }), []);
	assert.deepEqual(await customer.listDirectMessageConversations({ beforeTimestamp: "1" }), []);
	assert.equal((await customer.listDirectMessageConversations({ limit: 1 })).length, 1);
});

testClients("what cannot be delivered is refused", operations, async (client) => {
	const send = (toUserIdOrUsername, message) => () => client.sendDirectMessageToUser({ toUserIdOrUsername, message });
	await assertRefused(send(unusedId("user"), "Anyone?"), "NOT_FOUND");
	await assertRefused(send(world.customerUserId, "  "), "INVALID_INPUT");
	await assertRefused(send(world.customerUserId, "x".repeat(10_001)), "INVALID_INPUT");
});

test("0.0.8 reads a direct message feed", async () => {
	const [client] = clients;
	const message = uniqueName("Old and new");
	await client.withUser(world.ownerUserId).sendDirectMessageToUser({
		toUserIdOrUsername: world.customerUserId,
		message,
	});
	const { id } = await conversationOfCustomerWith(world.ownerUserId);
	const { posts } = await client.withUser(world.customerUserId).listMessages({ type: "dms_feed", id });
	assert.ok(posts.some((post) => post.content === message && post.user.id === world.ownerUserId));

	// A private feed reads the same to one who is not in it as one that does not exist.
	const outsider = client.withUser(world.moderatorUserId);
	await assertRefused(() => outsider.listMessages({ type: "dms_feed", id }), ["NOT_FOUND", "FORBIDDEN"]);
});
