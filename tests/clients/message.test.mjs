import assert from "node:assert/strict";
import { test } from "node:test";
import { newest, testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { uniqueName, unusedId, world } from "./world.mjs";

const operations = ["sendMessageToChat", "listMessagesFromChat"];

/** A chat of this test's own, so that nobody else's message comes between. */
async function openChat() {
	const chat = await newest.findOrCreateChat({ accessPassId: world.accessPassId, name: uniqueName("Table") });
	return chat.id;
}

testClients("a sent message is the newest one listed", operations, async (client) => {
	const experienceId = await openChat();
	const customer = client.withUser(world.customerUserId);
	await client.sendMessageToChat({ experienceId, message: "First" });
	const message = "Grüße, *all* of you 👋🏽\n\n- one\n- two";
	const sentId = await customer.sendMessageToChat({ experienceId, message });

	const { posts } = await customer.listMessagesFromChat({ chatExperienceId: experienceId });
	assert.deepEqual(posts.map((post) => post.content), [message, "First"]);
	assert.deepEqual(posts.map((post) => post.user.id), [world.customerUserId, world.agentUserId]);
	const [newestPost] = posts;
	assert.equal(newestPost.id, sentId);
	assert.match(newestPost.id, /^post_/);
	assert.equal(newestPost.messageType, "regular");
	assert.deepEqual([newestPost.isDeleted, newestPost.isEdited, newestPost.isPinned], [false, false, false]);
	assert.equal(newestPost.isEveryoneMentioned, false);
	assert.deepEqual(newestPost.mentionedUserIds, []);
	assert.deepEqual(newestPost.attachments, []);
	assert.ok(Number(newestPost.createdAt) > 1_600_000_000_000, "times of posts are in milliseconds");
});

testClients("a mention names the user", [...operations, "getUser"], async (client) => {
	const experienceId = await openChat();
	const { username } = await client.getUser({ userId: world.customerUserId });
	await client.sendMessageToChat({ experienceId, message: `Welcome, @${username}!` });
	const { posts } = await client.listMessagesFromChat({ chatExperienceId: experienceId });
	assert.deepEqual(posts[0].mentionedUserIds, [world.customerUserId]);
});

testClients("a message without words or without end is refused", operations, async (client) => {
	const experienceId = await openChat();
	const send = (message) => client.sendMessageToChat({ experienceId, message });
	await assertRefused(() => send(" \n\t "), "INVALID_INPUT");
	await assertRefused(() => send("x".repeat(10_001)), "INVALID_INPUT");
	await send(` ${"x".repeat(10_000)} `);
	const { posts } = await client.listMessagesFromChat({ chatExperienceId: experienceId });
	assert.deepEqual(posts.map((post) => post.content.trim().length), [10_000]);
});

testClients("an unknown chat is neither written nor read", operations, async (client) => {
	const experienceId = unusedId("exp");
	await assertRefused(() => client.sendMessageToChat({ experienceId, message: "Echo?" }), "NOT_FOUND");
	await assertRefused(() => client.listMessagesFromChat({ chatExperienceId: experienceId }), "NOT_FOUND");
});

testClients("the demo chat is lively", operations, async (client) => {
	const { posts } = await client.listMessagesFromChat({ chatExperienceId: world.chatExperienceId });
	assert.ok(posts.length > 0);
	const times = posts.map((post) => Number(post.createdAt));
	assert.deepEqual(times, [...times].sort((a, b) => b - a), "newest first");
});

testClients("0.0.8 sends to a feed as to a chat", ["sendFeedMessage", "listMessages"], async (client) => {
	const experienceId = await openChat();
	await client.sendFeedMessage({ experienceId, message: "By the old road" });
	const { posts } = await client.listMessages({ type: "chat_feed", id: experienceId });
	assert.deepEqual(posts.map((post) => post.content), ["By the old road"]);
});

test("a listing holds the newest fifty, each once, however many send at once", async () => {
	const experienceId = await openChat();
	const numbers = Array.from({ length: 60 }, (_, number) => number);
	const sentIds = await Promise.all(
		numbers.map((number) => newest.sendMessageToChat({ experienceId, message: `Number ${number}` })),
	);
	assert.equal(new Set(sentIds).size, 60);

	await newest.sendMessageToChat({ experienceId, message: "Last" });
	const { posts } = await newest.listMessagesFromChat({ chatExperienceId: experienceId });
	assert.equal(posts.length, 50);
	assert.equal(posts[0].content, "Last");
	assert.equal(new Set(posts.map((post) => post.id)).size, 50);
});
