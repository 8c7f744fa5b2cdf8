// `localstripe`, a stateful fake of Stripe that others wrote, and the front through which a hall and its buyers' browsers
// ask it. The front leaves out what Stripe takes and the fake does not, and picks a customer's own intents.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const python = process.env.LOCALSTRIPE_PYTHON ?? fileURLToPath(new URL("../../target/localstripe/bin/python", import.meta.url));
const unknown = new Set(["description", "return_url", "setup_future_usage"]);

/** What the fake is asked with. */
export const key = "sk_test_12345";

/** Starts both; answers where the front is, how to ask the fake as Stripe's own form would, and how to stop. */
export async function startStripe() {
	const port = await freePort();
	const fake = spawn(python, ["-u", "-m", "localstripe", "--from-scratch", "--port", `${port}`], {
		stdio: ["ignore", "pipe", "ignore"],
	});
	await said(fake, /Running on/);
	const behind = `http://127.0.0.1:${port}`;
	const front = createServer((asked, answer) => {
		pass(asked, answer, behind).catch((error) => answer.destroy(error));
	});
	front.listen(0, "127.0.0.1");
	await once(front, "listening");
	return {
		origin: `http://127.0.0.1:${front.address().port}`,
		async ask(path, form) {
			const headers = { authorization: `Bearer ${key}` };
			const body = form && new URLSearchParams(form);
			const response = await fetch(`${behind}${path}`, { method: form ? "POST" : "GET", headers, body });
			return response.json();
		},
		async stop() {
			front.close();
			fake.kill();
			await once(fake, "exit");
		},
	};
}

/** Waits until a process says something on its standard output; answers the line. */
export async function said(process, words) {
	for await (const line of createInterface({ input: process.stdout })) {
		if (words.test(line)) {
			process.stdout.resume();
			return line;
		}
	}
	assert.fail(`the process ended before it said ${words}`);
}

async function freePort() {
	const server = createServer().listen(0, "::");
	await once(server, "listening");
	const { port } = server.address();
	server.close();
	await once(server, "close");
	return port;
}

async function pass(asked, answer, behind) {
	const chunks = [];
	for await (const chunk of asked) chunks.push(chunk);
	const whole = Buffer.concat(chunks).toString();
	const url = new URL(asked.url, behind);
	const customer = /^\/v1\/(payment|setup)_intents$/.test(url.pathname) && url.searchParams.get("customer");
	if (customer) url.search = "?limit=100";
	const isForm = asked.headers["content-type"] === "application/x-www-form-urlencoded";
	const body = isForm ? `${new URLSearchParams([...new URLSearchParams(whole)].filter(([name]) => !unknown.has(name)))}` : whole;
	const headers = Object.fromEntries(
		["authorization", "content-type", "origin"].filter((name) => asked.headers[name]).map((name) => [name, asked.headers[name]]),
	);
	const response = await fetch(url, { method: asked.method, headers, body: asked.method === "POST" ? body : undefined });
	let text = await response.text();
	if (customer) {
		const list = JSON.parse(text);
		list.data = list.data.filter((intent) => intent.customer === customer);
		text = JSON.stringify(list);
	}
	const kept = [...response.headers].filter(([name]) => name === "content-type" || name.startsWith("access-control-"));
	answer.writeHead(response.status, Object.fromEntries(kept)).end(text);
}
