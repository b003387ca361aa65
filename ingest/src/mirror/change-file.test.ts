import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { changeFileTypes, writeChangeFile } from "./change-file.ts";
import type { SourceTable } from "./source-catalog.ts";
import { foldTableChanges } from "./table-changes.ts";
import { readRows } from "./row-files.ts";

const column = (name: string, position: number) => ({ name, position, typeOid: 25, typeMod: -1, type: "VARCHAR", shape: null });
const table: SourceTable = {
  oid: 7,
  name: "words",
  columns: [column("id", 1), column("word", 2)],
  key: ["id"],
  partitioned: false,
  storage: "",
};
const relation = {
  oid: 7,
  schema: "crm",
  name: "words",
  columns: [
    { name: "id", typeOid: 25, typeMod: -1 },
    { name: "word", typeOid: 25, typeMod: -1 },
  ],
};

test("what is written to the file of a batch is what DuckDB reads, to the last character", async () => {
  const words = [
    "",
    null,
    ",",
    '"',
    '""',
    "a\nb",
    "a\r\nb",
    "\\N",
    "\\.",
    " blank ",
    "客户",
    "😀,",
    "NULL",
    "x".repeat(100_000),
    "长".repeat(400_000),
  ];
  const changes = foldTableChanges(table);
  for (const [index, word] of words.entries()) {
    const transaction = { commitLsn: 2n ** 63n + BigInt(index), commitAt: 1n, actor: index % 2 === 0 ? null : 'a "b", c', sequence: 0 };
    changes.add({ op: "insert", relation, row: [String(index), word] }, transaction);
  }
  const dir = await mkdtemp(join(tmpdir(), "kehu-changes-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const part = await writeChangeFile(dir, changes);
    const read = await connection.runAndReadAll(`select * from ${readRows(part, ["VARCHAR", "VARCHAR", ...changeFileTypes])}`);
    expect(read.getRows()).toEqual(
      words.map((word, index) => [
        String(index),
        word,
        "insert",
        2n ** 63n + BigInt(index),
        1n,
        index % 2 === 0 ? null : 'a "b", c',
        1n,
        true,
      ]),
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(dir, { recursive: true });
  }
});

test("a mark of byte order that begins a file is a value's own", async () => {
  const changes = foldTableChanges(table);
  changes.add({ op: "insert", relation, row: ["\uFEFF1", null] }, { commitLsn: 1n, commitAt: 1n, actor: null, sequence: 0 });
  const dir = await mkdtemp(join(tmpdir(), "kehu-changes-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const part = await writeChangeFile(dir, changes);
    // In JavaScript a text's own mark would be gone as well.
    const read = await connection.runAndReadAll(`select hex(c0) from ${readRows(part, ["VARCHAR", "VARCHAR", ...changeFileTypes])}`);
    expect(read.getRows()).toEqual([["EFBBBF31"]]);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(dir, { recursive: true });
  }
});
