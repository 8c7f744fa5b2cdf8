// A server of an app, in this process: on a port of its own, for as long as the tests of a file run.

import { once } from "node:events";
import { createServer } from "node:http";
import { after } from "node:test";
import { origin, world } from "./world.mjs";

/**
 * Serves `answer(url, request)`, which gives the inside of a page or `{ location }`, until the tests of this file have
 * run; answers the server and its address.
 */
export async function serveApp(answer) {
	const server = createServer(async (asked, response) => {
		try {
			const page = await answer(new URL(asked.url, app.origin), asked);
			if (page.location) return response.writeHead(302, { location: page.location }).end();
			response.setHeader("content-type", "text/html; charset=utf-8");
			response.end(`<!doctype html><html lang="en"><title>App</title><main>${page}</main></html>`);
		} catch (error) {
			response.writeHead(500).end(String(error.stack));
		}
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	after(() => {
		server.closeAllConnections();
		server.close();
	});
	const app = { server, origin: `http://127.0.0.1:${server.address().port}` };
	return app;
}

/** Asks the API as an app does: the data, or the errors of the answer. */
export async function ask(key, query, variables) {
	const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
	const body = JSON.stringify({ query, variables });
	const answer = await fetch(`${origin}/public-graphql`, { method: "POST", headers, body });
	const { data, errors } = await answer.json();
	return { status: answer.status, data, errors };
}

/** The same as the demo world's app, which must not be refused. */
export async function askAsDemoApp(query, variables) {
	const { data, errors } = await ask(world.WHOP_API_KEY, query, variables);
	if (errors) throw new Error(JSON.stringify(errors));
	return data;
}
