import assert from "node:assert/strict";
import { test } from "node:test";
import { serverAudits } from "graphql-http";
import "./wire.mjs";
import { world } from "./world.mjs";

const audits = serverAudits({
	url: new URL("/public-graphql", world.apiOrigin).href,
	fetchFn: (url, init) =>
		fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${world.apiKey}` } }),
});

test("the audits are all here", () => {
	assert.equal(audits.length, 61);
});

for (const audit of audits) {
	test(`${audit.id} ${audit.name}`, async () => {
		const result = await audit.fn();
		if (result.status === "ok") return;
		const { response } = result;
		const body = response.bodyUsed ? "" : ` ${await response.text()}`;
		assert.fail(`${result.status}: ${result.reason}; answered ${response.status}${body}`);
	});
}
