import type { Drill, NarrowedBy } from "#lib/dashboards/definition.ts";
import type { DateRange, Period } from "#lib/period.ts";

/** In an address, a dimension that is not set; no code or name of ours begins with a tilde. */
export const unsetValue = "~";

/** What a mark adds to its tile's drill: a dimension's value, or a narrower time; null for all times, where the tile states what is now. */
export interface Mark {
  dimension?: { member: string; value: string | null };
  range?: DateRange | null;
}

const carried: readonly NarrowedBy[] = ["department", "region"];
const isCarried = (name: string): boolean => (carried as readonly string[]).includes(name);

/** The address of the same page narrowed to a mark's value; none where the value is not set. */
export function narrowHref(parameter: NarrowedBy, value: string | null, search: Pick<URLSearchParams, "toString">): string | null {
  if (value === null) return null;
  const target = new URLSearchParams(search.toString());
  target.set(parameter, value);
  return `?${target}`;
}

/**
 * The address of the records behind a mark: `/records/orders?on=ordered_at&from=…&to=…&region=广东`.
 * Every parameter that is a dimension of the view restricts it; what the page is narrowed to is carried over.
 */
export function drillHref(drill: Drill, period: Period, search: Pick<URLSearchParams, "get">, mark: Mark = {}): string {
  const target = new URLSearchParams({ on: drill.time });
  const range = drill.allTimes ? null : mark.range === undefined ? period.elapsed : mark.range;
  if (range) {
    target.set("from", range.from);
    target.set("to", range.to);
  } else target.set("period", "all");
  for (const name of carried) {
    const value = search.get(name);
    if (value) target.set(name, value);
  }
  const short = (member: string): string => member.slice(member.indexOf(".") + 1);
  for (const { member, values } of drill.filters ?? []) for (const value of values) target.append(short(member), value);
  if (mark.dimension) {
    const name = short(mark.dimension.member);
    // What the page is narrowed to already is narrower with the mark, never wider.
    if (isCarried(name)) target.set(name, mark.dimension.value ?? unsetValue);
    else target.append(name, mark.dimension.value ?? unsetValue);
  }
  return `/records/${drill.view}?${target}`;
}
