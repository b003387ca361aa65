import type { Entity } from "../entities/definition.ts";
import type { Fault } from "../problem.ts";
import type { RecordEvent } from "../store/event.ts";
import type { Referred } from "../store/references.ts";
import type { Write } from "../store/write.ts";
import type { Row, StageStep } from "../validation/record-schema.ts";

/** A record on its way to being written: references resolved, defaults filled in. */
export interface Draft {
  index: number | undefined;
  values: Row;
  children: Row[] | undefined;
  history: StageStep[] | undefined;
  /** Events that a rule knows better than "the value holds from created_at on". */
  events: RecordEvent[] | undefined;
}

export interface Creation {
  write: Write;
  entity: Entity;
  drafts: readonly Draft[];
  referred: Referred;
  /** Rules add what is wrong; any fault and nothing is written. */
  faults: Fault[];
}

/** What a rule is told of a change, and may add to it. */
export interface Amendment {
  write: Write;
  entity: Entity;
  before: Row;
  /** The columns that change, and what rules add. */
  changes: Row;
  referred: Referred;
  faults: Fault[];
  effectiveAt: string;
  /** The child rows as they will be after the change, when the writer gave any. */
  children: Row[] | undefined;
  /** The child rows as they are; empty for entities without children. */
  currentChildren: readonly Row[];
}

/** What an entity's business asks beyond its columns. Each rule is a set-based step: a batch of 10,000 is one call. */
export interface Rule {
  create?(creation: Creation): Promise<void> | void;
  change?(amendment: Amendment): Promise<void> | void;
  /** Throws Problem 409 when the record must stay. What refers to it by id is looked after for every entity. */
  remove?(write: Write, before: Row): Promise<void>;
  /** Throws Problem 409 when the deleted record can't come back as it was. */
  restore?(write: Write, before: Row): Promise<void>;
}

export const faultAt = (draft: Draft, field: string, reason: string): Fault => ({
  ...(draft.index !== undefined && { index: draft.index }),
  field,
  reason,
});

/** A value as it will be after the change. */
export const after = (amendment: Amendment, column: string): Row[string] => amendment.changes[column] ?? amendment.before[column] ?? null;
