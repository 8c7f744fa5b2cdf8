// The demo world of the running server, as `<data-dir>/demo.env` describes it, and what the server wrote into its log,
// which is where letters go when there is no mail server.

import assert from "node:assert/strict";
import { readFileSync, watch } from "node:fs";

export const world = process.env;
export const origin = process.env.WHOP_API_ORIGIN;
assert.ok(origin, "WHOP_API_ORIGIN must say where the server is: load its demo.env");

/** The newest link of a letter to this address, as soon as the server has written it. */
export function linkMailedTo(address) {
	const log = process.env.DEMO_LOG;
	assert.ok(log, "DEMO_LOG must name the file that holds the server's log");
	const find = () => {
		const lines = readFileSync(log, "utf8").split("\n").filter((line) => line.includes(`mail to ${address}:`));
		return lines.at(-1)?.match(/https?:\/\/\S+/)?.[0];
	};
	return new Promise((resolve, reject) => {
		const end = (settle, value) => {
			clearTimeout(patience);
			watcher.close();
			settle(value);
		};
		const look = () => {
			const link = find();
			if (link) end(resolve, link);
		};
		const patience = setTimeout(() => end(reject, new Error(`no letter to ${address} came`)), 20_000);
		// Watched from before it is read first, so that no line falls between.
		const watcher = watch(log, look);
		look();
	});
}
