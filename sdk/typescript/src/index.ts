import { DecodeError, GraphQLError, type GraphQLErrorEntry, HttpError, NetworkError } from "./errors.js";
import { type CallOptions, type Operation, type OperationMethods, operations } from "./generated.js";

export * from "./errors.js";
export * from "./generated.js";

/** What a client is made from. */
export interface WhopApiOptions {
  /** The app's API key. Leave it out in a browser, where a cookie or the app's host tells who asks. */
  appApiKey?: string | undefined;
  /** The member to act for, `user_…`. */
  onBehalfOfUserId?: string | undefined;
  /** The company to act in, `biz_…`. */
  companyId?: string | undefined;
  /** Scheme, host and port of the server; `http://127.0.0.1:8003` when left out. */
  apiOrigin?: string | undefined;
  /** Send the published id that stands for an operation instead of its document. */
  persisted?: boolean | undefined;
  /** Told when an operation answers data and errors at once; the data is what the call resolves to. */
  onPartialErrors?: ((operationName: string, errors: readonly GraphQLErrorEntry[]) => void) | undefined;
}

/** A client: a method for each operation, and copies that act for somebody else. */
export interface WhopApi extends OperationMethods {
  /** The same client acting for a member, `user_…`. */
  withUser(userId: string): WhopApi;
  /** The same client acting in a company, `biz_…`. */
  withCompany(companyId: string): WhopApi;
}

const DEFAULT_ORIGIN = "http://127.0.0.1:8003";
const PERSISTED_CLIENT = "whop-sdk-ts-server";

/**
 * Makes a client; nothing is sent yet.
 *
 * Its methods reject with `NetworkError`, `HttpError`, `GraphQLError` or `DecodeError`.
 */
export function WhopApi(options: WhopApiOptions): WhopApi {
  const methods: Record<string, unknown> = {
    withUser: (userId: string) => WhopApi({ ...options, onBehalfOfUserId: userId }),
    withCompany: (companyId: string) => WhopApi({ ...options, companyId }),
  };
  for (const operation of operations) {
    methods[operation.name] = operation.takesVariables
      ? (variables: object = {}, call: CallOptions = {}) => send(options, operation, variables, call)
      : (call: CallOptions = {}) => send(options, operation, {}, call);
  }
  return methods as unknown as WhopApi;
}

async function send(
  options: WhopApiOptions,
  operation: Operation,
  variables: object,
  call: CallOptions,
): Promise<unknown> {
  const request: RequestInit = {
    method: "POST",
    headers: headersOf(options, call),
    body: JSON.stringify(bodyOf(options, operation, variables)),
    redirect: "manual",
    signal: call.signal ?? null,
  };
  let response: Response;
  let body: string;
  try {
    response = await fetch(urlOf(options, operation), request);
    body = await response.text();
  } catch (cause) {
    throw new NetworkError(cause);
  }
  if (!response.ok) {
    throw new HttpError(response.status, body);
  }
  return read(options, operation, body);
}

function headersOf(options: WhopApiOptions, call: CallOptions): Headers {
  const headers = new Headers({ "content-type": "application/json" });
  if (options.appApiKey !== undefined) {
    headers.set("authorization", `Bearer ${options.appApiKey}`);
  }
  if (options.onBehalfOfUserId !== undefined) {
    headers.set("x-on-behalf-of", options.onBehalfOfUserId);
  }
  if (options.companyId !== undefined) {
    headers.set("x-company-id", options.companyId);
  }
  for (const [name, value] of Object.entries(call.headers ?? {})) {
    headers.set(name, value);
  }
  return headers;
}

function urlOf(options: WhopApiOptions, operation: Operation): string {
  const origin = (options.apiOrigin ?? DEFAULT_ORIGIN).replace(/\/+$/, "");
  const url = `${origin}/public-graphql/${operation.name}`;
  if (!options.persisted) {
    return url;
  }
  const query = new URLSearchParams({ id: operation.id, client: PERSISTED_CLIENT, type: operation.kind });
  return `${url}?${query}`;
}

function bodyOf(options: WhopApiOptions, operation: Operation, variables: object): object {
  const operationName = operation.name;
  if (!options.persisted) {
    return { query: operation.document, operationName, variables };
  }
  const operationId = `${PERSISTED_CLIENT}/${operation.id}`;
  return { operationId, operationType: operation.kind, operationName, variables };
}

function read(options: WhopApiOptions, operation: Operation, body: string): unknown {
  let answer: { data?: unknown; errors?: GraphQLErrorEntry[] } | null;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new DecodeError(body);
  }
  const errors = Array.isArray(answer?.errors) ? answer.errors : [];
  const data = answer?.data;
  if (typeof data !== "object" || data === null) {
    throw errors.length > 0 ? new GraphQLError(errors) : new DecodeError(body);
  }
  if (errors.length > 0) {
    options.onPartialErrors?.(operation.name, errors);
  }
  return data;
}
