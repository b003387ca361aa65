import { grantFor } from "../auth/scope.ts";
import type { Entity } from "../entities/definition.ts";
import { entityNamed } from "../entities/index.ts";
import type { Fault } from "../problem.ts";
import { externalNameOf, referencesOf } from "../validation/fields.ts";
import type { Row, Value } from "../validation/record-schema.ts";
import { singular, withinGrant } from "./row-scope.ts";
import { createParams, query, tableOf } from "./sql.ts";
import type { Write } from "./write.ts";

/** A row whose references are to be resolved, and how its faults are told. */
export interface Place {
  entity: Entity;
  values: Row;
  /** In front of the field's name: `lines[2].`. */
  prefix: string;
  index: number | undefined;
}

/** What is known of the rows that were referred to, by entity and id: `department_id` of employees. */
export type Referred = ReadonlyMap<string, ReadonlyMap<string, Row>>;

/** What the rules want to know of a row that is referred to. */
const alsoRead: Readonly<Record<string, string>> = { employee: ", target.department_id" };

interface Wish {
  place: Place;
  column: string;
  /** As the writer said it: by id or by external id. */
  by: "id" | "external_id";
  value: string;
}

const wishesOf = (place: Place, ready: ReadonlySet<string>): Map<string, Wish[]> => {
  const wishes = new Map<string, Wish[]>();
  for (const { column, entity } of referencesOf(place.entity)) {
    if (ready.has(column)) continue;
    const external = externalNameOf(column);
    const given: [Wish["by"], Value | undefined][] = [
      ["id", place.values[column]],
      ["external_id", place.values[external]],
    ];
    if (place.values[external] === null) place.values[column] = null;
    delete place.values[external];
    for (const [by, value] of given) {
      if (value === undefined || value === null) continue;
      wishes.set(entity, [...(wishes.get(entity) ?? []), { place, column, by, value: String(value) }]);
    }
  }
  return wishes;
};

/**
 * Replaces `<base>_external_id` by `<base>_id` in all rows and checks that what is referred to exists, is not deleted and is visible to the writer;
 * what is not becomes a fault. One query per entity referred to, however many rows. The rows found stay locked against deletion until the end.
 * `within`: rows of the same batch by external id, which may refer to each other. `ready`: columns that need no check.
 */
export const resolveReferences = async (
  write: Write,
  places: readonly Place[],
  options: { within?: { entity: Entity; byExternalId: ReadonlyMap<string, string> }; ready?: ReadonlySet<string> } = {},
): Promise<{ faults: Fault[]; referred: Referred }> => {
  const wanted = new Map<string, Wish[]>();
  for (const place of places) {
    for (const [entity, wishes] of wishesOf(place, options.ready ?? new Set())) {
      const list = wanted.get(entity);
      if (list) list.push(...wishes);
      else wanted.set(entity, wishes);
    }
  }
  const faults: Fault[] = [];
  const referred = new Map<string, Map<string, Row>>();
  for (const [name, wishes] of wanted) {
    const target = entityNamed(name);
    const found = await findTargets(write, target, wishes);
    const byId = new Map(found.map((row) => [String(row["id"]), row]));
    const byExternalId = new Map(found.map((row) => [String(row["external_id"]), row]));
    referred.set(name, byId);
    for (const { place, column, by, value } of wishes) {
      const sibling = options.within?.entity.name === name && by === "external_id" ? options.within.byExternalId.get(value) : undefined;
      const id = (by === "id" ? byId : byExternalId).get(value)?.["id"] ?? sibling;
      if (id !== undefined) {
        place.values[column] = id;
        continue;
      }
      const field = `${place.prefix}${by === "id" ? column : externalNameOf(column)}`;
      const reason = `there is no ${singular(target)} with the ${by === "id" ? "id" : "external id"} "${value}" that you may see`;
      faults.push({ ...(place.index !== undefined && { index: place.index }), field, reason });
    }
  }
  return { faults, referred };
};

const findTargets = async (write: Write, target: Entity, wishes: readonly Wish[]): Promise<Row[]> => {
  const params = createParams();
  const listed = (by: Wish["by"]): string => params.add([...new Set(wishes.filter((wish) => wish.by === by).map((wish) => wish.value))]);
  const visible = withinGrant(target, grantFor(write.principal.scope, "read", target.name), "target", params);
  return query<Row>(
    write.client,
    `select target.id, target.external_id${alsoRead[target.name] ?? ""} from ${tableOf(target)} as target
     where (target.id = any(${listed("id")}::uuid[]) or target.external_id = any(${listed("external_id")}::text[]))
       and target.deleted_at is null and ${visible}
     for key share of target`,
    params.values,
  );
};

/** Required references that were given neither way. */
export const missingReferences = (place: Place, except: string | undefined): Fault[] =>
  referencesOf(place.entity)
    .filter(({ column, required }) => required && column !== except && (place.values[column] ?? null) === null)
    .map(({ column }) => ({
      ...(place.index !== undefined && { index: place.index }),
      field: `${place.prefix}${column}`,
      reason: `is required; give ${column} or ${externalNameOf(column)}`,
    }));
