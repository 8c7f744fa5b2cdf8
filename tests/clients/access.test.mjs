import assert from "node:assert/strict";
import { testClients } from "./clients.mjs";
import { observe } from "./wire.mjs";
import { unusedId, world } from "./world.mjs";

const companyCheck = { operation: "checkIfUserHasAccessToCompany", variables: { companyId: world.companyId } };
const passCheck = { operation: "checkIfUserHasAccessToAccessPass", variables: { accessPassId: world.accessPassId } };
const paidPassCheck = {
	operation: "checkIfUserHasAccessToAccessPass",
	variables: { accessPassId: world.paidAccessPassId },
};
const experienceChecks = [world.chatExperienceId, world.forumExperienceId, world.appExperienceId].map(
	(experienceId) => ({ operation: "checkIfUserHasAccessToExperience", variables: { experienceId } }),
);
const openChecks = [companyCheck, passCheck, ...experienceChecks];
const operations = [
	"checkIfUserHasAccessToCompany",
	"checkIfUserHasAccessToAccessPass",
	"checkIfUserHasAccessToExperience",
];

async function assertLevel(client, check, userId, level) {
	const answer = await client[check.operation]({ ...check.variables, userId });
	const what = `${userId ?? "the acting user"} at ${JSON.stringify(check.variables)}`;
	assert.equal(answer.accessLevel, level, what);
	assert.equal(answer.hasAccess, level !== "no_access", what);
}

testClients("the team is admin of everything the company has", operations, async (client) => {
	for (const userId of [world.ownerUserId, world.moderatorUserId]) {
		for (const check of [...openChecks, paidPassCheck]) {
			await assertLevel(client, check, userId, "admin");
		}
	}
});

testClients("a member of the free pass is customer of it and of what it opens", operations, async (client) => {
	for (const check of openChecks) {
		await assertLevel(client, check, world.customerUserId, "customer");
	}
});

testClients("a stranger has access to nothing", operations, async (client) => {
	for (const check of [...openChecks, paidPassCheck]) {
		await assertLevel(client, check, world.strangerUserId, "no_access");
	}
});

testClients("without userId the acting user is meant", operations, async (client) => {
	for (const check of openChecks) {
		await assertLevel(client.withUser(world.customerUserId), check, undefined, "customer");
		await assertLevel(client.withUser(world.ownerUserId), check, undefined, "admin");
	}
});

testClients("what does not exist opens to nobody", operations, async (client) => {
	const unknown = [
		["checkIfUserHasAccessToCompany", { companyId: unusedId("biz") }],
		["checkIfUserHasAccessToAccessPass", { accessPassId: unusedId("prod") }],
		["checkIfUserHasAccessToExperience", { experienceId: unusedId("exp") }],
	];
	for (const [operation, variables] of unknown) {
		const { value, body } = await observe(() => client[operation]({ ...variables, userId: world.ownerUserId }));
		if (value) assert.deepEqual([value.hasAccess, value.accessLevel], [false, "no_access"]);
		else assert.equal(body.errors[0].extensions.code, "NOT_FOUND");
	}
});
