import type { Fit, FitResult, FitRow } from "../runner/fits/definition.ts";
import { expectedPurchases, fitBgNbd, probabilityAlive, type PurchaseHistory } from "./numerics/bg-nbd.ts";
import { expectedSpend, fitGammaGamma, type GammaGamma } from "./numerics/gamma-gamma.ts";

/** Fewer customers who came back do not determine seven parameters. */
const leastCustomers = 50;
/** Beyond this a systematic part of the customers stands for all: the parameters no longer move. */
const mostCustomers = 200_000;
const horizonWeeks = 52;
const stepWeeks = 4;
const yearlyDiscount = 0.1;

interface Customer extends PurchaseHistory {
  key: number;
  meanValue: number | null;
}

/**
 * Customer value: BG/NBD for the number of purchases, Gamma-Gamma for their value, and both together for the discounted value of the next 52 weeks
 * (10 % a year, in steps of four weeks, each discounted to its middle).
 */
const customerValue: Fit = {
  name: "customer_value",
  inputs: ["fct_customer_purchase_history"],
  run({ fct_customer_purchase_history: rows = [] }): FitResult {
    const customers = rows.map(customerOf);
    const sample = everyNth(customers, mostCustomers);
    const back = sample.filter(({ repeats }) => repeats > 0).length;
    if (back < leastCustomers)
      return { tables: {}, sample: sample.length, remark: `${back} customers came back; at least ${leastCustomers} are needed` };

    const purchases = fitBgNbd(sample);
    if (!purchases.converged) throw new Error(`BG/NBD did not converge on ${sample.length} customers`);
    const { r, alpha, a, b } = purchases;
    const spendings = sample.flatMap(({ repeats, meanValue }) =>
      repeats > 0 && meanValue !== null && meanValue > 0 ? [{ repeats, meanValue }] : [],
    );
    const fitted = spendings.length < leastCustomers ? null : fitGammaGamma(spendings);
    const spend = fitted?.converged ? fitted : null;
    const values = customers.map((customer) => valueOf(customer, purchases, spend, sample.length));
    return {
      tables: {
        bg_nbd: [{ r, alpha, a, b, log_likelihood: purchases.logLikelihood, sample: sample.length }],
        ...(spend && {
          gamma_gamma: [{ p: spend.p, q: spend.q, v: spend.v, log_likelihood: spend.logLikelihood, sample: spendings.length }],
        }),
        customer_value: values,
      },
      sample: sample.length,
      remark: spend ? null : `no value of a purchase: Gamma-Gamma did not converge on ${spendings.length} customers`,
    };
  },
};

export default customerValue;

const customerOf = (row: FitRow): Customer => ({
  key: Number(row.customer_key),
  repeats: Number(row.repeat_count),
  recency: Number(row.recency_weeks),
  age: Number(row.age_weeks),
  meanValue: row.mean_repeat_value === null ? null : Number(row.mean_repeat_value),
});

function everyNth<Item>(items: readonly Item[], most: number): readonly Item[] {
  const step = Math.ceil(items.length / most);
  return step <= 1 ? items : items.filter((_, index) => index % step === 0);
}

function valueOf(customer: Customer, purchases: Parameters<typeof expectedPurchases>[0], spend: GammaGamma | null, sample: number): FitRow {
  let discounted = 0;
  let before = 0;
  for (let weeks = stepWeeks; weeks <= horizonWeeks; weeks += stepWeeks) {
    const upTo = expectedPurchases(purchases, customer, weeks);
    discounted += (upTo - before) / (1 + yearlyDiscount) ** ((weeks - stepWeeks / 2) / 52);
    before = upTo;
  }
  const perPurchase =
    spend &&
    expectedSpend(spend, customer.meanValue === null ? { repeats: 0, meanValue: 0 } : { ...customer, meanValue: customer.meanValue });
  return {
    customer_key: customer.key,
    p_alive: probabilityAlive(purchases, customer),
    expected_purchases_52w: before,
    expected_spend: money(perPurchase),
    clv_52w: money(perPurchase === null ? null : perPurchase * discounted),
    sample,
  };
}

const money = (amount: number | null): string | null => (amount === null ? null : amount.toFixed(2));
