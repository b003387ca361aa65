/** The tables of the trial: every kind, with every type. `ledger` is for counting: each version of a row is one number, and no statement alters the table. */
export const mixedSchema = `
create schema crm; set search_path = crm;
create type mood as enum ('sad', 'glad', 'calm'); create domain price as numeric(18,2); create type place as (street text, number int);
create table ledger (id int primary key, n int not null); insert into ledger select id, 0 from generate_series(1, 20) as id;
create table every_type (id int primary key, flag bool, small int2, big int8, real4 float4, real8 float8, exact numeric(18,4), free numeric, cost price, huge numeric(50,10),
  words text, code char(6), uid uuid, day date, moment timestamptz, local timestamp, clock time, span interval, blob bytea, doc json, docb jsonb, tags text[],
  feeling mood, feelings mood[], address inet, during tstzrange, bits bit(3), search tsvector, at place, body text, doubled int generated always as (small * 2) stored,
  serial int generated always as identity);
alter table every_type alter body set storage external;
create table loose (word text, n int, half float8); alter table loose replica identity full;
create table sales (id int, day date, amount numeric(18,2), primary key (id, day)) partition by range (day);
create table sales_2024 partition of sales for values from ('2024-01-01') to ('2025-01-01');
create table sales_2025 partition of sales for values from ('2025-01-01') to ('2026-01-01');
create table people (id int primary key, name text); create table staff (primary key (id)) inherits (people);
create table "客户 ""A""" ("编号" int, "select" text, "B b" numeric(18,2), primary key ("编号", "select"));
create table x1 (id int primary key, c1 int, c2 text); create table x2 (id int primary key, c1 numeric(18,2), c2 timestamptz);
`;

/** Literals of each type, the odd ones among them. */
const texts = [
  "'客户, \"quoted\"'",
  "''",
  "E'line\\nbreak\\t\\\\ tab\\r\\n'",
  "'\\N'",
  "'null'",
  "'\"'",
  "null",
  "repeat('字', 300)",
  "'-'",
  "'5:hello'",
];
export const literals: Readonly<Record<string, readonly string[]>> = {
  flag: ["true", "false", "null"],
  small: ["-32768", "0", "32767", "null"].map((text) => (text === "-32768" || text === "32767" ? `${text}::int4` : text)),
  big: ["9223372036854775807", "-1", "null"],
  real4: ["'NaN'", "-0.0::float4", "3.4028235e38", "1.1", "'-Infinity'", "null"],
  real8: ["'NaN'", "'-0'", "5e-324", "0.1", "'Infinity'", "null"],
  exact: ["1234567890.1200", "-0.5", "99999999999999.9999", "null"],
  free: ["'NaN'", "1.10", "1e-20", "'Infinity'", "123456789012345678901234567890.5", "null"],
  cost: ["19.90", "-0.01", "0", "null"],
  huge: ["12345678901234567890123456789012345678.0000000001", "0", "null"],
  words: texts,
  code: ["'ab'", "''", "'客'", "null"],
  uid: ["'018f0000-0000-7000-8000-00000000abcd'", "gen_random_uuid()", "null"],
  day: ["'2024-02-29'", "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'9999-12-31'", "null"],
  moment: [
    "'2024-06-01 12:00:00.123456+08'",
    "'infinity'",
    "'-infinity'",
    "'0044-03-15 00:00:00+00 BC'",
    "'9999-12-31 23:59:59.999999+00'",
    "now()",
    "null",
  ],
  local: ["'2024-06-01 04:00:00.000001'", "'infinity'", "'0044-03-15 00:00:00.5 BC'", "null"],
  clock: ["'23:59:59.999999'", "'24:00:00'", "'00:00'", "null"],
  span: ["'1 year 2 days 03:04:05.6'", "'-1 mon'", "'0'", "null"],
  blob: ["'\\x00ff5c'", "''", "'\\x0a0d22'", "null"],
  doc: ['\'{"a": 1.10,  "a":2}\'', "'null'", "'\"\\u4e2d\"'", "null"],
  docb: ['\'{"n": 1.10, "big": 123456789012345678901234567890}\'', "'null'", "'[]'", "null"],
  tags: ['\'{x,"y,\\"z",NULL,""}\'', "'{}'", "null"],
  feeling: ["(enum_range(null::mood))[1]", "'calm'", "null"],
  feelings: ["(enum_range(null::mood))[1:2]", "'{calm,NULL}'", "null"],
  address: ["'10.0.0.1/8'", "'::1'", "null"],
  during: ["'[2024-01-01 00:00+00,)'", "'empty'", "'(,)'", "null"],
  bits: ["'101'", "null"],
  search: ["'a fat cat'", "'it''s:1'", "null"],
  at: ["row('长安街', 1)::place", "row(null, null)::place", "row('a \"b\"', null)::place", "null"],
  body: ["repeat('x', 9000)", "'small'", "null"],
};
