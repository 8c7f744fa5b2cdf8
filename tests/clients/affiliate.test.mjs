// Affiliates: made, shown, listed and changed by the published client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newest as client } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { unusedId, world } from "./world.mjs";

test("an affiliate is made, shown, listed, changed and deleted", async () => {
	const { username } = await client.getUser({ userId: world.strangerUserId });
	const made = await client.createAffiliate({
		username,
		payoutType: "percentage",
		fee: "30",
		planIds: [world.planId],
		companyId: world.companyId,
	});
	assert.match(made.id, /^aff_/);
	const { activeMembersCount, affiliateType, status, totalPlanCount, totalReferralEarnings, userAccount } = made;
	assert.deepEqual([activeMembersCount, affiliateType, status], [0, "custom", "active"]);
	assert.deepEqual([totalPlanCount, totalReferralEarnings, made.totalRevenue, made.totalReferrals], [1, "0.00", "0.00", 0]);
	assert.equal(userAccount.id, world.strangerUserId);

	const named = { affiliateId: made.id, companyId: world.companyId };
	assert.deepEqual((await client.getAffiliate(named)).affiliate, made);
	for (const order of ["cached_total_referrals", "cached_total_rewards", "created_at", "id"]) {
		const { affiliates } = await client.listAffiliates({ companyId: world.companyId, order, direction: "asc", first: 5 });
		assert.deepEqual(affiliates.nodes.find(({ id }) => id === made.id), made);
	}
	await assertRefused(() => client.createAffiliate({ username, payoutType: "percentage", fee: 5 }), "CONFLICT");

	const change = { id: made.id, planId: world.planId };
	await client.updateAffiliate({ ...change, payoutType: "flat_fee", fee: 5, onlyOnePayout: true });
	assert.equal((await client.updateAffiliate({ ...change, status: "archived" })).status, "archived");
	assert.equal((await client.updateAffiliate({ ...change, status: "deleted" })).status, "deleted");
	await assertRefused(() => client.getAffiliate(named), "NOT_FOUND");
});

test("what cannot be is refused", async () => {
	const create = (changes) => client.createAffiliate({ username: world.customerUserId, payoutType: "percentage", ...changes });
	await assertRefused(() => create({ fee: 101 }), "INVALID_INPUT", /from 0 to 100/);
	await assertRefused(() => create({ payoutType: "flat_fee", fee: "NaN" }), "INVALID_INPUT", /not a number/);
	await assertRefused(() => create({ fee: 5, username: world.moderatorUserId }), "INVALID_INPUT", /on the company's team/);
	await assertRefused(() => create({ fee: 5, planId: unusedId("plan") }), "NOT_FOUND");
	await assertRefused(() => client.updateAffiliate({ id: unusedId("aff"), planId: world.planId }), "NOT_FOUND");
});
