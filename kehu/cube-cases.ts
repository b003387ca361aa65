/** The cases of Cube's own driver tests that are answered differently here, each with its reason. `cube-cases.test.ts` holds both ways. */
export const differingCases: Record<string, string> = {
  "querying BigECommerce with Retail Calendar: totalCountRetailYearAgo":
    "a calendar cube's own SQL for granularities and time shifts is read by Cube's other planner only; ours groups by the plain calendar year",
  "querying BigECommerce with Retail Calendar: totalCountRetailWeekAgo":
    "as above; and Cube's answer leaves out weeks that have a count on one side only, which ours keeps",
  "Tesseract: querying BigECommerce with Retail Calendar: totalCountRetailWeekAgo":
    "as above: retail weeks start on a Sunday of the calendar cube's SQL",
  "querying custom granularities (with preaggregation) ECommerce: totalQuantity by half_year + no dimension":
    "the expected rows are those of Cube Store's bins over a rollup (quantities of 2020 under 2021-01-01); without a rollup Cube's Postgres answers as we do",
  "querying SwitchSourceTest: simple cross join": "dimensions of type switch are planned by Cube's other planner only",
  "querying SwitchSourceTest: full cross join": "dimensions of type switch are planned by Cube's other planner only",
};
