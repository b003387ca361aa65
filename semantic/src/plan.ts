/** Plan: a normalised query to DuckDB's SQL, its parameters, what each column means and which relations it reads. */
import { toPlannerOptions } from "./cube.ts";
import type { NormalizedQuery, PlanOptions } from "./cube-types.ts";
import { Dialect } from "./dialect.ts";
import type { DialectOptions } from "./dialect.ts";
import { QueryError } from "./errors.ts";
import type { Model } from "./model.ts";
import { SizedCache } from "./sized-cache.ts";

export interface Plan {
  sql: string;
  params: (string | number | boolean | null)[];
  /** Column -> member, with granularity for time dimensions. */
  members: Record<string, string>;
  order: { id: string; desc: boolean }[];
}

export interface Planner {
  model: Model;
  /** Throws 400 with the planner's reason. */
  plan: (query: NormalizedQuery, variant?: { limit?: number | null; total?: boolean }) => Plan;
}

export const createPlanner = (model: Model, dialect: DialectOptions): Planner => {
  const plans = new SizedCache<Plan>(16 * 1024 * 1024);
  return {
    model,
    plan: (query, { limit, total = false } = {}) => {
      const { total: _, responseFormat: __, ...rest } = query;
      const options: PlanOptions = toPlannerOptions(rest as NormalizedQuery);
      if (limit !== undefined) Object.assign(options, { limit, rowLimit: limit });
      if (total) Object.assign(options, { totalQuery: true, order: undefined, limit: null, rowLimit: null, offset: null });
      const key = JSON.stringify(options);
      const known = plans.get(key);
      if (known) return known;
      const plan = build(model, options, dialect);
      plans.set(key, plan, 2 * (key.length + plan.sql.length));
      return plan;
    },
  };
};

const build = (model: Model, options: PlanOptions, dialect: DialectOptions): Plan => {
  try {
    const query = new Dialect(model.compiler, { ...structuredClone(options), ...dialect });
    const [sql, params] = query.buildSqlAndParams(false) as [string, Plan["params"]];
    const planned = query as unknown as { aliasNameToMember: Record<string, string>; order: Plan["order"] };
    return { sql, params, members: planned.aliasNameToMember, order: planned.order };
  } catch (cause) {
    // Cube's planner throws for what the query asks, not for what happens: its text says what.
    throw new QueryError(400, (cause as Error).message, { cause });
  }
};
