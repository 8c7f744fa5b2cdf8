// Invoices: made, shown and listed by the published client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newest as client } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { uniqueName, unusedId, world } from "./world.mjs";

const inTwoWeeks = () => Math.floor(Date.now() / 1000) + 14 * 24 * 60 * 60;

const wanted = (changes = {}) => ({
	companyId: world.companyId,
	collectionMethod: "send_invoice",
	dueDate: inTwoWeeks(),
	emailAddress: "zoe@example.com",
	customerName: "Zoë Å. Müller 株式会社",
	product: { title: uniqueName("Bench") },
	plan: { initialPrice: 12.5, baseCurrency: "eur", planType: "one_time" },
	...changes,
});

test("an invoice is made, shown and listed", async () => {
	const input = wanted();
	const { invoice, checkoutJobId } = await client.createInvoice(input);
	assert.match(invoice.id, /^inv_/);
	assert.match(invoice.number, /^[A-Z0-9]{8}-\d{4,}$/);
	assert.equal(checkoutJobId, null);
	assert.equal(invoice.status, "open");
	assert.equal(invoice.dueDate, input.dueDate);
	assert.equal(invoice.emailAddress, "zoe@example.com");
	assert.equal(invoice.member, null);
	assert.match(invoice.currentPlan.id, /^plan_/);
	assert.equal(invoice.currentPlan.formattedPrice, "€12.50");
	assert.equal(invoice.currentPlan.baseCurrency, "eur");
	assert.ok(invoice.createdAt > 1_000_000_000 && invoice.createdAt < 100_000_000_000, "in seconds");
	const named = { companyId: world.companyId, invoiceId: invoice.id };
	assert.deepEqual((await client.getInvoice(named)).invoice, invoice);
	const { invoices } = await client.listInvoices({ companyId: world.companyId, first: 100 });
	assert.deepEqual(invoices.nodes.find(({ id }) => id === invoice.id), invoice);
	assert.ok(invoices.totalCount >= 1);
});

test("an invoice for a member names them, and prices that renew are told in words", async () => {
	const { invoice } = await client.createInvoice(
		wanted({
			emailAddress: undefined,
			memberId: world.customerUserId,
			product: undefined,
			productId: world.paidAccessPassId,
			plan: { renewalPrice: "19.99", billingPeriod: 30, planType: "renewal" },
		}),
	);
	assert.equal(invoice.emailAddress, null);
	assert.match(invoice.member.id, /^mber_/);
	assert.ok(invoice.member.username && invoice.member.email);
	assert.equal(invoice.currentPlan.formattedPrice, "$19.99 / month");
});

test("lists are paged, newest first", async () => {
	const made = [];
	for (let count = 0; count < 3; count += 1) made.unshift((await client.createInvoice(wanted())).invoice.id);
	const seen = [];
	let after;
	while (!seen.includes(made.at(-1))) {
		const { invoices } = await client.listInvoices({ companyId: world.companyId, first: 2, after });
		seen.push(...invoices.nodes.map(({ id }) => id));
		assert.ok(invoices.nodes.length > 0 && seen.length < 1000, "they are there");
		after = invoices.pageInfo.endCursor;
	}
	assert.deepEqual(seen.filter((id) => made.includes(id)), made);
});

test("the token opens the page and the PDF, and nothing else does", async () => {
	const { invoice } = await client.createInvoice(wanted());
	const page = `${world.apiOrigin}/invoices/${invoice.id}/${invoice.fetchInvoiceToken}`;
	const shown = await fetch(page);
	assert.equal(shown.status, 200);
	assert.ok((await shown.text()).includes(invoice.number));
	const pdf = await fetch(`${page}/invoice.pdf`);
	assert.equal(pdf.headers.get("content-type"), "application/pdf");
	assert.ok((await pdf.text()).startsWith("%PDF-"));
	assert.equal((await fetch(`${world.apiOrigin}/invoices/${invoice.id}/another`)).status, 404);
});

test("what cannot be is refused", async () => {
	const refuse = (changes, code, sentence) =>
		assertRefused(() => client.createInvoice(wanted(changes)), code, sentence);
	await refuse({ dueDate: 1 }, "INVALID_INPUT", /must lie ahead/);
	await refuse({ plan: { initialPrice: "0.001" } }, "INVALID_INPUT", /finer than usd/);
	await refuse({ plan: {} }, "INVALID_INPUT", /asks for money/);
	await refuse({ emailAddress: undefined }, "INVALID_INPUT", /give `emailAddress` or `memberId`/);
	await refuse({ collectionMethod: "charge_automatically" }, "INVALID_INPUT", /give `memberId`/);
	await refuse({ memberId: unusedId("user") }, "NOT_FOUND", /no member/);
	await refuse({ companyId: unusedId("biz") }, "FORBIDDEN", /invoice:create/);
	const named = { companyId: world.companyId, invoiceId: unusedId("inv") };
	await assertRefused(() => client.getInvoice(named), "NOT_FOUND");
});
