/** DuckDB's values as JSON, and JSON's as parameters. */
import {
  BIGINT,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  DuckDBTypeId,
  INTEGER,
  JsonDuckDBValueConverter,
  LIST,
  listValue,
  SQLNULL,
  TIMESTAMPTZ,
  VARCHAR,
} from "@duckdb/node-api";
import type { DuckDBTimestampValue, DuckDBType, DuckDBValue, DuckDBValueConverter, Json } from "@duckdb/node-api";
import { SqlRefusal } from "./refusal.ts";

const lastMicros = 9_223_372_036_854_775_806n;

/** RFC 3339 without trailing zeros in the fraction; the year stands alone outside 0001 to 9999, where RFC 3339 has no spelling. */
const instantText = (micros: bigint): string => {
  if (micros > lastMicros) return "infinity";
  if (micros <= -lastMicros) return "-infinity";
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((micros - rest) / 1000n));
  if (Number.isNaN(date.getTime())) return `${micros} microseconds since 1970`;
  const fraction = rest === 0n ? "" : `.${rest.toString().padStart(6, "0").replace(/0+$/, "")}`;
  return date.toISOString().slice(0, -5) + fraction;
};

/** Exact numbers beyond 32 bits, decimals and days are text; instants are RFC 3339 UTC; lists, structs and maps are nested. */
export const jsonValue: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (value !== null && type.typeId === DuckDBTypeId.TIMESTAMP_TZ) {
    const text = instantText((value as DuckDBTimestampTZValue).micros);
    return text.endsWith("infinity") ? text : `${text}Z`;
  }
  if (value !== null && type.typeId === DuckDBTypeId.TIMESTAMP) return instantText((value as DuckDBTimestampValue).micros);
  return JsonDuckDBValueConverter(value, type, converter);
};

/** What a caller may send for a parameter. */
export type Parameter = null | boolean | number | string | Parameter[] | { type: string; value: unknown };
export type Parameters = Parameter[] | Record<string, Parameter>;

interface Bound {
  value: DuckDBValue;
  type: DuckDBType;
}

const decimalOf = (text: string, where: string): Bound => {
  const [, sign = "", whole = "", fraction = ""] =
    /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text) ?? refuse(where, `"${text}" is no decimal such as "12.50"`);
  const scale = fraction.length;
  const digits = (whole + fraction).replace(/^0+(?=\d)/, "");
  if (digits.length > 38 || scale > 38) refuse(where, `"${text}" has more than 38 digits`);
  const width = Math.max(18, digits.length, scale);
  return { value: new DuckDBDecimalValue(BigInt(`${sign === "-" ? "-" : ""}${digits}`), width, scale), type: DECIMAL(width, scale) };
};

const refuse = (where: string, what: string): never => {
  throw new SqlRefusal({ status: 422, message: `The parameter ${where}: ${what}` });
};

const numberOf = (value: number, where: string): Bound => {
  if (!Number.isFinite(value)) refuse(where, "is no finite number");
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return { value, type: INTEGER };
  if (Number.isSafeInteger(value)) return { value: BigInt(value), type: BIGINT };
  const text = String(value);
  // 12.1 is meant as written: as a double it would turn sums of money into doubles.
  return /^-?\d+(\.\d+)?$/.test(text) ? decimalOf(text, where) : { value, type: DOUBLE };
};

const textOf = (value: unknown, where: string, kind: string): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : refuse(where, `a ${kind} is sent as text`);

const typed: Record<string, (value: unknown, where: string) => Bound> = {
  text: (value, where) => ({ value: textOf(value, where, "text"), type: VARCHAR }),
  boolean: (value, where) => (typeof value === "boolean" ? { value, type: BOOLEAN } : refuse(where, "a boolean is true or false")),
  integer: (value, where) => {
    const text = textOf(value, where, "integer");
    if (!/^[+-]?\d{1,18}$/.test(text)) refuse(where, `"${text}" is no whole number of up to 18 digits`);
    return { value: BigInt(text), type: BIGINT };
  },
  number: (value, where) =>
    typeof value === "number" && Number.isFinite(value) ? { value, type: DOUBLE } : refuse(where, "a number is sent as one"),
  decimal: (value, where) => decimalOf(textOf(value, where, "decimal"), where),
  date: (value, where) => {
    const text = textOf(value, where, "date");
    const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
    if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text) refuse(where, `"${text}" is no day such as "2026-01-31"`);
    return { value: new DuckDBDateValue(ms / 86_400_000), type: DATE };
  },
  instant: (value, where) => {
    const text = textOf(value, where, "instant");
    const ms = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(ms)) refuse(where, `"${text}" is no instant such as "2026-01-31T08:00:00Z"`);
    return { value: new DuckDBTimestampTZValue(BigInt(ms) * 1000n), type: TIMESTAMPTZ };
  },
};

/** Plain text is compared as what it is compared with: `ordered_on >= $1` takes "2026-01-31". `{type, value}` says what it is. */
const bound = (parameter: Parameter, where: string): Bound => {
  if (parameter === null) return { value: null, type: SQLNULL };
  if (typeof parameter === "boolean") return { value: parameter, type: BOOLEAN };
  if (typeof parameter === "number") return numberOf(parameter, where);
  if (typeof parameter === "string") return { value: parameter, type: VARCHAR };
  if (Array.isArray(parameter)) return listOf(parameter, where);
  const make = Object.hasOwn(typed, parameter.type) ? typed[parameter.type] : undefined;
  if (!make) return refuse(where, `has the type "${String(parameter.type)}"; allowed: ${Object.keys(typed).join(", ")}`);
  return make(parameter.value, where);
};

const listOf = (items: Parameter[], where: string): Bound => {
  const all = items.map((item, index) => bound(item, `${where}[${index}]`));
  const types = all.map(({ type }) => type).filter((type) => type !== SQLNULL);
  const first = types[0] ?? VARCHAR;
  if (types.some((type) => type.typeId !== first.typeId)) refuse(where, "is a list of values of different types");
  const widest = first.typeId === DuckDBTypeId.DECIMAL ? refuseMixedScales(types, where) : first;
  return { value: listValue(all.map(({ value }) => value)), type: LIST(widest) };
};

const refuseMixedScales = (types: DuckDBType[], where: string): DuckDBType => {
  const [first] = types;
  if (types.some((type) => type.toString() !== first!.toString())) refuse(where, "is a list of decimals with different numbers of places");
  return first!;
};

/** The values and types to bind, by position or name. Throws SqlRefusal 422 naming the parameter. */
export const boundParameters = (
  parameters: Parameters,
): { values: DuckDBValue[]; types: DuckDBType[] } | { values: Record<string, DuckDBValue>; types: Record<string, DuckDBType> } => {
  if (Array.isArray(parameters)) {
    const all = parameters.map((each, index) => bound(each, `$${index + 1}`));
    return { values: all.map(({ value }) => value), types: all.map(({ type }) => type) };
  }
  const all = Object.entries(parameters).map(([name, each]) => [name, bound(each, `$${name}`)] as const);
  return {
    values: Object.fromEntries(all.map(([name, { value }]) => [name, value])),
    types: Object.fromEntries(all.map(([name, { type }]) => [name, type])),
  };
};
