// The program of the running server, for what an operator does beside it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Runs `guildhall <words>` over the data of the running server; answers what it printed. */
export async function guildhall(...words) {
	const { GUILDHALL: program, GUILDHALL_DATA_DIR: data } = process.env;
	assert.ok(program && data, "GUILDHALL must name the server's program, and GUILDHALL_DATA_DIR its data");
	const { stdout } = await promisify(execFile)(program, [...words, "--data-dir", data]);
	return stdout;
}
