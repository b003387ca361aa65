import type { Fit, FitResult, FitRow } from "../runner/fits/definition.ts";
import { contributions, fitLogistic, probabilityOf, type Example, type LogisticModel } from "./numerics/logistic.ts";
import { areaUnderCurve, byDecile, decileOf } from "./numerics/ranking.ts";

/** Columns of fct_churn_features; their names are the codes of the reasons. */
const features = [
  "days_since_order",
  "overdue_order",
  "is_single_order",
  "order_frequency",
  "frequency_decline",
  "spend_decline",
  "spend_level",
  "years_as_customer",
  "late_payment",
  "contact_gap",
  "complaints",
] as const;

/** Fewer of either outcome do not determine eleven weights. */
const leastOfEach = 30;

interface Subject extends Example {
  key: number;
  cutOn: string;
}

/**
 * The risk that an active customer does not order within the horizon: a logistic regression over what was known at earlier cuts. The back-test scores the
 * customers of the last cut whose outcome is known by a model that knows the cut before only.
 */
const churn: Fit = {
  name: "churn",
  inputs: ["fct_churn_features"],
  run({ fct_churn_features: rows = [] }): FitResult {
    const [present, last, earlier] = [0, 1, 2].map((cut) => rows.filter((row) => row.cut_number === cut));
    const horizon = Number(rows[0]?.horizon_days ?? 0);
    const current = (present ?? []).map(subjectOf);
    const known = (last ?? []).map(subjectOf);
    const before = (earlier ?? []).map(subjectOf);
    const learnt = [...known, ...before];
    if (!isEnough(learnt))
      return { tables: {}, sample: learnt.length, remark: `too few customers with a known outcome (${outcomes(learnt)})` };

    const model = fitLogistic(learnt);
    const canTest = isEnough(before) && isEnough(known);
    return {
      tables: {
        churn_risk: scoresOf(current, model, horizon, learnt.length),
        churn_backtest: canTest ? backtest(before, known, horizon) : [],
        churn_model: features.map((feature, index) => ({
          feature,
          weight: model.weights[index] ?? 0,
          mean: model.means[index] ?? 0,
          deviation: model.deviations[index] ?? 0,
          sample: learnt.length,
        })),
      },
      sample: learnt.length,
      remark: canTest ? null : `no back-test: too few customers at the cut before (${outcomes(before)})`,
    };
  },
};

export default churn;

const subjectOf = (row: FitRow): Subject => ({
  key: Number(row.customer_key),
  cutOn: String(row.cut_on),
  features: features.map((feature) => Number(row[feature])),
  outcome: row.has_churned === true,
});

const churned = (subjects: readonly Subject[]): number => subjects.filter(({ outcome }) => outcome).length;
const isEnough = (subjects: readonly Subject[]): boolean =>
  churned(subjects) >= leastOfEach && subjects.length - churned(subjects) >= leastOfEach;
const outcomes = (subjects: readonly Subject[]): string => `${churned(subjects)} churned, ${subjects.length - churned(subjects)} stayed`;

function scoresOf(subjects: readonly Subject[], model: LogisticModel, horizon: number, sample: number): FitRow[] {
  const scored = subjects.map((subject) => ({ subject, score: probabilityOf(model, subject.features) }));
  const ranked = scored.toSorted((left, right) => right.score - left.score || left.subject.key - right.subject.key);
  return ranked.map(({ subject, score }, place) => {
    const [first = null, second = null, third = null] = reasonsOf(subject, model);
    return {
      customer_key: subject.key,
      score,
      decile: decileOf(place, ranked.length),
      reason_1: first,
      reason_2: second,
      reason_3: third,
      horizon_days: horizon,
      sample,
    };
  });
}

/** What raises the score above an average customer's, the largest contribution first. */
function reasonsOf(subject: Subject, model: LogisticModel): string[] {
  return contributions(model, subject.features)
    .map((contribution, index) => ({ contribution, feature: features[index] ?? "" }))
    .filter(({ contribution }) => contribution > 0)
    .toSorted((left, right) => right.contribution - left.contribution)
    .map(({ feature }) => feature);
}

function backtest(before: readonly Subject[], known: readonly Subject[], horizon: number): FitRow[] {
  const model = fitLogistic(before);
  const scored = known.map((subject) => ({ score: probabilityOf(model, subject.features), outcome: subject.outcome }));
  const auc = areaUnderCurve(scored);
  return byDecile(scored).map(({ decile, count, predicted, actual, lift }) => ({
    decile,
    customers: count,
    predicted,
    actual,
    lift,
    auc,
    cut_on: known[0]?.cutOn ?? null,
    horizon_days: horizon,
    sample: before.length,
  }));
}
