// Signing in to an app with an account of the hall, as a person does it: from the app to the question and back.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { serveApp } from "./app_server.mjs";
import { asVisitor, assertGood, follow, textOf, withBrowser } from "./browser.mjs";
import { guildhall } from "./program.mjs";
import { enter, signIn, signOut } from "./session.mjs";
import { origin, world } from "./world.mjs";

withBrowser();

const client = { client_id: world.NEXT_PUBLIC_WHOP_APP_ID, client_secret: world.WHOP_API_KEY };
/** The challenges' verifiers, by the state that comes back. */
const verifiers = new Map();
/** The newest access token that the app was given. */
let accessToken;

/** An app that can be signed in to: a link, and the way back. */
const app = await serveApp(async (url) => {
	const redirectUri = `${app.origin}/callback`;
	if (url.pathname === "/sign-in") {
		const state = randomBytes(16).toString("hex");
		const verifier = randomBytes(32).toString("base64url");
		verifiers.set(state, verifier);
		const asking = new URLSearchParams({
			client_id: client.client_id,
			response_type: "code",
			redirect_uri: redirectUri,
			scope: "read_user",
			state,
			code_challenge: createHash("sha256").update(verifier).digest("base64url"),
			code_challenge_method: "S256",
			...Object.fromEntries(url.searchParams),
		});
		return { location: `${origin}/oauth?${asking}` };
	}
	if (url.pathname !== "/callback") return '<a href="/sign-in">Sign in</a> <a href="/sign-in?prompt=consent">Ask me</a>';
	const verifier = verifiers.get(url.searchParams.get("state"));
	if (!verifiers.delete(url.searchParams.get("state"))) return "<p>A state that this app never sent.</p>";
	if (url.searchParams.has("error")) return `<p>Refused: ${url.searchParams.get("error")}</p>`;
	const answer = await fetch(`${origin}/api/oauth/token`, {
		method: "POST",
		body: new URLSearchParams({
			grant_type: "authorization_code",
			code: url.searchParams.get("code"),
			redirect_uri: redirectUri,
			code_verifier: verifier,
			...client,
		}),
	});
	if (answer.status !== 200) return `<p>No token: ${await answer.text()}</p>`;
	accessToken = (await answer.json()).access_token;
	const person = await (await me(accessToken)).json();
	return `<p>Hello, ${person.username} (${person.email}).</p>`;
});

await guildhall("oauth", "redirect", "add", client.client_id, `${app.origin}/callback`);
after(() => guildhall("oauth", "redirect", "remove", client.client_id, `${app.origin}/callback`));

function me(token) {
	return fetch(`${origin}/api/v5/me`, { headers: { authorization: `Bearer ${token}` } });
}

/** Follows the app's link to wherever it leads. */
async function leaveApp(page, link = "/sign-in") {
	await page.goto(app.origin);
	return follow(page, `a[href="${link}"]`);
}

/** What the app says once the person is back. */
async function saidByApp(page) {
	// From our sign-in form a page leads on by itself.
	while (!page.url().startsWith(app.origin)) await page.waitForNavigation();
	return textOf(page);
}

/** Takes back what was allowed to the app. */
async function takeAccessAway(page) {
	await page.goto(`${origin}/account/apps`);
	await follow(page, 'form[action$="/disallow"] button');
	assert.ok(!(await textOf(page)).includes("Bench Planner"));
}

const at = (page) => new URL(page.url()).pathname;
const choose = (page, decision) => follow(page, `[name="decision"][value="${decision}"]`);

test("from the app to sign-in, the question, and back; then without the question; then access is taken away", async () => {
	await asVisitor(async (page) => {
		await leaveApp(page);
		assert.equal(at(page), "/sign-in");
		await enter(page, { username: "tomas" });
		assert.equal(at(page), "/oauth");
		const question = await textOf(page);
		assert.match(question, /Sign in to Bench Planner\?/);
		assert.match(question, /Signed in as Tomás Rivera \(@tomas\)/);
		assert.ok(question.includes(new URL(app.origin).host), "where one goes on to is told");
		await assertGood(page, "consent");
		await choose(page, "allow");
		assert.match(await saidByApp(page), /Hello, tomas \(tomas@example\.com\)/);

		await leaveApp(page);
		assert.match(await saidByApp(page), /Hello, tomas/, "what was allowed once is not asked again");
		await page.goto(origin);
		await signOut(page);
		await leaveApp(page);
		await enter(page, { username: "tomas" });
		assert.match(await saidByApp(page), /Hello, tomas/, "nor after signing in");

		assert.equal((await me(accessToken)).status, 200);
		await page.goto(`${origin}/account/apps`);
		assert.match(await textOf(page), /Bench Planner/);
		await assertGood(page, "apps");
		await takeAccessAway(page);
		await assertGood(page, "apps none");
		assert.equal((await me(accessToken)).status, 401, "at once");
		await leaveApp(page);
		assert.equal(at(page), "/oauth", "and it is asked again");
	});
});

test("who cancels is led back without a code, and is asked again", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "ines" });
		await leaveApp(page);
		await choose(page, "cancel");
		assert.match(await saidByApp(page), /Refused: access_denied/);
		await leaveApp(page);
		assert.equal(at(page), "/oauth");
		await choose(page, "allow");
		assert.match(await saidByApp(page), /Hello, ines/);
		await leaveApp(page, "/sign-in?prompt=consent");
		assert.equal(at(page), "/oauth", "an app may have it asked again");
		await takeAccessAway(page);
	});
});

test("whoever is not the one signed in says so, and signs in", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "ravi" });
		await leaveApp(page);
		assert.match(await textOf(page), /@ravi/);
		await choose(page, "switch");
		assert.equal(at(page), "/sign-in");
		await enter(page, { username: "yuki" });
		assert.match(await textOf(page), /@yuki/);
		await choose(page, "allow");
		assert.match(await saidByApp(page), /Hello, yuki/);
		await takeAccessAway(page);
	});
});

test("an app that names another address is not gone back to", async () => {
	await asVisitor(async (page) => {
		const wrong = `/sign-in?${new URLSearchParams({ redirect_uri: "https://evil.example/callback" })}`;
		const answer = await page.goto(`${app.origin}${wrong}`);
		assert.equal(answer.status(), 400);
		assert.equal(new URL(page.url()).origin, origin);
		assert.match(await textOf(page), /This sign-in cannot go on/);
		assert.ok(!(await page.$('a[href*="evil.example"]')), "nor is there a link");
		await assertGood(page, "oauth refused");
	});
});
