// Somebody at a browser without scripts: cookies, one page at a time, forms as they stand in it.

import { world } from "./world.mjs";

export class Browser {
	#cookies = new Map();

	async open(address, init = {}) {
		const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
		const headers = { ...init.headers, cookie };
		const response = await fetch(new URL(address, world.apiOrigin), { ...init, headers, redirect: "manual" });
		for (const line of response.headers.getSetCookie()) {
			const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
			if (/max-age=0/i.test(line)) this.#cookies.delete(name);
			else this.#cookies.set(name, value);
		}
		return { status: response.status, location: response.headers.get("location"), text: await response.text() };
	}

	/** Sends the page's last form with its hidden fields and these. */
	async send(page, fields) {
		const form = page.text.slice(page.text.lastIndexOf("<form"));
		const hidden = [...form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
		const body = new URLSearchParams(hidden.map(([, name, value]) => [name, plain(value)]));
		for (const [name, value] of Object.entries(fields)) body.set(name, value);
		return this.open(plain(/action="([^"]*)"/.exec(form)[1]), { method: "POST", body });
	}
}

function plain(text) {
	return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)).replaceAll("&amp;", "&");
}
