import type { Text } from "#lib/dashboards/definition.ts";

/** The records behind a figure: a view of the semantic layer, ungrouped. One file per view in this folder, named like the view. */
export interface RecordView {
  title: Text;
  /** Position in the menu; null for views that are reached by drilling only. */
  position: number | null;
  /** Columns in order, without the view's name; those the caller is not granted are left out. */
  columns: readonly string[];
  /** Measures of the totals row, each under the column it sums. */
  totals: Readonly<Record<string, string>>;
  /** Time dimension the period applies to when the URL names none. */
  time: string;
  /** The three columns a phone shows. */
  phone: readonly string[];
  sort: { column: string; descending: boolean };
}
