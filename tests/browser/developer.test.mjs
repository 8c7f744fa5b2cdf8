// What a developer does with an app: makes it, keeps its key, changes what it is and what it asks for.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { ask } from "./app_server.mjs";
import { asVisitor, assertGood, fill, follow, textOf, withBrowser } from "./browser.mjs";
import { makeApp, permit, takeKey } from "./developer.mjs";
import { signIn } from "./session.mjs";
import { origin } from "./world.mjs";

withBrowser();

const uniqueName = (name) => `${name} ${randomUUID().slice(0, 8)}`;
const save = 'form:has([name="status"]) .button';
const savePermissions = 'form[action$="/permissions"] .button';

/** Whether a key lets an app call. */
async function works(key) {
	const { data } = await ask(key, "{ viewer { user { id } } }");
	return Boolean(data?.viewer?.user);
}

test("an app is made, its key is shown once, and its settings are refused and saved", async () => {
	const name = uniqueName("Planer");
	await asVisitor(async (page) => {
		await signIn(page, { username: "hanna" });
		await page.goto(`${origin}/developer`);
		assert.match(await textOf(page), /Bench Planner/);
		await assertGood(page, "developer");

		await fill(page, { name, base_url: "ftp://planer.example" });
		await follow(page, 'form[action="/developer"] .button');
		assert.match(await page.$eval('[role="alert"]', (element) => element.innerText), /must be an address/);
		assert.equal(await page.$eval('[name="name"]', (field) => field.value), name, "what was entered stays");
		await makeApp(page, { name, base_url: "https://planer.example" });
		await assertGood(page, "api-key");
		const key = await takeKey(page);
		assert.ok(await works(key));
		assert.ok(!(await page.content()).includes(key), "it is shown that once");
		assert.match(await textOf(page), new RegExp(`gh_…${key.slice(-4)}`));
		await assertGood(page, "developer-app");

		await fill(page, { description: "Says how thick.", experience_path: "planer" });
		await follow(page, save);
		assert.match(await page.$eval('[role="alert"]', (element) => element.innerText), /must start with one/);
		assert.equal(await page.$eval('[name="description"]', (field) => field.value), "Says how thick.");
		await assertGood(page, "developer-app refused");
		await fill(page, { experience_path: "/boards/[experienceId]" });
		await page.select('[name="status"]', "unlisted");
		await follow(page, save);
		assert.match(await page.$eval('[role="status"]', (element) => element.innerText), /settings are saved/);
		await page.goto(`${origin}/developer`);
		const rows = await page.$$eval(".rows li", (elements) => elements.map((element) => element.innerText));
		const row = rows.find((text) => text.includes(name));
		assert.match(row, /https:\/\/planer\.example/);
		assert.match(row, /unlisted/);
	});
});

test("permissions are asked for with a reason, and never without", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "hanna" });
		await makeApp(page, { name: uniqueName("Asker") });
		await takeKey(page);
		await permit(page, "chat:read", "needed", "");
		await follow(page, savePermissions);
		assert.match(await page.$eval('[role="alert"]', (element) => element.innerText), /must say why .*`chat:read`/);
		await permit(page, "chat:read", "needed", "To sum up the week.");
		await permit(page, "forum:read", "wished", "To find answers.");
		await follow(page, savePermissions);
		assert.match(await page.$eval('[role="status"]', (element) => element.innerText), /permissions are saved/);
		const asked = await page.$$eval("form > .permission select", (fields) =>
			fields.map(({ name, value }) => [name, value]),
		);
		assert.deepEqual(asked, [["level:chat:read", "needed"], ["level:forum:read", "wished"]]);
		await page.$eval("details", (details) => details.setAttribute("open", ""));
		await assertGood(page, "developer-app asks");
	});
});

test("a key is rotated and revoked, and each works until its end", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "hanna" });
		await makeApp(page, { name: uniqueName("Keyring") });
		const first = await takeKey(page);
		await follow(page, 'form[action$="/rotate"] .button');
		const second = await takeKey(page);
		assert.deepEqual([await works(first), await works(second)], [true, true], "the old one has a day");
		await page.select('[name="ending"]', "now");
		await follow(page, 'form[action$="/rotate"] .button');
		assert.match(await textOf(page), /The old key has stopped working/);
		await assertGood(page, "api-key rotated");
		const third = await takeKey(page);
		assert.deepEqual([await works(second), await works(third)], [false, true]);
		const revoke = `[aria-label="Revoke gh_…${third.slice(-4)}"]`;
		await follow(page, revoke);
		assert.ok(!(await page.$(revoke)));
		assert.equal(await works(third), false);
		await assertGood(page, "developer-app revoked");
	});
});

test("whoever is on no team has no apps, and an app of others is not there", async () => {
	let place;
	await asVisitor(async (page) => {
		await signIn(page, { username: "hanna" });
		await makeApp(page, { name: uniqueName("Secret") });
		await takeKey(page);
		place = page.url();
	});
	await asVisitor(async (page) => {
		await signIn(page, { username: "stranger" });
		await page.goto(`${origin}/developer`);
		assert.match(await textOf(page), /Apps belong to a company/);
		assert.ok(!(await page.$('main form')));
		await assertGood(page, "developer nobody");
		const answer = await page.goto(place);
		assert.equal(answer.status(), 404);
		assert.ok(!(await textOf(page)).includes("Secret"));
		await assertGood(page, "developer-app stranger");
	});
});
