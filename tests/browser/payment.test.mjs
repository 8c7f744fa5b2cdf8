// What a company was paid: its team reads it, gives it back, and answers disputes, in a hall of its own with many sales.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { asVisitor, assertGood, fill, follow, textOf, withBrowser } from "./browser.mjs";
import { openHall } from "./own_hall.mjs";

withBrowser();

const { origin, world, guildhall, close } = await openHall({ fill: ["--sales", "60"] });
after(close);
// What fell due since: sales are released, refunds made, disputes begun.
await guildhall("clock", "advance", "1m");

const company = `/companies/${world.NEXT_PUBLIC_WHOP_COMPANY_ID}`;
const alert = (page) => page.$eval('[role="alert"]', (element) => element.innerText);

async function signIn(page, username) {
	await page.goto(`${origin}/sign-in`);
	await fill(page, { name: username, password: world.DEMO_PASSWORD });
	await follow(page, "main form .button");
}

test("the team finds a payment and gives it back, in part and then whole", async () => {
	await asVisitor(async (page) => {
		await signIn(page, "hanna");
		await page.goto(origin);
		await assertGood(page, "home of an owner");
		await follow(page, `a[href="${company}/payments"]`);
		assert.match(await textOf(page), /60 payments/);
		await assertGood(page, "payments");
		await follow(page, 'nav[aria-label="More payments"] a');
		await assertGood(page, "payments older");
		await follow(page, 'nav[aria-label="Which payments"] a[href*="failed"]');
		assert.match(await textOf(page), /Declined/);
		await follow(page, "a.sum");
		assert.match(await textOf(page), /An attempt was declined: The card/);
		await assertGood(page, "payment declined");

		await page.goto(`${origin}${company}/payments`);
		await fill(page, { q: "nobody at all" });
		await follow(page, ".search .button");
		assert.match(await textOf(page), /No payment is so/);
		await assertGood(page, "payments none");
		await fill(page, { q: "bruno" });
		await follow(page, ".search .button");
		assert.match(await textOf(page), /6 payments/);
		await follow(page, "a.sum");
		assert.match(await textOf(page), /Bruno Keller[^]*You keep/);
		await assertGood(page, "payment");

		await fill(page, { amount: "29.01", reason: "Came twice" });
		await follow(page, 'form[action$="/refunds"] .button');
		assert.match(await alert(page), /no more than is left/);
		assert.equal(await page.$eval("#amount", (field) => field.value), "29.01");
		assert.equal(await page.$eval("#reason", (field) => field.value), "Came twice");
		await assertGood(page, "payment refund refused");
		await fill(page, { amount: "9" });
		await follow(page, 'form[action$="/refunds"] .button');
		assert.match(await textOf(page), /\$9\.00 went back to the buyer/);
		assert.equal(await page.$eval("#amount", (field) => field.value), "20.00");
		await assertGood(page, "payment given back in part");
		// A double click is one refund.
		const button = await page.$('form[action$="/refunds"] .button');
		await Promise.all([page.waitForNavigation(), button.click({ count: 2 })]);
		await page.waitForFunction(() => document.body.innerText.includes("$20.00 went back"));
		assert.equal(await page.$("#amount"), null);
		assert.equal((await page.$$("#refunds ~ ul li")).length, 2);
		await assertGood(page, "payment given back");
	});
});

test("the team contests one dispute, and accepts another", async () => {
	await asVisitor(async (page) => {
		await signIn(page, "hanna");
		await page.goto(`${origin}${company}/disputes`);
		assert.match(await textOf(page), /answer by/);
		await assertGood(page, "disputes");
		await follow(page, "#waiting ~ ul a.sum");
		await assertGood(page, "payment disputed");
		await follow(page, 'button[value="contest"]');
		assert.match(await textOf(page), /You contested the dispute[^]*Under review/i);
		await assertGood(page, "payment contested");
		await page.goto(`${origin}${company}/disputes`);
		await follow(page, "#waiting ~ ul a.sum");
		await page.focus("summary");
		await page.keyboard.press("Enter");
		await assertGood(page, "payment accepting");
		await follow(page, 'button[value="accept"]');
		assert.match(await textOf(page), /You accepted the dispute[^]*Lost to a dispute|Lost to a dispute[^]*You accepted/);
		await assertGood(page, "payment lost");
		await page.goto(`${origin}${company}/disputes`);
		await assertGood(page, "disputes answered");
	});
});

test("nobody else reads what a company was paid", async () => {
	await asVisitor(async (page) => {
		await signIn(page, "jun");
		const answer = await page.goto(`${origin}${company}/payments`);
		assert.equal(answer.status(), 403);
		await page.goto(`${origin}${company}/balance`);
		assert.equal((await page.$$(".doors a")).length, 0);
	});
});
