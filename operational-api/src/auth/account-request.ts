import { Hono, type Context } from "hono";
import { Problem, problemResponse } from "../problem.ts";
import { type Env, sourceOf } from "../routes/request.ts";
import { refusalOf } from "../store/refusal.ts";
import type { AccountEvent } from "./account-audit.ts";
import type { Auth, Principal } from "./create-auth.ts";
import { usesCookie } from "./credentials.ts";
import { lastAdministrator } from "./permission-tables.ts";

/** One request about accounts by somebody who may make it. */
export interface AccountRequest {
  context: Context<Env>;
  principal: Principal;
  /** The beginnings of an audit entry: by whom and from where. */
  by: Pick<AccountEvent, "actorId" | "address" | "requestId">;
}

/** `anyone` signed in; `session`: by a browser, as keys must not make keys; `administrator`: also by an API key without limits. */
export type Needs = "anyone" | "session" | "administrator";

const isLastAdministrator = (error: unknown): boolean =>
  error instanceof Error && "constraint" in error && error.constraint === lastAdministrator;

/** Finds out who asks, and answers with a problem document when they may not, or when `work` refuses. */
export const createAsk =
  (auth: Auth) =>
  (needs: Needs, work: (request: AccountRequest) => Promise<Response>) =>
  async (context: Context<Env>): Promise<Response> => {
    try {
      const standing = await auth.standingOf(context.req.raw);
      if (standing.is === "second-factor") throw secondFactorProblem();
      if (standing.is === "nobody") throw new Problem(401, "sign in, or send a valid x-api-key or bearer token");
      const { principal } = standing;
      const isWrite = context.req.method !== "GET" && context.req.method !== "HEAD";
      if (isWrite && usesCookie(context.req.raw) && context.req.header("origin") !== auth.config.url) {
        throw new Problem(403, `a change with a session cookie must come from ${auth.config.url} (header Origin); scripts use an API key`);
      }
      if (isWrite && principal.seeing) {
        throw new Problem(403, "you are looking with another's eyes, for reading only; DELETE /api/v1/see-as ends that");
      }
      if (needs === "session" && principal.kind !== "session")
        throw new Problem(403, "sign in for this: an API key can't change its own account");
      if (needs === "administrator" && !principal.roles.includes("administrator"))
        throw new Problem(403, "accounts are for the role administrator");
      if (context.req.url.includes("%00")) {
        throw new Problem(400, "the address holds the character NUL (%00), which no id or name of an account has", {
          errors: [{ field: "address", reason: "must not hold NUL (%00)" }],
        });
      }
      const { ip, requestId } = sourceOf(context);
      const response = await work({ context, principal, by: { actorId: principal.userId, address: ip, requestId: requestId ?? null } });
      response.headers.set("cache-control", "private, no-store");
      return response;
    } catch (error) {
      if (isLastAdministrator(error)) {
        return problemResponse(new Problem(409, "this is the last active administrator; make another one first", { cause: error }));
      }
      const problem = error instanceof Problem ? error : refusalOf(error);
      if (!problem) throw error;
      return problemResponse(problem);
    }
  };

export type Ask = ReturnType<typeof createAsk>;

/** Signed in, but the company asks for more. Pages send whoever gets it to where a second factor is set up. */
export const secondFactorProblem = (): Problem =>
  new Problem(403, "your role needs a second factor; set it up at /sign-in/second-factor", {
    headers: { "kehu-needs": "second-factor" },
  });

/** 405 for any other method on the paths that `app` answers. */
export function refuseOtherMethods(app: Hono<Env>, path: string, methods: string): void {
  app.all(path, () => problemResponse(new Problem(405, `this path takes ${methods}`, { headers: { allow: methods } })));
}
