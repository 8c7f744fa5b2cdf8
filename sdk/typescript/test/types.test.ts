import assert from "node:assert/strict";
import { test } from "node:test";
import { type CreateChatInput, type FindOrCreateChatData, WhopApi, type GetAttachmentData } from "../src/index.js";
import { startStub } from "./stub.js";

test("the published example compiles and runs as it stands", async (context) => {
  const stub = await startStub(context, { body: { data: { createChat: { id: "exp_1", link: "/lobby" } } } });
  const whopApi = WhopApi({ appApiKey: "key", apiOrigin: stub.origin });

  const result = await whopApi.findOrCreateChat({
    input: {
      accessPassId: "prod_XXXXXXXX",
      experienceId: "exp_XXXXXXXX",
      expiresAt: 1716931200,
      name: "some string",
      price: {
        baseCurrency: "usd",
        customFields: [
          {
            fieldType: "text",
            id: "xxxxxxxxxxx",
            name: "some string",
            order: 10,
            placeholder: "some string",
            required: true,
          },
        ],
        expirationDays: 10,
        initialPrice: 10,
        releaseMethod: "buy_now",
      },
      whoCanPost: "admins",
    },
  });

  const exact: { createChat: { id: string; link: string } | null } = result;
  assert.equal(exact.createChat?.id, "exp_1");
});

test("what does not fit does not compile", () => {
  const calls = (api: WhopApi) => {
    // @ts-expect-error a chat needs a name
    api.findOrCreateChat({ input: {} });
    // @ts-expect-error not one of the values
    api.findOrCreateChat({ input: { name: "Lobby", whoCanPost: "nobody" } });
    // @ts-expect-error it takes no variables
    api.getCurrentUser({ userId: "user_1" });
    // @ts-expect-error there is no such operation
    api.createUniverse();
  };
  assert.equal(typeof calls, "function");

  // @ts-expect-error a misspelled field
  const input: CreateChatInput = { name: "Lobby", whoMayPost: "admins" };
  // @ts-expect-error the chat may be missing
  const link = (data: FindOrCreateChatData) => data.createChat.link;
  assert.equal(typeof link, "function");
  assert.equal(input.name, "Lobby");
});

test("whole numbers beyond JavaScript's are sent either way", () => {
  const calls = (api: WhopApi) => {
    api.listDirectMessageConversations({ beforeTimestamp: 1716931200123 });
    api.listDirectMessageConversations({ beforeTimestamp: "1716931200123", status: "accepted" });
  };
  assert.equal(typeof calls, "function");
});

test("the type name tells the cases of an attachment apart", () => {
  const describe = ({ attachment }: GetAttachmentData): string | number | null => {
    switch (attachment.__typename) {
      case "ImageAttachment":
        return attachment.blurhash;
      case "VideoAttachment":
        return attachment.preview.url;
      case "AudioAttachment":
        return attachment.duration;
      case "OtherAttachment":
        return attachment.filename;
    }
  };
  const common = { id: "file_1", signedId: null, analyzed: true, byteSizeV2: "3", contentType: null };
  const source = { url: "https://files.test/1" };
  const attachment = { ...common, source, __typename: "OtherAttachment" as const, filename: "a.zip" };
  assert.equal(describe({ attachment }), "a.zip");
});
