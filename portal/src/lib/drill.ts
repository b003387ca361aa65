import type { Drill } from "#lib/dashboards/definition.ts";
import type { DateRange, Period } from "#lib/period.ts";

/** In an address, a dimension that is not set; no code or name of ours begins with a tilde. */
export const unsetValue = "~";

/** What a mark adds to its tile's drill: a dimension's value, or a narrower time; null for all times, where the tile states what is now. */
export interface Mark {
  dimension?: { member: string; value: string | null };
  range?: DateRange | null;
}

/**
 * The address of the records behind a mark: `/records/orders?on=ordered_at&from=…&to=…&region=广东`.
 * Every parameter that is a dimension of the view restricts it; the department of the page is carried over.
 */
export function drillHref(drill: Drill, period: Period, search: Pick<URLSearchParams, "get">, mark: Mark = {}): string {
  const target = new URLSearchParams({ on: drill.time });
  const range = mark.range === undefined ? period.elapsed : mark.range;
  if (range) {
    target.set("from", range.from);
    target.set("to", range.to);
  } else target.set("period", "all");
  const department = search.get("department");
  if (department) target.set("department", department);
  const short = (member: string): string => member.slice(member.indexOf(".") + 1);
  for (const { member, values } of drill.filters ?? []) for (const value of values) target.append(short(member), value);
  if (mark.dimension) target.append(short(mark.dimension.member), mark.dimension.value ?? unsetValue);
  return `/records/${drill.view}?${target}`;
}
