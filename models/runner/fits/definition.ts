import type { Settings } from "../resources.ts";

/** A cell as a fit sees it: decimals and whole numbers are numbers, days are `2026-11-22`, instants RFC 3339 UTC. */
export type FitValue = string | number | boolean | null;
export type FitRow = Record<string, FitValue>;

/** Rows by model. */
export type FitInputs = Readonly<Record<string, readonly FitRow[]>>;

export interface FitContext {
  /** The time of the cut that the inputs state. */
  asOf: Date;
  /** Its calendar day in the company's zone: `2026-11-22`. */
  today: string;
  /** The project's variables. */
  vars: Settings;
}

export interface FitResult {
  /** Rows by result table; a table that is not named keeps what it has. `as_of` and `fitted_at` are filled in by the runner. */
  tables: Record<string, FitRow[]>;
  /** How many records the fit learnt from. */
  sample: number;
  /** What a reader should know: too little data, a part that did not converge. */
  remark: string | null;
}

/**
 * A statistical fit of a project: the default export of `fits/<name>.ts`. It reads models and fills the source tables whose `meta.fit` is its name,
 * which staging models read like any source. Pure: the same inputs give the same results. What it throws is recorded, and the tables keep what they have.
 */
export interface Fit {
  name: string;
  /** Models by name. */
  inputs: readonly string[];
  run(inputs: FitInputs, context: FitContext): FitResult;
  /** The inputs without what came on `day` or later, by business time. Only a fit that has it can be run for days gone by. */
  inputsBefore?(inputs: FitInputs, day: string): FitInputs;
}
