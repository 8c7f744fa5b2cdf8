// A waitlist and a raffle as people meet them: entering, waiting, what the team decides, and how a draw is shown.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { askAsDemoApp } from "./app_server.mjs";
import { asVisitor, assertGood, fill, follow, textOf, withBrowser } from "./browser.mjs";
import { guildhall } from "./program.mjs";
import { submit, enter, signIn } from "./session.mjs";
import { linkMailedTo, origin, world } from "./world.mjs";

withBrowser();

const company = world.NEXT_PUBLIC_WHOP_COMPANY_ID;
const inAYear = new Date(Date.now() + 365 * 24 * 3600 * 1000).toISOString().slice(0, 10);

/** A plan of a new pass that people wait for. */
async function makeWaitlist() {
	const title = `Evening class ${randomUUID().slice(0, 8)}`;
	const customFields = [{ fieldType: "text", id: "why", name: "Why you?", placeholder: "A line or two", required: true }];
	const input = { title, planOptions: { initialPrice: 40, releaseMethod: "waitlist", customFields } };
	const made = "mutation($input: CreateAccessPassInput!) { createAccessPass(input: $input) { id } }";
	const { createAccessPass } = await askAsDemoApp(made, { input });
	const find = `query($company: ID!, $pass: ID!) {
		company(id: $company) { plans(filter: { accessPassId: $pass }) { nodes { id } } }
	}`;
	const found = await askAsDemoApp(find, { company, pass: createAccessPass.id });
	return { title, plan: found.company.plans.nodes[0].id };
}

test("somebody joins a waitlist, an owner approves, and a letter leads to the checkout", async () => {
	const { title, plan } = await makeWaitlist();
	const place = `${origin}/waitlist/${plan}`;
	await asVisitor(async (page) => {
		await page.goto(place);
		assert.match(await textOf(page), /\$40\.00 · waitlist/);
		await assertGood(page, "waitlist signed out");
		await follow(page, 'main a[href^="/sign-in"]');
		await enter(page, { username: "lena" });
		assert.equal(page.url(), place);
		await assertGood(page, "waitlist");
		await fill(page, { "field:why": "I have been saving ash since autumn." });
		await follow(page, submit);
		assert.match(await textOf(page), /You have entered/);
		await assertGood(page, "waitlist entered");

		await asVisitor(async (owner) => {
			await signIn(owner, { username: "hanna" });
			await owner.goto(place);
			await follow(owner, `a[href="/companies/${company}/entries"]`);
			const text = await textOf(owner);
			assert.ok(text.includes(title) && text.includes("saving ash"), text);
			await assertGood(owner, "entries");
			await follow(owner, '[aria-label="Approve the entry of lena"]');
			assert.match(await owner.$eval('[role="status"]', (element) => element.innerText), /is approved/);
			await assertGood(owner, "entries approved");
		});

		const link = await linkMailedTo("lena@example.com");
		assert.match(link, new RegExp(`^${origin}/checkout/ch_`));
		await page.goto(place);
		assert.match(await textOf(page), /Your entry was approved/);
		assert.equal(await page.$eval('main a[href^="/checkout/"]', (a) => a.href), link);
		await assertGood(page, "waitlist approved");
	});
	await asVisitor(async (page) => {
		await signIn(page, { username: "mira" });
		assert.equal((await page.goto(`${origin}/companies/${company}/entries`)).status(), 404);
	});
});

test("a raffle shows what it committed itself to, and takes entries", async () => {
	const words = ["--places", "2", "--ends", inAYear, "--price", "20", "--name", "The ash bench"];
	const said = await guildhall("raffle", "open", world.DEMO_ACCESS_PASS_ID, ...words);
	const plan = /plan_\w+/.exec(said)[0];
	const commitment = /commitment\s+([0-9a-f]{64})/.exec(said)[1];
	await asVisitor(async (page) => {
		await page.goto(`${origin}/raffles/${plan}`);
		const text = await textOf(page);
		assert.ok(text.includes(commitment) && text.includes("How it is drawn"), text);
		await assertGood(page, "raffle");
		await follow(page, `main a[href="/waitlist/${plan}"]`);
		await follow(page, 'main a[href^="/sign-in"]');
		await enter(page, { username: "kofi" });
		await follow(page, submit);
		assert.match(await textOf(page), /The draw decides/);
		await assertGood(page, "raffle entered");
		await follow(page, `main a[href="/raffles/${plan}"]`);
		assert.match(await textOf(page), /Your entry is entry_/);
		assert.equal((await page.goto(`${origin}/raffles/${plan}/draw.json`)).status(), 404);
	});
});
