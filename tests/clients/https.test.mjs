// What the Node client does over https alone: it uploads a file by itself, from its first byte to the attachment that
// is shown. Needs a server that was started with `--tls`, and its authority in NODE_EXTRA_CA_CERTS.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { newest } from "./clients.mjs";
import { world } from "./world.mjs";

const partBytes = 5 * 1024 * 1024;
const skip = world.apiOrigin.startsWith("https:") ? false : "the server does not speak https";

for (const { name, bytes, parts } of [
	{ name: "one part", bytes: 1000, parts: 1 },
	{ name: "three parts of 5 MiB", bytes: 3 * partBytes, parts: 3 },
]) {
	test(`uploadAttachment uploads ${name}`, { skip }, async () => {
		const sent = randomBytes(bytes);
		const file = new File([sent], "noise.bin", { type: "application/octet-stream" });
		const prepared = await newest.prepareAttachmentForUpload(file, "dms_post");
		const urls = prepared.multipart ? prepared.multipartUploadUrls.map((part) => part.url) : [prepared.uploadUrl];
		assert.equal(urls.length, parts);
		for (const url of urls) assert.equal(new URL(url).origin, world.apiOrigin);

		const told = [];
		const onProgress = (percent) => told.push(percent);
		const signal = AbortSignal.timeout(60_000);
		const { directUploadId, attachment } = await newest.uploadAttachment(prepared, { onProgress, signal });
		assert.equal(directUploadId, prepared.id);
		assert.equal(attachment.analyzed, true);
		assert.equal(Number(attachment.byteSizeV2), bytes);
		assert.equal(told.at(-1), 100);

		const url = new URL(attachment.source.url);
		assert.equal(url.origin, world.apiOrigin);
		const response = await fetch(url);
		assert.equal(response.status, 200);
		assert.ok(Buffer.from(await response.arrayBuffer()).equals(sent), "the bytes come back as they went");
	});
}

test("a file and its record are enough", { skip }, async () => {
	const file = new File(["Not a picture"], "notes.txt", { type: "text/plain" });
	const { attachment } = await newest.uploadAttachment({ file, record: "forum_post" });
	assert.equal(attachment.filename, "notes.txt");
});
