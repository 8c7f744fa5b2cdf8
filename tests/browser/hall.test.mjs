// The pages that anybody may open.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asVisitor, assertGood, follow, textOf, withBrowser } from "./browser.mjs";
import { signIn } from "./session.mjs";
import { origin, world } from "./world.mjs";

withBrowser();

test("the first page says what runs here and leads on", async () => {
	await asVisitor(async (page) => {
		await page.goto(origin);
		assert.match(await textOf(page), /This hall is open/);
		await assertGood(page, "home");
		const answer = await follow(page, 'a[href="/readyz"]');
		assert.equal(answer.status(), 200);
	});
});

test("the first page leads whoever is signed in to what is theirs", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "jun" });
		for (const [place, words] of [
			["/account", /@jun/],
			["/account/apps", /Apps you signed in to/],
			["/developer", /Apps belong to a company/],
		]) {
			await page.goto(origin);
			await follow(page, `main a[href="${place}"]`);
			assert.match(await textOf(page), words);
		}
		await page.goto(origin);
		assert.match(await textOf(page), /Good to see you, Jun Park\./);
		await assertGood(page, "home signed in");
	});
});

test("a checkout that is not there says so", async () => {
	await asVisitor(async (page) => {
		const answer = await page.goto(`${origin}/checkout/ch_unknown`);
		assert.ok([400, 404].includes(answer.status()), `${answer.status()}`);
	});
});

test("the explorer runs a query against this server", async () => {
	await asVisitor(
		async (page) => {
			await page.goto(`${origin}/public-graphql`);
			await page.waitForSelector(".graphiql-query-editor");
			const found = await page.evaluate(async (id) => {
				const query = `{ publicCompany(id: "${id}") { title } }`;
				const headers = { "content-type": "application/json" };
				const answer = await fetch("/public-graphql", { method: "POST", headers, body: JSON.stringify({ query }) });
				return answer.json();
			}, world.NEXT_PUBLIC_WHOP_COMPANY_ID);
			assert.ok(found.data.publicCompany.title, JSON.stringify(found));
		},
		{ scripts: true },
	);
});
