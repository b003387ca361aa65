/**
 * How each Postgres type is kept in DuckDB. One table of three expressions per DuckDB type: from Postgres's text, back to it, and the
 * canonical text that `verify` compares.
 *
 * What DuckDB has no exact type for (unconstrained numeric, arrays, intervals, ranges, enums, ...) is kept as Postgres's own text, as
 * written under the session settings of `textSettings`. `NaN` in a numeric(p,s), which a DECIMAL can't hold, is null.
 */

/** Settings of every connection whose text is read: without them dates and floats depend on the server's configuration. */
export const textSettings =
  "-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c extra_float_digits=3 -c bytea_output=hex -c client_encoding=UTF8 -c statement_timeout=0";

/** `numeric(18,2)` is a DECIMAL(18,2); without a precision, or beyond DuckDB's 38 digits, it stays exact as text. */
function decimalType(typeMod: number): string {
  if (typeMod < 4) return "VARCHAR";
  const precision = ((typeMod - 4) >> 16) & 0xffff;
  const scale = (((typeMod - 4) & 0x7ff) ^ 1024) - 1024;
  return precision <= 38 && scale >= 0 && scale <= precision ? `DECIMAL(${precision},${scale})` : "VARCHAR";
}

const types: Readonly<Record<string, string>> = {
  bool: "BOOLEAN",
  int2: "SMALLINT",
  int4: "INTEGER",
  int8: "BIGINT",
  float4: "FLOAT",
  float8: "DOUBLE",
  uuid: "UUID",
  date: "DATE",
  time: "TIME",
  timestamp: "TIMESTAMP",
  timestamptz: "TIMESTAMPTZ",
  bytea: "BLOB",
  json: "JSON",
  jsonb: "JSON",
};

const directTypes: ReadonlySet<string> = new Set(["BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "UUID", "DATE", "TIMESTAMP"]);

/** The DuckDB type of a Postgres type given by its internal name (`int4`) and modifier. Domains are resolved by the caller. */
export const duckType = (postgresType: string, typeMod: number): string =>
  postgresType === "numeric" ? decimalType(typeMod) : (types[postgresType] ?? "VARCHAR");

/** SQL that makes the typed value of `text`, a VARCHAR expression holding Postgres's output. */
export function fromText(type: string, text: string): string {
  switch (type) {
    case "VARCHAR":
      return text;
    case "BLOB":
      return `unhex(substr(${text}, 3))`;
    case "DATE":
    case "TIMESTAMP":
    case "TIMESTAMPTZ":
      // Postgres writes 0044-03-15 00:00:00 BC, DuckDB reads 0044-03-15 (BC) 00:00:00.
      return `cast(case when ends_with(${text}, ' BC') then regexp_replace(${text}, '^(\\S+)(.*) BC$', '\\1 (BC)\\2') else ${text} end as ${type})`;
    default:
      return type.startsWith("DECIMAL") ? `cast(nullif(${text}, 'NaN') as ${type})` : `cast(${text} as ${type})`;
  }
}

/** As `fromText`, of texts without years before Christ and NaN. */
export const fromPlainText = (type: string, text: string): string =>
  type.startsWith("DECIMAL") || type === "TIMESTAMPTZ" ? `cast(${text} as ${type})` : fromText(type, text);

/**
 * Whether DuckDB's reader of files makes the values of a type itself as `fromPlainText` does. Of a TIMESTAMPTZ that is out of range it makes null, where a
 * cast is an error.
 */
export const isReadDirectly = (type: string): boolean => directTypes.has(type) || type.startsWith("DECIMAL");

/** SQL that says whether two values of a column are the same to the last bit: DuckDB takes -0.0 for 0.0. */
export function sameValue(type: string, one: string, other: string): string {
  const exact = (value: string): string => (type === "FLOAT" || type === "DOUBLE" ? `cast(${value} as varchar)` : value);
  return `${exact(one)} is not distinct from ${exact(other)}`;
}

/** The reverse of `fromText` for the types whose values Postgres may store out of line, so that an update may leave them out. */
export const outOfLineText = (type: string, value: string): string =>
  type === "BLOB" ? `'\\x' || lower(hex(${value}))` : `cast(${value} as varchar)`;

interface Canonical {
  postgres(value: string): string;
  duckdb(value: string): string;
}

const plain: Canonical = { postgres: (value) => `${value}::text`, duckdb: (value) => `cast(${value} as varchar)` };

const infinite = (value: string): string => `case when ${value} > timestamp '2000-01-01' then '+inf' else '-inf' end`;

const instant: Canonical = {
  postgres: (value) =>
    `case when isfinite(${value}) then ((extract(epoch from ${value}) * 1000000)::bigint)::text else ${infinite(value)} end`,
  duckdb: (value) => `case when isfinite(${value}) then cast(epoch_us(${value}) as varchar) else ${infinite(value)} end`,
};

const date: Canonical = {
  postgres: (value) => `case when isfinite(${value}) then (${value} - date '1970-01-01')::text else ${infinite(value)} end`,
  duckdb: (value) => `case when isfinite(${value}) then cast(${value} - date '1970-01-01' as varchar) else ${infinite(value)} end`,
};

const bits = (width: 32 | 64): Canonical => ({
  postgres: (value) =>
    `case when ${value} = 'NaN' then 'NaN' else ('x' || encode(float${width / 8}send(${value}), 'hex'))::bit(${width})::text end`,
  duckdb: (value) => `case when isnan(${value}) then 'NaN' else cast(cast(${value} as bit) as varchar) end`,
});

const canonicals: Readonly<Record<string, Canonical>> = {
  TIMESTAMP: instant,
  TIMESTAMPTZ: instant,
  FLOAT: bits(32),
  DOUBLE: bits(64),
  TIME: {
    postgres: (value) => `((extract(epoch from ${value}) * 1000000)::bigint)::text`,
    duckdb: (value) => `cast(epoch_us(${value}) as varchar)`,
  },
  DATE: date,
  BLOB: { postgres: (value) => `encode(${value}, 'hex')`, duckdb: (value) => `lower(hex(${value}))` },
  // format() uses the type's output function: a cast of char(n) to text would drop its trailing blanks.
  // A composite value with a null in it is neither null nor not null; num_nulls() looks at the value as a whole.
  VARCHAR: { postgres: (value) => `case when num_nulls(${value}) = 0 then format('%s', ${value}) end`, duckdb: (value) => value },
};

/**
 * Two SQL expressions, one per engine, that give the same text for the same value of a column kept as `type`, and null for null.
 * Made from the stored bits or counts rather than from each engine's printing.
 */
export function canonicalText(type: string): Canonical {
  if (type.startsWith("DECIMAL")) {
    return { postgres: (value) => `nullif(${value}::text, 'NaN')`, duckdb: plain.duckdb };
  }
  return canonicals[type] ?? plain;
}
