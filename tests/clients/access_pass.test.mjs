import assert from "node:assert/strict";
import { test } from "node:test";
import { newest, testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { uniqueName, unusedId, world } from "./world.mjs";

testClients("an access pass names its company and its owner", ["getAccessPass"], async (client) => {
	for (const accessPassId of [world.accessPassId, world.paidAccessPassId]) {
		const accessPass = await client.getAccessPass({ accessPassId });
		assert.equal(accessPass.id, accessPassId);
		assert.ok(accessPass.title && accessPass.route);
		assert.equal(accessPass.company.id, world.companyId);
		assert.equal(accessPass.ownerUser.id, world.ownerUserId);
		assert.equal(typeof accessPass.verified, "boolean");
		assert.equal(typeof accessPass.reviewsAverage, "number");
	}
});

testClients("an access pass counts its members", ["getAccessPass"], async (client) => {
	const accessPass = await client.getAccessPass({ accessPassId: world.accessPassId });
	assert.ok(accessPass.activeUsersCount >= 1, `${accessPass.activeUsersCount} members`);
});

testClients("an unknown access pass is not found", ["getAccessPass"], async (client) => {
	await assertRefused(() => client.getAccessPass({ accessPassId: unusedId("prod") }), "NOT_FOUND");
});

testClients("an id of another kind is no access pass", ["getAccessPass"], async (client) => {
	await assertRefused(() => client.getAccessPass({ accessPassId: world.customerUserId }), ["NOT_FOUND", "INVALID_INPUT"]);
});

test("newer clients read the gallery and the company's route", async () => {
	const accessPass = await newest.getAccessPass({ accessPassId: world.accessPassId });
	assert.ok(Array.isArray(accessPass.galleryImages.nodes));
	assert.ok(accessPass.company.route);
	assert.equal(typeof accessPass.ownerUser.phoneVerified, "boolean");
});

testClients(
	"an access pass is made with a plan, changed, listed and deleted",
	["createAccessPass", "updateAccessPass", "deleteAccessPass", "listAccessPasses", "getAccessPass"],
	async (client) => {
		const title = uniqueName("Pass");
		const made = await client.createAccessPass({
			companyId: world.companyId,
			title,
			headline: "Eight weeks, one bench",
			experienceIds: [world.chatExperienceId],
			globalAffiliatePercentage: 12.5,
			globalAffiliateStatus: "enabled",
			planOptions: { planType: "renewal", renewalPrice: 12, billingPeriod: 30 },
		});
		assert.match(made.id, /^prod_/);
		assert.equal(made.title, title);
		assert.equal(made.route, title.toLowerCase().replaceAll(" ", "-"));
		assert.equal(made.globalAffiliatePercentage, 12.5);
		assert.equal(made.visibility, "visible");
		assert.equal(typeof made.updatedAtMs, "string");

		const renamed = uniqueName("Renamed");
		const changed = await client.updateAccessPass({ id: made.id, title: renamed, visibility: "hidden", headline: null });
		assert.deepEqual([changed.title, changed.visibility, changed.headline], [renamed, "hidden", null]);

		const { companyId } = world;
		const newest = await client.listAccessPasses({ companyId, direction: "desc", first: 1, visibility: "hidden" });
		const [first] = newest.accessPasses.nodes;
		assert.equal(first.id, made.id);
		const visible = await client.listAccessPasses({ companyId, visibility: "visible", first: 200 });
		assert.ok(visible.accessPasses.nodes.every((pass) => pass.id !== made.id));
		assert.ok(visible.accessPasses.nodes.some((pass) => pass.id === world.accessPassId));

		assert.equal(await client.deleteAccessPass({ id: made.id }), true);
		await assertRefused(() => client.getAccessPass({ accessPassId: made.id }), "NOT_FOUND");
		await assertRefused(() => client.deleteAccessPass({ id: world.accessPassId }), "CONFLICT", /valid membership/);
		await assertRefused(() => client.createAccessPass({ companyId, title: " " }), "INVALID_INPUT", /`title`/);
	},
);

testClients("a company's plans are listed with their prices in words", ["createAccessPass", "listPlans"], async (client) => {
	const { companyId } = world;
	const pass = await client.createAccessPass({
		companyId,
		title: uniqueName("Priced"),
		planOptions: { planType: "renewal", initialPrice: 5, renewalPrice: 1200, billingPeriod: 365, baseCurrency: "eur" },
	});
	const { plans } = await client.listPlans({ companyId, filter: { accessPassId: pass.id } });
	assert.equal(plans.totalCount, 1);
	const [plan] = plans.nodes;
	assert.equal(plan.formattedPrice, "€1,200.00 / year + €5.00 once");
	assert.equal(plan.formattedBillingPeriod, "yearly");
	assert.equal(plan.initialPriceDue, 1205);
	assert.equal(plan.title, pass.title);
	assert.equal(plan.accessPass.id, pass.id);
	const one = await client.listPlans({ companyId, first: 1 });
	assert.equal(one.plans.pageInfo.hasNextPage, true);
	const two = await client.listPlans({ companyId, first: 1, after: one.plans.pageInfo.endCursor });
	assert.notEqual(two.plans.nodes[0].id, one.plans.nodes[0].id);
	await assertRefused(() => client.listPlans({ companyId, first: -1 }), "INVALID_INPUT", /`first`/);
});
