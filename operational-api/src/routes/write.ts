import type { Context } from "hono";
import type { Pool } from "pg";
import { Problem } from "../problem.ts";
import { type Answer, claimKey, keepAnswer, purgeKeys } from "../store/idempotency.ts";
import { instantOf, inWrite, type Write, type WriteDependencies } from "../store/write.ts";
import { type Env, sourceOf } from "./request.ts";

export interface ApiDependencies extends WriteDependencies {
  pool: Pool;
}

/** What a writing route gives back; the body is made into text once, so that a retry gets the same bytes. */
export interface Outcome {
  status: 200 | 201 | 204;
  body?: unknown;
  headers?: Record<string, string>;
}

const longestKey = 255;
const purgeEveryMs = 3_600_000;

const keyOf = (context: Context<Env>): string | undefined => {
  const key = context.req.header("idempotency-key");
  if (key !== undefined && (key === "" || key.length > longestKey)) {
    throw new Problem(400, `Idempotency-Key must have 1 to ${longestKey} characters`, {
      errors: [{ field: "Idempotency-Key", reason: "has a wrong length" }],
    });
  }
  return key;
};

const answerOf = (outcome: Outcome): Answer => ({
  status: outcome.status,
  headers: { ...(outcome.body !== undefined && { "content-type": "application/json" }), ...outcome.headers },
  body: outcome.body === undefined ? "" : JSON.stringify(outcome.body),
});

/**
 * Makes the runner of writing routes: one transaction with the actor told to the mirror, Idempotency-Key within it,
 * and `Kehu-Commit` on the answer. `bodyText` is what a repeated key is compared by.
 */
export const createWriter = (dependencies: ApiDependencies) => {
  let purgedAt = 0;

  const purgeNowAndThen = async (now: Date): Promise<void> => {
    if (now.getTime() - purgedAt < purgeEveryMs) return;
    purgedAt = now.getTime();
    await purgeKeys(dependencies.pool, instantOf(now));
  };

  return async (context: Context<Env>, bodyText: string, work: (write: Write) => Promise<Outcome>): Promise<Response> => {
    const key = keyOf(context);
    // As it was sent: what its escapes stand for need not be storable.
    const route = `${context.req.method} ${new URL(context.req.url).pathname}`;
    const { result, commit } = await inWrite(dependencies, context.get("principal"), sourceOf(context), async (write) => {
      const earlier = key === undefined ? null : await claimKey(write, route, key, bodyText);
      if (earlier) return earlier;
      const answer = answerOf(await work(write));
      if (key !== undefined) await keepAnswer(write, route, key, answer);
      return answer;
    });
    if (key !== undefined) await purgeNowAndThen(dependencies.clock());
    const headers = { ...result.headers, "kehu-commit": commit, "cache-control": "private, no-store" };
    return new Response(result.body === "" ? null : result.body, { status: result.status, headers });
  };
};

export type Writer = ReturnType<typeof createWriter>;
