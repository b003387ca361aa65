import { unsetValue } from "#lib/drill.ts";
import type { NamedRecordView } from "#lib/records/index.ts";
import type { Format } from "#lib/format.ts";
import type { Locale } from "#lib/locale.ts";
import type { DateRange } from "#lib/period.ts";
import { wordMember } from "#lib/server/records/words.ts";
import type { Catalogue, SemanticQuery } from "#lib/server/semantic.ts";
import type { PageScope } from "#lib/server/tiles/context.ts";

export interface RecordColumn {
  member: string;
  /** The name in addresses, without the view. */
  name: string;
  title: string;
  format: Format;
  isNumber: boolean;
  /** Place on a phone's card; null where there is no room. */
  phoneOrder: number | null;
}

/** One restriction of the address, in words: shown as a chip and written on the workbook's first sheet. */
export interface AppliedFilter {
  /** Name of the parameter to take out of the address. */
  parameter: string;
  title: string;
  codes: string[];
}

/** What an address asks of a view, checked against what the caller is granted. */
export interface RecordRequest {
  view: NamedRecordView;
  columns: RecordColumn[];
  filters: AppliedFilter[];
  /** Title of the time dimension the period applies to. */
  timeTitle: string;
  range: DateRange | null;
  sort: { name: string; descending: boolean };
  /** The records themselves: without limit and offset. */
  query: SemanticQuery;
  /** The totals row over all of them; null when no column has a sum. */
  totals: SemanticQuery | null;
}

/** Parameters of the page that are no dimensions. */
const reserved = new Set(["on", "from", "to", "period", "department", "sort", "page"]);

function filtersOf(
  view: string,
  search: URLSearchParams,
  locale: Locale,
  catalogue: Catalogue,
): { applied: AppliedFilter[]; filters: NonNullable<SemanticQuery["filters"]> } {
  const applied: AppliedFilter[] = [];
  const filters: NonNullable<SemanticQuery["filters"]> = [];
  for (const name of new Set(search.keys())) {
    const member = `${view}.${name}`;
    if (reserved.has(name) || !catalogue.has(member) || catalogue.member(member).kind !== "dimension") continue;
    const codes = search.getAll(name);
    applied.push({ parameter: name, title: catalogue.member(wordMember(member, locale, catalogue) ?? member).title, codes });
    const values = codes.filter((code) => code !== unsetValue);
    if (values.length === codes.length) filters.push({ member, operator: "equals", values });
    else if (values.length === 0) filters.push({ member, operator: "notSet" });
    else {
      filters.push({
        or: [
          { member, operator: "equals", values },
          { member, operator: "notSet" },
        ],
      });
    }
  }
  return { applied, filters };
}

/** Reads `?on=ordered_at&from=…&to=…&department=…&region=广东&sort=-amount`. Parameters that are no granted dimension are left alone. */
export function readRecordRequest(view: NamedRecordView, search: URLSearchParams, scope: PageScope, catalogue: Catalogue): RecordRequest {
  const full = (name: string): string => `${view.id}.${name}`;
  const localised = (name: string): string => name.replace("{locale}", scope.locale === "en" ? "en" : "zh");
  const columns = view.columns
    .map((name) => ({ name: localised(name), place: view.phone.indexOf(name) }))
    .filter(({ name }) => catalogue.has(full(name)))
    .map(({ name, place }): RecordColumn => {
      const { title, format, kind } = catalogue.member(full(name));
      return {
        member: full(name),
        name,
        title,
        format,
        isNumber: kind === "measure" || format === "number",
        phoneOrder: place < 0 ? null : place,
      };
    });
  const on = search.get("on");
  const time = full(on && catalogue.has(full(on)) && catalogue.member(full(on)).type === "time" ? on : view.time);
  const range = scope.period.range;
  const { applied, filters } = filtersOf(view.id, search, scope.locale, catalogue);
  if (scope.departments && catalogue.has(full("department_id"))) {
    filters.push({ member: full("department_id"), operator: "equals", values: [...scope.departments] });
  }
  const asked = search.get("sort") ?? "";
  const sorted = columns.find(({ name }) => name === asked.replace(/^-/, ""));
  const sort = sorted
    ? { name: sorted.name, descending: asked.startsWith("-") }
    : { name: view.sort.column, descending: view.sort.descending };
  const timeDimensions: SemanticQuery["timeDimensions"] = range ? [{ dimension: time, dateRange: [range.from, range.to] }] : [];
  const measures = columns.filter(({ member }) => catalogue.member(member).kind === "measure").map(({ member }) => member);
  const dimensions = columns.filter(({ member }) => catalogue.member(member).kind === "dimension").map(({ member }) => member);
  const summed = view.totals.map(full).filter((member) => catalogue.has(member));
  return {
    view,
    columns,
    filters: applied,
    timeTitle: catalogue.member(time).title,
    range,
    sort,
    query: {
      dimensions: [full(view.key), ...dimensions],
      measures,
      timeDimensions,
      filters,
      // the key last, so that pages neither repeat nor skip records of equal rank
      order: [
        [full(sort.name), sort.descending ? "desc" : "asc"],
        [full(view.key), "asc"],
      ],
    },
    totals: summed.length > 0 ? { measures: summed, timeDimensions, filters } : null,
  };
}
