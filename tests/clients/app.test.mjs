import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { makeClient, newest, testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { uniqueName, unusedId, world } from "./world.mjs";

const { companyId } = world;

function makeApp(client, more = {}) {
	return client.createApp({ name: uniqueName("App"), companyId, ...more });
}

async function readApp(client, appId) {
	const company = await client.getApp({ appId, companyId });
	return company.app ?? company;
}

testClients("an app comes with an agent and a key that works", ["createApp", "getApp"], async (client) => {
	const app = await makeApp(client, { baseUrl: "http://localhost:4321/" });
	assert.equal(app.baseUrl, "http://localhost:4321");
	assert.equal(app.status, "hidden");
	assert.equal(app.usingDefaultIcon, true);
	assert.equal(app.company.id, companyId);
	assert.match(app.accessPass.id, /^prod_/);
	const [key] = app.apiKeys.nodes;
	const [agent] = app.agentUsers.nodes;

	const own = makeClient(client.version, { appApiKey: key.token, appId: app.id, onBehalfOfUserId: undefined });
	const me = await own.getCurrentUser();
	assert.equal((me.user ?? me).id, agent.id);

	const found = await readApp(client, app.id);
	assert.equal(found.name, app.name);
	assert.deepEqual(found.apiKeys.nodes.map((node) => node.id), [key.id]);
	assert.equal(found.apiKeys.nodes[0].token, `gh_…${key.token.slice(-4)}`);
	assert.equal(found.accessPass.id, app.accessPass.id);
	assert.equal(found.accessPass.activeMembershipsCount, 0);
	assert.equal(found.accessPass.marketplaceStatus, "not_available");
	assert.equal(found.stats, null);
});

testClients("a company lists its apps", ["createApp", "listApps"], async (client) => {
	const app = await makeApp(client);
	const company = await client.listApps({ companyId, last: 1 });
	const apps = company.apps ?? company;
	assert.ok(apps.totalCount >= 2);
	assert.deepEqual(apps.nodes.map((node) => node.id), [app.id]);
	assert.equal(apps.pageInfo.hasPreviousPage, true);
});

testClients("an app is changed in part", ["createApp", "updateApp", "getApp"], async (client) => {
	const app = await makeApp(client, { baseUrl: "https://one.example" });
	const name = uniqueName("Renamed");
	assert.equal(
		await client.updateApp({
			id: app.id,
			name,
			description: "For tests.",
			experiencePath: "/experiences/[experienceId]",
			dashboardPath: "/dashboard/[companyId]",
			discoverPath: "/discover",
			requiredScopes: ["read_user"],
			status: "unlisted",
		}),
		true,
	);
	const found = await readApp(client, app.id);
	assert.equal(found.name, name);
	assert.equal(found.baseUrl, "https://one.example");
	assert.equal(found.experiencePath, "/experiences/[experienceId]");
	assert.equal(found.dashboardPath, "/dashboard/[companyId]");
	assert.equal(found.discoverPath, "/discover");
	assert.equal(found.status, "unlisted");
	await assertRefused(() => client.updateApp({ id: app.id, baseUrl: "nowhere" }), "INVALID_INPUT", /`baseUrl`/);
	await assertRefused(() => client.updateApp({ id: unusedId("app"), name }), "NOT_FOUND");
});

testClients("an app says what it asks for", ["createApp", "updateAppPermissions"], async (client) => {
	const app = await makeApp(client);
	const ask = (action, justification) =>
		client.updateAppPermissions({
			appId: app.id,
			requestedPermissions: [{ action, justification, isRequired: true }],
		});
	assert.equal(await ask("chat:read", "to sum up the week"), true);
	await assertRefused(() => ask("chat:reed", "why not"), "INVALID_INPUT", /no permission/);
	await assertRefused(() => ask("chat:read", ""), "INVALID_INPUT", /`justification`/);
});

testClients(
	"a build is promoted and taken out again",
	["createAppBuild", "promoteAppBuild", "unassignAppBuild", "uploadMedia", "processAttachment"],
	async (client) => {
		const bytes = randomBytes(64).toString("hex");
		const upload = await client.uploadMedia({
			byteSizeV2: String(bytes.length),
			checksum: createHash("md5").update(bytes).digest("base64"),
			contentType: "text/plain",
			filename: "bundle.txt",
			record: "app",
		});
		const put = await fetch(upload.uploadUrl, { method: "PUT", body: bytes, headers: upload.headers });
		assert.equal(put.status, 200);
		await client.processAttachment({ directUploadId: upload.id, mediaType: "other" });
		const build = await client.createAppBuild({
			attachment: { directUploadId: upload.id },
			checksum: createHash("sha256").update(bytes).digest("hex"),
			platform: "web",
			supportedAppViewTypes: ["hub"],
		});
		assert.equal(build.status, "draft");
		assert.deepEqual(build.supportedAppViewTypes, ["hub"]);
		assert.equal(await (await fetch(build.fileUrl)).text(), bytes);
		assert.equal(await client.promoteAppBuild({ appBuildId: build.id }), true);
		assert.equal(await client.unassignAppBuild({ appId: world.appId, platform: "web" }), true);
		await assertRefused(() => client.promoteAppBuild({ appBuildId: unusedId("apb") }), "NOT_FOUND");
	},
);

testClients("who may not build is refused", ["createApp"], async () => {
	const moderator = newest.withUser(world.moderatorUserId);
	await assertRefused(() => makeApp(moderator), "FORBIDDEN", /developer:create_app/);
});
