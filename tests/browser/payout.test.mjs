// Balances: what a person and a company hold, and how they take money out and take that back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asVisitor, assertGood, fill, follow, textOf, withBrowser } from "./browser.mjs";
import { guildhall } from "./program.mjs";
import { signIn } from "./session.mjs";
import { origin, world } from "./world.mjs";

withBrowser();

const send = 'form[action$="/payouts"] .button';

test("a person takes money out, takes it back, and reads what became of another payout", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "mira" });
		await page.goto(`${origin}/account`);
		await follow(page, 'main a[href="/account/balance"]');
		assert.match(await textOf(page), /Take money out/);
		await assertGood(page, "balance");

		await fill(page, { amount: "100000", destination: "Mira Holm\nDE89 3704 0044" });
		await follow(page, send);
		assert.match(await textOf(page), /The balance does not hold 100000\.00 usd; nothing was moved\./);
		assert.equal(await page.$eval("textarea", (field) => field.value), "Mira Holm\nDE89 3704 0044");
		await assertGood(page, "balance refused");

		await fill(page, { amount: "2.5" });
		await follow(page, send);
		assert.match(await textOf(page), /The payout is asked for/);
		await assertGood(page, "balance asked");
		await follow(page, 'form[action$="/cancel"] .button');
		assert.match(await textOf(page), /The payout is canceled, and the money is back/);

		await fill(page, { amount: "3", destination: "Mira Holm" });
		await follow(page, send);
		const listed = await guildhall("payouts", "list");
		const line = listed.split("\n").find((row) => row.includes("3.00 usd") && row.includes("@mira"));
		assert.ok(line, listed);
		await guildhall("payouts", "fail", line.split(" ")[0], "--reason", "The account is closed.");
		await page.goto(`${origin}/account/balance`);
		assert.match(await textOf(page), /Failed[^]*The account is closed\. The money is back\./);
		await assertGood(page, "balance failed");
	});
});

test("an owner finds the company's balance and takes money out of it", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "hanna" });
		const place = `/companies/${world.NEXT_PUBLIC_WHOP_COMPANY_ID}`;
		await page.goto(`${origin}/account/balance`);
		await assertGood(page, "balance with companies");
		await follow(page, `a[href="${place}/balance"]`);
		await fill(page, { amount: "1", destination: "The Open Workshop" });
		await follow(page, send);
		assert.match(await textOf(page), /The payout is asked for/);
		await assertGood(page, "balance of a company");
		await follow(page, 'form[action$="/cancel"] .button');
		assert.match(await textOf(page), /The payout is canceled, and the money is back/);
	});
});

test("nobody else reads a company's balance", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "jun" });
		const answer = await page.goto(`${origin}/companies/${world.NEXT_PUBLIC_WHOP_COMPANY_ID}/balance`);
		assert.equal(answer.status(), 403);
		await assertGood(page, "balance forbidden");
	});
});
