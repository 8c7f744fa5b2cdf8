// Signing in and out, as every walk begins and ends.

import assert from "node:assert/strict";
import { fill, follow, textOf } from "./browser.mjs";
import { origin, world } from "./world.mjs";

/** The button that sends the form of a page that has one. */
export const submit = "main form .button";

/** Signs in by the form, as someone of the demo world unless a password is given; answers what came of it. */
export async function signIn(page, { username, password = world.DEMO_PASSWORD }) {
	await page.goto(`${origin}/sign-in`);
	return enter(page, { username, password });
}

/** Fills the form of the sign-in page that is open, and sends it. */
export async function enter(page, { username, password = world.DEMO_PASSWORD }) {
	await fill(page, { name: username, password });
	return follow(page, submit);
}

export async function signOut(page) {
	await follow(page, ".who form button");
}

export async function assertSignedIn(page, { username }) {
	await page.goto(`${origin}/account`);
	assert.match(await textOf(page), new RegExp(`@${username}`));
}
