/** Other limits of the value pyramid's tiers than the company's, as the URL says them; what they make of the customers, the semantic layer counts. */
export type Basis = "rank_share" | "score";

export interface Thresholds {
  basis: Basis;
  /** From the top tier down, 0 to 1: shares of the customers (ascending) or least scores (descending). */
  cuts: readonly [string, string, string];
}

export type Problem = "not-a-number" | "out-of-range" | "out-of-order";

export interface Tier {
  /** From the value above which, up to the one including which; null for no end. */
  from: string | null;
  to: string | null;
  filters: { member: string; operator: "gt" | "gte" | "lt" | "lte"; values: string[] }[];
}

const defaults: Record<Basis, Thresholds["cuts"]> = { rank_share: ["0.01", "0.05", "0.2"], score: ["0.8", "0.6", "0.4"] };

/** `?basis=score&cut1=80&cut2=60&cut3=40`, cuts in per cent. Without them the defaults; with bad ones the defaults and what is wrong. */
export function readThresholds(search: URLSearchParams): { thresholds: Thresholds; problem: Problem | null } {
  const basis: Basis = search.get("basis") === "score" ? "score" : "rank_share";
  const fallback: Thresholds = { basis, cuts: defaults[basis] };
  const given = ["cut1", "cut2", "cut3"].map((name) => search.get(name)?.trim() ?? "");
  if (given.every((text) => text === "")) return { thresholds: fallback, problem: null };
  const numbers = given.map(Number);
  if (given.some((text) => text === "") || numbers.some((number) => !Number.isFinite(number)))
    return { thresholds: fallback, problem: "not-a-number" };
  if (numbers.some((number) => number <= 0 || number >= 100)) return { thresholds: fallback, problem: "out-of-range" };
  const [first = 0, second = 0, third = 0] = numbers;
  const isOrdered = basis === "rank_share" ? first < second && second < third : first > second && second > third;
  if (!isOrdered) return { thresholds: fallback, problem: "out-of-order" };
  const cut = (number: number): string => String(Number((number / 100).toFixed(8)));
  return { thresholds: { basis, cuts: [cut(first), cut(second), cut(third)] }, problem: null };
}

/** The four tiers from the top down; together they hold every customer once. */
export function tiersOf({ basis, cuts }: Thresholds): Tier[] {
  const member = `value.${basis}`;
  const [inside, outside] = basis === "rank_share" ? (["lte", "gt"] as const) : (["gte", "lt"] as const);
  const bounds = [null, ...cuts, null];
  return bounds.slice(0, -1).map((from, index) => {
    const to = bounds[index + 1] ?? null;
    return {
      from,
      to,
      filters: [
        ...(from === null ? [] : [{ member, operator: outside, values: [from] }]),
        ...(to === null ? [] : [{ member, operator: inside, values: [to] }]),
      ],
    };
  });
}
