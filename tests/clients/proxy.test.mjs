// An app behind the app proxy, as a Node server of its own: the published verifiers read the token that the proxy adds,
// and browsers inside the app ask the API on the app's own origin. Needs port 3000, where the demo app is at home, and
// DEMO_PASSWORD.

import Whop from "@whop/sdk";
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";
import { verifyUserToken as verify29 } from "whop-api-0.0.29";
import { verifyUserToken as verify51 } from "whop-api-0.0.51";
import { world } from "./world.mjs";

const publicKey = process.env.WHOP_USER_TOKEN_PUBLIC_KEY;
const jwksUrl = process.env.WHOP_USER_TOKEN_JWKS_URL;
const hub = new URL(world.apiOrigin);
const appHost = `${world.appId.toLowerCase()}.apps.localhost:${hub.port}`;
const view = `/experiences/${world.appExperienceId}`;

const verifiers = {
	"@whop/api 0.0.29": (headers) => verify29(headers, { appId: world.appId, publicKey }),
	"@whop/api 0.0.51": (headers) => verify51(headers, { appId: world.appId, publicKey }),
	"@whop/sdk": (headers) =>
		new Whop({ apiKey: world.apiKey, appID: world.appId, userTokenJwksUrl: jwksUrl }).verifyUserToken(headers),
};

/** Tells by every verifier who looks, as a template's page does; `null` for nobody. */
const app = createServer(async (asked, answer) => {
	const headers = new Headers(Object.entries(asked.headers).map(([name, value]) => [name, String(value)]));
	const told = await Promise.all(
		Object.entries(verifiers).map(async ([name, verify]) => {
			const token = await verify(headers).catch(() => null);
			return [name, token?.userId ?? null];
		}),
	);
	answer.setHeader("content-type", "application/json");
	answer.end(JSON.stringify({ path: asked.url, told: Object.fromEntries(told) }));
});

before(async () => {
	app.listen(3000, "localhost");
	await once(app, "listening");
});

after(() => app.close());

/** Asks the server by one of its hosts; no name server has to know them. */
function ask(host, path, { method = "GET", headers = {}, body } = {}) {
	return new Promise((resolve, reject) => {
		const options = { host: hub.hostname, port: hub.port, path, method, headers: { ...headers, host } };
		const asked = request(options, async (answer) => {
			let text = "";
			for await (const part of answer.setEncoding("utf8")) text += part;
			resolve({ status: answer.statusCode, headers: answer.headers, text });
		});
		asked.on("error", reject).end(body);
	});
}

const cookies = (answer) => (answer.headers["set-cookie"] ?? []).map((cookie) => cookie.split(";")[0]).join("; ");
const find = (text, pattern) => text.match(pattern)?.[1].replaceAll("&#38;", "&").replaceAll("&amp;", "&");

/** Signs in to the hub by its form, opens the app's page there, and follows its frame; answers the app's cookie. */
async function lookAtApp() {
	const page = await ask(hub.host, "/sign-in");
	const form = new URLSearchParams({
		csrf: find(page.text, /name="csrf" value="([^"]+)"/),
		name: "mira",
		password: process.env.DEMO_PASSWORD,
	});
	const signedIn = await ask(hub.host, "/sign-in", {
		method: "POST",
		headers: { cookie: cookies(page), "content-type": "application/x-www-form-urlencoded" },
		body: form.toString(),
	});
	assert.equal(signedIn.status, 303, signedIn.text);
	const framing = await ask(hub.host, view, { headers: { cookie: cookies(signedIn) } });
	assert.equal(framing.status, 200, framing.text);
	const frame = new URL(find(framing.text, /<iframe[^>]* src="([^"]+)"/));
	assert.equal(frame.host, appHost);
	const headers = { referer: `${hub.origin}/` };
	const entered = await ask(appHost, frame.pathname + frame.search, { headers });
	assert.equal(entered.status, 303, entered.text);
	assert.equal(entered.headers.location, view);
	return cookies(entered);
}

test("the app is told who looks, and nobody else tells it", async () => {
	const cookie = await lookAtApp();
	const see = async (headers) => JSON.parse((await ask(appHost, view, { headers })).text);
	const everyVerifier = (userId) => Object.fromEntries(Object.keys(verifiers).map((name) => [name, userId]));
	assert.deepEqual(await see({ cookie }), { path: view, told: everyVerifier(world.customerUserId) });
	assert.deepEqual((await see({})).told, everyVerifier(null));
	const forged = { "x-whop-user-token": process.env.DEMO_USER_TOKEN };
	assert.deepEqual((await see(forged)).told, everyVerifier(null), "a genuine token, but not of this request");
});

test("browsers inside the app ask the API on its origin", async () => {
	const cookie = await lookAtApp();
	const query = (headers) =>
		ask(appHost, "/_whop/public-graphql/getCurrentUser", {
			method: "POST",
			headers: { cookie, "content-type": "application/json", ...headers },
			body: JSON.stringify({ query: "{ viewer { user { id } } }" }),
		});
	const answered = await query({ origin: `http://${appHost}` });
	assert.equal(JSON.parse(answered.text).data.viewer.user.id, world.customerUserId);
	assert.equal((await query({ origin: "http://evil.example" })).status, 403);
	assert.equal((await query({})).status, 403);
});
