import assert from "node:assert/strict";
import { testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { unusedId, usdBalanceMinor, world } from "./world.mjs";

testClients("the current user is the acting one", ["getCurrentUser"], async (client) => {
	const acting = [world.agentUserId, world.ownerUserId, world.moderatorUserId, world.customerUserId];
	for (const userId of acting) {
		const { user } = await client.withUser(userId).getCurrentUser();
		assert.equal(user.id, userId);
		assert.ok(user.username);
		assert.equal(typeof user.phoneVerified, "boolean");
		assert.ok(user.createdAt > 1_000_000_000 && user.createdAt < 100_000_000_000, "times of users are in seconds");
		assert.ok(Array.isArray(user.ledgerAccount.balanceCaches.nodes));
	}
});

testClients("a user's profile is public", ["getUser"], async (client) => {
	for (const userId of [world.ownerUserId, world.customerUserId]) {
		const user = await client.getUser({ userId });
		assert.equal(user.id, userId);
		assert.ok(user.username);
	}
});

testClients("an unknown user is not found", ["getUser"], async (client) => {
	await assertRefused(() => client.getUser({ userId: unusedId("user") }), "NOT_FOUND");
});

testClients("a user has a ledger account of their own", ["getUserLedgerAccount"], async (client) => {
	const { user } = await client.withUser(world.customerUserId).getUserLedgerAccount();
	assert.match(user.ledgerAccount.id, /^ldgr_/);
	assert.ok(usdBalanceMinor(user.ledgerAccount) > 0, "the demo customer begins with money");
	const owner = await client.withUser(world.ownerUserId).getUserLedgerAccount();
	assert.notEqual(owner.user.ledgerAccount.id, user.ledgerAccount.id);
});
