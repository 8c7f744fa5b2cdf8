// The token that a person's browser carries inside an app: every published verifier accepts ours and no other, and the
// published browser clients call with it. Needs DEMO_USER_TOKEN, a fresh token of the demo customer in the demo app.

import Whop from "@whop/sdk";
import assert from "node:assert/strict";
import { test } from "node:test";
import { verifyUserToken as verify8 } from "whop-api-0.0.8";
import { verifyUserToken as verify29, WhopClientSdk as WhopClientSdk29 } from "whop-api-0.0.29";
import { verifyUserToken as verify40, WhopClientSdk as WhopClientSdk40 } from "whop-api-0.0.40";
import { verifyUserToken as verify51, WhopClientSdk as WhopClientSdk51 } from "whop-api-0.0.51";
import { assertRefused, observe, post } from "./wire.mjs";
import { world } from "./world.mjs";

const token = required("DEMO_USER_TOKEN");
const publicKey = required("WHOP_USER_TOKEN_PUBLIC_KEY");
const jwksUrl = required("WHOP_USER_TOKEN_JWKS_URL");
const twoHoursMs = 2 * 60 * 60 * 1000;

const apiVerifiers = { "0.0.8": verify8, "0.0.29": verify29, "0.0.40": verify40, "0.0.51": verify51 };
const browserClients = { "0.0.29": WhopClientSdk29, "0.0.40": WhopClientSdk40, "0.0.51": WhopClientSdk51 };

/** Every way a published client verifies: a function of a token or headers, and of the app it must be for. */
const verifiers = Object.fromEntries([
	...Object.entries(apiVerifiers).map(([version, verify]) => [
		`@whop/api ${version}`,
		(given, appId = world.appId) => verify(given, { appId, publicKey }),
	]),
	["@whop/sdk by WHOP_USER_TOKEN_PUBLIC_KEY", sdkVerifier({ userTokenPublicKey: publicKey, userTokenJwksUrl: null })],
	["@whop/sdk by WHOP_USER_TOKEN_JWKS_URL", sdkVerifier({ userTokenPublicKey: null, userTokenJwksUrl: jwksUrl })],
]);

function required(name) {
	if (process.env[name]) return process.env[name];
	throw new Error(`The environment lacks ${name}; the README says where it comes from.`);
}

function sdkVerifier(keys) {
	return (given, appID = world.appId) => new Whop({ apiKey: world.apiKey, appID, ...keys }).verifyUserToken(given);
}

function encode(value) {
	return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part) {
	return JSON.parse(Buffer.from(part, "base64url").toString());
}

/** Makes something where a page stands at the server's origin, as the browser clients insist. */
function inBrowser(make) {
	Object.assign(globalThis, { document: {}, window: { location: { origin: world.apiOrigin } } });
	try {
		return make();
	} finally {
		delete globalThis.document;
		delete globalThis.window;
	}
}

const [header, claims, signature] = token.split(".");
const altered = [header, encode({ ...decode(claims), sub: world.ownerUserId }), signature].join(".");
const unsigned = [encode({ ...decode(header), alg: "none" }), claims, ""].join(".");

for (const [name, verify] of Object.entries(verifiers)) {
	test(`a token of ours is read (${name})`, async () => {
		const expected = { appId: world.appId, userId: world.customerUserId };
		assert.deepEqual(await verify(token), expected);
		assert.deepEqual(await verify(new Headers({ "x-whop-user-token": token })), expected);
	});

	test(`an altered token, one without a signature and one for another app are refused (${name})`, async () => {
		await assert.rejects(() => verify(altered), /Invalid user token/);
		await assert.rejects(() => verify(unsigned), /Invalid user token/);
		await assert.rejects(() => verify(token, "app_another"), /Invalid app id/);
	});

	test(`an expired token is refused (${name})`, async (context) => {
		context.mock.timers.enable({ apis: ["Date"], now: Date.now() + twoHoursMs });
		await assert.rejects(() => verify(token), /Invalid user token/);
	});
}

for (const [version, make] of Object.entries(browserClients)) {
	test(`a browser's client calls as the person (${version})`, async () => {
		const client = inBrowser(make);
		const ask = (headers) => client.experiences.getExperience({ experienceId: world.chatExperienceId }, { headers });
		const { value, status } = await observe(() => ask({ "x-whop-user-token": token }));
		assert.equal(status, 200);
		assert.equal(value.id, world.chatExperienceId);
		await assertRefused(() => ask({}), "NOT_FOUND");
		await assertRefused(() => ask({ "x-whop-user-token": altered }), "UNAUTHENTICATED", /altered/);
	});
}

test("the server refuses what the verifiers refuse", async () => {
	const query = { query: "{ viewer { user { id } } }" };
	const ask = (headers) => post("/_whop/public-graphql", query, headers);
	const answered = await ask({ "x-whop-user-token": token });
	assert.equal(answered.body.data.viewer.user.id, world.customerUserId);
	for (const headers of [
		{ "x-whop-user-token": altered },
		{ "x-whop-user-token": unsigned },
		{ authorization: `Bearer ${token}` },
	]) {
		const refused = await ask(headers);
		assert.equal(refused.status, 401);
		assert.equal(refused.body.errors[0].extensions.code, "UNAUTHENTICATED");
	}
});
