import { beforeAll, describe, expect, inject, it } from "vitest";
import { eventually, signInDemo, type Session } from "../stack.ts";

/**
 * Whose rows the nightly customer views show. A planted record would not be in them before midnight, so they are held against the customers
 * view, whose rows the leak matrix watches: who sees a customer there sees it here, and nobody else.
 */
const stack = inject("stack");
const views = [
  "value",
  "value_moves",
  "rfm",
  "retention",
  "churn",
  "churn_events",
  "churn_losses",
  "churn_risk",
  "lifetime_value",
  "white_space",
];
const roles = ["executive", "sales_manager", "sales_rep"] as const;

let sessions: Record<string, Session>;
let known: Record<string, Set<string>>;

async function customersIn(session: Session, member: string, purpose?: "export"): Promise<string[]> {
  const { data } = await session.load({ dimensions: [member], limit: 50_000 }, purpose ? { "kehu-purpose": purpose } : {});
  return data.map((row) => row[member]).filter((id): id is string => id !== null && id !== undefined);
}

beforeAll(async () => {
  sessions = await signInDemo(stack);
  // Estimates are fitted after the first publish and come with a later one.
  for (const view of ["churn_risk", "lifetime_value"])
    await eventually(
      `rows of ${view}`,
      async () => ((await customersIn(sessions["executive"]!, `${view}.customer_id`)).length > 0 ? true : null),
      240_000,
      500,
    );
  known = Object.fromEntries(
    await Promise.all(roles.map(async (role) => [role, new Set(await customersIn(sessions[role]!, "customers.id"))] as const)),
  );
});

describe.each(views)("%s", (view) => {
  it("shows a manager and a rep their customers only, and the executive more", async () => {
    const seen = Object.fromEntries(
      await Promise.all(roles.map(async (role) => [role, await customersIn(sessions[role]!, `${view}.customer_id`)] as const)),
    ) as Record<(typeof roles)[number], string[]>;
    for (const role of roles) expect(seen[role].filter((id) => !known[role]?.has(id))).toEqual([]);
    for (const role of ["sales_manager", "sales_rep"] as const) {
      const own = seen.executive.filter((id) => known[role]?.has(id));
      expect(seen[role].toSorted()).toEqual(own.toSorted());
      expect(seen[role].length).toBeGreaterThan(0);
      expect(seen[role].length).toBeLessThan(seen.executive.length);
    }
  });
});

it.each(["concentration", "survival"])("%s, which is about all customers, is refused to who sees some", async (view) => {
  const measure = view === "survival" ? "survival.churn_count" : "concentration.customer_count";
  for (const role of ["sales_manager", "sales_rep"] as const)
    await expect(sessions[role]!.load({ measures: [measure] }), `${view} for ${role}`).rejects.toThrow(/403|may not/);
  expect((await sessions["executive"]!.load({ measures: [measure] })).data).toHaveLength(1);
});
