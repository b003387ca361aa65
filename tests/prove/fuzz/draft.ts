import type { Random } from "../../../operational-api/src/demo/random.ts";
import { agree } from "./agreeing.ts";
import type { Role } from "./company.ts";
import type { Json, Operation } from "./operations.ts";
import type { Prepared } from "./preparations.ts";
import type { Values } from "./values.ts";
import type { WireRequest } from "./wire.ts";

/** A request in the making: first a valid one, then what a class of hostility makes of it. */
export interface Draft {
  operation: Operation;
  as: Role;
  method: string;
  /** Encoded values of the path's parameters. */
  path: Record<string, string>;
  /** Encoded. */
  query: [name: string, value: string][];
  /** Names in lower case. */
  headers: [name: string, value: string][];
  /** Undefined: none is sent. */
  body: Json | undefined;
  /** Sent instead of `body`. */
  raw?: Buffer;
  isChunked?: boolean;
  /** What follows the path. */
  suffix?: string;
  /** The body is over the limit. */
  isTooLarge?: boolean;
  /** The body is no JSON in UTF-8. */
  isUnreadable?: boolean;
}

/** Where the ids of a parameter come from: `customers` for `/api/v1/customers/{id}/claim`, `me/keys` for `/api/v1/me/keys/{id}`. */
const collectionOf = (path: string, parameter: string): string => {
  const before = path.slice("/api/v1/".length, path.indexOf(`/{${parameter}}`)).replaceAll(/\/\{\w+\}/g, "");
  // A user's keys are those that somebody made for himself.
  return before.replace(/^users\/keys$/, "me/keys");
};

/** What was made last is referred to by the fewest, so that it can go. */
const idFrom = (known: readonly string[], method: string, random: Random): string =>
  method === "DELETE" && random.chance(0.5) ? known.at(-1)! : random.pick(known);

/** A request as the document says it may be. */
export const validDraft = (operation: Operation, as: Role, values: Values, ids: ReadonlyMap<string, string[]>, random: Random): Draft => {
  const draft: Draft = { operation, as, method: operation.method, path: {}, query: [], headers: [], body: undefined };
  for (const { name, in: place, required, schema } of operation.parameters) {
    if (place === "path") {
      const collection = collectionOf(operation.path, name);
      const deleted = operation.path.endsWith("/restore") && random.chance(0.8) ? ids.get(`deleted ${collection}`) : undefined;
      const known = name === "user" ? ids.get("users") : name === "name" ? ids.get("names of roles") : (deleted ?? ids.get(collection));
      draft.path[name] = encodeURIComponent(known ? idFrom(known, operation.method, random) : String(values.of(schema, name)));
    } else if (place === "query") {
      if (required || random.chance(0.15)) {
        const value = values.of(schema, name);
        draft.query.push([name, encodeURIComponent(typeof value === "object" ? JSON.stringify(value) : String(value))]);
      }
    } else if (name === "If-Match") draft.headers.push(["if-match", random.chance(0.8) ? "*" : '"1"']);
    else if (random.chance(0.1)) draft.headers.push([name.toLowerCase(), `key-${random.integer(1, 1_000_000)}`]);
  }
  const { body } = operation;
  if (body && (body.required || random.chance(0.7))) {
    draft.body = body.example !== undefined && random.chance(0.2) ? structuredClone(body.example) : values.of(body.schema, "");
    if (random.chance(0.7)) agree(operation, draft.body, random);
    draft.headers.push(["content-type", "application/json"]);
  }
  return draft;
};

/** A valid draft with what was made for it. */
export const withPrepared = (draft: Draft, { path, body }: Prepared): Draft => ({
  ...draft,
  path: { ...draft.path, ...path },
  ...(body !== undefined && { body }),
});

/** The draft as it goes over the wire. */
export const wireOf = (draft: Draft, host: string, signedIn: [string, string][], origin: string): WireRequest => {
  const path = draft.operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => draft.path[name] ?? "");
  const search = draft.query.map(([name, value]) => `${name}=${value}`).join("&");
  const target = `${path}${search === "" ? "" : `?${search}`}${draft.suffix ?? ""}`;
  const body = draft.raw ?? (draft.body === undefined ? null : Buffer.from(JSON.stringify(draft.body)));
  return {
    method: draft.method,
    // One character, one byte: what is not encoded stays as it is.
    target: target.replaceAll(/[^\x21-\xff]/g, (letter) => encodeURIComponent(letter.toWellFormed())),
    headers: [["host", host], ["origin", origin], ...signedIn, ...draft.headers],
    body,
    ...(draft.isChunked && { chunked: true }),
  };
};
