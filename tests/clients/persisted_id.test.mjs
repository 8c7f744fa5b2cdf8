// Every id a published client ever sent is known: built operations run, the others say that they are not built.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { clients } from "./clients.mjs";
import { observe, post } from "./wire.mjs";

const directory = new URL("../../crates/guildhall-graphql/operations/", import.meta.url);
const operations = JSON.parse(readFileSync(new URL("operations.json", directory), "utf8"));
const unknownId = `sha256:${"0".repeat(64)}`;

function sidesAndIds(ids) {
	return Object.entries(ids).flatMap(([side, versions]) => Object.keys(versions).map((id) => [side, id]));
}

function isBuilt(name) {
	return existsSync(new URL(`${operations[name].group}/${name}.graphql`, directory));
}

/** Sends an id as the clients do (HTTP contract, form 2), with the app's key and no variables. */
async function sendId(name, kind, side, id) {
	const client = `whop-sdk-ts-${side}`;
	const query = new URLSearchParams({ id, client, type: kind });
	return post(`/public-graphql/${name}?${query}`, {
		operationId: `${client}/${id}`,
		operationType: kind,
		operationName: name,
		variables: {},
	});
}

/** What an answer says apart from id and operation, to compare answers about different ones. */
function wording({ body }, id, name) {
	return [id, id.replace("sha256:", ""), name].reduce((text, part) => text.replaceAll(part, ""), JSON.stringify(body));
}

const unknown = await sendId("getCurrentUser", "query", "server", unknownId);
const unknownWording = wording(unknown, unknownId, "getCurrentUser");

test("an unknown id says so", () => {
	assert.ok(unknown.status >= 200 && unknown.status < 500, `status ${unknown.status}`);
	assert.match(unknown.body.errors[0].message, /unknown|not found|not known/i);
	assert.ok(!unknown.body.data);
});

for (const [name, { kind, ids }] of Object.entries(operations)) {
	test(`every id of ${name} is known`, async () => {
		for (const [side, id] of sidesAndIds(ids)) {
			const answer = await sendId(name, kind, side, id);
			assert.ok(answer.status >= 200 && answer.status < 500, `${id} answered ${answer.status}`);
			assert.ok(answer.body.data || answer.body.errors?.length > 0, `${id} answered ${JSON.stringify(answer.body)}`);
			assert.notEqual(wording(answer, id, name), unknownWording, `${side} does not know ${id}`);

			const error = answer.body.errors?.[0];
			if (isBuilt(name)) {
				assert.notEqual(error?.extensions?.code, "NOT_IMPLEMENTED", id);
			} else {
				assert.equal(error?.extensions?.code, "NOT_IMPLEMENTED", `${id}: ${JSON.stringify(answer.body)}`);
				assert.ok(error.message.includes(name), error.message);
			}
		}
	});
}

for (const client of clients) {
	const unbuilt = Object.keys(operations).filter((name) => name in client && !isBuilt(name));
	test(`an operation not built yet rejects and names itself (${client.version})`, async () => {
		for (const name of unbuilt) {
			const { error } = await observe(() => client[name]({}));
			assert.ok(error, `${name} resolved`);
			assert.match(error.message, /not[_ ]implemented/i);
			assert.ok(error.message.includes(name), error.message);
		}
	});
}
