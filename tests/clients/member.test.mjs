import assert from "node:assert/strict";
import { testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { unusedId, world } from "./world.mjs";

const { companyId } = world;

/** A list page by page, forward; `read` asks for one page. */
async function wholeList(read) {
	const [whole, most] = [[], 100];
	let after;
	for (let page = 0; page < most; page++) {
		const { nodes, pageInfo } = await read({ first: 5, after });
		assert.ok(nodes.length <= 5);
		whole.push(...nodes);
		if (!pageInfo.hasNextPage) return whole;
		after = pageInfo.endCursor;
	}
	throw new Error(`the list has more than ${most} pages`);
}

testClients("a company lists its members", ["listMembers", "getMember"], async (client) => {
	const read = async (page) => {
		const company = await client.listMembers({ companyId, order: "joined_at", direction: "asc", ...page });
		return company.members ?? company;
	};
	const members = await wholeList(read);
	const { totalCount } = await read({ first: 1 });
	assert.equal(members.length, totalCount);
	assert.equal(new Set(members.map((member) => member.id)).size, totalCount);
	const mira = members.find((member) => member.user.id === world.customerUserId);
	assert.match(mira.id, /^mber_/);
	assert.equal(mira.status, "joined");
	assert.equal(mira.accessLevel, "customer");
	assert.equal(mira.user.username, "mira");
	assert.equal(mira.phone, null);
	assert.match(mira.usdTotalSpent, /^\d+\.\d\d$/);
	assert.match(mira.mrr, /^\d+\.\d\d$/);
	const picture = await fetch(mira.imageSrcset.original);
	assert.ok(picture.ok, `${mira.imageSrcset.original} answered ${picture.status}`);

	const last = await client.listMembers({ companyId, order: "joined_at", direction: "asc", last: 2 });
	const lastTwo = (last.members ?? last).nodes.map((member) => member.id);
	assert.deepEqual(lastTwo, members.slice(-2).map((member) => member.id));
	const named = await client.listMembers({ companyId, filters: { query: "MIRA", statuses: ["joined"] } });
	assert.deepEqual((named.members ?? named).nodes.map((member) => member.id), [mira.id]);

	const company = await client.getMember({ companyId, companyMemberId: mira.id });
	const same = company.member ?? company;
	assert.equal(same.user.id, world.customerUserId);
	assert.equal(same.joinedAt, mira.joinedAt);
	await assertRefused(() => client.getMember({ companyId, companyMemberId: unusedId("mber") }), "NOT_FOUND");
	await assertRefused(() => client.listMembers({ companyId, after: "x" }), "INVALID_INPUT", /`after`/);
	const customer = client.withUser(world.customerUserId);
	await assertRefused(() => customer.listMembers({ companyId }), "FORBIDDEN", /member:basic:read/);
});

testClients("a company lists its memberships", ["listMemberships"], async (client) => {
	const read = async (page) => {
		const company = await client.listMemberships({ companyId, order: "id", direction: "desc", ...page });
		return company.memberships ?? company;
	};
	const memberships = await wholeList(read);
	assert.equal(memberships.length, (await read({ first: 1 })).totalCount);
	const mira = memberships.find((membership) => membership.member.username === "mira");
	assert.match(mira.id, /^mem_/);
	assert.equal(mira.accessPass.id, world.accessPassId);
	assert.ok(mira.accessPass.title);
	assert.match(mira.plan.id, /^plan_/);
	assert.equal(mira.status, "completed");
	assert.equal(mira.expiresAt, null);
	const ofPass = await client.listMemberships({ companyId, filters: { accessPassIds: [world.accessPassId] } });
	assert.ok((ofPass.memberships ?? ofPass).nodes.every((node) => node.accessPass.id === world.accessPassId));
	const customer = client.withUser(world.customerUserId);
	await assertRefused(() => customer.listMemberships({ companyId }), "FORBIDDEN", /member:basic:read/);
});

testClients("a company lists its receipts", ["listReceiptsForCompany"], async (client) => {
	const filter = { order: "final_amount", direction: "asc", statuses: ["succeeded", "refunded"] };
	const read = async (page) => {
		const company = await client.listReceiptsForCompany({ companyId, filter, ...page });
		return company.receipts ?? company;
	};
	const receipts = await wholeList(read);
	for (const receipt of receipts) {
		assert.match(receipt.id, /^pay_/);
		assert.ok(["succeeded", "refunded", "auto_refunded", "price_too_low"].includes(receipt.friendlyStatus));
		assert.equal(receipt.plan?.id.startsWith("plan_"), true);
	}
	const amounts = receipts.map((receipt) => receipt.finalAmount);
	assert.deepEqual(amounts, amounts.toSorted((a, b) => a - b));
	const bad = { companyId, after: "pay_1" };
	await assertRefused(() => client.listReceiptsForCompany(bad), "INVALID_INPUT", /`after`/);
	const customer = client.withUser(world.customerUserId);
	await assertRefused(() => customer.listReceiptsForCompany({ companyId }), "FORBIDDEN", /payment:basic:read/);
});

function assertTeam(team) {
	const owner = team.find((one) => one.role === "owner");
	assert.equal(owner.userId, world.ownerUserId);
	assert.match(owner.id, /^ausr_/);
	assert.ok(owner.username && owner.name);
	assert.equal(team.find((one) => one.userId === world.moderatorUserId).role, "moderator");
}

testClients("a company lists its team", ["listAuthorizedUsers"], async (client) => {
	const company = await client.listAuthorizedUsers({ companyId });
	assertTeam(company.authorizedUsers ?? company);
	const customer = client.withUser(world.customerUserId);
	await assertRefused(() => customer.listAuthorizedUsers({ companyId }), "FORBIDDEN", /authorized_user:read/);
});
