// A person's way through an account: made, confirmed, entered in one step and in two, lost and found again.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { Secret, TOTP } from "otpauth";
import { asVisitor, assertGood, fill, follow, textOf, withBrowser } from "./browser.mjs";
import { assertSignedIn, signIn, signOut, submit } from "./session.mjs";
import { linkMailedTo, origin } from "./world.mjs";

withBrowser();

/** A person nobody knows yet. */
function newcomer() {
	const username = `n${randomUUID().slice(0, 8)}`;
	// As long as a name can be, and without a space to break it at.
	const name = "Hippopotomonstrosesquippedaliophobia".padEnd(60, "x");
	return { username, name, email: `${username}@example.com`, password: `${randomUUID()} rides a bench` };
}

async function signUp(page, person) {
	await page.goto(`${origin}/sign-up`);
	const { name, username, email, password } = person;
	await fill(page, { name, username, email, password });
	await follow(page, submit);
	assert.match(await textOf(page), /Look into your mail/);
	await page.goto(await linkMailedTo(email));
	assert.match(await textOf(page), /Is this your e-mail\?/);
	await follow(page, submit);
	await assertSignedIn(page, person);
}

test("someone signs up, confirms the address, signs in and out", async () => {
	const person = newcomer();
	await asVisitor(async (page) => {
		await page.goto(`${origin}/sign-up`);
		await assertGood(page, "sign-up");
		await signUp(page, person);
		await assertGood(page, "account");
		await signOut(page);
		await signIn(page, person);
		await assertSignedIn(page, person);
		await signOut(page);
		const answer = await page.goto(`${origin}/account`);
		assert.equal(new URL(answer.url()).pathname, "/sign-in", "a page that needs a session asks for one");
		await assertGood(page, "sign-in");
	});
});

test("a wrong password is told as one, and kept out of the page", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "nobody-at-all", password: "not the password" });
		assert.ok(await page.$('[role="alert"]'), "the refusal is announced");
		assert.ok(!(await page.content()).includes("not the password"));
		await assertGood(page, "sign-in refused");
	});
});

test("two steps: a code from the authenticator, then one kept for the day it is lost", async () => {
	const person = newcomer();
	await asVisitor(async (page) => {
		await signUp(page, person);
		const setUp = 'form[action="/account/two-step/begin"]';
		await page.$eval(setUp, (form) => form.closest("details").setAttribute("open", ""));
		await page.type(`${setUp} [name="password"]`, person.password);
		await follow(page, `${setUp} .button`);
		await assertGood(page, "two-step");
		const secret = (await page.$eval(".secret", (element) => element.innerText)).replaceAll(/\s/g, "");
		const authenticator = new TOTP({ secret: Secret.fromBase32(secret) });
		await fill(page, { code: authenticator.generate() });
		await follow(page, submit);
		await assertGood(page, "recovery-codes");
		const codes = await page.$$eval(".codes code", (elements) => elements.map((element) => element.innerText));
		assert.equal(new Set(codes).size, 10);

		await signOut(page);
		await signIn(page, person);
		await assertGood(page, "second-step");
		// The code of this half minute has been used, and the next one counts already.
		await fill(page, { code: authenticator.generate({ timestamp: Date.now() + 30_000 }) });
		await follow(page, submit);
		await assertSignedIn(page, person);

		for (const [attempt, lets] of [[codes[0], true], [codes[0], false], [codes[1], true]]) {
			await page.goto(`${origin}/account`);
			if (await page.$(".who form")) await signOut(page);
			await signIn(page, person);
			await fill(page, { code: attempt });
			await follow(page, submit);
			await page.goto(`${origin}/account`);
			assert.equal(new URL(page.url()).pathname === "/account", lets, `a code that lets in: ${lets}`);
		}
	});
});

test("a forgotten password is replaced by a link, and every other device is signed out", async () => {
	const person = newcomer();
	await asVisitor(async (first) => {
		await signUp(first, person);
		await asVisitor(async (page) => {
			await page.goto(`${origin}/forgot-password`);
			await assertGood(page, "forgot-password");
			await fill(page, { email: person.email });
			await follow(page, submit);
			await assertGood(page, "letter-sent");
			const link = await linkMailedTo(person.email);
			await page.goto(link);
			assert.match(new URL(page.url()).pathname, /^\/reset-password\//, "the newest letter is this one");
			await assertGood(page, "reset-password");
			person.password = "quite another one, with a horse";
			await fill(page, { password: person.password });
			await follow(page, submit);
			await signIn(page, person);
			await assertSignedIn(page, person);
			await page.goto(link);
			assert.ok(!(await page.$('[name="password"][autocomplete="new-password"]')), "the link counts once");
			await assertGood(page, "link used");
		});
		await first.goto(`${origin}/account`);
		assert.equal(new URL(first.url()).pathname, "/sign-in", "the first device was signed out");
	});
});

test("people of the demo world sign in with the password that stands beside them", async () => {
	await asVisitor(async (page) => {
		await signIn(page, { username: "mira" });
		await assertSignedIn(page, { username: "mira" });
	});
});
