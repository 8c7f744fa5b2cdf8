// An invoice from its letter on: its page as everyone sees it, its PDF, and what its company does there.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { ask } from "./app_server.mjs";
import { asVisitor, assertGood, follow, textOf, withBrowser } from "./browser.mjs";
import { signIn } from "./session.mjs";
import { linkMailedTo, world } from "./world.mjs";

withBrowser();

const create = `mutation($input: CreateInvoiceInput!) {
	createInvoice(input: $input) { invoice { id number fetchInvoiceToken } }
}`;

/** Makes an invoice; answers it and the link that its letter holds. */
async function invoiceFor(email, changes = {}) {
	const input = {
		companyId: world.NEXT_PUBLIC_WHOP_COMPANY_ID,
		collectionMethod: "send_invoice",
		dueDate: Math.floor(Date.now() / 1000) + 14 * 24 * 60 * 60,
		emailAddress: email,
		customerName: "Zoë Å. Müller 株式会社",
		product: { title: "Two days at the lathe: set-up, first cuts, and a plan for the spring season" },
		plan: { initialPrice: "1250", internalNotes: "They want it\nby Friday." },
		...changes,
	};
	const { data, errors } = await ask(world.WHOP_API_KEY, create, { input });
	assert.equal(errors, undefined);
	return { ...data.createInvoice.invoice, link: await linkMailedTo(email) };
}

const address = () => `${randomUUID().slice(0, 8)}@example.com`;

test("whoever has the link sees the invoice, its PDF, and where to pay it", async () => {
	const invoice = await invoiceFor(address());
	await asVisitor(async (page) => {
		await page.goto(invoice.link);
		const shown = await textOf(page);
		for (const words of ["The Open Workshop", invoice.number, "Zoë Å. Müller 株式会社", "$1,250.00 USD", "Amount due by"]) {
			assert.ok(shown.includes(words), `${words} is not in ${shown}`);
		}
		assert.ok(!shown.includes("Friday"), "what the team noted is the team's");
		await assertGood(page, "invoice open");
		const pdf = await page.$eval('a[href$="/invoice.pdf"]', (link) => link.href);
		assert.equal(new URL(pdf).pathname, `${new URL(invoice.link).pathname}/invoice.pdf`);
		assert.equal(await page.$eval(".due .button", (button) => button.innerText), "Pay");

		await page.emulateMediaType("print");
		const printed = await page.$$eval(".bar, .foot, .due .button", (parts) =>
			parts.map((part) => getComputedStyle(part).display),
		);
		assert.deepEqual(new Set(printed), new Set(["none"]), "paper has no buttons");
		await page.emulateMediaType(null);

		const answer = await follow(page, ".due .button");
		assert.equal(answer.status(), 200);
		assert.match(new URL(page.url()).pathname, /^\/checkout\/ch_/);
	});
});

test("a team finds what it noted, sends the invoice again, and withdraws it", async () => {
	const invoice = await invoiceFor(address());
	await asVisitor(async (page) => {
		await signIn(page, { username: "hanna" });
		await page.goto(invoice.link);
		assert.match(await textOf(page), /by Friday/);
		await assertGood(page, "invoice team");
		await follow(page, 'form[action$="/send"] .button');
		assert.equal(await page.$eval('[role="status"]', (told) => told.innerText), "The invoice is on its way.");
		await follow(page, 'form[action$="/void"] .button');
		assert.match(await page.$eval('[role="status"]', (told) => told.innerText), /nobody can pay it any more/);
		assert.match(await textOf(page), /Withdrawn on/);
		assert.equal(await page.$(".due .button"), null);
		assert.equal(await page.$('form[action$="/void"]'), null);
		await assertGood(page, "invoice withdrawn");
	});
});
