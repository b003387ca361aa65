import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { eventually } from "../stack.ts";
import { dimensionsOf, limitedRoles, openLeakCheck, ownViews, sorted, type LeakCheck, type LimitedRole } from "./leak-rows.ts";
import { views } from "./leak-views.ts";

/** That the table of views is held by the grants: widening or taking away one changes exactly the views that need it. */
const stack = inject("stack");
let check: LeakCheck;

beforeAll(async () => {
  check = await openLeakCheck(stack);
}, 300_000);
afterAll(() => check?.close());

describe("views without a predicate", () => {
  /** Views of which the role gets other rows than its own. */
  const redViews = async (role: LimitedRole, known: ReadonlyMap<string, [string, unknown][]>): Promise<string[]> => {
    const red = await Promise.all(
      ownViews.map(async ([view, expectation]) => {
        const seen = await check.groupsOf(role, view, dimensionsOf(expectation), expectation.measure);
        return JSON.stringify(sorted(seen)) === JSON.stringify(known.get(view)) ? [] : [view];
      }),
    );
    return red.flat().toSorted();
  };
  const ownOf = async (role: LimitedRole): Promise<Map<string, [string, unknown][]>> =>
    new Map(
      await Promise.all(
        ownViews.map(async ([view, expectation]) => [view, sorted(await check.ownGroups(view, expectation, role))] as const),
      ),
    );
  const untilRed = (role: LimitedRole, known: ReadonlyMap<string, [string, unknown][]>, expected: string[]): Promise<boolean> =>
    eventually(
      `exactly ${expected.join(", ") || "no view"} to turn red for ${role}`,
      async () => {
        const red = await redViews(role, known);
        if (JSON.stringify(red) === JSON.stringify(expected)) return true;
        throw new Error(`red: ${red.join(", ")}`);
      },
      30_000,
      200,
    );
  const whoseNeedsAreAmong = (entities: ReadonlySet<string>): string[] =>
    ownViews
      .filter(([, { needs }]) => needs.every((entity) => entities.has(entity)))
      .map(([view]) => view)
      .toSorted();

  it.each(limitedRoles)("turn red for %s when the last entity that they need is widened, and not before", async (role) => {
    const { rows: usual } = await check.database.query<{ entity: string; rows: string }>(
      "select entity, rows from auth.permissions where role = $1 and action = 'read' and rows <> 'all'",
      [role],
    );
    const permit = (entity: string, rows: string): Promise<unknown> =>
      check.database.query("update auth.permissions set rows = $1 where role = $2 and action = 'read' and entity = $3", [
        rows,
        role,
        entity,
      ]);
    const known = await ownOf(role);
    const widened = new Set<string>();
    try {
      for (const entity of [
        "order",
        "receipt",
        "instalment",
        "opportunity",
        "lead",
        "contract",
        "customer",
        "customer_event",
        "activity",
        "target",
      ]) {
        await permit(entity, "all");
        widened.add(entity);
        await untilRed(role, known, whoseNeedsAreAmong(widened));
      }
      expect(whoseNeedsAreAmong(widened)).toHaveLength(ownViews.length);
    } finally {
      for (const { entity, rows } of usual) await permit(entity, rows);
    }
    await untilRed(role, known, []);
  });

  it.each(["order", "receipt", "contract", "activity"])(
    "are refused, exactly those that need it, without the grant on %s",
    async (entity) => {
      const { rows: usual } = await check.database.query<{ action: string; rows: string }>(
        "delete from auth.permissions where role = 'sales_rep' and entity = $1 returning action, rows",
        [entity],
      );
      const gone = Object.entries(views).filter(([, expectation]) => "needs" in expectation && expectation.needs.includes(entity));
      const refused = gone.map(([view]) => view).toSorted();
      const told = async (): Promise<string[]> => (await check.metaOf("sales_rep")).map(({ name }) => name);
      const isRefused = (view: string): boolean => refused.includes(view) || views[view]?.rows === "refused";
      const expected = Object.keys(views)
        .filter((view) => !isRefused(view))
        .toSorted();
      try {
        await eventually(`/meta without ${refused.join(", ")}`, async () => {
          const now = (await told()).toSorted();
          if (JSON.stringify(now) === JSON.stringify(expected)) return true;
          throw new Error(
            `still told of ${now.filter(isRefused).join(", ")}; not of ${expected.filter((view) => !now.includes(view)).join(", ")}`,
          );
        });
        for (const [view, { measure }] of gone)
          await expect(check.load("sales_rep", { measures: [`${view}.${measure}`] }), view).rejects.toThrow(/: 403 /);
      } finally {
        for (const { action, rows } of usual)
          await check.database.query("insert into auth.permissions (role, entity, action, rows) values ('sales_rep', $1, $2, $3)", [
            entity,
            action,
            rows,
          ]);
      }
      await eventually("the grant to take effect", async () => ((await told()).length > expected.length ? true : null));
    },
  );
});
