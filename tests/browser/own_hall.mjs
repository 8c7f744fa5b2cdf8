// A hall of a test's own, for what would disturb the others in theirs: other settings, rows that are filled in, a moved clock.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { said } from "./localstripe.mjs";

/**
 * Serves a demo world in a directory of its own, with these variables, after `guildhall fill <words>` where there are
 * any; answers where it is, what its demo.env says, how to run a command beside it, and how to close it.
 */
export async function openHall({ env = {}, fill = [] } = {}) {
	const program = process.env.GUILDHALL;
	assert.ok(program, "GUILDHALL must name the server's program");
	const data = await mkdtemp(path.join(tmpdir(), "guildhall-own-"));
	const guildhall = async (...words) => {
		const { stdout } = await promisify(execFile)(program, [...words, "--data-dir", data], { env });
		return stdout;
	};
	if (fill.length > 0) await guildhall("fill", ...fill);
	const served = spawn(program, ["serve", "--demo", "--listen", "127.0.0.1:0", "--data-dir", data], {
		env,
		stdio: ["ignore", "pipe", "ignore"],
	});
	const origin = (await said(served, /is open at/)).match(/https?:\S+/)[0];
	const lines = (await readFile(path.join(data, "demo.env"), "utf8")).split("\n").filter((line) => line.includes("="));
	const pairs = lines.map((line) => line.split(/=(.*)/s)).map(([name, value]) => [name, value.replaceAll('"', "")]);
	const close = async () => {
		served.kill();
		await once(served, "exit");
		await rm(data, { recursive: true });
	};
	return { origin, world: Object.fromEntries(pairs), guildhall, close };
}
