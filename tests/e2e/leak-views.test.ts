import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { dimensionsOf, idsOfGroup, isOwnRows, limitedRoles, openLeakCheck, ownViews, roles, sorted, type LeakCheck } from "./leak-rows.ts";
import { views } from "./leak-views.ts";

/** Every public view against one table of who gets what of it (`leak-views.ts`): no group more and none less, however it is asked for. */
const stack = inject("stack");
let check: LeakCheck;

beforeAll(async () => {
  check = await openLeakCheck(stack);
}, 300_000);
afterAll(() => check?.close());

const onlyGroup = (view: string, by: readonly string[], group: string): object[] =>
  Object.entries(idsOfGroup(by, group)).map(([name, id]) =>
    id === null ? { member: `${view}.${name}`, operator: "notSet" } : { member: `${view}.${name}`, operator: "equals", values: [id] },
  );

describe("the table of views", () => {
  it("has a row for every public view, and no other", async () => {
    expect(Object.keys(views).toSorted()).toEqual((await check.metaOf("executive")).map(({ name }) => name).toSorted());
  });

  it("is what each role is told of", async () => {
    const all = Object.keys(views).toSorted();
    const granted = all.filter((view) => views[view]?.rows !== "refused");
    for (const role of roles)
      expect([role, (await check.metaOf(role)).map(({ name }) => name).toSorted()]).toEqual([
        role,
        role === "executive" || role === "analyst" ? all : granted,
      ]);
  });

  it.each(Object.entries(views))("gives the analyst all of %s, as the executive", (view, expectation) =>
    check.ofOneBuild(async () => {
      const by = expectation.rows === "published" ? expectation.by : isOwnRows(expectation) ? dimensionsOf(expectation) : [];
      const all = await check.groupsOf("executive", view, by, expectation.measure);
      expect(sorted(await check.groupsOf("analyst", view, by, expectation.measure))).toEqual(sorted(all));
      expect(sorted(await check.groupsOf("analyst", view, by, expectation.measure, "export"))).toEqual(sorted(all));
      if (expectation.rows === "own by owner") {
        expect(sorted(all)).toEqual(sorted(await check.martGroups(expectation)));
      }
    }),
  );
});

describe.each(limitedRoles)("views: %s", (role) => {
  it.each(ownViews)("own rows only of %s", (view, expectation) =>
    check.ofOneBuild(async () => {
      const by = dimensionsOf(expectation);
      const all = await check.groupsOf("executive", view, by, expectation.measure);
      const own = await check.ownGroups(view, expectation, role);
      expect(own.size, "groups of the role's own").toBeGreaterThan(0);
      expect(sorted(own), "the role's own are not all there is").not.toEqual(sorted(all));

      expect(sorted(await check.groupsOf(role, view, by, expectation.measure))).toEqual(sorted(own));
      expect(sorted(await check.groupsOf(role, view, by, expectation.measure, "export"))).toEqual(sorted(own));
      if (expectation.rows === "own by owner" || !expectation.isState) {
        const sum = [...own.values()].reduce<number>((sofar, figure) => sofar + Number(figure ?? 0), 0);
        const [total] = await check.load(role, { measures: [`${view}.${expectation.measure}`] });
        expect(Number(total?.[`${view}.${expectation.measure}`] ?? 0)).toBeCloseTo(sum, 2);
      }
      // What a filter's list offers.
      const offered = [...(await check.groupsOf(role, view, by, null)).keys()];
      expect(offered.filter((group) => !own.has(group))).toEqual([]);

      const stranger = [...all].find(([group, figure]) => !own.has(group) && Number(figure) > 0)?.[0];
      if (stranger === undefined) throw new Error(`nothing of ${view} is somebody else's`);
      const filters = onlyGroup(view, by, stranger);
      const dimensions = by.map((name) => `${view}.${name}`);
      expect(await check.load("executive", { dimensions, filters })).toHaveLength(1);
      for (const purpose of ["read", "export"] as const) {
        expect(await check.load(role, { dimensions, measures: [`${view}.${expectation.measure}`], filters }, purpose)).toEqual([]);
        const total = await check.load(role, { measures: [`${view}.${expectation.measure}`], filters }, purpose);
        expect(total.map((row) => Number(row[`${view}.${expectation.measure}`] ?? 0))).toEqual([0]);
      }
    }),
  );

  it("lists no stranger's word, whatever the view", () =>
    check.ofOneBuild(async () => {
      const wrong: string[] = [];
      let telling = 0;
      for (const [view, expectation] of ownViews) {
        if (expectation.rows !== "own") continue;
        const { by, isOf } = expectation.rule;
        for (const word of ["customer", "name", "number", "subject"].filter(
          (name) => check.dimensions.get(`${view}.${name}`) === "string",
        )) {
          const all = [...(await check.groupsOf("executive", view, [...by, word], null)).keys()].map((group) =>
            idsOfGroup([...by, word], group),
          );
          const words = (own: boolean): Set<string | null> =>
            new Set(all.filter((ids) => isOf(ids, check.principals[role], check.customers) === own).map((ids) => ids[word] ?? null));
          const own = words(true);
          const offered = new Set(
            (await check.load(role, { dimensions: [`${view}.${word}`] })).map((row) => row[`${view}.${word}`] ?? null),
          );
          if (offered.symmetricDifference(own).size > 0) wrong.push(`${view}.${word}`);
          if (words(false).difference(own).size > 0) telling++;
        }
      }
      expect(wrong).toEqual([]);
      expect(telling, "lists in which strangers have words of their own").toBeGreaterThan(15);
    }));

  it.each(Object.entries(views).filter(([, { rows }]) => rows === "refused"))("nothing of %s", async (view, { measure }) => {
    for (const purpose of ["read", "export"] as const)
      await expect(check.load(role, { measures: [`${view}.${measure}`] }, purpose)).rejects.toThrow(/: 403 /);
    expect(await check.load("executive", { measures: [`${view}.${measure}`] })).toHaveLength(1);
  });

  it.each(Object.entries(views).filter(([, { rows }]) => rows === "published"))("all of %s, which is published", (view, expectation) =>
    check.ofOneBuild(async () => {
      if (expectation.rows !== "published") return;
      const { by, measure, exported } = expectation;
      const all = await check.groupsOf("executive", view, by, measure);
      expect(sorted(await check.groupsOf(role, view, by, measure))).toEqual(sorted(all));
      if (exported) expect(sorted(await check.groupsOf(role, view, by, measure, "export"))).toEqual(sorted(all));
      else await expect(check.groupsOf(role, view, by, measure, "export")).rejects.toThrow(/: 403 /);
    }),
  );
});
