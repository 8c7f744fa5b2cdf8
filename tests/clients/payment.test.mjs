import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { newest, testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { unusedId, usdBalanceMinor, world } from "./world.mjs";

// Only this file moves money, one test after the other, so that balances before and after can be compared.
const amount = 0.05;
const amountMinor = 5;

async function readAccounts() {
	const { ledgerAccount: company } = await newest.getCompanyLedgerAccount({ companyId: world.companyId });
	const { user } = await newest.withUser(world.customerUserId).getUserLedgerAccount();
	return { company, customer: user.ledgerAccount };
}

/** What a call moved: how many cents left the company and how many the customer got. */
async function movedMinor(call) {
	const before = await readAccounts();
	await call();
	const after = await readAccounts();
	return {
		spent: usdBalanceMinor(before.company) - usdBalanceMinor(after.company),
		received: usdBalanceMinor(after.customer) - usdBalanceMinor(before.customer),
	};
}

async function transferToCustomer(changes = {}) {
	const { company } = await readAccounts();
	return {
		amount,
		currency: "usd",
		destinationId: world.customerUserId,
		idempotenceKey: randomUUID(),
		ledgerAccountId: company.id,
		notes: "For the good work",
		reason: "creator_to_user",
		...changes,
	};
}

function assertMovedOnce({ spent, received }) {
	assert.equal(received, amountMinor);
	assert.ok(spent >= amountMinor && spent < 2 * amountMinor, `${spent} cents left the company`);
}

testClients("a payment moves money", ["payUser"], async (client) => {
	const transfer = await transferToCustomer();
	assertMovedOnce(await movedMinor(async () => assert.equal(await client.payUser(transfer), true)));
});

testClients("ten equal payments at once move money once", ["payUser"], async (client) => {
	const transfer = await transferToCustomer();
	const moved = await movedMinor(async () => {
		const answers = await Promise.all(Array.from({ length: 10 }, () => client.payUser(transfer)));
		assert.deepEqual(answers, Array(10).fill(true));
	});
	assertMovedOnce(moved);
	assert.deepEqual(await movedMinor(() => client.payUser(transfer)), { spent: 0, received: 0 });
});

testClients("a key used again with another amount is refused", ["payUser"], async (client) => {
	const transfer = await transferToCustomer();
	await client.payUser(transfer);
	const refused = () => client.payUser({ ...transfer, amount: amount * 2 });
	const moved = await movedMinor(() => assertRefused(refused, ["CONFLICT", "INVALID_INPUT"]));
	assert.deepEqual(moved, { spent: 0, received: 0 });
});

testClients("a payment nobody can make moves nothing", ["payUser"], async (client) => {
	const customer = client.withUser(world.customerUserId);
	const refusals = [
		[client, { amount: 100_000_000 }, "INSUFFICIENT_FUNDS"],
		[client, { amount: 0 }, "INVALID_INPUT"],
		[client, { amount: -amount }, "INVALID_INPUT"],
		[client, { amount: 0.001 }, "INVALID_INPUT"],
		[client, { notes: "x".repeat(51) }, "INVALID_INPUT"],
		[client, { transferFee: 12.34 }, ["INVALID_INPUT", "CONFLICT"]],
		[client, { destinationId: unusedId("user") }, "NOT_FOUND"],
		[client, { ledgerAccountId: unusedId("ldgr") }, ["NOT_FOUND", "FORBIDDEN"]],
		[customer, {}, ["FORBIDDEN", "NOT_FOUND"]],
	];
	const moved = await movedMinor(async () => {
		for (const [payer, changes, codes] of refusals) {
			const transfer = await transferToCustomer(changes);
			await assertRefused(() => payer.payUser(transfer), codes);
		}
	});
	assert.deepEqual(moved, { spent: 0, received: 0 });
});

testClients("charging a user without a saved method opens a checkout", ["chargeUser"], async (client) => {
	const charge = { amount: 5, currency: "usd", userId: world.customerUserId, description: "A chair", metadata: { n: 1 } };
	const answer = await client.chargeUser(charge);
	assert.equal(answer.status, "needs_action");
	// 0.0.8 is told where the checkout is; later clients open it in the hub by plan.
	const session = answer.checkoutSession ?? answer.inAppPurchase;
	assert.match(session.id, /^ch_/);
	if (answer.inAppPurchase) {
		assert.match(session.planId, /^plan_/);
	} else {
		const page = await fetch(session.purchaseUrl);
		assert.ok(page.status < 500, `${session.purchaseUrl} answered ${page.status}`);
	}
	const again = await client.chargeUser(charge);
	assert.notEqual((again.checkoutSession ?? again.inAppPurchase).id, session.id);
});

testClients("a charge that cannot be is refused", ["chargeUser"], async (client) => {
	const charge = (changes) => () =>
		client.chargeUser({ amount: 5, currency: "usd", userId: world.customerUserId, ...changes });
	await assertRefused(charge({ amount: 0 }), "INVALID_INPUT");
	await assertRefused(charge({ amount: -5 }), "INVALID_INPUT");
	await assertRefused(charge({ amount: 5.001 }), "INVALID_INPUT");
	await assertRefused(charge({ description: "x".repeat(201) }), "INVALID_INPUT");
	await assertRefused(charge({ userId: unusedId("user") }), ["NOT_FOUND", "FORBIDDEN"]);
});

testClients("a checkout session sells its plan", ["createCheckoutSession"], async (client) => {
	const input = { planId: world.planId, metadata: { order: randomUUID() } };
	const session = await client.createCheckoutSession(input);
	assert.match(session.id, /^ch_/);
	assert.equal(session.planId, world.planId);
	const another = await client.createCheckoutSession(input);
	assert.notEqual(another.id, session.id);
	await assertRefused(() => client.createCheckoutSession({ planId: unusedId("plan") }), "NOT_FOUND");
});
