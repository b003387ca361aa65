import type { LineageKind } from "#lib/catalogue/model.ts";

/** Where a measure or dimension comes from, for its passport. */
export interface MemberLineage {
  /** Of marts, what its SQL reads; a column `*` means the rows. */
  columns: { model: string; column: string; kind: LineageKind }[];
  /** Models on the way, the first ones first. */
  via: string[];
  /** Columns of the operational system, with their labels there. */
  origins: { name: string; table: string | null; column: string; title: string | null }[];
  /** What the caller may not know of. */
  hiddenInputs: number;
}
