import type { Random } from "../../../operational-api/src/demo/random.ts";
import type { Json, Schema } from "./operations.ts";

/** Ids that exist, by collection: `customers`. Answers add to them. */
export type KnownIds = Map<string, string[]>;

export interface Values {
  /** A value that the schema allows, as far as it can be told from the schema. `name`: of the field or parameter. */
  of(schema: Schema, name: string, depth?: number): Json;
  /** The schema itself, or what its `$ref` names. */
  resolved(schema: Schema): Schema;
}

const words = ["北京", "上海精工", "Acme", "call", "open", "won", "2026", "a b", "o'neil", "重庆（西）"];
const deepest = 5;

const day = (random: Random): string => `20${random.integer(20, 27)}-0${random.integer(1, 9)}-${random.integer(10, 28)}`;

/** Where the schema does not state it: `customer_id` is an id of `customers`, `owner_id` one of an employee. */
const collectionNamed = (name: string, ids: KnownIds): string | undefined => {
  const base = name.replace(/_id$/, "");
  if (/owner|manager|employee|actor|approver/.test(base)) return "employees";
  return [...ids.keys()].find((collection) => collection.replaceAll("-", "_").startsWith(base.slice(0, Math.max(4, base.length - 1))));
};

const textOf = (schema: Schema, name: string, random: Random, ids: KnownIds): string => {
  const { format, pattern } = schema;
  if (format === "uuid") {
    const stated = schema["x-refers-to"];
    const collection = typeof stated === "string" ? stated : collectionNamed(name, ids);
    const known = (collection && ids.get(collection)) || random.pick([...ids.values()].filter((each) => each.length > 0));
    return random.pick(known);
  }
  if (format === "date") return day(random);
  if (format === "date-time") return `${day(random)}T0${random.integer(0, 9)}:30:00Z`;
  if (format === "email") return `somebody-${random.integer(1, 9_999)}@example.com`;
  if (typeof pattern === "string" && /\\d\{1,1\d\}/.test(pattern))
    return random.pick(["0", "1", "12.5", "1234.50", "0.13", "99999.99", "100"].filter((each) => new RegExp(pattern).test(each)));
  const text = `${random.pick(words)} ${random.integer(1, 99_999)}`;
  const most = typeof schema["maxLength"] === "number" ? schema["maxLength"] : 60;
  if (typeof pattern === "string" && !new RegExp(pattern, "u").test(text)) return `name_${random.integer(1, 99_999)}`;
  return text.slice(0, most);
};

const numberOf = (schema: Schema, random: Random): number => {
  const least = typeof schema["minimum"] === "number" ? schema["minimum"] : 0;
  const most = typeof schema["maximum"] === "number" ? schema["maximum"] : least + 1_000;
  return random.integer(Math.max(least, -1_000_000), Math.min(most, least + 1_000));
};

/** A maker of values that a document's schemas allow. */
export const createValues = (document: Schema, random: Random, ids: KnownIds): Values => {
  const resolved = (schema: Schema): Schema => {
    if (typeof schema["$ref"] !== "string") return schema;
    const found = schema["$ref"]
      .slice(2)
      .split("/")
      .reduce<Json>((at, part) => (at as Schema)[part]!, document);
    return resolved(found as Schema);
  };

  const objectOf = (schema: Schema, depth: number): Json => {
    const properties = (schema["properties"] ?? {}) as Record<string, Schema>;
    const required = new Set((schema["required"] ?? []) as string[]);
    const made: Record<string, Json> = {};
    for (const [name, each] of Object.entries(properties)) {
      // Of two names for one thing (customer_id, customer_external_id) the id is meant.
      const isWanted = required.has(name) || /_id$|^lines$/.test(name) ? !name.endsWith("_external_id") : random.chance(0.4);
      if (isWanted && !name.endsWith("_external_id") && depth < deepest) made[name] = of(each, name, depth + 1);
    }
    return made;
  };

  const of = (given: Schema, name: string, depth = 0): Json => {
    const schema = resolved(given);
    if (schema["const"] !== undefined) return schema["const"];
    if (Array.isArray(schema["enum"])) return random.pick(schema["enum"]);
    const choices = (schema["anyOf"] ?? schema["oneOf"]) as Schema[] | undefined;
    if (choices) return of(random.chance(0.8) ? choices[0]! : random.pick(choices), name, depth);
    if (Array.isArray(schema["examples"]) && random.chance(0.8)) return random.pick(schema["examples"]);
    const type = Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"];
    switch (type) {
      case "object":
        return objectOf(schema, depth);
      case "array": {
        const least = Math.max(1, Number(schema["minItems"] ?? 0));
        return Array.from({ length: random.integer(least, least + 1) }, () => of((schema["items"] ?? {}) as Schema, name, depth + 1));
      }
      case "string":
        return textOf(schema, name, random, ids);
      case "integer":
        return numberOf(schema, random);
      case "number":
        return numberOf(schema, random) / 2;
      case "boolean":
        return random.chance(0.5);
      case "null":
        return null;
      default:
        return random.pick<Json>(["text", 1, true, null, [], {}]);
    }
  };
  return { of, resolved };
};
