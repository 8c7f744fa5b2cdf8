// What goes over the wire. Watches `fetch`, which all published clients call, because they hide an error's code:
// the clients stay unmodified and a test still sees the answer they saw. Every request is bounded in time.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { world } from "./world.mjs";

const requestTimeoutMs = 30_000;
const watchers = new AsyncLocalStorage();
const plainFetch = globalThis.fetch;

globalThis.fetch = async function watchedFetch(input, init) {
	const response = await plainFetch(input, {
		...init,
		signal: init?.signal ?? AbortSignal.timeout(requestTimeoutMs),
	});
	watchers.getStore()?.push(response.clone());
	return response;
};

/** Runs a client call: what it resolved or rejected with, and the status and JSON body of its last answer. */
export async function observe(call) {
	const responses = [];
	const outcome = await watchers.run(responses, async () => {
		try {
			return { value: await call() };
		} catch (error) {
			return { error };
		}
	});
	const last = responses.at(-1);
	if (!last) throw outcome.error ?? new Error("the call asked the server nothing");
	return { ...outcome, status: last.status, body: await last.json() };
}

/**
 * The call is refused with one of `codes` and a message in which `word` (if given) is found.
 * A client from 0.0.51 on resolves with null, not an error, when the answer holds `data` beside its errors.
 */
export async function assertRefused(call, codes, word) {
	const { value, error, status, body } = await observe(call);
	const refusal = body.errors?.[0];
	assert.ok(refusal, `expected a refusal, got ${status} ${JSON.stringify(body)}`);
	assert.ok([codes].flat().includes(refusal.extensions?.code), `expected ${codes}, got ${JSON.stringify(refusal)}`);
	assert.ok(status < 500, `a refusal is no server error: ${status}`);
	if (word) assert.match(refusal.message, word);
	if (error) {
		const asJsonText = JSON.stringify(refusal.message).slice(1, -1);
		const isTold = error.message.includes(refusal.message) || error.message.includes(asJsonText);
		assert.ok(isTold, `the client's user reads "${error.message}", not "${refusal.message}"`);
	} else {
		assert.ok(value == null && body.data, `refused, yet the client resolved with ${JSON.stringify(value)}`);
	}
}

/** One POST to the endpoint without any client. */
export async function post(path, body, headers = { authorization: `Bearer ${world.apiKey}` }) {
	const response = await fetch(new URL(path, world.apiOrigin), {
		method: "POST",
		headers: { "content-type": "application/json", accept: "application/json", ...headers },
		body: JSON.stringify(body),
	});
	return { status: response.status, body: await response.json() };
}
