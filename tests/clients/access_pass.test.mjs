import assert from "node:assert/strict";
import { test } from "node:test";
import { newest, testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { unusedId, world } from "./world.mjs";

testClients("an access pass names its company and its owner", ["getAccessPass"], async (client) => {
	for (const accessPassId of [world.accessPassId, world.paidAccessPassId]) {
		const accessPass = await client.getAccessPass({ accessPassId });
		assert.equal(accessPass.id, accessPassId);
		assert.ok(accessPass.title && accessPass.route);
		assert.equal(accessPass.company.id, world.companyId);
		assert.equal(accessPass.ownerUser.id, world.ownerUserId);
		assert.equal(typeof accessPass.verified, "boolean");
		assert.equal(typeof accessPass.reviewsAverage, "number");
	}
});

testClients("an access pass counts its members", ["getAccessPass"], async (client) => {
	const accessPass = await client.getAccessPass({ accessPassId: world.accessPassId });
	assert.ok(accessPass.activeUsersCount >= 1, `${accessPass.activeUsersCount} members`);
});

testClients("an unknown access pass is not found", ["getAccessPass"], async (client) => {
	await assertRefused(() => client.getAccessPass({ accessPassId: unusedId("prod") }), "NOT_FOUND");
});

testClients("an id of another kind is no access pass", ["getAccessPass"], async (client) => {
	await assertRefused(() => client.getAccessPass({ accessPassId: world.customerUserId }), ["NOT_FOUND", "INVALID_INPUT"]);
});

test("newer clients read the gallery and the company's route", async () => {
	const accessPass = await newest.getAccessPass({ accessPassId: world.accessPassId });
	assert.ok(Array.isArray(accessPass.galleryImages.nodes));
	assert.ok(accessPass.company.route);
	assert.equal(typeof accessPass.ownerUser.phoneVerified, "boolean");
});
