import { addMonths, endOfMonth, startOfMonth, type CalendarDate } from "#lib/calendar-date.ts";
import type { FixedFilter, StateAt } from "#lib/dashboards/definition.ts";
import type { Locale } from "#lib/locale.ts";
import type { DateRange, Period } from "#lib/period.ts";
import type { Me } from "#lib/session.ts";
import { mergeTrust, textOf, type Row, type Trust } from "#lib/semantic.ts";
import type { Definition } from "#lib/tile-data.ts";
import { codeLabels } from "#lib/server/code-labels.ts";
import type { Company } from "#lib/server/company.ts";
import type { Catalogue, Loaded, Semantic, SemanticQuery } from "#lib/server/semantic.ts";

/** What the page is restricted to, and who looks. */
export interface PageScope {
  me: Me;
  locale: Locale;
  company: Company;
  period: Period;
  /** The chosen department and all below it; null for no restriction. */
  departments: readonly string[] | null;
  /** Departments whose people's rows the caller sees; null: everybody's, none: the caller's own only. */
  overseen: readonly string[] | null;
  /** Only the caller's own rows. */
  own: boolean;
  /** What the address narrows the page to besides: names of dimensions and their values. */
  narrowed: Readonly<Record<string, string>>;
  /** The pipeline chosen in a funnel. */
  pipeline: string | null;
}

/** Measures that go by workdays. Their views also count the months whose holidays are not published: there, workdays are weekdays. */
const byWorkday: readonly string[] = [
  ...["workday_share", "expected_amount", "pace_gap", "projected_amount", "projected_attainment"].map((name) => `leaderboard.${name}`),
  ...["goal", "stretch", "challenge"].map((tier) => `performance.${tier}_amount`),
  ...["attainment", "stretch_attainment", "challenge_attainment"].map((name) => `performance.${name}`),
];

/** One tile's way to the semantic layer: adds the page's restrictions and keeps account of what was read. */
export class TileContext {
  readonly scope: PageScope;
  readonly catalogue: Catalogue;
  ignoresDepartment = false;
  /** Workdays of some month in the answer are weekdays, because its holidays are not published. */
  goesByWeekday = false;
  #semantic: Semantic;
  #trusts: Trust[] = [];

  constructor(semantic: Semantic, catalogue: Catalogue, scope: PageScope) {
    this.#semantic = semantic;
    this.catalogue = catalogue;
    this.scope = scope;
  }

  async load(query: SemanticQuery): Promise<Loaded> {
    const unpublished = this.#unpublishedMonths(query.measures ?? []);
    const loaded = await this.#semantic.load(unpublished ? { ...query, measures: [...(query.measures ?? []), unpublished] } : query);
    this.#trusts.push(loaded.trust);
    if (unpublished && loaded.rows.some((row) => Number(textOf(row, unpublished) ?? 0) > 0)) this.goesByWeekday = true;
    return loaded;
  }

  #unpublishedMonths(measures: readonly string[]): string | null {
    const measure = measures.find((name) => byWorkday.includes(name));
    const count = measure && `${viewOf(measure)}.unpublished_month_count`;
    return count && this.catalogue.has(count) && !measures.includes(count) ? count : null;
  }

  /** False when a publish fell between the tile's answers. */
  get isOneBuild(): boolean {
    return new Set(this.#trusts.map(({ build }) => build)).size <= 1;
  }

  get trust(): Trust {
    return mergeTrust(this.#trusts);
  }

  /** The page's department and person, as filters of `view`, then the tile's own. */
  filters(view: string, fixed: readonly FixedFilter[] = []): NonNullable<SemanticQuery["filters"]> {
    const filters = fixed.map(({ member, values }) => ({ member, operator: "equals" as const, values: [...values] }));
    const { own, me } = this.scope;
    const person = [`${view}.owner_id`, `${view}.employee_id`].find((name) => this.catalogue.has(name));
    if (own && me.employee_id && person) filters.push({ member: person, operator: "equals", values: [me.employee_id] });
    for (const [name, value] of Object.entries(this.scope.narrowed)) {
      const member = `${view}.${name}`;
      if (this.catalogue.has(member)) filters.push({ member, operator: "equals", values: [value] });
    }
    return [...filters, ...this.#overseenFilter(view), ...this.#departmentFilter(view)];
  }

  /** A published aggregate has everybody in it; beside figures of the caller's people it covers the same people. */
  #overseenFilter(view: string): NonNullable<SemanticQuery["filters"]> {
    const { overseen, own } = this.scope;
    const isPublished = view === "leaderboard";
    return isPublished && !own && overseen?.length ? [{ member: `${view}.department_id`, operator: "equals", values: [...overseen] }] : [];
  }

  #departmentFilter(view: string): NonNullable<SemanticQuery["filters"]> {
    const { departments } = this.scope;
    if (!departments) return [];
    const member = `${view}.department_id`;
    if (this.catalogue.has(member)) return [{ member, operator: "equals", values: [...departments] }];
    this.ignoresDepartment = true;
    return [];
  }

  /** The page's department only: for published aggregates, in which everybody is compared. */
  everybody(view: string): NonNullable<SemanticQuery["filters"]> {
    return this.#departmentFilter(view);
  }

  /** The dimension that holds a code's label in the reader's language: `churn.method` -> `churn.method_label_zh`. Null when codes are shown as they are. */
  labelOf(member: string): string | null {
    const label = `${member}_label_${this.scope.locale === "en" ? "en" : "zh"}`;
    return this.catalogue.has(label) ? label : null;
  }

  /** A row's value of a dimension in the reader's words: its label, or what the entity calls the code. */
  shown(row: Row, member: string): string | null {
    const text = textOf(row, this.labelOf(member) ?? member);
    return text === null ? null : (codeLabels(member, this.scope.locale).get(text) ?? text);
  }

  definition(measure: string, time: string | null): Definition {
    const { title, description, formula, format } = this.catalogue.member(measure);
    const named = time !== null && this.catalogue.has(time) ? this.catalogue.member(time).title : "";
    return { name: measure, title, description, formula, format, time: named };
  }
}

export const viewOf = (member: string): string => member.slice(0, member.indexOf("."));

/** A time restriction in Cube's words; none for an open range. */
export const within = (dimension: string | null, range: DateRange | null): NonNullable<SemanticQuery["timeDimensions"]> =>
  range && dimension !== null ? [{ dimension, dateRange: [range.from, range.to] }] : [];

/** The part of a range in which its state at the end is stated: its last day, or the month of it. */
export const stateOf = (range: DateRange, at: StateAt | undefined): DateRange =>
  at === undefined ? range : { from: at === "last-day" ? range.to : startOfMonth(range.to), to: range.to };

/** First day of the month a row of a monthly answer is about. */
export const monthOf = (row: Row, dimension: string): CalendarDate =>
  (textOf(row, `${dimension}.month`) ?? textOf(row, dimension) ?? "").slice(0, 10);

/** The whole months that a range touches, for views that know months only. */
export const wholeMonths = (range: DateRange): DateRange => ({ from: startOfMonth(range.from), to: endOfMonth(range.to) });

/** As many whole months before `range`, which is whole months itself. */
export function monthsBefore({ from, to }: DateRange): DateRange {
  let count = 1;
  while (addMonths(from, count) <= to) count++;
  return { from: addMonths(from, -count), to: endOfMonth(addMonths(from, -1)) };
}
