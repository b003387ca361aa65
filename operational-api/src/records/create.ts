import type { RowGrant } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { entityNamed } from "../entities/index.ts";
import { type Fault, invalid, Problem } from "../problem.ts";
import type { Draft } from "../rules/draft.ts";
import { rulesOf } from "../rules/index.ts";
import { conflictOf, findConflicts, isUniqueViolation } from "../store/conflict.ts";
import { refuseCycles, treeColumnsOf } from "../store/cycle.ts";
import { creationEvents } from "../store/event.ts";
import { type Inserted, insertRows } from "../store/insert.ts";
import { missingReferences, type Place, resolveReferences } from "../store/references.ts";
import { plural, requireGrant } from "../store/row-scope.ts";
import { refuseUnseen } from "../store/shown-columns.ts";
import { query } from "../store/sql.ts";
import { newId } from "../store/uuidv7.ts";
import type { Write } from "../store/write.ts";
import { type Given, parseRecord, type Row } from "../validation/record-schema.ts";
import { isApproved, refuseApproval } from "./approval.ts";
import { backdatedFields, refuseBackdating } from "./backdating.ts";
import { fillDefaults } from "./defaults.ts";

export interface Created {
  row: Row;
  children: Row[] | undefined;
}

const unrestricted: RowGrant = { rows: "all" };

/** Who may write only certain people's rows writes for himself unless he says otherwise. */
const fillOwner = (write: Write, entity: Entity, values: Row, grant: RowGrant): void => {
  const own = entity.scope !== "reference" && entity.scope.employee?.includes("owner_id");
  const given = values["owner_id"] !== undefined || values["owner_external_id"] !== undefined;
  if (own && !given && grant.rows === "some" && write.principal.employeeId) values["owner_id"] = write.principal.employeeId;
};

const draftOf = (write: Write, given: Given, index: number | undefined): Draft => {
  const values: Row = { ...given.values, id: newId(new Date(write.now)) };
  // An imported opportunity came into being with its first stage.
  if (given.history && values["created_at"] === undefined) values["created_at"] = given.history[0]?.effective_at ?? null;
  return { index, values, children: given.children, history: given.history, events: undefined };
};

const placesOf = (entity: Entity, draft: Draft): Place[] => {
  const own: Place = { entity, values: draft.values, prefix: "", index: draft.index };
  const children = entity.children;
  if (!children || !draft.children) return [own];
  const child = entityNamed(children.entity);
  return [
    own,
    ...draft.children.map((values, position) => ({ entity: child, values, prefix: `${children.field}[${position}].`, index: draft.index })),
  ];
};

/** Checks bodies one by one; what can't be read becomes faults, the rest drafts. */
const readBodies = (write: Write, entity: Entity, bodies: readonly unknown[], batch: boolean): { drafts: Draft[]; faults: Fault[] } => {
  const faults: Fault[] = [];
  const read: { given: Given; index: number | undefined }[] = [];
  for (const [position, body] of bodies.entries()) {
    const index = batch ? position : undefined;
    const parsed = parseRecord(entity, "create", body);
    if ("given" in parsed) read.push({ given: parsed.given, index });
    else faults.push(...parsed.faults.map((fault) => ({ ...(index !== undefined && { index }), ...fault })));
  }
  refuseBackdating(
    write.principal,
    entity,
    backdatedFields(
      entity,
      read.map(({ given }) => given),
    ),
  );
  for (const { given } of read) {
    refuseUnseen(write.principal, entity, Object.keys(given.values), true);
    const { children } = entity;
    if (!children) continue;
    for (const [position, line] of (given.children ?? []).entries())
      refuseUnseen(write.principal, entityNamed(children.entity), Object.keys(line), true, `${children.field}[${position}].`);
  }
  return { drafts: read.map(({ given, index }) => draftOf(write, given, index)), faults };
};

/**
 * Creates records from request bodies, all or none, with events and audit entries. The same way for one and for ten thousand.
 * Throws Problem: 403 without the right or outside of it, 422 with every fault, 409 for a taken key of a single record.
 */
export const createRecords = async (write: Write, entity: Entity, bodies: readonly unknown[], batch: boolean): Promise<Created[]> => {
  const grant = requireGrant(write.principal, "create", entity);
  const { drafts, faults } = readBodies(write, entity, bodies, batch);

  const childColumn = entity.children?.parentColumn;
  const places = drafts.flatMap((draft) => {
    fillOwner(write, entity, draft.values, grant);
    return placesOf(entity, draft);
  });
  const siblings = new Map(
    batch
      ? drafts.flatMap(({ values }) => (values["external_id"] ? [[String(values["external_id"]), String(values["id"])] as const] : []))
      : [],
  );
  const { faults: unresolved, referred } = await resolveReferences(write, places, { within: { entity, byExternalId: siblings } });
  faults.push(...unresolved);
  for (const place of places) {
    const reported = faults.some((fault) => fault.index === place.index && fault.field.startsWith(place.prefix));
    if (!reported) faults.push(...missingReferences(place, place.prefix ? childColumn : undefined));
    fillDefaults(place.entity, place.values, write);
  }

  const faulty = new Set(faults.map(({ index }) => index));
  const sound = drafts.filter(({ index }) => !faulty.has(index));
  if (sound.length > 0) {
    for (const rule of rulesOf(entity)) await rule.create?.({ write, entity, drafts: sound, referred, faults });
  }
  if (faults.length > 0) {
    if (batch) faults.push(...(await conflictsOf(write, entity, drafts)));
    throw invalid(inOrder(faults));
  }

  for (const { values, index } of drafts) if (isApproved(entity, values)) refuseApproval(write.principal, entity, values, index);
  const inserted = await insertDrafts(write, entity, drafts, grant, batch);
  const outside = inserted.flatMap(({ allowed }, position) => (allowed ? [] : [position]));
  if (outside.length > 0) {
    const reason = `belongs to somebody outside the rows that your right "create" on ${plural(entity)} covers`;
    const errors = outside.map((index) => ({ ...(batch && { index }), field: "owner_id", reason }));
    throw new Problem(403, batch ? `record ${outside.join(", ")} ${reason}` : `this record ${reason}`, { errors });
  }
  if (batch) {
    for (const column of treeColumnsOf(entity)) {
      const below = drafts.flatMap(({ values }) => ((values[column] ?? null) === null ? [] : [String(values["id"])]));
      if (below.length > 0) await refuseCycles(write, entity, column, below);
    }
  }
  const children = await insertChildren(write, entity, drafts, batch);
  return inserted.map(({ row }, position) => ({ row, children: children?.[position] }));
};

const inOrder = (faults: Fault[]): Fault[] => faults.sort((left, right) => (left.index ?? 0) - (right.index ?? 0));

const conflictsOf = (write: Write, entity: Entity, drafts: readonly Draft[]): Promise<Fault[]> =>
  findConflicts(
    write,
    entity,
    drafts.map(({ index, values }) => ({ index: index ?? 0, values })),
  );

const insertDrafts = async (
  write: Write,
  entity: Entity,
  drafts: readonly Draft[],
  grant: RowGrant,
  batch: boolean,
): Promise<Inserted[]> => {
  const rows = drafts.map(({ values }) => values);
  const events = drafts.flatMap((draft) => {
    const usual = creationEvents(entity, draft.values);
    const { events: known } = draft;
    if (!known) return usual;
    const kinds = new Set(known.map(({ kind }) => kind));
    return [...known, ...usual.filter(({ kind }) => !kinds.has(kind))];
  });
  if (batch) await query(write.client, "savepoint before_rows");
  try {
    return await insertRows(write, entity, rows, events, grant, batch ? "key" : "whole");
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    if (!batch) throw conflictOf(entity, error);
    await query(write.client, "rollback to savepoint before_rows");
    throw invalid(inOrder(await conflictsOf(write, entity, drafts)));
  }
};

const insertChildren = async (write: Write, entity: Entity, drafts: readonly Draft[], batch: boolean): Promise<Row[][] | undefined> => {
  const { children } = entity;
  if (!children) return undefined;
  const rows = drafts.map((draft) =>
    (draft.children ?? []).map((values) => ({
      ...values,
      id: newId(new Date(write.now)),
      [children.parentColumn]: draft.values["id"] ?? null,
      created_at: draft.values["created_at"] ?? null,
    })),
  );
  // The parent's grant has been checked; its lines are part of it.
  const child = entityNamed(children.entity);
  const keyed = batch && rows.flat().some((row: Row) => (row["external_id"] ?? null) !== null);
  if (keyed) await query(write.client, "savepoint before_children");
  const inserted = await insertRows(write, child, rows.flat(), [], unrestricted, batch ? "key" : "whole").catch(async (error: unknown) => {
    if (!isUniqueViolation(error)) throw error;
    if (!batch) throw conflictOf(child, error, `${children.field}.`);
    await query(write.client, "rollback to savepoint before_children");
    const placed = rows.flatMap((list, position) => list.map((values) => ({ index: drafts[position]?.index ?? position, values })));
    const faults = await findConflicts(write, child, placed);
    throw invalid(inOrder(faults.map((fault) => ({ ...fault, field: `${children.field}.${fault.field}` }))));
  });
  let next = 0;
  return rows.map((list) => list.map(() => inserted[next++]?.row ?? {}));
};
