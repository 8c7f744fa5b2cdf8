import assert from "node:assert/strict";
import { testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { unusedId, usdBalanceMinor, world } from "./world.mjs";

const { companyId } = world;

testClients("a company is public", ["getCompany"], async (client) => {
	const company = await client.getCompany({ companyId });
	assert.equal(company.id, companyId);
	assert.ok(company.title && company.route);
	await assertRefused(() => client.getCompany({ companyId: unusedId("biz") }), "NOT_FOUND");
});

testClients("a company's ledger account is read by its app and its owner", ["getCompanyLedgerAccount"], async (client) => {
	for (const reader of [client, client.withUser(world.ownerUserId)]) {
		const { ledgerAccount } = await reader.getCompanyLedgerAccount({ companyId });
		assert.match(ledgerAccount.id, /^ldgr_/);
		assert.ok(usdBalanceMinor(ledgerAccount) > 0, "the demo company begins with money");
	}
});

testClients("a company's ledger account is nobody else's business", ["getCompanyLedgerAccount"], async (client) => {
	const customer = client.withUser(world.customerUserId);
	await assertRefused(() => customer.getCompanyLedgerAccount({ companyId }), ["FORBIDDEN", "NOT_FOUND"]);
	await assertRefused(() => client.getCompanyLedgerAccount({ companyId: unusedId("biz") }), ["FORBIDDEN", "NOT_FOUND"]);
});
