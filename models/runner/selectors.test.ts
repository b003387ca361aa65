import { beforeAll, describe, expect, it } from "vitest";
import { loadProject } from "./load-project.ts";
import type { Project } from "./resources.ts";
import { selectNodes } from "./selectors.ts";
import { writeProject } from "./testing.ts";

let project: Project;
beforeAll(async () => {
  const projectDir = await writeProject({
    "models/staging/sources.yml": "sources: [{name: crm, tables: [{name: orders}, {name: people}]}]",
    "models/staging/stg_orders.sql": "{{ config(tags=['hot'], meta={'owner': 'ann'}) }} select * from {{ source('crm', 'orders') }}",
    "models/staging/stg_people.sql": "select * from {{ source('crm', 'people') }}",
    "models/marts/dim_people.sql": "{{ config(materialized='table') }} select * from {{ ref('stg_people') }}",
    "models/marts/fct_orders.sql":
      "{{ config(tags=['hot'], materialized='table') }} select * from {{ ref('stg_orders') }} join {{ ref('dim_people') }} using (id)",
    "models/reports/rpt_all.sql": "select * from {{ ref('fct_orders') }}",
    "models/marts/fct_orders.yml": "models: [{name: fct_orders, columns: [{name: id, data_tests: [unique]}]}]",
    "models/marts/dim_people.yml": "groups: [{name: hr, owner: {name: Wei}}]\nmodels: [{name: dim_people, group: hr, access: public}]",
    "models/reports/board.yml": "exposures: [{name: board, type: dashboard, owner: {name: Wei}, depends_on: [\"ref('dim_people')\"]}]",
    "selectors.yml": `
selectors:
  - {name: hot, definition: {tag: hot}}
  - name: nightly
    definition:
      union:
        - {method: fqn, value: dim_people, parents: true, parents_depth: 1}
        - intersection: ["tag:hot", {method: path, value: models/marts}]
        - exclude: [stg_people]
  - {name: hot_and_more, definition: {method: selector, value: hot, children: true, exclude: [rpt_all]}}
  - {name: ring, definition: {method: selector, value: ring}}`,
  });
  project = await loadProject({ projectDir, target: { name: "t", catalog: "db", schema: "main", threads: 1 }, vars: {} });
});

const names = (select: string[], exclude: string[] = []): string =>
  [...selectNodes(project, select, exclude)]
    .filter((id) => id.startsWith("model."))
    .map((id) => id.split(".").at(-1))
    .sort()
    .join(" ");

describe("selectors", () => {
  const cases: [string[], string[], string][] = [
    [["fct_orders"], [], "fct_orders"],
    [["fct_orders+"], [], "fct_orders rpt_all"],
    [["+fct_orders"], [], "dim_people fct_orders stg_orders stg_people"],
    [["1+fct_orders"], [], "dim_people fct_orders stg_orders"],
    [["stg_people+1"], [], "dim_people stg_people"],
    [["@stg_people"], [], "dim_people fct_orders rpt_all stg_orders stg_people"],
    [["+dim_people+"], [], "dim_people fct_orders rpt_all stg_people"],
    [["tag:hot"], [], "fct_orders stg_orders"],
    [["path:models/staging"], [], "stg_orders stg_people"],
    [["models/marts"], [], "dim_people fct_orders"],
    [["staging"], [], "stg_orders stg_people"],
    [["shop.marts.fct_orders"], [], "fct_orders"],
    [["stg_*"], [], "stg_orders stg_people"],
    [["source:crm+"], [], "dim_people fct_orders rpt_all stg_orders stg_people"],
    [["source:crm.people+1"], [], "stg_people"],
    [["config.materialized:table"], [], "dim_people fct_orders"],
    [["config.meta.owner:ann"], [], "stg_orders"],
    [["tag:hot,config.materialized:table"], [], "fct_orders"],
    [["stg_orders dim_people"], [], "dim_people stg_orders"],
    [["stg_orders", "dim_people"], [], "dim_people stg_orders"],
    [[], ["tag:hot"], "dim_people rpt_all stg_people"],
    [["+rpt_all"], ["staging"], "dim_people fct_orders rpt_all"],
    [["nothing_like_this"], [], ""],
    [["+exposure:board"], [], "dim_people stg_people"],
    [["group:hr"], [], "dim_people"],
    [["access:public"], [], "dim_people"],
    [["package:sh?p,tag:h[aeo]t"], [], "fct_orders stg_orders"],
    [["selector:hot"], [], "fct_orders stg_orders"],
    [["selector:nightly"], [], "dim_people fct_orders"],
    [["selector:hot_and_more"], [], "fct_orders stg_orders"],
  ];
  it.each(cases)("%j without %j is %s", (select, exclude, expected) => {
    expect(names(select, exclude)).toBe(expected);
  });

  it("takes tests along with what they test", () => {
    expect([...selectNodes(project, ["fct_orders"], [])].some((id) => id.startsWith("test.shop.unique_fct_orders_id"))).toBe(true);
    expect([...selectNodes(project, ["dim_people"], [])].some((id) => id.startsWith("test."))).toBe(false);
  });

  it("says what is wrong with a method", () => {
    expect(() => names(["tags:hot"])).toThrow('there is no selector method "tags:". Did you mean "tag"');
    expect(() => names(["selector:nightli"])).toThrow('selectors.yml has no selector "nightli". Did you mean "nightly"?');
    expect(() => names(["selector:ring"])).toThrow("ring -> ring");
  });
});
