/** One error of a GraphQL answer. */
export interface GraphQLErrorEntry {
  /** For people. */
  message: string;
  /** Keys and indexes that lead to the field that failed. */
  path?: ReadonlyArray<string | number>;
  /** `code` is for programs. */
  extensions?: { code?: string; [key: string]: unknown };
}

/** No whole answer came: no connection, a broken one, an aborted call. `cause` says which. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";

  constructor(cause: unknown) {
    super("no answer from the server", { cause });
  }
}

/** The answer's status is not 2xx, such as 401 for a wrong key and 429 when it is asked too often. */
export class HttpError extends Error {
  override readonly name = "HttpError";

  constructor(
    readonly status: number,
    /** The answer's text. */
    readonly body: string,
  ) {
    super(`the server answered ${status}: ${body}`);
  }
}

/** The operation failed and answered no data. */
export class GraphQLError extends Error {
  override readonly name = "GraphQLError";

  constructor(
    /** At least one, in the server's order. */
    readonly errors: readonly GraphQLErrorEntry[],
  ) {
    super(errors[0]?.message ?? "the operation failed");
  }
}

/** A 2xx answer that is no GraphQL answer; something else may be listening at the origin. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";

  constructor(
    /** The answer's text. */
    readonly body: string,
  ) {
    super("the answer could not be read");
  }
}
