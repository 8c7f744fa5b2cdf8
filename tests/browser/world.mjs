// The demo world of the running server, as `<data-dir>/demo.env` describes it, and what the server wrote into its log,
// which is where letters go when there is no mail server.

import assert from "node:assert/strict";
import { readFile, watch } from "node:fs/promises";

export const world = process.env;
export const origin = process.env.WHOP_API_ORIGIN;
assert.ok(origin, "WHOP_API_ORIGIN must say where the server is: load its demo.env");

/** The newest link of a letter to this address, as soon as the server has written it. */
export async function linkMailedTo(address) {
	const log = process.env.DEMO_LOG;
	assert.ok(log, "DEMO_LOG must name the file that holds the server's log");
	const signal = AbortSignal.timeout(10_000);
	// Watched before it is read first, so that no line falls between.
	const changes = watch(log, { signal });
	const find = async () => {
		const lines = (await readFile(log, "utf8")).split("\n").filter((line) => line.includes(`mail to ${address}:`));
		return lines.at(-1)?.match(/https?:\/\/\S+/)?.[0];
	};
	for (let link = await find(); ; link = await find()) {
		if (link) return link;
		await changes.next();
	}
}
