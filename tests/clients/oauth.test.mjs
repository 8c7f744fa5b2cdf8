// Signing in to an app with an account of the hall: the published `WhopOAuth`, its Auth.js provider inside `@auth/core`,
// and `openid-client`, each through the pages that a person sees. Needs DEMO_PASSWORD beside the rest of the world.

import { Auth } from "@auth/core";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import * as openid from "openid-client";
import { WhopServerSdk as WhopServerSdk29 } from "whop-api-0.0.29";
import { WhopServerSdk as WhopServerSdk40 } from "whop-api-0.0.40";
import { WhopServerSdk as WhopServerSdk51 } from "whop-api-0.0.51";
import { Browser } from "./browser.mjs";
import { post } from "./wire.mjs";
import { world } from "./world.mjs";

const packages = { "0.0.29": WhopServerSdk29, "0.0.40": WhopServerSdk40, "0.0.51": WhopServerSdk51 };
const customer = { username: "mira", email: "mira@example.com" };
// Registered for the demo app.
const callback = "http://localhost:3000/api/oauth/callback";
const publicCallback = "http://localhost:3000/callback";
const authJs = "http://localhost:3000/api/auth";

function oauthOf(version) {
	const make = packages[version];
	return make({ appApiKey: world.apiKey, appId: world.appId, apiOrigin: world.apiOrigin }).oauth;
}

/** A customer at a browser. */
class Customer extends Browser {
	/** Signs in where that is asked, answers the question where there is one: where the app is called back. */
	async decide(authorizationUrl, decision = "allow") {
		const { pathname, search } = new URL(authorizationUrl);
		let page = await this.open(pathname + search);
		if (page.location?.startsWith("/sign-in")) {
			const signIn = await this.open(page.location);
			const entered = await this.send(signIn, { name: customer.username, password: process.env.DEMO_PASSWORD });
			assert.equal(entered.status, 303, entered.text);
			page = await this.open(entered.location);
		}
		if (page.status === 200) page = await this.send(page, { decision });
		assert.equal(page.status, 303, page.text);
		return page.location;
	}
}

/** One person's browser for all tests, so that signing in happens once. */
const browser = new Customer();

async function me(accessToken) {
	const response = await fetch(new URL("/api/v5/me", world.apiOrigin), {
		headers: { authorization: `Bearer ${accessToken}` },
	});
	return { status: response.status, body: await response.json() };
}

before(async () => {
	if (!process.env.DEMO_PASSWORD) throw new Error("The environment lacks DEMO_PASSWORD; `demo.env` holds it.");
	// From here on it is known what the person has allowed.
	await browser.decide(oauthOf("0.0.51").getAuthorizationUrl({ redirectUri: callback }).url);
});

for (const version of Object.keys(packages)) {
	test(`the published class completes the flow (${version})`, async () => {
		const oauth = oauthOf(version);
		const { url } = oauth.getAuthorizationUrl({ redirectUri: callback, scope: ["read_user"] });
		const back = new URL(await browser.decide(url));
		assert.equal(back.origin + back.pathname, callback);
		assert.equal(back.searchParams.get("state"), new URL(url).searchParams.get("state"));
		const code = back.searchParams.get("code");
		const answer = await oauth.exchangeCode({ code, redirectUri: callback });
		assert.ok(answer.ok, `${answer.code}`);
		assert.equal(answer.tokens.expires_in, 3600);
		assert.ok(Math.abs(answer.tokens.created_at - Date.now() / 1000) < 60);
		const { status, body } = await me(answer.tokens.access_token);
		assert.equal(status, 200);
		assert.equal(body.id, world.customerUserId);
		assert.equal(body.username, customer.username);
		assert.equal(body.email, customer.email);
		assert.ok("profile_pic_url" in body);

		const replay = await oauth.exchangeCode({ code, redirectUri: callback });
		assert.deepEqual([replay.ok, replay.code], [false, 400]);
		assert.equal((await replay.raw.json()).error, "invalid_grant");
		assert.equal((await me(answer.tokens.access_token)).status, 401, "a replay ends what came of the code");
	});

	test(`the published class hears of a no and of what is wrong (${version})`, async () => {
		const oauth = oauthOf(version);
		const asking = new URL(oauth.getAuthorizationUrl({ redirectUri: callback }).url);
		// The oldest makes a state, and leaves it out of the address.
		asking.searchParams.set("state", "a state");
		asking.searchParams.set("prompt", "consent");
		const back = new URL(await browser.decide(asking, "cancel"));
		assert.equal(back.searchParams.get("error"), "access_denied");
		assert.equal(back.searchParams.get("state"), "a state");
		const wrong = await oauth.exchangeCode({ code: "unknown", redirectUri: callback });
		assert.deepEqual([wrong.ok, wrong.code], [false, 400]);
		const strange = oauth.getAuthorizationUrl({ redirectUri: "https://evil.example/callback" });
		const { pathname, search } = new URL(strange.url);
		const page = await browser.open(pathname + search);
		assert.deepEqual([page.status, page.location], [400, null]);
	});

	if (!oauthOf(version).authJsProvider) continue;
	test(`its provider signs a person in through Auth.js (${version})`, async () => {
		const provider = oauthOf(version).authJsProvider({ scope: ["read_user"] });
		const seen = [];
		const config = {
			basePath: "/api/auth",
			secret: randomUUID(),
			trustHost: true,
			providers: [provider],
			events: { signIn: ({ account, profile }) => seen.push({ account, profile }) },
			logger: { error: (error) => seen.push(error) },
		};
		const jar = new Map();
		const ask = async (address, init = {}) => {
			const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
			const response = await Auth(new Request(address, { ...init, headers: { ...init.headers, cookie } }), config);
			for (const line of response.headers.getSetCookie()) {
				const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
				jar.set(name, value);
			}
			return response;
		};
		const { csrfToken } = await (await ask(`${authJs}/csrf`)).json();
		const started = await ask(`${authJs}/signin/whop`, { method: "POST", body: new URLSearchParams({ csrfToken }) });
		const back = await browser.decide(started.headers.get("location"));
		const arrived = await ask(back);
		assert.equal(arrived.headers.get("location"), "http://localhost:3000", String(seen[0]?.cause?.err ?? seen[0]));
		const session = await (await ask(`${authJs}/session`)).json();
		assert.deepEqual([session.user.name, session.user.email], [customer.username, customer.email]);
		assert.equal(seen[0].profile.id, world.customerUserId);
		assert.equal(seen[0].account.providerAccountId, world.customerUserId);
		assert.equal(seen[0].account.scope, "read_user");
	});
}

async function discovered(authentication, algorithm) {
	const execute = world.apiOrigin.startsWith("http:") ? [openid.allowInsecureRequests] : [];
	return openid.discovery(new URL(world.apiOrigin), world.appId, undefined, authentication, { algorithm, execute });
}

const ways = {
	"client_secret_basic": [openid.ClientSecretBasic(world.apiKey), callback],
	"client_secret_post": [openid.ClientSecretPost(world.apiKey), callback],
	"no secret": [openid.None(), publicCallback],
};

for (const [way, [authentication, redirectUri]] of Object.entries(ways)) {
	for (const algorithm of ["oauth2", "oidc"]) {
		test(`openid-client signs in with PKCE, refreshes and revokes (${way}, ${algorithm} discovery)`, async () => {
			const config = await discovered(authentication, algorithm);
			const verifier = openid.randomPKCECodeVerifier();
			const state = openid.randomState();
			const url = openid.buildAuthorizationUrl(config, {
				redirect_uri: redirectUri,
				scope: "read_user",
				state,
				code_challenge: await openid.calculatePKCECodeChallenge(verifier),
				code_challenge_method: "S256",
			});
			const back = new URL(await browser.decide(url));
			assert.equal(back.searchParams.get("iss"), world.apiOrigin);
			const checks = { pkceCodeVerifier: verifier, expectedState: state };
			const wrong = { ...checks, pkceCodeVerifier: openid.randomPKCECodeVerifier() };
			await assert.rejects(openid.authorizationCodeGrant(config, back, wrong), { error: "invalid_grant" });
			const tokens = await openid.authorizationCodeGrant(config, back, checks);
			const person = await openid.fetchUserInfo(config, tokens.access_token, world.customerUserId);
			assert.equal(person.username, customer.username);

			const next = await openid.refreshTokenGrant(config, tokens.refresh_token);
			assert.notEqual(next.refresh_token, tokens.refresh_token);
			assert.equal((await me(next.access_token)).status, 200);
			await openid.tokenRevocation(config, next.access_token);
			assert.equal((await me(next.access_token)).status, 401);
			const last = await openid.refreshTokenGrant(config, next.refresh_token);
			await assert.rejects(openid.refreshTokenGrant(config, next.refresh_token), { error: "invalid_grant" });
			assert.equal((await me(last.access_token)).status, 401, "a refresh token that comes back ends the family");
		});
	}
}

test("openid-client without PKCE keeps its secret, and a public client may not go without", async () => {
	const config = await discovered(openid.ClientSecretBasic(world.apiKey), "oauth2");
	const back = await browser.decide(openid.buildAuthorizationUrl(config, { redirect_uri: callback }));
	const tokens = await openid.authorizationCodeGrant(config, new URL(back));
	assert.equal((await me(tokens.access_token)).body.sub, world.customerUserId);
	const url = openid.buildAuthorizationUrl(config, { redirect_uri: publicCallback, state: "s" });
	const refused = new URL(await browser.decide(url));
	assert.equal(refused.searchParams.get("error"), "invalid_request");
	assert.match(refused.searchParams.get("error_description"), /PKCE/);
});

test("an access token reads the viewer and is refused everything else", async () => {
	const config = await discovered(openid.ClientSecretPost(world.apiKey), "oauth2");
	const back = await browser.decide(openid.buildAuthorizationUrl(config, { redirect_uri: callback }));
	const { access_token } = await openid.authorizationCodeGrant(config, new URL(back));
	const headers = { authorization: `Bearer ${access_token}` };
	const viewer = await post("/public-graphql", { query: "{ viewer { user { id email } } }" }, headers);
	assert.deepEqual(viewer.body.data.viewer.user, { id: world.customerUserId, email: customer.email });
	const company = { query: `{ company(id: "${world.companyId}") { id } }` };
	const refused = await post("/public-graphql", company, headers);
	assert.equal(refused.body.errors[0].extensions.code, "FORBIDDEN");
	assert.match(refused.body.errors[0].message, /limited to the scope `read_user`/);
});
