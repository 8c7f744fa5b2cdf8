// An app inside a page of the hub: it is told who looks, holds a WebSocket, and is not shown to whoever has no access.
// The demo app is moved to a server of this file.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { after, test } from "node:test";
import { WebSocketServer } from "ws";
import { askAsDemoApp, serveApp } from "./app_server.mjs";
import { asVisitor, assertGood, follow, headingInFrame, textOf, withBrowser } from "./browser.mjs";
import { signIn } from "./session.mjs";
import { origin, world } from "./world.mjs";

withBrowser();

const appId = world.NEXT_PUBLIC_WHOP_APP_ID;
const view = `/experiences/${world.DEMO_APP_EXPERIENCE_ID}`;
const appOrigin = `http://${appId.toLowerCase()}.apps.localhost:${new URL(origin).port}`;

/** Whom a user token speaks of, checked as the documentation says: by the published keys. */
async function personOf(token) {
	const [head, claims, signature] = token.split(".");
	const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
	const { alg, kid } = read(head);
	assert.equal(alg, "ES256");
	const { keys } = await (await fetch(world.WHOP_USER_TOKEN_JWKS_URL)).json();
	const key = createPublicKey({ key: keys.find((key) => key.kid === kid), format: "jwk" });
	const signed = Buffer.from(`${head}.${claims}`);
	const by = { key, dsaEncoding: "ieee-p1363" };
	assert.ok(verify("sha256", signed, by, Buffer.from(signature, "base64url")), "the signature is the hall's");
	const { sub, aud, exp } = read(claims);
	assert.equal(aud, appId);
	assert.ok(exp > Date.now() / 1000);
	return sub;
}

const greeting = `
	<p id="heard">silence</p>
	<script>
		const socket = new WebSocket("ws://" + location.host + "/echo");
		const say = (text) => (document.getElementById("heard").textContent = text);
		socket.onopen = () => socket.send("Is anybody there?");
		socket.onmessage = ({ data }) => say(data);
		socket.onerror = () => say("no socket");
	</script>`;

/** An app that greets by the token, and answers on a WebSocket by the token of its own request. */
const app = await serveApp(async (url, { headers }) => {
	const token = headers["x-whop-user-token"];
	if (!token) return `<h1>Nobody looks at ${url.pathname}.</h1>`;
	const { publicUser } = await askAsDemoApp("query($id: ID!) { publicUser(id: $id) { name } }", {
		id: await personOf(token),
	});
	return `<h1>Hello, ${publicUser.name}, at ${url.pathname}.</h1>${greeting}`;
});

new WebSocketServer({ server: app.server }).on("connection", (socket, { headers }) => {
	socket.on("message", async (said) => {
		const who = await personOf(headers["x-whop-user-token"]).catch((error) => error.message);
		socket.send(`${said} — ${who}`);
	});
});

async function change(settings) {
	const input = { id: appId, ...settings };
	await askAsDemoApp("mutation($input: UpdateAppInput!) { updateApp(input: $input) }", { input });
}

/** Moves the demo app to another address. */
const move = (baseUrl) => change({ baseUrl });

// Where the demo world has it.
after(() => move("http://localhost:3000"));

/** The frame of the page that is open, once its text is what it should be. */
async function frameThatSays(page, words) {
	const element = await page.waitForSelector("iframe.app");
	const frame = await element.contentFrame();
	const says = (words) => document.body?.innerText.includes(words);
	await frame.waitForFunction(says, { timeout: 10_000 }, words).catch(async () => {
		assert.fail(`not ${words}, but: ${await frame.$eval("body", (body) => body.innerText)}`);
	});
	return frame;
}

test("a member sees the app, the app knows who it is, and its socket knows too", async () => {
	await move(app.origin);
	await asVisitor(
		async (page) => {
			await signIn(page, { username: "mira" });
			await page.goto(`${origin}${view}`);
			const frame = await frameThatSays(page, `Hello, Mira Okafor, at ${view}.`);
			assert.equal(new URL(frame.url()).origin, appOrigin);
			await frameThatSays(page, `Is anybody there? — ${world.DEMO_CUSTOMER_USER_ID}`);
			await assertGood(page, "app");
			// By itself, outside of the hub, the app is told of nobody.
			await page.goto(`${appOrigin}${view}`);
			assert.match(await textOf(page), /Nobody looks/);
		},
		{ scripts: true },
	);
});

test("without scripts the app is there as well", async () => {
	await move(app.origin);
	await asVisitor(async (page) => {
		await signIn(page, { username: "kofi" });
		await page.goto(`${origin}${view}`);
		assert.match(await headingInFrame(page), /Hello, Kofi Mensah/);
	});
});

test("an app is opened by itself, and by the team on its dashboard, which others do not see", async () => {
	await move(app.origin);
	const dashboard = `${origin}/dashboard/${world.NEXT_PUBLIC_WHOP_COMPANY_ID}/${appId}`;
	await asVisitor(async (page) => {
		await signIn(page, { username: "hanna" });
		await page.goto(`${origin}/developer/apps/${appId}`);
		await follow(page, '.title a[href$="/open"]');
		assert.match(await headingInFrame(page), /Hello, Hanna Vogel, at \/discover\./);
		await page.goto(dashboard);
		assert.match(await headingInFrame(page), /Hello, Hanna Vogel, at \/dashboard\/biz_/);
	});
	await asVisitor(async (page) => {
		await signIn(page, { username: "noah" });
		assert.equal((await page.goto(dashboard)).status(), 404);
		await page.goto(`${origin}/apps/${appId}/open`);
		assert.match(await headingInFrame(page), /Hello, Noah Berg, at \/discover\./);
	});
});

test("an app says at which of its paths a community sees it", async () => {
	await change({ baseUrl: app.origin, experiencePath: "/benches/[companyId]/[experienceId]/[restPath]" });
	await asVisitor(async (page) => {
		await signIn(page, { username: "claire" });
		await page.goto(`${origin}${view}`);
		const path = `/benches/${world.NEXT_PUBLIC_WHOP_COMPANY_ID}/${world.DEMO_APP_EXPERIENCE_ID}`;
		assert.equal(await headingInFrame(page), `Hello, Claire Dubois, at ${path}.`);
	});
	await change({ experiencePath: "/experiences/[experienceId]" });
});

test("an app that does not answer says so: to its team why, to others that it is so", async () => {
	// Nobody listens there.
	await move("http://127.0.0.1:9");
	await asVisitor(
		async (page) => {
			await signIn(page, { username: "hanna" });
			await page.goto(`${origin}${view}`);
			await frameThatSays(page, "Its base URL is http://127.0.0.1:9.");
			await assertGood(page, "app silent");
			const answer = await page.goto(`${appOrigin}${view}`);
			assert.equal(answer.status(), 502);
			const told = await textOf(page);
			assert.match(told, /does not answer at the moment/);
			assert.ok(!told.includes("127.0.0.1:9"), "where it is served from is not for everyone");
			await assertGood(page, "app notice");
		},
		{ scripts: true },
	);
});

test("whoever has no access is not shown the app, and whoever is not signed in signs in first", async () => {
	await asVisitor(async (page) => {
		await page.goto(`${origin}${view}`);
		assert.equal(new URL(page.url()).pathname, "/sign-in");
		await signIn(page, { username: "stranger" });
		const answer = await page.goto(`${origin}${view}`);
		assert.equal(answer.status(), 404);
		assert.ok(!(await page.$("iframe")));
		assert.match(await textOf(page), /Not found/);
		await assertGood(page, "app no access");
	});
});
