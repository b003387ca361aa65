/** The database that a caller's SQL runs in. Made by us, then locked: from there on nothing in the process can reach a file but the spill folder. */
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";

export interface View {
  /** The mart's name. */
  name: string;
  /** The statement of the policy that makes the caller's temp view of it, over the snapshot as `snap`. */
  sql: string;
}

export interface DatabaseSpec {
  /** The published snapshot. */
  file: string;
  views: View[];
  /**
   * `copy`: what the views show becomes tables of an in-memory database and the snapshot is detached, so that rows that are not the caller's are not there
   * to be found. `whole`: the caller sees every row and column of every mart, so the views stay over the snapshot itself.
   */
  mode: "copy" | "whole";
  memoryMiB: number;
  threads: number;
  /** A folder of this database alone. Once locked it is the only one that can be written or read. */
  spill: string;
  spillMiB: number;
}

export interface PrivateDatabase {
  /** Lends a connection for as long as `use` runs. */
  withConnection<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  close(): void;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

export const openPrivate = async (spec: DatabaseSpec): Promise<PrivateDatabase> => {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: `${spec.memoryMiB}MiB`,
    threads: String(spec.threads),
    temp_directory: spec.spill,
    max_temp_directory_size: `${spec.spillMiB}MiB`,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
  });
  const idle: DuckDBConnection[] = [];
  let lent = 0;
  let closing = false;
  const finish = (): void => {
    for (const connection of idle.splice(0)) connection.closeSync();
    instance.closeSync();
  };
  try {
    const connection = await instance.connect();
    idle.push(connection);
    await connection.run(`set global TimeZone = 'UTC'; attach ${text(spec.file)} as snap (read_only)`);
    if (spec.mode === "copy") await copyIn(connection, spec.views);
    else await makeViews(connection, spec.views);
    await connection.run("set global errors_as_json = true; set enable_external_access = false; set lock_configuration = true");
  } catch (error) {
    finish();
    throw error;
  }
  /** One that could not be given its views is not kept: whoever got it next would find no tables. */
  const connectWithViews = async (): Promise<DuckDBConnection> => {
    const connection = await instance.connect();
    try {
      if (spec.mode === "whole") await makeViews(connection, spec.views);
      return connection;
    } catch (error) {
      connection.closeSync();
      throw error;
    }
  };
  return {
    withConnection: async (use) => {
      lent++;
      let ready = idle.pop();
      try {
        ready ??= await connectWithViews();
        return await use(ready);
      } finally {
        if (ready) idle.push(ready);
        lent--;
        if (closing && lent === 0) finish();
      }
    },
    close: () => {
      closing = true;
      if (lent === 0) finish();
    },
  };
};

const makeViews = async (connection: DuckDBConnection, views: View[]): Promise<void> => {
  if (views.length) await connection.run(views.map(({ sql }) => sql).join(";\n"));
};

const copyIn = async (connection: DuckDBConnection, views: View[]): Promise<void> => {
  await makeViews(connection, views);
  // A third faster; rows without ORDER BY have no order anyway.
  await connection.run("set preserve_insertion_order = false");
  for (const { name } of views) await connection.run(`create table memory.main.${quoted(name)} as from temp.${quoted(name)}`);
  for (const { name } of views) await connection.run(`drop view temp.${quoted(name)}`);
  await connection.run("reset preserve_insertion_order; detach snap");
};
