import assert from "node:assert/strict";
import { testClients } from "./clients.mjs";
import { assertRefused } from "./wire.mjs";
import { uniqueName, unusedId, world } from "./world.mjs";

const operations = ["findOrCreateForum", "createForumPost", "listForumPostsFromForum"];
const accessPassId = world.accessPassId;

async function openForum(client, changes = {}) {
	const forum = await client.findOrCreateForum({ accessPassId, name: uniqueName("Board"), ...changes });
	return forum.id;
}

async function listPosts(client, experienceId) {
	const { posts } = await client.listForumPostsFromForum({ experienceId });
	return posts;
}

testClients("creating a forum twice, or twenty times at once, makes one", operations, async (client) => {
	const name = uniqueName("Assembly");
	const forums = await Promise.all(
		Array.from({ length: 20 }, () => client.findOrCreateForum({ accessPassId, name })),
	);
	const found = await client.findOrCreateForum({ accessPassId, name: ` ${name.toLowerCase()} ` });
	assert.equal(new Set([...forums, found].map((forum) => forum.id)).size, 1);
	assert.match(found.id, /^exp_/);
	assert.ok(URL.canParse(found.link, world.apiOrigin), found.link);
});

testClients("a chat and a forum may bear one name", [...operations, "findOrCreateChat"], async (client) => {
	const name = uniqueName("Twins");
	const forum = await client.findOrCreateForum({ accessPassId, name });
	const chat = await client.findOrCreateChat({ accessPassId, name });
	assert.notEqual(forum.id, chat.id);
});

testClients("a post is answered with itself and listed first", operations, async (client) => {
	const forumExperienceId = await openForum(client);
	await client.createForumPost({ forumExperienceId, title: "Older", content: "Said before." });
	const content = "A **plan** for the winter ❄️";
	const post = await client.createForumPost({ forumExperienceId, title: "Winter", content });
	assert.match(post.id, /^post_/);
	assert.equal(post.content, content);
	assert.equal(post.user.id, world.agentUserId);
	assert.deepEqual([post.isDeleted, post.isEdited, post.isPinned, post.parentId], [false, false, false, null]);
	assert.ok(Number(post.createdAt) > 1_600_000_000_000, "times of posts are in milliseconds");

	const posts = await listPosts(client.withUser(world.customerUserId), forumExperienceId);
	assert.deepEqual(posts.map(({ content }) => content), [content, "Said before."]);
	assert.equal(posts[0].id, post.id);
});

testClients("a comment knows what it answers", operations, async (client) => {
	const forumExperienceId = await openForum(client);
	const post = await client.createForumPost({ forumExperienceId, title: "Question", content: "Who brings wood?" });
	const comment = await client.createForumPost({ forumExperienceId, parentId: post.id, content: "I do." });
	assert.equal(comment.parentId, post.id);
	const parentId = unusedId("post");
	await assertRefused(() => client.createForumPost({ forumExperienceId, parentId, content: "To whom?" }), "NOT_FOUND");
});

testClients("a pinned post stays first", operations, async (client) => {
	const forumExperienceId = await openForum(client);
	const pinned = await client.createForumPost({ forumExperienceId, title: "Rules", content: "Be kind.", pinned: true });
	assert.equal(pinned.isPinned, true);
	await client.createForumPost({ forumExperienceId, title: "Later", content: "Newer than the rules." });
	const posts = await listPosts(client, forumExperienceId);
	assert.equal(posts[0].id, pinned.id);
});

testClients("a post may carry a poll", operations, async (client) => {
	const forumExperienceId = await openForum(client);
	const poll = { options: ["1", "2", "3"].map((id) => ({ id, text: `Option ${id}` })) };
	const post = await client.createForumPost({ forumExperienceId, title: "Vote", content: "Which one?", poll });
	const posts = await listPosts(client, forumExperienceId);
	assert.ok(posts.some(({ id }) => id === post.id));

	const withoutOptions = { forumExperienceId, title: "Vote", content: "Which one?", poll: { options: [] } };
	await assertRefused(() => client.createForumPost(withoutOptions), "INVALID_INPUT");
});

testClients("a paywalled post withholds its content until it is bought", operations, async (client) => {
	const forumExperienceId = await openForum(client);
	const secret = uniqueName("The secret is");
	const post = await client.createForumPost({
		forumExperienceId,
		title: "For buyers",
		content: secret,
		paywallAmount: 5,
		paywallCurrency: "usd",
	});
	const posts = await listPosts(client.withUser(world.customerUserId), forumExperienceId);
	assert.ok(posts.some(({ id }) => id === post.id), "that there is a post is no secret");
	assert.ok(!JSON.stringify(posts).includes(secret));

	const below = { forumExperienceId, title: "Too cheap", content: "…", paywallAmount: 0.001, paywallCurrency: "usd" };
	await assertRefused(() => client.createForumPost(below), "INVALID_INPUT");
});

testClients("only admins post in a forum unless it says otherwise", operations, async (client) => {
	const customer = client.withUser(world.customerUserId);
	const closed = await openForum(client);
	const post = { title: "From below", content: "May I?" };
	await assertRefused(() => customer.createForumPost({ ...post, forumExperienceId: closed }), "FORBIDDEN");

	const open = await openForum(client, { whoCanPost: "everyone" });
	const posted = await customer.createForumPost({ ...post, forumExperienceId: open });
	assert.equal(posted.user.id, world.customerUserId);
});

testClients("a post without words or without a forum is refused", operations, async (client) => {
	const forumExperienceId = await openForum(client);
	await assertRefused(() => client.createForumPost({ forumExperienceId, content: "   " }), "INVALID_INPUT");
	const unknown = { forumExperienceId: unusedId("exp"), content: "Anyone?" };
	await assertRefused(() => client.createForumPost(unknown), "NOT_FOUND");
});

testClients("the demo forum has posts", operations, async (client) => {
	const posts = await listPosts(client.withUser(world.customerUserId), world.forumExperienceId);
	assert.ok(posts.length > 0);
});
