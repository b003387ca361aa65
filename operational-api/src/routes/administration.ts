import { DatabaseError } from "pg";
import type { Context } from "hono";
import type { Auth, Principal } from "../auth/index.ts";
import { lastAdministrator } from "../auth/permission-tables.ts";
import { grantFor } from "../auth/scope.ts";
import { Problem } from "../problem.ts";
import type { Write } from "../store/write.ts";
import type { Env } from "./request.ts";
import { type ApiDependencies, createWriter, type Outcome } from "./write.ts";

/** What routes that administer rights share: they write the owner's tables, and what they write holds at once. */
export interface Administration {
  auth: Pick<Auth, "pool" | "forgetScopes">;
  write(context: Context<Env>, bodyText: string, work: (write: Write) => Promise<Outcome>): Promise<Response>;
}

export const createAdministration = (dependencies: ApiDependencies, auth: Administration["auth"]): Administration => {
  const write = createWriter({ ...dependencies, pool: auth.pool });
  return {
    auth,
    write: async (context, bodyText, work) => {
      const answer = await write(context, bodyText, work).catch((error: unknown) => {
        throw refusalOfRule(error) ?? error;
      });
      auth.forgetScopes();
      return answer;
    },
  };
};

/** Postgres's refusals that only these tables give. */
const refusalOfRule = (error: unknown): Problem | null => {
  if (!(error instanceof DatabaseError)) return null;
  if (error.constraint === lastAdministrator) {
    return new Problem(409, "this is the last active administrator; make another one first", { cause: error });
  }
  if (error.code === "23505") return new Problem(409, "there is such a rule already; change that one", { cause: error });
  return null;
};

export const requireAdministrator = (principal: Principal): void => {
  if (!principal.roles.includes("administrator")) throw new Problem(403, "roles and permissions are changed by the role administrator");
};

/** Auditors see the rules too. */
export const requireAuditor = (principal: Principal): void => {
  if (grantFor(principal.scope, "read", "audit_trail").rows !== "all") {
    throw new Problem(403, 'this needs the right "read" on audit_trail, as administrators and auditors have it');
  }
};

export const onlyTakes = (methods: string) => (): never => {
  throw new Problem(405, `this path takes ${methods}`, { headers: { allow: methods } });
};
