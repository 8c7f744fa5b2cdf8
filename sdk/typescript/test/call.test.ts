import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DecodeError,
  GraphQLError,
  type GraphQLErrorEntry,
  HttpError,
  NetworkError,
  operations,
  WhopApi,
} from "../src/index.js";
import { startStub } from "./stub.js";

const lobby = { input: { name: "Lobby" } };
const chat = { createChat: { id: "exp_1", link: "/lobby" } };
const operation = operations.find((each) => each.name === "findOrCreateChat");

test("a document is sent with its variables and headers", async (context) => {
  const stub = await startStub(context, { body: { data: chat } });
  const api = WhopApi({ appApiKey: "key", apiOrigin: `${stub.origin}/` });
  const result = await api.withUser("user_1").withCompany("biz_1").findOrCreateChat(lobby);
  assert.deepEqual(result, chat);

  const [asked] = stub.asked;
  assert.equal(asked?.method, "POST");
  assert.equal(asked?.url, "/public-graphql/findOrCreateChat");
  assert.equal(asked?.headers.authorization, "Bearer key");
  assert.equal(asked?.headers["content-type"], "application/json");
  assert.equal(asked?.headers["x-on-behalf-of"], "user_1");
  assert.equal(asked?.headers["x-company-id"], "biz_1");
  const body = { query: operation?.document, operationName: "findOrCreateChat", variables: lobby };
  assert.deepEqual(asked?.body, body);
});

test("a persisted id stands for the document", async (context) => {
  const stub = await startStub(context, { body: { data: chat } });
  const api = WhopApi({ appApiKey: "key", apiOrigin: stub.origin, persisted: true });
  await api.findOrCreateChat(lobby);

  const [asked] = stub.asked;
  const url = new URL(asked?.url ?? "", stub.origin);
  assert.equal(url.pathname, "/public-graphql/findOrCreateChat");
  const query = { id: operation?.id, client: "whop-sdk-ts-server", type: "mutation" };
  assert.deepEqual(Object.fromEntries(url.searchParams), query);
  assert.deepEqual(asked?.body, {
    operationId: `whop-sdk-ts-server/${operation?.id}`,
    operationType: "mutation",
    operationName: "findOrCreateChat",
    variables: lobby,
  });
});

test("options of a call win, and a method without variables takes only them", async (context) => {
  const stub = await startStub(context, { body: { data: {} } });
  const api = WhopApi({ appApiKey: "key", apiOrigin: stub.origin });
  await api.getCurrentUser({ headers: { Authorization: "Bearer other", "x-trace": "1" } });
  await api.listMessagesFromChat();
  assert.equal(stub.asked[0]?.headers.authorization, "Bearer other");
  assert.equal(stub.asked[0]?.headers["x-trace"], "1");
  assert.deepEqual(stub.asked.map((asked) => (asked.body as { variables: unknown }).variables), [{}, {}]);
});

test("without a key and a user nothing is said about either", async (context) => {
  const stub = await startStub(context, { body: { data: {} } });
  await WhopApi({ apiOrigin: stub.origin }).getCurrentUser();
  const names = Object.keys(stub.asked[0]?.headers ?? {});
  assert.deepEqual(names.filter((name) => /^authorization$|^x-/.test(name)), []);
});

test("a status other than 2xx is an HttpError, a redirect too", async (context) => {
  for (const status of [307, 429]) {
    const stub = await startStub(context, { status, headers: { location: "/elsewhere" }, body: "slow down" });
    await assert.rejects(WhopApi({ apiOrigin: stub.origin }).getCurrentUser(), (error) => {
      assert(error instanceof HttpError);
      assert.deepEqual([error.status, error.body], [status, "slow down"]);
      return true;
    });
    assert.equal(stub.asked.length, 1);
  }
});

test("errors without data are a GraphQLError", async (context) => {
  const errors = [{ message: "no", path: ["createChat"], extensions: { code: "FORBIDDEN" } }];
  const stub = await startStub(context, { body: { data: null, errors } });
  await assert.rejects(WhopApi({ apiOrigin: stub.origin }).findOrCreateChat(lobby), (error) => {
    assert(error instanceof GraphQLError);
    assert.equal(error.message, "no");
    assert.deepEqual(error.errors, errors);
    return true;
  });
});

test("errors beside data are told, and the data is answered", async (context) => {
  const errors = [{ message: "no", path: ["createChat"] }];
  const stub = await startStub(context, { body: { data: { createChat: null }, errors } });
  const told: Array<[string, readonly GraphQLErrorEntry[]]> = [];
  const api = WhopApi({ apiOrigin: stub.origin, onPartialErrors: (...partial) => told.push(partial) });
  assert.deepEqual(await api.findOrCreateChat(lobby), { createChat: null });
  assert.deepEqual(told, [["findOrCreateChat", errors]]);
});

test("an answer that is no GraphQL answer is a DecodeError", async (context) => {
  for (const body of ["<html>", "null", "{}", '{"data":null,"errors":[]}']) {
    const stub = await startStub(context, { body });
    await assert.rejects(WhopApi({ apiOrigin: stub.origin }).getCurrentUser(), DecodeError, body);
  }
});

test("a server that is not there and an aborted call are NetworkErrors", async (context) => {
  await assert.rejects(WhopApi({ apiOrigin: "http://127.0.0.1:1" }).getCurrentUser(), NetworkError);
  const stub = await startStub(context, { body: { data: {} } });
  const call = WhopApi({ apiOrigin: stub.origin }).getCurrentUser({ signal: AbortSignal.abort("enough") });
  await assert.rejects(call, (error) => error instanceof NetworkError && error.cause === "enough");
});
