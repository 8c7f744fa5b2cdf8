// What people see of being an affiliate: nothing yet, then their links.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asVisitor, assertGood, follow, textOf, withBrowser } from "./browser.mjs";
import { signIn } from "./session.mjs";
import { origin, world } from "./world.mjs";

withBrowser();

/** Asks the API as the demo world's app. */
async function ask(query, input) {
	const answer = await fetch(`${origin}/public-graphql`, {
		method: "POST",
		headers: { "content-type": "application/json", authorization: `Bearer ${world.WHOP_API_KEY}` },
		body: JSON.stringify({ query, variables: { input } }),
	});
	const { data, errors } = await answer.json();
	assert.equal(errors, undefined, JSON.stringify(errors));
	return data;
}

test("a person finds their affiliate links from their account", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "pia" });
		await page.goto(`${origin}/account`);
		await follow(page, 'main a[href="/account/affiliates"]');
		assert.match(await textOf(page), /You are no company's affiliate yet/);
		await assertGood(page, "affiliates none");

		const create = "mutation($input: CreateAffiliateInput!) { createAffiliate(input: $input) { id } }";
		const wanted = { username: "pia", payoutType: "percentage", fee: "12.5" };
		const { createAffiliate: affiliate } = await ask(create, wanted);
		await page.goto(`${origin}/account/affiliates`);
		const text = await textOf(page);
		assert.match(text, /A sale earns you 12\.5%/);
		assert.match(text, /Nothing earned yet/);
		const link = await page.$eval(`a[href*="${world.DEMO_PLAN_ID}"]`, (element) => element.href);
		assert.equal(link, `${origin}/checkout/${world.DEMO_PLAN_ID}?a=pia`);
		await assertGood(page, "affiliates");

		const update = "mutation($input: UpdateAffiliateInput!) { updateAffiliate(input: $input) { status } }";
		await ask(update, { id: affiliate.id, planId: "", status: "archived" });
		await page.goto(`${origin}/account/affiliates`);
		assert.match(await textOf(page), /Your links for it do not count any more/);
		await assertGood(page, "affiliates archived");
		await ask(update, { id: affiliate.id, planId: "", status: "deleted" });
	});
});
