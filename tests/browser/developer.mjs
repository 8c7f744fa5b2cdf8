// A developer's forms, filled as a person does.

import assert from "node:assert/strict";
import { fill, follow } from "./browser.mjs";
import { origin } from "./world.mjs";

/** Makes an app of the first company; what is open then shows its key. */
export async function makeApp(page, fields) {
	await page.goto(`${origin}/developer`);
	await fill(page, fields);
	await follow(page, 'form[action="/developer"] .button');
}

/** Copies the key that is shown, and goes on to the page of its app. */
export async function takeKey(page) {
	const key = await page.$eval(".key", (element) => element.innerText);
	assert.match(key, /^gh_[\w-]+/);
	await follow(page, 'main .button[href^="/developer/apps/"]');
	return key;
}

/** Says on an app's page how much it wants a permission (`no`, `wished`, `needed`), and why; does not save. */
export async function permit(page, action, level, reason) {
	await page.$$eval("details", (found) => found.forEach((details) => details.setAttribute("open", "")));
	await page.select(`[name="level:${action}"]`, level);
	await fill(page, { [`why:${action}`]: reason });
}
