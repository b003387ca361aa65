/** The published snapshot as callers see it: sessions whose only relations are the temp views of their scope. */
import type { DuckDBConnection, DuckDBInstance, DuckDBPreparedStatement, DuckDBResultReader, DuckDBValue } from "@duckdb/node-api";
import { openSnapshot } from "@kehu/ingest";
import type { CatalogueNode } from "@kehu/models";
import type { DuckDBBudget } from "@kehu/ingest";
import type { PublishedNode, TestStatus } from "./catalogue.ts";
import { createColumnOrigins } from "./column-origins.ts";
import type { OriginColumn } from "./column-origins.ts";
import { hiddenColumns, isNarrowed, parseMartScope, rightsOf, viewOf } from "./policy.ts";
import type { CallerScope, Mart, Purpose, ScopeKeys } from "./policy.ts";

/** Connections of one scope: queries of one dashboard run side by side, but one caller does not take all threads. */
const connectionsPerScope = 4;
/** Scopes kept open on one snapshot; the one used longest ago is closed first. */
const scopesKept = 64;
/** Of one connection. */
const statementsPrepared = 64;

export interface Session {
  /** Runs one SELECT to its end. The statement stays prepared, so that a dashboard asked again is not bound and optimised again. */
  run: (sql: string, params: DuckDBValue[]) => Promise<DuckDBResultReader>;
  /** Lower-case names of the marts that exist for this caller. */
  marts: ReadonlySet<string>;
  /** Whether a SELECT names only what exists for this caller. */
  binds: (sql: string) => Promise<boolean>;
}

export interface Snapshot {
  /** False only for a foreign file in `kehu semantic`: no marts are declared, so everything in it may be read. */
  governed: boolean;
  marts: ReadonlyMap<string, Mart>;
  /** Marts of which a data test fails in this build. */
  failing: ReadonlySet<string>;
  grantedMarts: (scope: CallerScope, purpose: Purpose) => ReadonlySet<string>;
  /** The statements that make a caller's temp views, by the lower-case name of the mart. They name the snapshot `snap`. */
  viewsOf: (scope: CallerScope, purpose: Purpose) => ReadonlyMap<string, string>;
  /** The columns of a mart, model or source (by lower-case name) that the caller sees in no row. */
  hiddenColumns: (scope: CallerScope, node: string) => ReadonlySet<string>;
  /** The same for snapshots whose marts have the same columns of the same origins. */
  columnsKey: string;
  /** Whether the caller's view of some mart may lack some of its columns. */
  hidesColumns: (scope: CallerScope, purpose: Purpose) => boolean;
  /** Up to when a mart is complete that does not follow every change (RFC 3339 UTC), by its lower-case name. All others are as fresh as the snapshot. */
  freshTo: ReadonlyMap<string, string>;
  /** When the build that wrote it began and ended, RFC 3339 UTC; null when it does not say. */
  built: { startedAt: string; finishedAt: string } | null;
  /** What it says of the models that made it; nothing when the build that wrote it said nothing. */
  catalogue: () => Promise<readonly PublishedNode[]>;
  /** Lends a connection to `use` for as long as it runs. */
  withSession: <T>(scope: CallerScope, purpose: Purpose, use: (session: Session) => Promise<T>) => Promise<T>;
  /** Keeps the snapshot open until the function returned is called. */
  lease: () => () => void;
  /** Closes when the last lease has ended. */
  close: () => void;
}

interface Lent {
  run: Session["run"];
  binds: Session["binds"];
  close: () => void;
}

const lend = (connection: DuckDBConnection): Lent => {
  const prepared = new Map<string, DuckDBPreparedStatement>();
  return {
    run: async (sql, params) => {
      const known = prepared.get(sql);
      const statement = known ?? (await connection.prepare(sql));
      prepared.delete(sql);
      prepared.set(sql, statement);
      const [oldest] = prepared;
      if (prepared.size > statementsPrepared && oldest) {
        prepared.delete(oldest[0]);
        oldest[1].destroySync();
      }
      statement.bind(params);
      return statement.runAndReadAll();
    },
    binds: async (sql) => {
      if (prepared.has(sql)) return true;
      try {
        (await connection.prepare(sql)).destroySync();
        return true;
      } catch (error) {
        if ((error as Error).message.startsWith("Binder Error")) return false;
        throw error;
      }
    },
    close: () => {
      for (const statement of prepared.values()) statement.destroySync();
      connection.closeSync();
    },
  };
};

interface Pool {
  views: ReadonlyMap<string, string>;
  hidesColumns: boolean;
  marts: ReadonlySet<string>;
  idle: Lent[];
  open: number;
  waiting: (() => void)[];
}

/**
 * Opens a snapshot. Without `meta.marts` it has no policy: that is refused, or with `ungoverned` everything in it may be read
 * (its schemas then are the search path, so that a model names its tables as it is used to).
 */
export const openPublished = async (file: string, budget: DuckDBBudget, { ungoverned = false } = {}): Promise<Snapshot> => {
  const instance = await openSnapshot(file, budget);
  const schemas = ungoverned ? await schemasWithoutPolicy(instance) : undefined;
  const { marts, keys, failing, freshTo, built, originsOf, columnsKey } = schemas ? emptyCatalog : await readCatalog(instance);
  const searchPath = schemas && `set search_path = '${schemas.map((schema) => `snap.${schema}`).join(",")}'`;
  const pools = new Map<string, Pool>();
  let catalogue: Promise<readonly PublishedNode[]> | undefined;
  let leases = 0;
  let closing = false;

  const closePool = (pool: Pool): void => {
    for (const connection of pool.idle.splice(0)) connection.close();
  };
  const finish = (): void => {
    for (const pool of pools.values()) closePool(pool);
    pools.clear();
    instance.closeSync();
  };

  const poolOf = (scope: CallerScope, purpose: Purpose): Pool => {
    const key = `${rightsOf(scope)} ${purpose}`;
    const known = pools.get(key);
    if (known) pools.delete(key);
    const pool = known ?? newPool(scope, purpose);
    pools.set(key, pool);
    const [oldest] = pools;
    if (pools.size > scopesKept && oldest && oldest[1].idle.length === oldest[1].open) {
      closePool(oldest[1]);
      pools.delete(oldest[0]);
    }
    return pool;
  };
  const newPool = (scope: CallerScope, purpose: Purpose): Pool => {
    const granted = [...marts.values()].flatMap((mart) => {
      const view = viewOf(mart, scope, purpose, { keys, marts });
      return view ? [[mart.name.toLowerCase(), view] as const] : [];
    });
    const views = new Map(granted);
    const hidesColumns = [...views.keys()].some((name) => {
      const mart = marts.get(name);
      return mart !== undefined && isNarrowed(mart, scope, { keys, marts });
    });
    return { views, hidesColumns, marts: new Set(views.keys()), idle: [], open: 0, waiting: [] };
  };

  const borrow = async (pool: Pool): Promise<Lent> => {
    while (!pool.idle.length && pool.open >= connectionsPerScope) await new Promise<void>((resolve) => pool.waiting.push(resolve));
    const idle = pool.idle.pop();
    if (idle) return idle;
    pool.open++;
    try {
      const connection = await instance.connect();
      const setUp = searchPath ?? [...pool.views.values()].join(";\n");
      if (setUp) await connection.run(setUp);
      return lend(connection);
    } catch (error) {
      pool.open--;
      pool.waiting.shift()?.();
      throw error;
    }
  };

  return {
    governed: !schemas,
    marts,
    failing,
    freshTo,
    built,
    grantedMarts: (scope, purpose) => poolOf(scope, purpose).marts,
    viewsOf: (scope, purpose) => poolOf(scope, purpose).views,
    hiddenColumns: (scope, node) => new Set(hiddenColumns(originsOf(node), scope)),
    columnsKey,
    hidesColumns: (scope, purpose) => poolOf(scope, purpose).hidesColumns,
    catalogue: () => (catalogue ??= schemas ? Promise.resolve([]) : readModels(instance)),
    withSession: async (scope, purpose, use) => {
      const pool = poolOf(scope, purpose);
      const connection = await borrow(pool);
      try {
        return await use({ run: connection.run, binds: connection.binds, marts: pool.marts });
      } finally {
        pool.idle.push(connection);
        pool.waiting.shift()?.();
      }
    },
    lease: () => {
      if (closing) throw new Error(`The snapshot ${file} is closed`);
      leases++;
      return () => {
        leases--;
        if (closing && leases === 0) finish();
      };
    },
    close: () => {
      closing = true;
      if (leases === 0) finish();
    },
  };
};

interface Catalog {
  marts: Map<string, Mart>;
  keys: ScopeKeys;
  failing: Set<string>;
  freshTo: Map<string, string>;
  built: Snapshot["built"];
  /** What the columns of a node show of entities' columns, by the node's name. */
  originsOf: OriginsOf;
  columnsKey: string;
}

type OriginsOf = (node: string) => readonly OriginColumn[] | undefined;

/** Read once per catalogue, of which a snapshot says by a fingerprint that it is the same as the one before. */
let keptOrigins: Pick<Catalog, "originsOf" | "columnsKey"> | undefined;

const readOrigins = async (rows: (sql: string) => Promise<(string | null)[][]>): Promise<Pick<Catalog, "originsOf" | "columnsKey">> => {
  const table = "from duckdb_tables() where database_name = 'snap' and schema_name = 'meta' and table_name = 'catalogue'";
  if ((await rows(`select table_name ${table}`)).length === 0) return emptyCatalog;
  const [[fingerprint, count] = []] = await rows("select any_value(fingerprint), count(*)::varchar from snap.meta.catalogue");
  const columnsKey = `${fingerprint} ${count}`;
  if (keptOrigins?.columnsKey === columnsKey) return keptOrigins;
  const nodes = (await rows("select node::varchar from snap.meta.catalogue order by position")).map(
    ([text]) => JSON.parse(text!) as CatalogueNode,
  );
  keptOrigins = { columnsKey, originsOf: createColumnOrigins(nodes) };
  return keptOrigins;
};

const emptyCatalog: Catalog = {
  marts: new Map(),
  keys: { employees: new Map(), departments: new Map() },
  failing: new Set(),
  freshTo: new Map(),
  built: null,
  originsOf: () => undefined,
  columnsKey: "",
};

/** The schemas of a file that has no `meta.marts`, `main` first; undefined when it has one. */
const schemasWithoutPolicy = async (instance: DuckDBInstance): Promise<string[] | undefined> => {
  const connection = await instance.connect();
  try {
    const found = await connection.runAndReadAll(
      "select schema_name, bool_or(schema_name = 'meta' and name = 'marts') over () from (" +
        "select schema_name, table_name as name, database_name from duckdb_tables() union all" +
        " select schema_name, view_name, database_name from duckdb_views() where not internal) where database_name = 'snap'",
    );
    const rows = found.getRowsJson() as [string, boolean][];
    if (rows.some(([, declared]) => declared)) return undefined;
    return [...new Set(["main", ...rows.map(([schema]) => schema)])];
  } finally {
    connection.closeSync();
  }
};

const readCatalog = async (instance: DuckDBInstance): Promise<Catalog> => {
  const connection = await instance.connect();
  try {
    const rows = async (sql: string): Promise<(string | null)[][]> =>
      (await connection.runAndReadAll(sql)).getRowsJson() as (string | null)[][];
    const { originsOf, columnsKey } = await readOrigins(rows);
    const marts = (await rows("select schema_name, name, scope::varchar, version::varchar from snap.meta.marts")).map(
      ([schema, name, scope, version]): Mart => {
        const columns = originsOf(name!);
        return { schema: schema!, name: name!, scope: parseMartScope(scope!), version: version ?? "", ...(columns && { columns }) };
      },
    );
    const keysOf = async (mart: string, id: string, key: string): Promise<Map<string, number>> => {
      const found = marts.find(({ name }) => name === mart);
      if (!found) return new Map();
      const pairs = await rows(
        `select distinct ${id}::varchar, ${key}::varchar from snap."${found.schema}".${mart} where ${id} is not null`,
      );
      return new Map(pairs.map(([uuid, surrogate]) => [uuid!, Number(surrogate)]));
    };
    const metaTables = "duckdb_tables() where database_name = 'snap' and schema_name = 'meta'";
    const kept = new Set((await rows(`select table_name from ${metaTables}`)).map(([name]) => name));
    const [times] = kept.has("builds")
      ? await rows("select epoch_ms(started_at)::varchar, epoch_ms(finished_at)::varchar from snap.meta.builds")
      : [];
    const instantOf = (milliseconds: string | null | undefined): string => new Date(Number(milliseconds)).toISOString();
    const slow = kept.has("slow_marts") ? await rows("select lower(name), epoch_ms(fresh_to)::varchar from snap.meta.slow_marts") : [];
    return {
      originsOf,
      columnsKey,
      freshTo: new Map(slow.map(([name, milliseconds]) => [name!, instantOf(milliseconds)])),
      built: times ? { startedAt: instantOf(times[0]), finishedAt: instantOf(times[1]) } : null,
      marts: new Map(marts.map((mart) => [mart.name.toLowerCase(), mart])),
      keys: {
        employees: await keysOf("dim_employees", "employee_id", "employee_key"),
        departments: await keysOf("dim_departments", "department_id", "department_key"),
      },
      failing: new Set((await rows("select distinct lower(model) from snap.meta.tests where failures > 0")).map(([model]) => model!)),
    };
  } finally {
    connection.closeSync();
  }
};

/** `meta.catalogue` with each test's last result. */
const readModels = async (instance: DuckDBInstance): Promise<PublishedNode[]> => {
  const connection = await instance.connect();
  try {
    const rows = async (sql: string): Promise<(string | null)[][]> =>
      (await connection.runAndReadAll(sql)).getRowsJson() as (string | null)[][];
    const table = "from duckdb_tables() where database_name = 'snap' and schema_name = 'meta' and table_name = 'catalogue'";
    if ((await rows(`select table_name ${table}`)).length === 0) return [];
    const results = new Map(
      (
        await rows(
          "select test, case when failures = 0 then 'pass' when severity = 'warn' then 'warn' else 'fail' end from snap.meta.tests",
        )
      ).map(([test, status]) => [test, status as TestStatus]),
    );
    return (await rows("select node::varchar from snap.meta.catalogue order by position")).map(([text]) => {
      const node = JSON.parse(text!) as CatalogueNode;
      return { ...node, tests: node.tests.map((test) => ({ ...test, status: results.get(test.name) ?? "unknown" })) };
    });
  } finally {
    connection.closeSync();
  }
};
