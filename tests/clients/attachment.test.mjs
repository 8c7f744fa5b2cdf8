// The Node client uploads over https only, so against a plain http server the PUTs are done here, as it would do them;
// everything before and after goes through the client.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { newest, testClients } from "./clients.mjs";
import { assertRefused, observe } from "./wire.mjs";
import { uniqueName, unusedId, world } from "./world.mjs";

const operations = ["uploadMedia", "processAttachment", "getAttachment"];
const partBytes = 5 * 1024 * 1024;
const readyTimeoutMs = 20_000;

// One white pixel.
const png = Buffer.from(
	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==",
	"base64",
);

function imageFile() {
	return new File([png], "pixel.png", { type: "image/png" });
}

function textFile(bytes) {
	return new File([bytes], "notes.txt", { type: "text/plain" });
}

async function put(url, bytes, headers = {}) {
	const response = await fetch(url, { method: "PUT", body: bytes, headers });
	await response.arrayBuffer();
	return response;
}

/** Puts one part and answers its entity tag as the client reports it: without the quotes. */
async function putPart(url, bytes, headers) {
	const response = await put(url, bytes, headers);
	assert.ok(response.ok, `PUT answered ${response.status}`);
	const quoted = response.headers.get("etag");
	assert.match(quoted ?? "", /^"[^"]+"$/, "the entity tag is in double quotes");
	return quoted.slice(1, -1);
}

async function whenReady(client, id) {
	const attachment = await client.analyzeAttachment(id, { signal: AbortSignal.timeout(readyTimeoutMs) });
	assert.ok(attachment, `${id} was not ready after ${readyTimeoutMs} ms`);
	return attachment;
}

async function uploadInOnePart(client, file, record, mediaType) {
	const prepared = await client.prepareAttachmentForUpload(file, record);
	assert.equal(prepared.multipart, false);
	if (prepared.uploadUrl.startsWith("https:")) {
		const { attachment } = await client.uploadAttachment(prepared);
		return { id: prepared.id, attachment };
	}
	await putPart(prepared.uploadUrl, file, prepared.headers);
	await client.processAttachment({ directUploadId: prepared.id, mediaType });
	return { id: prepared.id, attachment: await whenReady(client, prepared.id) };
}

async function assertServes(attachment, bytes) {
	const response = await fetch(new URL(attachment.source.url, world.apiOrigin));
	assert.equal(response.status, 200);
	assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytes), "the bytes come back as they went");
}

/** Declares one thing and sends another: refused at the PUT or at processing, and never ready. */
async function assertLieRefused(client, declared, sent) {
	const upload = await client.uploadMedia({
		filename: "notes.txt",
		contentType: "text/plain",
		record: "dms_post",
		multipart: false,
		...declared,
	});
	const response = await put(upload.uploadUrl, sent, upload.headers);
	const processed = await observe(() => client.processAttachment({ directUploadId: upload.id, mediaType: "other" }));
	assert.ok(response.status < 500 && processed.status < 500);
	assert.ok(!response.ok || processed.body.errors?.length > 0, "a lie about a file was believed");
	await assertRefused(() => client.getAttachment({ id: upload.id }), ["NOT_FOUND", "CONFLICT", "INVALID_INPUT"]);
}

function md5Base64(bytes) {
	return createHash("md5").update(bytes).digest("base64");
}

testClients("a file is uploaded in one part", operations, async (client) => {
	const { id, attachment } = await uploadInOnePart(client, imageFile(), "dms_post", "image");
	assert.match(attachment.__typename, /Attachment$/);
	assert.equal(attachment.contentType, "image/png");
	assert.equal(attachment.filename, "pixel.png");
	assert.equal(Number(attachment.byteSizeV2), png.length);
	assert.equal(attachment.analyzed, true);
	await assertServes(attachment, png);
	assert.equal((await client.getAttachment({ id })).id, attachment.id);
});

testClients("a file above 5 MiB is uploaded in parts", operations, async (client) => {
	const bytes = randomBytes(partBytes + 3);
	const file = new File([bytes], "noise.bin", { type: "application/octet-stream" });
	const prepared = await client.prepareAttachmentForUpload(file, "dms_post");
	assert.equal(prepared.multipart, true);
	assert.deepEqual(prepared.multipartUploadUrls.map((part) => part.partNumber), [1, 2]);

	const multipartParts = await Promise.all(
		prepared.multipartUploadUrls.map(async ({ url, partNumber }) => {
			const part = bytes.subarray((partNumber - 1) * partBytes, partNumber * partBytes);
			return { etag: await putPart(url, part), partNumber };
		}),
	);
	await client.processAttachment({
		directUploadId: prepared.id,
		mediaType: "other",
		multipartUploadId: prepared.multipartUploadId,
		multipartParts,
	});
	const attachment = await whenReady(client, prepared.id);
	assert.equal(Number(attachment.byteSizeV2), bytes.length);
	await assertServes(attachment, bytes);
});

testClients("parts are checked before they are joined", operations, async (client) => {
	const bytes = randomBytes(partBytes + 3);
	const file = new File([bytes], "noise.bin", { type: "application/octet-stream" });
	const prepared = await client.prepareAttachmentForUpload(file, "dms_post");
	const [first, second] = prepared.multipartUploadUrls;
	const firstTag = await putPart(first.url, bytes.subarray(0, partBytes));
	const join = (multipartParts) => () =>
		client.processAttachment({
			directUploadId: prepared.id,
			mediaType: "other",
			multipartUploadId: prepared.multipartUploadId,
			multipartParts,
		});

	const refused = ["INVALID_INPUT", "NOT_FOUND", "CONFLICT"];
	await assertRefused(join([{ etag: firstTag, partNumber: 1 }]), refused);
	const secondTag = await putPart(second.url, bytes.subarray(partBytes));
	const mistaken = [
		{ etag: firstTag, partNumber: 1 },
		{ etag: `${secondTag}0`, partNumber: 2 },
	];
	await assertRefused(join(mistaken), refused);
	await assertRefused(() => client.getAttachment({ id: prepared.id }), refused);
});

testClients("a wrong checksum is refused", operations, async (client) => {
	const declared = { byteSizeV2: "5", checksum: md5Base64("other") };
	await assertLieRefused(client, declared, "words");
});

testClients("a wrong size is refused", operations, async (client) => {
	for (const sent of ["word", "words and more"]) {
		await assertLieRefused(client, { byteSizeV2: "5", checksum: md5Base64(sent) }, sent);
	}
});

testClients("an attachment that is not there is not found", operations, async (client) => {
	await assertRefused(() => client.getAttachment({ id: unusedId("file") }), "NOT_FOUND");
	const input = { directUploadId: unusedId("file"), mediaType: "other" };
	await assertRefused(() => client.processAttachment(input), "NOT_FOUND");
});

testClients("an upload is not ready before it is processed", operations, async (client) => {
	const { id } = await client.prepareAttachmentForUpload(textFile("Not yet"), "dms_post");
	await assertRefused(() => client.getAttachment({ id }), ["NOT_FOUND", "CONFLICT", "INVALID_INPUT"]);
});

testClients("a forum post shows its attachment", [...operations, "createForumPost"], async (client) => {
	const { id } = await uploadInOnePart(client, imageFile(), "forum_post", "image");
	const forum = await client.findOrCreateForum({ accessPassId: world.accessPassId, name: uniqueName("Gallery") });
	const post = await client.createForumPost({
		forumExperienceId: forum.id,
		title: "A pixel",
		content: "Look closely.",
		attachments: [{ directUploadId: id }],
	});
	assert.deepEqual(post.attachments.map((attachment) => attachment.contentType), ["image/png"]);
	assert.ok(post.attachments[0].sourceUrl);
});

// Clients before 0.0.51 send messages without attachments.
test("a message shows its attachment", async () => {
	const { id } = await uploadInOnePart(newest, imageFile(), "dms_post", "image");
	const chat = await newest.findOrCreateChat({ accessPassId: world.accessPassId, name: uniqueName("Pictures") });
	await newest.sendMessageToChat({ experienceId: chat.id, message: "See", attachments: [{ directUploadId: id }] });
	const { posts } = await newest.listMessagesFromChat({ chatExperienceId: chat.id });
	assert.deepEqual(posts[0].attachments.map((attachment) => attachment.contentType), ["image/png"]);
});
