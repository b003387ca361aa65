import { existsSync } from "node:fs";
import { basename } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { UsageError } from "./errors.ts";
import { quoteIdentifier } from "./relation.ts";
import { literal } from "./statements.ts";
import type { TargetInfo } from "./resources.ts";

/** A DuckDB file that is read under a catalog's name. */
export interface Attachment {
  name: string;
  file: string;
}

/** `mirror=/data/mirror.duckdb`. Raises UsageError. */
export function readAttachment(text: string): Attachment {
  const [, name, file] = /^([A-Za-z_]\w*)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || file === undefined)
    throw new UsageError(`--attach takes a catalog's name and a DuckDB file, such as mirror=warehouse/mirror.duckdb, found "${text}"`);
  return { name, file };
}

export interface TargetChoice {
  /** A DuckDB file; its catalog is the file's stem. Or give `connection` and `catalog`. */
  database?: string;
  connection?: DuckDBConnection;
  /** With `database`: other files, opened to be read. */
  attach?: readonly Attachment[];
  /** The catalog that models are built in, when the caller gives the connection. */
  catalog?: string;
  /** The target's schema, for models without one of their own; default `main`. */
  schema?: string;
  /** What `target.name` tells templates; default `kehu`. */
  targetName?: string;
}

export function targetOf(choice: TargetChoice, threads: number): TargetInfo {
  const schema = choice.schema ?? "main";
  const name = choice.targetName ?? "kehu";
  if (choice.connection) {
    if (choice.catalog === undefined) throw new UsageError("a given connection needs the catalog's name");
    return { name, catalog: choice.catalog, schema, threads };
  }
  if (choice.database === undefined) throw new UsageError("--database FILE is missing: name the DuckDB file to build in");
  return { name, catalog: basename(choice.database).replace(/\.[^.]*$/, ""), schema, threads };
}

/** Connections to a target, and what closes those that were opened for it. */
export interface OpenTarget {
  connections: DuckDBConnection[];
  close(): void;
}

/** Opens the file as often as there are threads; a given connection stays the only one and is left open. */
export async function openTarget(choice: TargetChoice, threads: number): Promise<OpenTarget> {
  if (choice.connection) return { connections: [choice.connection], close: () => undefined };
  const file = choice.database ?? "";
  const instance = await DuckDBInstance.fromCache(file).catch((cause: unknown) => {
    throw new UsageError(`cannot open ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  const catalog = targetOf(choice, threads).catalog;
  const connections: DuckDBConnection[] = [];
  const close = (): void => {
    for (const connection of connections) connection.closeSync();
    instance.closeSync();
  };
  try {
    for (let index = 0; index < threads; index++) {
      const connection = await instance.connect();
      connections.push(connection);
      await connection.run("set TimeZone = 'UTC'");
      // What is attached is seen by all connections of the file.
      if (index === 0) for (const attachment of choice.attach ?? []) await attach(connection, attachment, catalog);
    }
  } catch (error) {
    close();
    throw error;
  }
  return { connections, close };
}

async function attach(connection: DuckDBConnection, { name, file }: Attachment, target: string): Promise<void> {
  const call = `--attach ${name}=${file}`;
  if (name.toLowerCase() === target.toLowerCase())
    throw new UsageError(`${call}: "${name}" is already the catalog of --database, which is named after its file; rename one of them`);
  // DuckDB would name the file only within an error of its own.
  if (!existsSync(file)) throw new UsageError(`${call}: there is no such file`);
  await connection.run(`attach ${literal(file)} as ${quoteIdentifier(name)} (read_only)`).catch((cause: unknown) => {
    throw new UsageError(`${call}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
}
