import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBBlobValue, DuckDBConnection } from "@duckdb/node-api";
import { array, assert, asyncProperty, constant, constantFrom, integer, oneof, record } from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bringForward } from "./bring-forward.ts";
import { keepChanges } from "./kept-changes.ts";
import type { Relation, RowChange, Tuple } from "./pgoutput.ts";
import type { SourceTable } from "./source-catalog.ts";
import { byteOrderMark, readRows } from "./row-files.ts";
import type { Download } from "./table-download.ts";

let dir: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "kehu-forward-"));
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
});
afterAll(async () => {
  connection.closeSync();
  instance.closeSync();
  await rm(dir, { recursive: true, force: true });
});

const names = ["id", "name", "body"];
const column = (name: string, index: number) => ({ name, position: index + 1, typeOid: 25, typeMod: -1, type: "VARCHAR", shape: null });
const tableWith = (key: string[]): SourceTable => ({
  oid: 7,
  name: "things",
  key,
  partitioned: false,
  storage: "1",
  columns: names.map(column),
});
const relation: Relation = { oid: 7, schema: "crm", name: "things", columns: names.map((name) => ({ name, typeOid: 25, typeMod: -1 })) };
const from = 100n;

type Row = [id: string, name: string | null, body: string | null];
const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const tabbed = (rows: readonly Row[]): string =>
  rows.map((row) => `${row.map((value) => value?.replaceAll(/[\\\n\r\t]/g, (each) => escapes[each]!) ?? "\b").join("\t")}\n`).join("");

/** The rows after the changes, as text; each change with the position of its transaction. */
async function forwarded(key: string[], rows: readonly Row[], changes: readonly [bigint, RowChange][]): Promise<string[]> {
  const table = tableWith(key);
  const download: Download = [{ file: join(dir, "download.txt.tmp"), rowBytes: 1000, format: "tabbed" }];
  await writeFile(download[0]!.file, byteOrderMark + tabbed(rows));
  const kept = keepChanges(join(dir, "kept.json.tmp"));
  for (const [commitLsn, change] of changes) {
    kept.add(change, { commitLsn, commitAt: 0n, actor: null, sequence: 0 });
    await kept.flush();
  }
  const parts = await bringForward(connection, { table, download, kept, from, dir });
  const found: string[] = [];
  for (const part of parts) {
    const read = await connection.runAndReadAll(`select encode(columns(*)) from ${readRows(part, ["VARCHAR", "VARCHAR", "VARCHAR"])}`);
    const text = (value: unknown): string | null => (value === null ? null : Buffer.from((value as DuckDBBlobValue).bytes).toString());
    found.push(...read.getRows().map((row) => JSON.stringify(row.map(text))));
    await rm(part.file);
  }
  await kept.remove();
  expect(await readdir(dir)).toEqual([]);
  return found.toSorted();
}

const texts = (rows: Iterable<Row>): string[] => [...rows].map((row) => JSON.stringify(row)).toSorted();

const id = integer({ min: 1, max: 5 }).map(String);
const name = constantFrom("a", "客", 'q"', ",", "l\nf\u2028", "\r\t", "\\n\\", "\uFEFF", " ", "", null);
const row = record({ id, name, body: name }).map(({ id, name, body }): Row => [id, name, body]);
const step = oneof(
  { weight: 4, arbitrary: record({ op: constant("put" as const), row }) },
  { weight: 3, arbitrary: record({ op: constant("rename" as const), id, name }) },
  { weight: 2, arbitrary: record({ op: constant("move" as const), id, to: id }) },
  { weight: 3, arbitrary: record({ op: constant("remove" as const), id }) },
  { weight: 1, arbitrary: constant({ op: "truncate" as const }) },
);

test("rows of a table with a key, whatever comes: the body is left out of updates that do not change it", async () => {
  await assert(
    asyncProperty(
      array(row, { maxLength: 6 }),
      array(step, { maxLength: 12 }),
      integer({ min: 0, max: 12 }),
      async (first, steps, before) => {
        const rows = new Map(first.map((each) => [each[0], each]));
        let downloaded = [...rows.values()];
        const changes: [bigint, RowChange][] = [];
        for (const [place, change] of steps.entries()) {
          // The first of them committed before the moment of the download, and are in it.
          const lsn = place < before ? from - 1n : from + BigInt(place);
          const old = "id" in change ? rows.get(change.id) : undefined;
          if (change.op === "put") {
            const known = rows.has(change.row[0]);
            changes.push([
              lsn,
              known ? { op: "update", relation, old: null, whole: false, row: change.row } : { op: "insert", relation, row: change.row },
            ]);
            rows.set(change.row[0], change.row);
          } else if (change.op === "truncate") {
            changes.push([lsn, { op: "truncate", relation }]);
            rows.clear();
          } else if (old && change.op === "rename") {
            const left: Tuple = [old[0], change.name, undefined];
            changes.push([lsn, { op: "update", relation, old: null, whole: false, row: left }]);
            rows.set(old[0], [old[0], change.name, old[2]]);
          } else if (old && change.op === "move" && !rows.has(change.to)) {
            changes.push([lsn, { op: "update", relation, old: [old[0], null, null], whole: false, row: [change.to, old[1], undefined] }]);
            rows.delete(old[0]);
            rows.set(change.to, [change.to, old[1], old[2]]);
          } else if (old && change.op === "remove") {
            changes.push([lsn, { op: "delete", relation, old: [old[0], null, null], whole: false }]);
            rows.delete(old[0]);
          }
          if (place < before) downloaded = [...rows.values()];
        }
        expect(await forwarded(["id"], downloaded, changes)).toEqual(texts(rows.values()));
      },
    ),
    { numRuns: 60, endOnFailure: true },
  );
});

test("rows of a table without a key, alike or not", async () => {
  await assert(
    asyncProperty(array(row, { maxLength: 6 }), array(step, { maxLength: 12 }), async (first, steps) => {
      let rows = [...first];
      const changes: [bigint, RowChange][] = [];
      for (const [place, change] of steps.entries()) {
        const lsn = from + BigInt(place);
        const at = "id" in change ? rows.findIndex(([known]) => known === change.id) : -1;
        const old = rows[at];
        if (change.op === "put") {
          changes.push([lsn, { op: "insert", relation, row: change.row }]);
          rows.push(change.row);
        } else if (change.op === "truncate") {
          changes.push([lsn, { op: "truncate", relation }]);
          rows = [];
        } else if (old && change.op === "remove") {
          changes.push([lsn, { op: "delete", relation, old, whole: true }]);
          rows.splice(at, 1);
        } else if (old && change.op === "rename") {
          const renamed: Row = [old[0], change.name, old[2]];
          changes.push([lsn, { op: "update", relation, old, whole: true, row: renamed }]);
          rows[at] = renamed;
        }
      }
      expect(await forwarded([], first, changes)).toEqual(texts(rows));
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test("a change of a row that was not read is told with its table, and nothing of its values", async () => {
  const change: RowChange = { op: "update", relation, old: null, whole: false, row: ["9", "secret", undefined] };
  await expect(forwarded(["id"], [["1", "a", "b"]], [[from, change]])).rejects.toThrow(
    'table "things": an update of a row that was not read',
  );
  const gone: RowChange = { op: "delete", relation, old: ["9", "secret", null], whole: true };
  await expect(forwarded([], [["1", "a", "b"]], [[from, gone]])).rejects.toThrow('table "things": a deletion of a row that was not read');
});
