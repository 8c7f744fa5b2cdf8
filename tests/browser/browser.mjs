// One headless Chromium for a file of tests, and visitors in it: each with cookies of its own and scripts switched off,
// since every page must work without them. What a page must be whoever looks at it is checked here: `assertGood`.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before } from "node:test";
import puppeteer from "puppeteer-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Neither is a mobile one to the browser, which would load the page anew and send its form again.
const screens = { wide: { width: 1200, height: 800 }, narrow: { width: 390, height: 844 } };
const screenshots = process.env.SCREENSHOTS;

let browser;

/** Starts the browser before the tests of this file, and ends it after them. */
export function withBrowser() {
	before(async () => {
		assert.ok(process.env.CHROMIUM, "CHROMIUM must name the browser's program");
		browser = await puppeteer.launch({
			executablePath: process.env.CHROMIUM,
			// Without a sandbox it also runs as root, as it does in CI; it opens nothing but our own pages.
			args: ["--no-sandbox", "--disable-dev-shm-usage", "--ignore-certificate-errors"],
			protocolTimeout: 30_000,
		});
	});
	after(() => browser?.close());
}

/** Runs `visit` with a page of a visitor whom no page has met, then asserts that no page complained. */
export async function asVisitor(visit, { scripts = false } = {}) {
	const context = await browser.createBrowserContext();
	try {
		const page = await context.newPage();
		const complaints = [];
		page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
		page.on("console", (message) => {
			// A status that a test asks for is told by the test.
			const isStatus = message.text().startsWith("Failed to load resource");
			if (message.type() === "error" && !isStatus) complaints.push(`${page.url()}: ${message.text()}`);
		});
		await page.setJavaScriptEnabled(scripts);
		await page.setViewport(screens.wide);
		await visit(page);
		assert.deepEqual(complaints, [], "what pages complained of");
	} finally {
		await context.close();
	}
}

/**
 * Follows a link, or sends a form, and waits for the page that it leads to. By the keyboard: a pointer misses what a
 * screen that was just made wider is still moving.
 */
export async function follow(page, selector) {
	const target = await page.waitForSelector(selector);
	await target.focus();
	const [response] = await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
	return response;
}

/** Fills the fields of a form by their names. */
export async function fill(page, fields) {
	for (const [name, value] of Object.entries(fields)) {
		const field = await page.waitForSelector(`[name="${name}"]`);
		await field.evaluate((element) => {
			element.value = "";
		});
		await field.type(value);
		assert.equal(await field.evaluate((element) => element.value), value, `what stands in ${name}`);
	}
}

/** The text that a person reads on the page. */
export function textOf(page) {
	return page.$eval("body", (body) => body.innerText);
}

/** What the app in its frame on this page says first. */
export async function headingInFrame(page) {
	const element = await page.waitForSelector("iframe.app");
	const frame = await element.contentFrame();
	return frame.$eval("h1", (heading) => heading.innerText);
}

/**
 * Asserts that a page can be used by everybody: nothing that axe finds, light and dark, wide and narrow, and nothing
 * that reaches beyond a narrow screen. With SCREENSHOTS, each look is kept in that directory under `name`.
 */
export async function assertGood(page, name) {
	const hadScripts = page.isJavaScriptEnabled();
	// The page's own have had no chance to run; axe waits for timers.
	await page.setJavaScriptEnabled(true);
	for (const scheme of ["light", "dark"]) {
		await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
		for (const [size, screen] of Object.entries(screens)) {
			await page.setViewport(screen);
			const look = `${name} ${scheme} ${size}`;
			if (screenshots) {
				await mkdir(screenshots, { recursive: true });
				await page.screenshot({ path: path.join(screenshots, `${look.replaceAll(" ", "-")}.png`), fullPage: true });
			}
			const { width, reach } = await page.evaluate(() => ({
				width: document.documentElement.clientWidth,
				reach: document.documentElement.scrollWidth,
			}));
			assert.ok(reach <= width, `${look}: the page is ${reach} wide on a screen of ${width}`);
			const found = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ["violations"] })`);
			const told = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
			assert.deepEqual(told, [], look);
		}
	}
	await page.emulateMediaFeatures([]);
	await page.setViewport(screens.wide);
	await page.setJavaScriptEnabled(hadScripts);
}
