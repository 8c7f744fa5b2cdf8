// Promo codes: made, found by a buyer's app, listed and deleted by the published client.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { newest as client } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { unusedId, world } from "./world.mjs";

/** A text that no other test, and no earlier run, has used. */
function uniqueCode() {
	return `C-${randomUUID().slice(0, 13).toUpperCase()}`;
}

function wanted(code, changes = {}) {
	return {
		code,
		promoType: "percentage",
		amountOff: 20,
		baseCurrency: "usd",
		newUsersOnly: false,
		numberOfIntervals: 3,
		planIds: [world.planId],
		accessPassId: world.paidAccessPassId,
		stock: 5,
		...changes,
	};
}

test("a promo code is made, found for its plan, listed and deleted", async () => {
	const code = uniqueCode();
	const made = await client.createPromoCode(wanted(code.toLowerCase()));
	assert.match(made.id, /^promo_/);
	assert.equal(made.code, code, "codes are kept in capitals");
	assert.equal(made.discountOff, "20%");
	assert.equal(made.duration, "repeating");
	assert.equal(made.accessPass.id, world.paidAccessPassId);
	assert.equal(typeof made.accessPass.title, "string");
	assert.deepEqual([made.stock, made.uses, made.unlimitedStock, made.status], [5, 0, false, "active"]);
	assert.ok(made.createdAt > 1_000_000_000 && made.createdAt < 100_000_000_000, "in seconds");

	const found = await client.getPromoCode({ code, planId: world.planId });
	assert.equal(found.id, made.id);
	assert.deepEqual([found.amountOff, found.numberOfIntervals, found.isPopupPromo], [20, 3, false]);

	const list = async (filters) =>
		(await client.listPromoCodes({ companyId: world.companyId, first: 10, filters })).promoCodes;
	const listed = await list({ query: code });
	assert.deepEqual([listed.totalCount, listed.nodes], [1, [made]]);
	assert.equal(listed.pageInfo.startCursor, listed.pageInfo.endCursor);

	assert.equal(await client.deletePromoCode({ id: made.id }), true);
	assert.equal((await list({ query: code })).totalCount, 0);
	assert.equal((await list({ query: code, status: "archived" })).nodes[0].id, made.id);
	await assertRefused(
		() => client.getPromoCode({ code, planId: world.planId }),
		"NOT_FOUND",
		/There is no promo code `C-.*` for this plan\./,
	);
});

test("amounts are taken as numbers and as text", async () => {
	for (const amountOff of [5.5, "5.50"]) {
		const made = await client.createPromoCode(wanted(uniqueCode(), { promoType: "flat_amount", amountOff }));
		assert.deepEqual([made.amountOff, made.discountOff], [5.5, "5.50 usd"]);
		await client.deletePromoCode({ id: made.id });
	}
});

test("what cannot be is refused", async () => {
	const refusals = [
		[{ amountOff: 101 }, /from 0 to 100/],
		[{ amountOff: "NaN" }, /from 0 to 100/],
		[{ promoType: "flat_amount", amountOff: -1 }, /more than zero/],
		[{ stock: 0 }, /at least 1, or unlimited/],
		[{ code: "two words" }, /letters, digits/],
	];
	for (const [changes, sentence] of refusals) {
		await assertRefused(() => client.createPromoCode(wanted(uniqueCode(), changes)), "INVALID_INPUT", sentence);
	}
	await assertRefused(() => client.deletePromoCode({ id: unusedId("promo") }), "NOT_FOUND");
});
