// The demo world of a running server, as the environment describes it (`<data-dir>/demo.env`).
// Owns no state: every test makes what it changes itself, under a name of its own.

import { randomUUID } from "node:crypto";

const variables = {
	apiOrigin: "WHOP_API_ORIGIN",
	apiKey: "WHOP_API_KEY",
	appId: "NEXT_PUBLIC_WHOP_APP_ID",
	agentUserId: "NEXT_PUBLIC_WHOP_AGENT_USER_ID",
	companyId: "NEXT_PUBLIC_WHOP_COMPANY_ID",
	ownerUserId: "DEMO_OWNER_USER_ID",
	moderatorUserId: "DEMO_MODERATOR_USER_ID",
	customerUserId: "DEMO_CUSTOMER_USER_ID",
	strangerUserId: "DEMO_STRANGER_USER_ID",
	accessPassId: "DEMO_ACCESS_PASS_ID",
	paidAccessPassId: "DEMO_PAID_ACCESS_PASS_ID",
	planId: "DEMO_PLAN_ID",
	chatExperienceId: "DEMO_CHAT_EXPERIENCE_ID",
	forumExperienceId: "DEMO_FORUM_EXPERIENCE_ID",
	appExperienceId: "DEMO_APP_EXPERIENCE_ID",
};

export const world = readWorld(process.env);

function readWorld(environment) {
	const missing = Object.values(variables).filter((name) => !environment[name]);
	if (missing.length > 0) {
		throw new Error(
			`The environment lacks ${missing.join(", ")}. Start \`guildhall serve --demo\`, then load its demo.env ` +
				"(`set -a; . guildhall-data/demo.env; set +a`).",
		);
	}
	return Object.fromEntries(Object.entries(variables).map(([key, name]) => [key, environment[name]]));
}

/** A name no other test, and no earlier run, has used. */
export function uniqueName(noun) {
	return `${noun} ${randomUUID().slice(0, 13)}`;
}

/** A well-formed id that names nothing: `prefix_` and base62, like the server's own. */
export function unusedId(prefix) {
	return `${prefix}_0${randomUUID().replaceAll("-", "").slice(0, 21)}`;
}

/** The balance in cents; nothing held yet counts as zero. */
export function usdBalanceMinor(ledgerAccount) {
	const usd = ledgerAccount.balanceCaches.nodes.find((cache) => cache.currency === "usd");
	return usd ? Math.round(usd.balance * 100) : 0;
}
