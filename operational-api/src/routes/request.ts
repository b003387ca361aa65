import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import type { Principal } from "../auth/index.ts";
import { Problem } from "../problem.ts";
import type { RequestSource } from "../store/write.ts";

/** What @hono/node-server gives beside the request, and what the API's own middleware adds. */
export interface Env {
  Bindings: { incoming?: IncomingMessage };
  Variables: { principal: Principal; requestId: string };
}

export const recordBytes = 4 * 1024 * 1024;
export const batchBytes = 64 * 1024 * 1024;

const plainRequestId = /^[\w.:-]{1,100}$/;

/** The caller's own request id when it has a plain one, else a new one. */
export const requestIdOf = (given: string | undefined): string =>
  given !== undefined && plainRequestId.test(given) ? given : randomUUID();

export const sourceOf = (context: Context<Env>): RequestSource => ({
  ip: (context.env as Env["Bindings"] | undefined)?.incoming?.socket.remoteAddress ?? null,
  requestId: context.get("requestId"),
});

const tooLarge = (limit: number): Problem => new Problem(413, `the body is larger than ${limit / 1024 / 1024} MB; send it in parts`);

/** The body as text, never more than `limit` bytes of it in memory. Throws Problem 413, or 400 when it is not UTF-8. */
export const readText = async (request: Request, limit: number): Promise<string> => {
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge(limit);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    // Replacing what can't be read would store a text that nobody wrote.
    throw new Problem(400, "the body is not UTF-8", { cause });
  }
};

/** A JSON body with its text. `optional`: none at all is an empty object. Throws Problem 413, 415 or 400. */
export const readJson = async (context: Context<Env>, limit: number, optional = false): Promise<{ text: string; body: unknown }> => {
  const text = await readText(context.req.raw, limit);
  if (optional && text === "") return { text, body: {} };
  const type = context.req.header("content-type") ?? "none";
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type)) {
    throw new Problem(415, `expected content-type application/json, not "${type.slice(0, 100)}"`, {
      headers: { accept: "application/json" },
    });
  }
  try {
    return { text, body: JSON.parse(text) };
  } catch (cause) {
    throw new Problem(400, `the body is not JSON: ${cause instanceof Error ? cause.message : "unreadable"}`, { cause });
  }
};

export const etagOf = (version: unknown): string => `"${String(version)}"`;

/** Checks If-Match against the record. `needed`: 428 without it. 412 when the record has changed since. */
export const checkMatch = (context: Context<Env>, version: unknown, needed: boolean): void => {
  const given = context.req.header("if-match");
  if (given === undefined) {
    if (!needed) return;
    throw new Problem(
      428,
      `send If-Match with the ETag that GET answered (a version in quotes, such as ${etagOf(1)}), so that nobody's change is overwritten`,
      {
        errors: [{ field: "If-Match", reason: "is required" }],
      },
    );
  }
  const tags = given.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (tags.includes("*") || tags.includes(etagOf(version))) return;
  throw new Problem(412, `the record is at version ${String(version)} now, not ${given}; read it again and repeat the change`, {
    errors: [{ field: "If-Match", reason: `the record's ETag is ${etagOf(version)}` }],
    headers: { etag: etagOf(version) },
  });
};
