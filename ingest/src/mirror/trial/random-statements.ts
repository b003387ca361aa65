import type { ClientBase } from "pg";
import { literals } from "./mixed-schema.ts";
import type { Random } from "./random.ts";

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const columnsOfEveryType = Object.keys(literals);

interface Table {
  name: string;
  columns: string[];
}

/** Statements over the tables that there are now; some fail, as the schema is whatever earlier ones made of it. */
type Maker = (random: Random, tables: readonly Table[]) => string;

const id = (random: Random): number => 1 + random.below(60);
const everyTypeRow = (random: Random): string => columnsOfEveryType.map((column) => random.pick(literals[column]!)).join(", ");
const altered = (random: Random, tables: readonly Table[]): Table => random.pick(tables.filter(({ name }) => /^x\d/.test(name)));
const spare = (random: Random, { columns }: Table): string => quote(random.pick(columns.filter((name) => name !== "id")));
const fresh = (random: Random, letter: string): string => `${letter}${1 + random.below(9)}`;
const day = (random: Random): string => `'202${4 + random.below(2)}-0${1 + random.below(9)}-1${random.below(10)}'`;

const writes: readonly Maker[] = [
  (random) => `update ledger set n = n + 1 where id % ${1 + random.below(7)} = 0`,
  (random) => `update ledger set n = n + 1 where id = ${1 + random.below(20)}`,
  (random) =>
    `insert into every_type (id, ${columnsOfEveryType.join(", ")}) select ${id(random)}, ${everyTypeRow(random)}
     on conflict (id) do update set words = excluded.words, free = excluded.free, moment = excluded.moment`,
  (random) => {
    const column = random.pick(columnsOfEveryType);
    return `update every_type set ${column} = ${random.pick(literals[column]!)} where id % 3 = ${random.below(3)}`;
  },
  (random) => `update every_type set id = id + 1000 where id = ${id(random)}`,
  (random) => `delete from every_type where id % 9 = ${random.below(9)}`,
  (random) =>
    `insert into loose select ${random.pick(["'a'", "null", "'客'"])}, ${random.below(3)}, ${random.pick(["0", "'-0'", "'NaN'", "null"])} from generate_series(1, ${1 + random.below(4)})`,
  (random) => `delete from loose where ctid in (select ctid from loose order by ctid limit ${1 + random.below(3)})`,
  (random) => `update loose set n = n + 1 where ctid in (select ctid from loose order by ctid desc limit ${1 + random.below(3)})`,
  (random) => `insert into sales values (${id(random)}, ${day(random)}, ${random.below(1000)}.25) on conflict do nothing`,
  (random) => `update sales set day = ${day(random)}, amount = amount + 1 where id % 4 = ${random.below(4)}`,
  (random) => `delete from sales where id = ${id(random)}`,
  (random) =>
    `insert into ${random.pick(["people", "staff"])} values (${id(random)}, 'n') on conflict (id) do update set name = excluded.name || '!'`,
  (random) => `delete from only people where id = ${id(random)}`,
  (random) =>
    `insert into "客户 ""A""" values (${random.below(9)}, ${random.pick(["'x'", "'y\"'", "''"])}, ${random.below(99)}) on conflict do nothing`,
  (random) => `update "客户 ""A""" set "编号" = "编号" + 10, "B b" = "B b" + 0.01 where "编号" = ${random.below(30)}`,
  (random, tables) => `insert into ${altered(random, tables).name} (id) select ${random.below(40)} on conflict do nothing`,
  (random, tables) => {
    const table = altered(random, tables);
    return `update ${table.name} set ${spare(random, table)} = null where id % 2 = ${random.below(2)}`;
  },
  (random, tables) => `update ${altered(random, tables).name} set id = id + 100 where id = ${random.below(40)}`,
  (random) => `truncate ${random.pick(["loose", "sales", "people", "every_type", "sales, loose"])}`,
  () => `insert into loose select 'big', n, n from generate_series(1, 30000) as n; delete from loose where word = 'big' and n % 100 <> 0`,
];

const alterations: readonly Maker[] = [
  (random, tables) =>
    `alter table ${altered(random, tables).name} add column ${fresh(random, "c")} ${random.pick(["int default 5", "text", "text not null default 'd'", "uuid default gen_random_uuid()", "mood default 'calm'"])}`,
  (random, tables) => {
    const table = altered(random, tables);
    return `alter table ${table.name} drop column ${spare(random, table)}`;
  },
  (random, tables) => {
    const table = altered(random, tables);
    const column = spare(random, table);
    return `alter table ${table.name} drop column ${column}; alter table ${table.name} add column ${column} int`;
  },
  (random, tables) => {
    const table = altered(random, tables);
    return `alter table ${table.name} rename column ${spare(random, table)} to ${random.pick([fresh(random, "c"), '"名称"'])}`;
  },
  (random, tables) => {
    const table = altered(random, tables);
    const column = spare(random, table);
    return `alter table ${table.name} alter column ${column} drop default, alter column ${column} type text using coalesce(${column}::text, 'was null') || '+'`;
  },
  (random, tables) => {
    const table = altered(random, tables);
    const column = spare(random, table);
    return `alter table ${table.name} alter column ${column} drop default, alter column ${column} type int using length(${column}::text)`;
  },
  (random, tables) => `alter table ${altered(random, tables).name} rename to ${fresh(random, "x")}`,
  (random) => `create table ${fresh(random, "x")} (id int primary key, c1 int, c2 text default 'new')`,
  (random) => `create table ${fresh(random, "x")} as select n as id, 'made' as c1 from generate_series(1, 50) as n`,
  (random, tables) => `alter table ${altered(random, tables).name} replica identity ${random.pick(["full", "default"])}`,
  (random, tables) => `alter table ${altered(random, tables).name} add primary key (id)`,
  (random, tables) =>
    tables.filter(({ name }) => /^x\d/.test(name)).length > 2 ? `drop table ${altered(random, tables).name}` : "select 1",
  (random, tables) => {
    const { name } = altered(random, tables);
    return `alter table ${name} rename to y; create table ${name} (id int primary key, c1 text); insert into ${name} select id from y; drop table y`;
  },
  (random) => `alter type mood rename value '${random.pick(["sad", "blue"])}' to '${random.pick(["sad", "blue"])}'`,
  (random) => `truncate ${random.pick(["sales_2024", "sales_2025"])}`,
  () => "alter table sales detach partition sales_2024",
  () => "alter table sales attach partition sales_2024 for values from ('2024-01-01') to ('2025-01-01')",
  () => "update sales set amount = amount * 2; alter table sales alter column amount type numeric(20,3)",
  () => "alter table people add column if not exists note text default 'n'",
];

async function tablesNow(client: ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select cls.relname as name, array_agg(att.attname::text order by att.attnum) as columns
     from pg_class as cls join pg_attribute as att on att.attrelid = cls.oid and att.attnum > 0 and not att.attisdropped
     where cls.relnamespace = 'crm'::regnamespace and cls.relkind in ('r', 'p') group by 1 order by 1`,
  );
  return rows;
}

/**
 * One random transaction: mostly of writes, sometimes of statements that alter the schema, or both; some are rolled back. Returns what was done; a statement
 * that Postgres refuses ends the transaction, which is as good as any other. Throws when the connection is lost.
 */
export async function randomTransaction(client: ClientBase, random: Random): Promise<string> {
  const tables = await tablesNow(client);
  const statements: string[] = [];
  const alters = random.next() < 0.35;
  for (let count = 1 + random.below(4); count > 0; count--) {
    const makers = alters && random.next() < 0.6 ? alterations : writes;
    const maker = random.pick(makers);
    const canAlter = tables.some(({ name, columns }) => /^x\d/.test(name) && columns.length > 1);
    if (canAlter)
      statements.push(
        maker(
          random,
          tables.filter(({ name, columns }) => !/^x\d/.test(name) || columns.length > 1),
        ),
      );
    else statements.push("create table x1 (id int primary key, c1 int, c2 text)");
  }
  const ends = random.next() < 0.12 ? "rollback" : "commit";
  try {
    await client.query("begin; select pg_logical_emit_message(true, 'kehu.actor', 'trial')");
    for (const statement of statements) await client.query(statement);
    await client.query(ends);
    return `${statements.join("; ")}; ${ends}`;
  } catch (error) {
    const { severity, message } = error as { severity?: string; message: string };
    if (severity !== "ERROR") throw error;
    await client.query("rollback");
    return `${statements.join("; ")} refused: ${message}`;
  }
}
