// Paying by a card of Stripe's, in a hall of its own that is paid through `localstripe`, whose script draws the form.
// That script cannot type a first card, so this is done as Stripe's own would; the bank's second step is taken in it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { asVisitor, assertGood, fill, follow, textOf, withBrowser } from "./browser.mjs";
import { key, startStripe } from "./localstripe.mjs";
import { openHall } from "./own_hall.mjs";

withBrowser();

/** A card whose bank asks for a second step. */
const card = "4000002760003184";
const submit = "main form .button";

const stripe = await startStripe();
const { origin, world, close } = await openHall({
	env: {
		GUILDHALL_STRIPE_API_BASE: stripe.origin,
		GUILDHALL_STRIPE_PUBLISHABLE_KEY: "pk_test_12345",
		GUILDHALL_STRIPE_SECRET_KEY: key,
		GUILDHALL_STRIPE_WEBHOOK_SECRET: "whsec_test",
	},
});
after(async () => {
	await close();
	await stripe.stop();
});

/** Has the demo's app do something; answers the data. */
async function run(query, input) {
	const answer = await fetch(`${origin}/public-graphql`, {
		method: "POST",
		headers: { authorization: `Bearer ${world.WHOP_API_KEY}`, "content-type": "application/json" },
		body: JSON.stringify({ query, variables: { input } }),
	});
	const { data, errors } = await answer.json();
	assert.equal(errors, undefined);
	return data;
}

/** Asks somebody of the demo world to pay; answers where they do. */
async function charge() {
	const { chargeUser } = await run(
		"mutation($input: ChargeUserInput!) { chargeUser(input: $input) { checkoutSession { purchaseUrl } } }",
		{ userId: world.DEMO_CUSTOMER_USER_ID, amount: 12.5, currency: "usd" },
	);
	return chargeUser.checkoutSession.purchaseUrl;
}

/** Makes a code by which the first month of the demo's plan is free; answers where it is taken. */
async function freeAtFirst() {
	await run("mutation($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { id } }", {
		code: "FIRSTFREE",
		promoType: "percentage",
		amountOff: "100",
		baseCurrency: "usd",
		newUsersOnly: false,
		numberOfIntervals: 1,
		planIds: [world.DEMO_PLAN_ID],
		unlimitedStock: true,
	});
	return `${origin}/checkout/${world.DEMO_PLAN_ID}?promo=FIRSTFREE`;
}

/** Signs in, orders, and comes to the card page. */
async function order(page, made = charge()) {
	const place = await made;
	await page.goto(`${origin}/sign-in`);
	await fill(page, { name: "mira", password: world.DEMO_PASSWORD });
	await follow(page, submit);
	await page.goto(place);
	await page.click('input[name="method"][value="stripe"]');
	await follow(page, "button.pay");
	assert.match(page.url(), /\/checkout\/card\/pay_/);
	return place;
}

/** Types a card, as Stripe's own form would, into the intent of the card page that is open. */
async function typeCard(page) {
	const secret = await page.$eval("#card-form", (form) => form.dataset.clientSecret);
	const intent = `/v1/payment_intents/${secret.split("_secret_")[0]}`;
	const form = { type: "card", "card[number]": card, "card[exp_month]": "12", "card[exp_year]": "2030", "card[cvc]": "123" };
	const { id } = await stripe.ask("/v1/payment_methods", form);
	await stripe.ask(intent, { payment_method: id });
	const { status } = await stripe.ask(`${intent}/confirm`, {});
	assert.equal(status, "requires_action");
}

/** Presses the button of Stripe's own window. */
async function answerBank(page, words) {
	const button = await page.waitForSelector(`button ::-p-text(${words})`);
	await button.click();
}

test("the card page says without scripts that it needs them", () =>
	asVisitor(async (page) => {
		await order(page);
		const text = await textOf(page);
		assert.match(text, /Pay \$12\.50 by card/);
		assert.match(text, /Stripe's card form needs scripts, which this browser does not run here\. Nothing was charged\./);
		await assertGood(page, "card page without scripts");
	}));

test("a card is asked for, and its bank's step is taken", () =>
	asVisitor(
		async (page) => {
			const place = await order(page);
			await page.waitForSelector("#card input");
			await assertGood(page, "card page");
			await page.goto(page.url());
			await typeCard(page);
			await page.reload();
			assert.match(await textOf(page), /Your bank asks you to confirm this payment\./);
			await assertGood(page, "card page of a second step");
			await page.reload();
			await page.click("#card-pay");
			assert.equal(await page.$eval("#card-pay", (button) => button.disabled), true, "it is pressed once");
			await Promise.all([page.waitForNavigation(), answerBank(page, "Complete authentication")]);
			assert.equal(page.url(), place);
			assert.match(await textOf(page), /What you bought is yours/);
		},
		{ scripts: true },
	));

test("a card is kept for later where nothing is charged now", () =>
	asVisitor(
		async (page) => {
			await order(page, freeAtFirst());
			assert.match(await textOf(page), /Nothing is charged now\. The card is kept for what falls due later/);
			const fields = await page.waitForSelector("#card input").then(() => page.$$("#card input"));
			await assertGood(page, "card page that keeps a card");
			const typed = { number: "4242424242424242", exp_month: "12", exp_year: "30", cvc: "123", postal_code: "12345" };
			for (const field of fields) {
				await field.type(typed[await field.evaluate((element) => element.placeholder)]);
			}
			await Promise.all([page.waitForNavigation(), page.click("#card-pay")]);
			assert.match(page.url(), /\/checkout\/ch_/);
			assert.match(await textOf(page), /What you bought is yours/);
		},
		{ scripts: true },
	));
