import { basename } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { UsageError } from "./errors.ts";
import type { TargetInfo } from "./resources.ts";

export interface TargetChoice {
  /** A DuckDB file; its catalog is the file's stem. Or give `connection` and `catalog`. */
  database?: string;
  connection?: DuckDBConnection;
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
    }
  } catch (error) {
    close();
    throw error;
  }
  return { connections, close };
}
