import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { MetaCube } from "../src/cube-types.ts";
import { loadModel } from "../src/model.ts";

/** Outside scripts rely on these names. The first time dimension of a view is the time of its measures. */
const promised: Record<string, { measures: string; dimensions: string; time: string }> = {
  opportunities: {
    measures:
      "count open_count won_count lost_count amount won_amount lost_amount open_amount weighted_amount win_rate win_rate_all win_rate_overdue win_rate_default overdue_count overdue_amount avg_cycle_days",
    dimensions:
      "id name stage status source owner owner_id manager department department_id region customer customer_id industry product created_at closed_at pipeline stage_label_zh stage_label_en close_reason close_reason_label_zh close_reason_label_en expected_close_on",
    time: "created_at",
  },
  orders: {
    measures: "count amount tax margin return_amount customer_count avg_amount amount_original",
    dimensions:
      "id number status owner owner_id department department_id region city customer customer_id product category currency ordered_at",
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
    measures: "entered_count entered_amount converted_count conversion_rate median_days p90_days stuck_count",
    dimensions: "stage stage_order stage_label_zh stage_label_en outcome pipeline owner owner_id department department_id entered_at",
    time: "entered_at",
  },
  pipeline: {
    measures:
      "opening_count opening_amount in_count in_amount adjusted_amount forward_count forward_amount lost_count lost_amount back_count back_amount shifted_count shifted_amount closing_count closing_amount new_amount reopened_amount won_amount increased_amount decreased_amount slipped_amount pulled_in_amount moved_amount",
    dimensions:
      "movement_id side_label_zh side_label_en status_label_zh status_label_en kind_label_zh kind_label_en close_reason close_reason_label_zh close_reason_label_en moved_at stage stage_order stage_label_zh stage_label_en status pipeline kind side close_month owner owner_id owner_then owner_then_id department department_id department_then department_then_id product source region customer id",
    time: "moved_at",
  },
  pipeline_beliefs: {
    measures: "believed_count believed_amount revised_count",
    dimensions: "believed_at status stage owner_then owner department",
    time: "believed_at",
  },
  pipeline_coverage: {
    measures:
      "target_amount won_amount open_count open_amount expected_amount projected_amount projected_rate pipeline_coverage missing_amount missing_opportunities missing_leads history_win_rate history_conversion_rate",
    dimensions: "month stage stage_probability stage_sample owner owner_id department department_id",
    time: "month",
  },
  stage_cohorts: {
    measures: "cohort_count reached_count reached_rate reached_30_rate reached_60_rate reached_90_rate reached_180_rate",
    dimensions: "stage stage_order stage_label_zh stage_label_en pipeline owner department created_at",
    time: "created_at",
  },
  document_chain: {
    measures: "count chain_count amount continued_count conversion_rate",
    dimensions: "step step_order step_label_zh step_label_en first_document owner owner_id department department_id began_at",
    time: "began_at",
  },
  ownership: {
    measures: "opening_count gained_count released_count closing_count",
    dimensions:
      "owner owner_id owner_then owner_then_id department department_id department_then department_then_id status_then customer_id region moved_at",
    time: "moved_at",
  },
  leads: {
    measures: "count converted_count conversion_rate",
    dimensions: "status source owner owner_id department department_id created_at",
    time: "created_at",
  },
  activities: { measures: "count done_count", dimensions: "kind owner owner_id customer customer_id done_at", time: "done_at" },
  forecast: {
    measures: "actual_amount forecast_amount lower80 upper80 lower95 upper95",
    dimensions: "series_kind measure month horizon method employee employee_id department department_id as_of fitted_at",
    time: "month",
  },
  forecast_scores: {
    measures: "count forecast_amount actual_amount bias weighted_error_rate mase within_80_share within_95_share",
    dimensions: "series_kind measure month horizon method employee employee_id department department_id",
    time: "month",
  },
  leaderboard: {
    measures:
      "order_amount receipt_amount won_amount new_customer_count order_target order_attainment result_amount result_goal result_stretch result_challenge attainment stretch_attainment challenge_attainment workday_share expected_amount pace_gap projected_amount projected_attainment",
    dimensions: "employee employee_id department department_id result_basis month",
    time: "month",
  },
  performance: {
    measures:
      "result_amount order_amount order_count receipt_amount won_amount new_customer_count goal_amount stretch_amount challenge_amount attainment stretch_attainment challenge_attainment unpublished_month_count order_growth order_amount_aligned_year_before order_aligned_growth discount_rate",
    dimensions: "owner owner_id department department_id department_then department_then_id result_basis day",
    time: "day",
  },
  activity_effectiveness: {
    measures: "done_count effective_count effective_rate customer_count visit_count opportunities_per_visit orders_per_visit",
    dimensions: "kind outcome weekday owner owner_id department department_id department_then done_at",
    time: "done_at",
  },
  customer_care: {
    measures: "owned_count covered_count coverage_rate neglected_count order_amount days_since_contact",
    dimensions: "customer customer_id is_neglected last_contact_on owner owner_id department department_id",
    time: "last_contact_at",
  },
  regions: {
    measures: "order_amount order_amount_year_before growth receipt_amount customer_count active_count new_count coverage_rate",
    dimensions: "country region city owner owner_id department department_id month",
    time: "month",
  },
  value: {
    measures:
      "customer_count amount margin service_cost profit_contribution gold_count average_count loss_making_count unknown_cost_count avg_score",
    dimensions: "tier score score_band rank_share profit_class customer customer_id kind owner_id department_id period",
    time: "period",
  },
  value_by_month: {
    measures: "customer_count amount profit_contribution",
    dimensions: "tier profit_class customer period",
    time: "period",
  },
  value_moves: {
    measures: "customer_count amount_before amount_after amount_change up_count down_count",
    dimensions: "from_tier to_tier direction moved_by customer customer_id owner_id department_id period",
    time: "period",
  },
  rfm: {
    measures: "customer_count order_count amount lifetime_amount median_recency_days median_interval_days",
    dimensions: "rfm_segment recency_score frequency_score monetary_score recency_days customer customer_id last_order_at",
    time: "last_order_at",
  },
  retention: {
    measures:
      "cohort_count retained_count retention_rate customer_count first_order_count order_count amount new_amount existing_amount new_share",
    dimensions: "cohort cohort_month months_since_first is_new_trade kind region owner_id department_id period",
    time: "period",
  },
  churn: {
    measures: "active_at_start_count active_at_end_count churned_count churn_rate event_count win_back_count",
    dimensions: "method spend_band kind region level industry ownership owner_id department_id period",
    time: "period",
  },
  churn_events: {
    measures: "count customer_count lost_amount won_back_count win_back_rate median_active_days median_away_days",
    dimensions:
      "method reason reason_label_zh reason_label_en is_won_back won_back_at spend_band customer customer_id owner_id department_id churned_at",
    time: "churned_at",
  },
  churn_risk: {
    measures: "customer_count avg_score expected_churn_count amount expected_loss",
    dimensions: "score decile reason_1 reason_2 reason_3 horizon_days sample customer customer_id owner_id department_id fitted_at",
    time: "fitted_at",
  },
  churn_backtest: {
    measures: "customer_count predicted_rate actual_rate lift auc",
    dimensions: "tenth cut_on sample horizon_days",
    time: "",
  },
  churn_losses: { measures: "lost_amount customer_count", dimensions: "category method customer_id churned_at", time: "churned_at" },
  concentration: {
    measures: "customer_count amount top_10_share top_1_percent_share top_20_percent_share cumulative_share gini",
    dimensions: "rank_share amount_rank customer customer_id period",
    time: "period",
  },
  receivables: {
    measures:
      "count amount received_amount open_amount overdue_amount overdue_count overdue_days overdue_rate due_amount on_time_amount on_time_rate",
    dimensions:
      "id number kind is_planned is_open is_overdue customer customer_id region bucket bucket_order owner owner_id department department_id currency due_on",
    time: "due_on",
  },
  receivable_ageing: {
    measures: "open_amount overdue_amount",
    dimensions: "bucket bucket_order customer customer_id region owner_id department_id month",
    time: "month",
  },
  receivable_turnover: {
    measures: "open_amount overdue_amount overdue_rate billed_amount dso_days",
    dimensions: "customer customer_id region owner_id department_id month",
    time: "month",
  },
  survival: {
    measures: "survival survival_lower survival_upper at_risk_count churn_count median_months",
    dimensions: "segment months",
    time: "",
  },
  lifetime_value: {
    measures: "customer_count expected_alive_count avg_p_alive expected_purchases clv",
    dimensions: "fitted_at sample alive_band p_alive customer customer_id owner_id department_id",
    time: "fitted_at",
  },
  white_space: {
    measures: "customer_count buyer_count penetration gap_count group_gap_count amount potential_amount",
    dimensions: "category has_bought has_group_bought segment_penetration typical_amount customer customer_id kind",
    time: "",
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
