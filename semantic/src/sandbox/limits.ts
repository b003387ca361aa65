/** What a statement of somebody may take, by role. Several roles: the largest of each. */

export interface SqlLimits {
  /** From its turn to the answer: copying and running. Waiting for others is bounded for all alike. */
  seconds: number;
  /** Of DuckDB in the user's process; the machine's share may leave less. */
  memoryMiB: number;
  /** Of one JSON answer. */
  rows: number;
  /** Of one file. */
  exportRows: number;
  /** Statements of one user at a time. */
  statements: number;
}

const own: SqlLimits = { seconds: 30, memoryMiB: 512, rows: 10_000, exportRows: 200_000, statements: 2 };
const wide: SqlLimits = { seconds: 120, memoryMiB: 2_048, rows: 10_000, exportRows: 1_000_000, statements: 3 };

/** A role that is not here (a company may have its own) has the limits of a rep. */
const byRole: Readonly<Record<string, SqlLimits>> = {
  administrator: wide,
  analyst: wide,
  executive: { ...wide, seconds: 60, memoryMiB: 1_024 },
  sales_manager: { ...own, seconds: 60 },
  sales_rep: own,
};

export const limitsOf = (roles: readonly string[]): SqlLimits => {
  const all = roles.map((role) => (Object.hasOwn(byRole, role) ? byRole[role]! : own));
  const largest = (of: keyof SqlLimits): number => Math.max(own[of], ...all.map((limits) => limits[of]));
  return {
    seconds: largest("seconds"),
    memoryMiB: largest("memoryMiB"),
    rows: largest("rows"),
    exportRows: largest("exportRows"),
    statements: largest("statements"),
  };
};
