// Webhooks: made by the published client, sent by the server, and believed by everything published that checks them.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import Whop from "@whop/sdk";
import { Webhook } from "standardwebhooks";
import { makeWebhookValidator } from "whop-api-0.0.51";
import { newest as client } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { unusedId, world } from "./world.mjs";

const companyEvents = [
	"dispute_alert_created",
	"dispute_created",
	"dispute_updated",
	"invoice_created",
	"invoice_paid",
	"invoice_past_due",
	"invoice_voided",
	"membership_cancel_at_period_end_changed",
	"membership_experience_claimed",
	"membership_metadata_updated",
	"membership_went_invalid",
	"membership_went_valid",
	"payment_affiliate_reward_created",
	"payment_failed",
	"payment_pending",
	"payment_succeeded",
	"refund_created",
	"refund_updated",
	"resolution_created",
	"resolution_decided",
	"resolution_updated",
];
const appEvents = [
	"app_membership_cancel_at_period_end_changed",
	"app_membership_went_invalid",
	"app_membership_went_valid",
	"app_payment_failed",
	"app_payment_pending",
	"app_payment_succeeded",
];

/** Runs a test with a receiver of its own: its address, and what it took as `Request`s. Answers `{"seen": <path>}`. */
async function withReceiver(run) {
	const requests = [];
	const server = createServer(async (incoming, outgoing) => {
		const chunks = [];
		for await (const chunk of incoming) chunks.push(chunk);
		requests.push(
			new Request(`http://localhost${incoming.url}`, {
				method: incoming.method,
				headers: incoming.headers,
				body: Buffer.concat(chunks),
			}),
		);
		outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ seen: incoming.url }));
	});
	await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
	try {
		await run(`http://127.0.0.1:${server.address().port}`, requests);
	} finally {
		server.closeAllConnections();
		await new Promise((closed) => server.close(closed));
	}
}

/** Runs a test with a webhook of its own. */
async function withWebhook(input, run) {
	const webhook = await client.createWebhook(input);
	try {
		await run(webhook);
	} finally {
		await client.deleteWebhook({ id: webhook.id });
	}
}

/** Sends a sample, and answers the request that the receiver took. */
async function sample(webhook, event, requests) {
	const tested = await client.testWebhook({ id: webhook.id, event });
	assert.deepEqual(tested, { body: { seen: "/in" }, status: 200, success: true });
	return requests.pop();
}

test("a webhook is made, shown, listed, changed and deleted", async () => {
	const made = await client.createWebhook({ url: "https://example.com/in", events: ["payment_succeeded"] });
	assert.match(made.id, /^hook_/);
	assert.match(made.webhookSecret, /^whsec_/);
	assert.equal(made.apiVersion, "v5");
	assert.equal(made.enabled, true);
	assert.equal(made.resourceId, world.companyId);
	assert.ok(made.createdAt > 1_000_000_000 && made.createdAt < 100_000_000_000, "in seconds");
	const named = { companyId: world.companyId, webhookId: made.id };
	assert.deepEqual((await client.getWebhook(named)).webhook, made);
	const { webhooks } = await client.listWebhooks({ companyId: world.companyId });
	assert.deepEqual(webhooks.find(({ id }) => id === made.id), made);
	const changed = await client.updateWebhook({ id: made.id, events: ["refund_created"], enabled: false });
	assert.deepEqual(changed, { ...made, events: ["refund_created"], enabled: false });
	assert.equal(await client.deleteWebhook({ id: made.id }), true);
	await assertRefused(() => client.getWebhook(named), "NOT_FOUND");
});

test("what cannot be is refused", async () => {
	const url = "https://example.com/in";
	await assertRefused(() => client.createWebhook({ url: "nowhere" }), "INVALID_INPUT", /whole address/);
	await assertRefused(() => client.createWebhook({ url, apiVersion: "v2" }), "INVALID_INPUT", /choose `v5` or `v1`/);
	await assertRefused(
		() => client.createWebhook({ url, events: ["payment_failed", "app_payment_failed"] }),
		"INVALID_INPUT",
		/a webhook of an app hears/,
	);
	await assertRefused(() => client.deleteWebhook({ id: unusedId("hook") }), "NOT_FOUND");
});

test("makeWebhookValidator accepts every event of v5", () =>
	withReceiver(async (origin, requests) => {
		for (const [resourceId, events] of [
			[world.companyId, companyEvents],
			[world.appId, appEvents],
		]) {
			await withWebhook({ url: `${origin}/in`, resourceId }, async (webhook) => {
				assert.deepEqual(webhook.events, events, "all that it can hear");
				const validate = makeWebhookValidator({ webhookSecret: webhook.webhookSecret });
				const validateOther = makeWebhookValidator({ webhookSecret: "another" });
				for (const event of events) {
					const request = await sample(webhook, event, requests);
					await assert.rejects(() => validateOther(request.clone()), /Signature mismatch/);
					const { action, data } = await validate(request);
					assert.equal(action.replace(".", "_"), event);
					assert.equal(typeof data.id, "string");
				}
			});
		}
	}));

test("standardwebhooks and the SDK's unwrap accept every event of v1", () =>
	withReceiver(async (origin, requests) => {
		await withWebhook({ url: `${origin}/in`, apiVersion: "v1" }, async (webhook) => {
			const secret = webhook.webhookSecret;
			// As templates do, which encode what they read from the environment.
			const keys = [secret, secret.replace("whsec_", ""), btoa(secret)];
			for (const event of webhook.events) {
				const request = await sample(webhook, event, requests);
				const headers = Object.fromEntries(request.headers);
				const body = await request.text();
				for (const key of keys) {
					const told = new Webhook(key).verify(body, headers);
					assert.equal(told.id, headers["webhook-id"]);
					assert.equal(told.company_id, world.companyId);
					assert.ok(!Number.isNaN(Date.parse(told.timestamp)));
					const sdk = new Whop({ apiKey: "unused", webhookKey: key });
					assert.deepEqual(sdk.webhooks.unwrap(body, { headers }), told);
				}
				assert.throws(() => new Webhook(btoa("another")).verify(body, headers), /No matching signature/);
				assert.throws(() => new Webhook(secret).verify(`${body} `, headers), /No matching signature/);
			}
		});
	}));

test("the types of v1 are those that the SDK's users switch on", () =>
	withReceiver(async (origin, requests) => {
		await withWebhook({ url: `${origin}/in`, apiVersion: "v1" }, async (webhook) => {
			const types = {
				membership_went_valid: "membership.activated",
				membership_went_invalid: "membership.deactivated",
				payment_succeeded: "payment.succeeded",
				refund_created: "refund.created",
				dispute_alert_created: "dispute_alert.created",
				invoice_past_due: "invoice.past_due",
				resolution_decided: "resolution_center_case.decided",
			};
			for (const [event, type] of Object.entries(types)) {
				const request = await sample(webhook, event, requests);
				assert.equal((await request.json()).type, type);
			}
		});
	}));
