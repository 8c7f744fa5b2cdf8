// Who waits for a plan: entered by a person on the page, read by the published clients. Needs DEMO_PASSWORD beside the
// rest of the world.

import assert from "node:assert/strict";
import { before } from "node:test";
import { Browser } from "./browser.mjs";
import { newest, testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { uniqueName, world } from "./world.mjs";

const { companyId } = world;
let planId;

before(async () => {
	const pass = await newest.createAccessPass({
		companyId,
		title: uniqueName("Waited for"),
		planOptions: {
			releaseMethod: "waitlist",
			customFields: [{ fieldType: "text", id: "tool", name: "Your favourite tool", required: true }],
		},
	});
	const { plans } = await newest.listPlans({ companyId, filter: { accessPassId: pass.id } });
	planId = plans.nodes[0].id;
	const browser = new Browser();
	const signIn = await browser.open(`/sign-in?return_to=/waitlist/${planId}`);
	const entered = await browser.send(signIn, { name: "tomas", password: process.env.DEMO_PASSWORD });
	assert.equal(entered.location, `/waitlist/${planId}`);
	const page = await browser.open(entered.location);
	const sent = await browser.send(page, { "field:tool": "A wide chisel" });
	assert.equal(sent.status, 303, sent.text);
});

testClients("a company lists who waits for a plan", ["listWaitlistEntries"], async (client) => {
	const { entries } = await client.listWaitlistEntries({ companyId, filters: { planIds: [planId] } });
	assert.equal(entries.totalCount, 1);
	const [entry] = entries.nodes;
	assert.match(entry.id, /^entry_/);
	assert.equal(entry.status, "pending");
	assert.equal(entry.user.username, "tomas");
	assert.equal(entry.plan.id, planId);
	assert.ok(entry.accessPass.title);
	assert.match(entry.member.id, /^mber_/);
	assert.ok("email" in entry.member);
	const [response] = entry.customFieldResponses;
	assert.deepEqual([response.question, response.answer], ["Your favourite tool", "A wide chisel"]);
	const none = await client.listWaitlistEntries({ companyId, filters: { planIds: [planId], statuses: ["approved"] } });
	assert.deepEqual(none.entries.nodes, []);
	const asModerator = client.withUser(world.moderatorUserId);
	await assertRefused(() => asModerator.listWaitlistEntries({ companyId }), "FORBIDDEN", /plan:waitlist:read/);
});

testClients("older clients read the same from the dashboard's table", ["getWaitlistEntriesForCompany"], async (client) => {
	const { creatorDashboardTable } = await client.getWaitlistEntriesForCompany({ companyId, last: 1 });
	const { entries } = creatorDashboardTable;
	assert.ok(entries.totalCount >= 1);
	assert.equal(entries.nodes.length, 1);
	assert.ok(entries.nodes[0].user.username);
	assert.equal(typeof entries.pageInfo.hasPreviousPage, "boolean");
});
