import assert from "node:assert/strict";
import { testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { uniqueName, unusedId, world } from "./world.mjs";

const operations = ["findOrCreateChat"];
const accessPassId = world.accessPassId;

testClients("creating a chat twice finds the first", operations, async (client) => {
	const name = uniqueName("Reading room");
	const created = await client.findOrCreateChat({ accessPassId, name });
	assert.match(created.id, /^exp_/);
	assert.ok(URL.canParse(created.link, world.apiOrigin), created.link);

	const found = await client.findOrCreateChat({ accessPassId, name });
	assert.deepEqual(found, created);
	const foundByOtherSpelling = await client.findOrCreateChat({ accessPassId, name: `  ${name.toUpperCase()} ` });
	assert.equal(foundByOtherSpelling.id, created.id);
});

testClients("twenty callers at once make one chat", operations, async (client) => {
	const name = uniqueName("Rush");
	const chats = await Promise.all(
		Array.from({ length: 20 }, () => client.findOrCreateChat({ accessPassId, name })),
	);
	assert.equal(new Set(chats.map((chat) => chat.id)).size, 1);
});

testClients("other names make other chats", operations, async (client) => {
	const first = await client.findOrCreateChat({ accessPassId, name: uniqueName("Left") });
	const second = await client.findOrCreateChat({ accessPassId, name: uniqueName("Right") });
	assert.notEqual(first.id, second.id);
});

testClients("a chat beside an experience opens to that experience's members", operations, async (client) => {
	const chat = await client.findOrCreateChat({ experienceId: world.appExperienceId, name: uniqueName("Beside") });
	const access = await client.checkIfUserHasAccessToExperience({
		experienceId: chat.id,
		userId: world.customerUserId,
	});
	assert.equal(access.accessLevel, "customer");
});

testClients("a price closes the chat to members who have not paid it", [...operations, "getExperience"], async (client) => {
	const chat = await client.findOrCreateChat({
		accessPassId,
		name: uniqueName("Paid lounge"),
		price: {
			baseCurrency: "usd",
			initialPrice: 10,
			expirationDays: 10,
			releaseMethod: "buy_now",
			customFields: [{ fieldType: "text", name: "Your trade", placeholder: "carpenter", order: 1, required: true }],
		},
		expiresAt: Math.floor(Date.now() / 1000) + 3600,
		whoCanPost: "everyone",
	});

	const { upsellPlan } = await client.getExperience({ experienceId: chat.id });
	assert.equal(upsellPlan.rawInitialPrice, 10);
	assert.equal(upsellPlan.baseCurrency, "usd");
	assert.equal(upsellPlan.expirationDays, 10);
	assert.equal(upsellPlan.planType, "one_time");
	assert.equal(upsellPlan.releaseMethod, "buy_now");

	const access = await client.checkIfUserHasAccessToExperience({
		experienceId: chat.id,
		userId: world.customerUserId,
	});
	assert.equal(access.accessLevel, "no_access");
	const customer = client.withUser(world.customerUserId);
	const closed = ["FORBIDDEN", "NOT_FOUND"];
	await assertRefused(() => customer.sendMessageToChat({ experienceId: chat.id, message: "Hello?" }), closed);
	await assertRefused(() => customer.listMessagesFromChat({ chatExperienceId: chat.id }), closed);
});

testClients("a chat for admins is read by everyone and written by the team", operations, async (client) => {
	const chat = await client.findOrCreateChat({ accessPassId, name: uniqueName("Notices"), whoCanPost: "admins" });
	const notice = { experienceId: chat.id, message: "The hall opens at eight." };
	await assertRefused(() => client.withUser(world.customerUserId).sendMessageToChat(notice), "FORBIDDEN");
	await client.withUser(world.ownerUserId).sendMessageToChat(notice);

	const { posts } = await client
		.withUser(world.customerUserId)
		.listMessagesFromChat({ chatExperienceId: chat.id });
	assert.deepEqual(posts.map((post) => post.content), [notice.message]);
});

testClients("a chat that cannot be is refused", operations, async (client) => {
	const create = (changes) => () => client.findOrCreateChat({ accessPassId, name: uniqueName("Never"), ...changes });
	await assertRefused(create({ name: "   " }), "INVALID_INPUT");
	await assertRefused(create({ expiresAt: Math.floor(Date.now() / 1000) - 86_400 }), "INVALID_INPUT");
	await assertRefused(create({ price: { baseCurrency: "usd", initialPrice: -1 } }), "INVALID_INPUT");
	await assertRefused(create({ price: { baseCurrency: "usd", initialPrice: 0.001 } }), "INVALID_INPUT");
	await assertRefused(create({ accessPassId: unusedId("prod") }), "NOT_FOUND");
});

testClients("a customer may not create a chat", operations, async (client) => {
	const customer = client.withUser(world.customerUserId);
	await assertRefused(() => customer.findOrCreateChat({ accessPassId, name: uniqueName("Mine") }), "FORBIDDEN");
});
