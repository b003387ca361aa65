import type { Principal } from "../auth/index.ts";
import { grantFor } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { invalid, Problem } from "../problem.ts";
import { type EventKind, lastEventAt } from "../store/event.ts";
import { plural, singular } from "../store/row-scope.ts";
import type { Write } from "../store/write.ts";
import { columnsOf } from "../validation/fields.ts";
import { compareInstants } from "../validation/instant.ts";
import type { Given, Row } from "../validation/record-schema.ts";

export const refuseBackdating = (principal: Principal, entity: Entity, fields: readonly string[]): void => {
  if (fields.length === 0 || grantFor(principal.scope, "backdate", entity.name).rows !== "none") return;
  const reason = `is a business time: giving it needs the right "backdate" on ${plural(entity)}; leave it out and the server's clock is used`;
  throw new Problem(403, `${fields.join(", ")} ${reason}`, { errors: fields.map((field) => ({ field, reason })) });
};

/** The business times that a writer gave, for which a right of its own is needed. */
export const backdatedFields = (entity: Entity, given: readonly Given[]): string[] => {
  const times = Object.entries(columnsOf(entity)).flatMap(([name, column]) => (column.backdate ? [name] : []));
  const used = times.filter((name) => given.some(({ values }) => values[name] !== undefined));
  return given.some(({ history }) => history) ? [...used, "stage_history"] : used;
};

/** A given time before the record's last event of this kind would turn their order, by which intervals are made. Throws Problem 422. */
export const refuseEarlier = async (write: Write, entity: Entity, kind: EventKind, row: Row, effectiveAt: string): Promise<void> => {
  const last = await lastEventAt(write.client, entity, kind, String(row["id"]));
  if (last === null || compareInstants(effectiveAt, last) >= 0) return;
  throw invalid([{ field: "effective_at", reason: `is earlier than the last ${kind} change of this ${singular(entity)}, at ${last}` }]);
};
