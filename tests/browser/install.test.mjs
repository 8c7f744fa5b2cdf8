// An app of another company, let in by an owner: what it asks for, what is granted, what is asked again, and its end.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { ask, serveApp } from "./app_server.mjs";
import { asVisitor, assertGood, fill, follow, headingInFrame, textOf, withBrowser } from "./browser.mjs";
import { makeApp, permit, takeKey } from "./developer.mjs";
import { signIn } from "./session.mjs";
import { origin, world } from "./world.mjs";

withBrowser();

const app = await serveApp((url) => `<h1>Boards at ${url.pathname}</h1>`);
const company = world.NEXT_PUBLIC_WHOP_COMPANY_ID;
const decide = 'form[action$="/install"] .button:not([href])';

/** What the app may do in the company: whether it reads the balance, whether it reads the chat. */
async function may(key) {
	const chat = world.DEMO_CHAT_EXPERIENCE_ID;
	const query = `query($company: ID!, $chat: ID!) {
		balance: company(id: $company) { ledgerAccount { id } }
		chat: feedPosts(feedId: $chat, feedType: chat_feed) { posts { __typename } }
	}`;
	const { errors } = await ask(key, query, { company, chat });
	const refused = (errors ?? []).map((error) => error.path?.[0]);
	return { balance: !refused.includes("balance"), chat: !refused.includes("chat") };
}

const box = (action) => `[type="checkbox"][value="${action}"]`;
const isTicked = (page, action) => page.$eval(box(action), (field) => field.checked);

test("an owner lets an app in, declines a wish, is asked anew, and sends it away", async () => {
	const name = `Cut list ${randomUUID().slice(0, 8)}`;
	await asVisitor(async (developer) => {
		await signIn(developer, { username: "pia" });
		await makeApp(developer, { name, base_url: app.origin });
		const key = await takeKey(developer);
		const place = developer.url();
		const install = `${origin}/apps/${new URL(place).pathname.split("/").at(-1)}/install`;
		const description = "Turns a drawing into the boards to buy, and says what they cost.";
		await fill(developer, { description, dashboard_path: "/team/[companyId]" });
		await developer.select('[name="status"]', "unlisted");
		await follow(developer, 'form:has([name="status"]) .button');
		await permit(developer, "chat:read", "needed", "To answer where somebody asks for a list.");
		await permit(developer, "company:balance:read", "wished", "To warn before you buy more than you have.");
		await follow(developer, 'form[action$="/permissions"] .button');

		await asVisitor(async (owner) => {
			await signIn(owner, { username: "hanna" });
			await owner.goto(install);
			assert.equal(new URL(owner.url()).searchParams.get("company"), company, "there is one to choose");
			const shown = await textOf(owner);
			for (const words of [`Install ${name}`, "The Open Workshop", "made by The Plan Room", "before you buy more"]) {
				assert.ok(shown.includes(words), `${words} is not in ${shown}`);
			}
			assert.ok(!(await owner.$(box("chat:read"))), "what is needed is not theirs to choose");
			assert.ok(await isTicked(owner, "company:balance:read"));
			await assertGood(owner, "install");
			assert.deepEqual(await may(key), { balance: false, chat: false });

			await owner.click(box("company:balance:read"));
			await follow(owner, decide);
			assert.match(await owner.$eval('[role="status"]', (element) => element.innerText), /Done: Cut list/);
			assert.equal(await isTicked(owner, "company:balance:read"), false, "a no stays a no");
			await assertGood(owner, "install done");
			assert.deepEqual(await may(key), { balance: false, chat: true });

			await follow(owner, '.title a[href^="/dashboard/"]');
			assert.equal(await headingInFrame(owner), `Boards at /team/${company}`);

			await developer.goto(place);
			assert.match(await textOf(developer), /The Open Workshop/);
			await permit(developer, "plan:basic:read", "needed", "To see what a bench is sold for.");
			await follow(developer, 'form[action$="/permissions"] .button');
			await owner.goto(install);
			assert.match(await textOf(owner), /has not been decided yet/);
			const asked = await owner.$$eval(".asked li", (rows) => rows.map((row) => row.innerText));
			assert.deepEqual(asked.map((text) => /\bnew\b/.test(text)), [false, false, true]);
			await assertGood(owner, "install anew");
			await owner.click(box("company:balance:read"));
			await follow(owner, decide);
			assert.ok(!(await textOf(owner)).includes("has not been decided yet"));
			assert.deepEqual(await may(key), { balance: true, chat: true });

			await follow(owner, 'form[action$="/uninstall"] .button');
			assert.match(await textOf(owner), /is removed, with every permission it had/);
			await assertGood(owner, "install removed");
			assert.deepEqual(await may(key), { balance: false, chat: false });
		});

		await asVisitor(async (page) => {
			await signIn(page, { username: "amara" });
			await page.goto(install);
			assert.match(await textOf(page), /no company that you may install it into/);
			await assertGood(page, "install nobody");
			assert.equal((await page.goto(`${install}?company=${company}`)).status(), 404);
		});
	});
});
