import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { unusedId, world } from "./world.mjs";

const operations = ["sendPushNotification"];
const words = { title: "The hall is open", content: "Come in, it is warm." };

testClients("a notification has one audience", operations, async (client) => {
	const audiences = [
		{ experienceId: world.appExperienceId },
		{ experienceId: world.appExperienceId, userIds: [world.customerUserId] },
		{ companyTeamId: world.companyId },
		{ companyTeamId: world.companyId, userIds: [world.moderatorUserId] },
	];
	for (const audience of audiences) {
		assert.equal(await client.sendPushNotification({ ...words, ...audience }), true);
	}
	const both = { experienceId: world.appExperienceId, companyTeamId: world.companyId };
	await assertRefused(() => client.sendPushNotification({ ...words, ...both }), "INVALID_INPUT");
	await assertRefused(() => client.sendPushNotification(words), "INVALID_INPUT");
});

testClients("a notification carries what the app gives it", operations, async (client) => {
	const sent = await client.sendPushNotification({
		...words,
		subtitle: "Tonight",
		experienceId: world.appExperienceId,
		userIds: [world.customerUserId],
		senderUserId: world.agentUserId,
		isMention: true,
		link: "https://example.com/tonight",
	});
	assert.equal(sent, true);
});

testClients("an external id is sent once and answered true each time", operations, async (client) => {
	const notification = {
		...words,
		externalId: randomUUID(),
		experienceId: world.appExperienceId,
		userIds: [world.customerUserId],
	};
	assert.equal(await client.sendPushNotification(notification), true);
	const repeats = await Promise.all(Array.from({ length: 5 }, () => client.sendPushNotification(notification)));
	assert.deepEqual(repeats, [true, true, true, true, true]);
});

testClients("a notification nobody could read is refused", operations, async (client) => {
	const send = (changes) => () =>
		client.sendPushNotification({ ...words, experienceId: world.appExperienceId, ...changes });
	await assertRefused(send({ title: "  " }), "INVALID_INPUT");
	await assertRefused(send({ experienceId: unusedId("exp") }), ["NOT_FOUND", "FORBIDDEN"]);
});
