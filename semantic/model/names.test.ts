import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { MetaCube } from "../src/cube-types.ts";
import { loadModel } from "../src/model.ts";

/** Outside scripts rely on these names. The first time dimension of a view is the time of its measures. */
const promised: Record<string, { measures: string; dimensions: string; time: string }> = {
  opportunities: {
    measures:
      "count open_count won_count lost_count amount won_amount lost_amount open_amount weighted_amount win_rate win_rate_all avg_cycle_days",
    dimensions:
      "id name stage status source owner owner_id manager department department_id region customer customer_id industry product created_at closed_at pipeline stage_label_zh stage_label_en close_reason expected_close_on",
    time: "created_at",
  },
  orders: {
    measures: "count amount tax margin return_amount customer_count avg_amount amount_original",
    dimensions: "id number status owner owner_id department department_id region customer customer_id product category currency ordered_at",
    time: "ordered_at",
  },
  receipts: {
    measures: "count amount",
    dimensions: "owner owner_id department department_id customer customer_id received_at",
    time: "received_at",
  },
  customers: {
    measures: "count new_count active_count churned_count churn_rate",
    dimensions: "id name kind industry level tier region owner owner_id department department_id created_at period",
    time: "created_at",
  },
  targets: {
    measures: "target_amount actual_amount attainment",
    dimensions: "measure level department department_id employee employee_id month",
    time: "month",
  },
  funnel: {
    measures: "entered_count entered_amount converted_count conversion_rate median_days stuck_count",
    dimensions: "stage stage_order stage_label_zh stage_label_en outcome pipeline owner owner_id department department_id entered_at",
    time: "entered_at",
  },
  leads: {
    measures: "count converted_count conversion_rate",
    dimensions: "status source owner owner_id department department_id created_at",
    time: "created_at",
  },
  activities: { measures: "count done_count", dimensions: "kind owner owner_id customer customer_id done_at", time: "done_at" },
  leaderboard: {
    measures: "order_amount receipt_amount won_amount new_customer_count order_target order_attainment",
    dimensions: "employee employee_id department department_id month",
    time: "month",
  },
};

let views: MetaCube[];
beforeAll(async () => {
  views = (await loadModel(fileURLToPath(new URL(".", import.meta.url)))).cubes["zh-CN"];
});

const short = (name: string): string => name.split(".")[1] ?? name;

test("only views are public", () => {
  expect(views.map(({ name }) => name).sort()).toEqual(Object.keys(promised).sort());
});

describe.each(Object.entries(promised))("%s", (name, { measures, dimensions, time }) => {
  const view = (): MetaCube => views.find((candidate) => candidate.name === name)!;

  test("has the promised members", () => {
    expect(view().measures.map((member) => short(member.name))).toEqual(expect.arrayContaining(measures.split(" ")));
    expect(view().dimensions.map((member) => short(member.name))).toEqual(expect.arrayContaining(dimensions.split(" ")));
    expect(short(view().dimensions.find(({ type }) => type === "time")?.name ?? "")).toBe(time);
  });

  test("says everything in both languages, and of measures the formula and format", () => {
    const members = [...view().measures, ...view().dimensions];
    const silent = members.filter(({ description, shortTitle, meta }) => {
      const en = (meta as { en?: { title?: string; description?: string } } | undefined)?.en;
      return !/\p{Script=Han}/u.test(`${shortTitle}`) || !/\p{Script=Han}/u.test(`${description}`) || !en?.title || !en.description;
    });
    expect(silent.map((member) => member.name)).toEqual([]);
    const unexplained = view().measures.filter((measure) => {
      const formula = (measure.meta as { formula?: { zh?: string; en?: string } } | undefined)?.formula;
      return !("format" in measure && measure.format) || !formula?.zh || !formula.en;
    });
    expect(unexplained.map((member) => member.name)).toEqual([]);
  });
});
