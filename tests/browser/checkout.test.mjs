// Buying: the page of a checkout, and everything that buyers do to it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { ask } from "./app_server.mjs";
import { asVisitor, assertGood, fill, follow, textOf, withBrowser } from "./browser.mjs";
import { guildhall } from "./program.mjs";
import { signIn } from "./session.mjs";
import { origin, world } from "./world.mjs";

withBrowser();

const link = `${origin}/checkout/${world.DEMO_PLAN_ID}`;
const company = world.NEXT_PUBLIC_WHOP_COMPANY_ID;
const pay = ".button.pay";

/** A buyer whom nobody knows. */
const somebody = () => `buyer-${randomUUID()}@example.net`;

/** Fills the card, and the e-mail of whoever is not signed in. */
async function typeCard(page, { number = "4242 4242 4242 4242", email } = {}) {
	if (email) await fill(page, { email });
	await page.click('[name="method"][value="card"]');
	await fill(page, { card_number: number, card_expiry: "12/40", card_code: "123" });
}

const heading = (page) => page.$eval("h1", (element) => element.innerText);
const paymentOn = async (page) => (await textOf(page)).match(/pay_\w+/)?.[0];

/** How many payments of a payment's buyer went through. */
async function paidBySame(payment) {
	const stdout = await guildhall("payments", "list", company, "--most", "1000");
	const rows = stdout.split("\n").filter((row) => row.includes("pay_"));
	const buyer = rows.find((row) => row.includes(payment)).match(/user_\w+/)[0];
	return rows.filter((row) => row.includes(buyer) && row.includes("succeeded")).length;
}

test("somebody buys with an e-mail and a card", async () => {
	await asVisitor(async (page) => {
		await page.goto(link);
		const shown = await textOf(page);
		for (const words of ["The Open Workshop", "Master class", "To pay now", "$29.00", "Test mode"]) {
			assert.ok(shown.includes(words), `${words} is not in ${shown}`);
		}
		await assertGood(page, "checkout");
		await typeCard(page, { email: somebody() });
		await follow(page, pay);
		assert.equal(await heading(page), "Paid");
		await assertGood(page, "checkout paid");
	});
});

test("somebody who is signed in is asked for no e-mail, and can pay out of their balance", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "amara" });
		await page.goto(link);
		assert.equal(await page.$('[name="email"]'), null);
		assert.match(await textOf(page), /Your balance here/);
		await assertGood(page, "checkout signed in");
	});
});

test("a declined card says why, and another one pays", async () => {
	await asVisitor(async (page) => {
		const email = somebody();
		await page.goto(link);
		await typeCard(page, { number: "4000 0000 0000 9995", email });
		await follow(page, pay);
		assert.match(await page.$eval('[role="alert"]', (element) => element.innerText), /insufficient funds/);
		await assertGood(page, "checkout declined");
		await typeCard(page, { email });
		await follow(page, pay);
		assert.equal(await heading(page), "Paid");
	});
});

test("a card that asks for a second step is confirmed at its bank", async () => {
	await asVisitor(async (page) => {
		await page.goto(link);
		await typeCard(page, { number: "4000 0000 0000 3220", email: somebody() });
		await follow(page, pay);
		assert.equal(await heading(page), "Confirm the payment");
		await assertGood(page, "second step");
		await follow(page, '[name="answer"][value="yes"]');
		assert.equal(await heading(page), "Paid");
	});
});

test("a promo code takes something off, and a wrong one says so", async () => {
	const code = `BENCH${randomUUID().slice(0, 6)}`.toUpperCase();
	const made = await ask(
		world.WHOP_API_KEY,
		"mutation($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { id } }",
		{
			input: {
				amountOff: "50",
				baseCurrency: "usd",
				code,
				companyId: company,
				newUsersOnly: false,
				numberOfIntervals: 1,
				promoType: "percentage",
				unlimitedStock: true,
			},
		},
	);
	assert.equal(made.errors, undefined, JSON.stringify(made.errors));
	await asVisitor(async (page) => {
		await page.goto(`${link}?promo=NOSUCHCODE`);
		assert.equal(await page.$eval("#promo", (field) => field.getAttribute("aria-invalid")), "true");
		await assertGood(page, "checkout wrong promo code");
		await page.$eval("#promo", (field) => (field.value = ""));
		await fill(page, { promo: code.toLowerCase() });
		await follow(page, ".promo .button");
		assert.match(await textOf(page), /\$14\.50/);
		await assertGood(page, "checkout promo code");
		await typeCard(page, { email: somebody() });
		await follow(page, pay);
		assert.equal(await heading(page), "Paid");
		assert.match(await textOf(page), /\$14\.50/);
	});
});

test("a double click pays once", async () => {
	await asVisitor(async (page) => {
		await page.goto(link);
		await typeCard(page, { email: somebody() });
		await Promise.all([page.waitForNavigation(), page.click(pay, { count: 2 })]);
		await page.waitForFunction(() => document.querySelector("h1").innerText === "Paid");
		assert.equal(await paidBySame(await paymentOn(page)), 1);
	});
});

test("the way back through the history pays nothing again", async () => {
	await asVisitor(async (page) => {
		await page.goto(link);
		await typeCard(page, { email: somebody() });
		await follow(page, pay);
		const payment = await paymentOn(page);
		await page.goBack();
		assert.ok(await page.$(pay), "the form is there again");
		await typeCard(page);
		await follow(page, pay);
		assert.match(await textOf(page), /Paid|have this already/);
		assert.equal(await paidBySame(payment), 1);
	});
});

test("two tabs buy once", async () => {
	await asVisitor(async (page) => {
		const email = somebody();
		await page.goto(link);
		const tab = await page.browserContext().newPage();
		await tab.setJavaScriptEnabled(false);
		await tab.goto(link);
		await typeCard(tab, { email });
		await page.bringToFront();
		await typeCard(page, { email });
		await follow(page, pay);
		const payment = await paymentOn(page);
		await tab.bringToFront();
		await follow(tab, pay);
		assert.match(await textOf(tab), /Your money is given back, all of it/);
		await assertGood(tab, "checkout given back");
		assert.equal(await paidBySame(payment), 1);
	});
});

test("a checkout that is over says so", async () => {
	await asVisitor(async (page) => {
		const answer = await page.goto(`${origin}/checkout/ch_unknown`);
		assert.equal(answer.status(), 404);
		await assertGood(page, "no checkout");
	});
});

test("a buyer sees what they bought, cancels it, takes it up again, and removes the card", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "amara" });
		await page.goto(link);
		await typeCard(page);
		await page.click('[name="consent"]');
		await follow(page, pay);
		assert.equal(await heading(page), "Paid");
		await follow(page, ".actions .button");
		assert.equal(new URL(page.url()).pathname, "/account/purchases");
		const shown = await textOf(page);
		for (const words of ["Master class", "renews on", "License key", "Visa ending in 4242", "paid"]) {
			assert.ok(shown.includes(words), `${words} is not in ${shown}`);
		}
		assert.match(shown, /May be charged without asking by The Open Workshop/);
		await assertGood(page, "purchases");
		await follow(page, 'form[action$="/cancel"] .button');
		assert.match(await textOf(page), /ends on/);
		await assertGood(page, "purchases canceled");
		await follow(page, 'form[action$="/resume"] .button');
		assert.match(await textOf(page), /renews on/);
		await follow(page, 'form[action$="/remove"] .button');
		assert.match(await textOf(page), /No card is kept for you/);
	});
});
