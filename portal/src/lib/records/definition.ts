import type { Text } from "#lib/dashboards/definition.ts";

/** The records behind a figure. One file per view of the semantic layer in this folder, named like the view. */
export interface RecordView {
  title: Text;
  /** Position in the menu; null for views that are reached by drilling only. */
  position: number | null;
  /** The dimension that tells records apart, so that measures beside it are those of one record. Not shown. */
  key: string;
  /** Dimensions and measures in order, without the view's name; those the caller is not granted are left out. `{locale}` is zh or en. */
  columns: readonly string[];
  /** Columns with a sum in the totals row. */
  totals: readonly string[];
  /** Time dimension the period applies to when the URL names none. */
  time: string;
  /** The three columns a phone shows. */
  phone: readonly string[];
  sort: { column: string; descending: boolean };
}
