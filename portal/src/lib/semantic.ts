import type { Format } from "#lib/format.ts";

/** A measure or dimension as `/meta` describes it to the caller, in the caller's language. */
export interface Member {
  /** "orders.amount" */
  name: string;
  kind: "measure" | "dimension";
  title: string;
  description: string;
  formula: string | null;
  format: Format;
  /** Cube's type: "number", "string", "time", "boolean" … */
  type: string;
}

/** One row of an answer: decimals travel as text, absent values as null. */
export type Row = Record<string, string | number | boolean | null>;

/** Where a figure comes from: what the passport of a tile shows. */
export interface Trust {
  build: string | null;
  lsn: string | null;
  /** RFC 3339 UTC: everything committed up to then is in the figure. */
  freshTo: string | null;
  /** Names of the marts read; a publish that changed none of them leaves the figure as it is. */
  marts: string[];
  /** Of these, the ones with a failed test. */
  failedTests: string[];
}

/** A value as the text it travelled as, or null. */
export const textOf = (row: Row | undefined, member: string): string | null => {
  const value = row?.[member];
  return value === null || value === undefined ? null : String(value);
};

/** The origin of a figure made of several answers: as fresh as the oldest of them, and reading all their marts. */
export function mergeTrust(parts: readonly Trust[]): Trust {
  const oldest = parts.reduce<Trust | null>((kept, part) => (!kept || (part.freshTo ?? "") < (kept.freshTo ?? "") ? part : kept), null);
  return {
    build: oldest?.build ?? null,
    lsn: oldest?.lsn ?? null,
    freshTo: oldest?.freshTo ?? null,
    marts: [...new Set(parts.flatMap((part) => part.marts))].sort(),
    failedTests: [...new Set(parts.flatMap((part) => part.failedTests))].sort(),
  };
}
