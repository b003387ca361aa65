import type { DuckDBConnection } from "@duckdb/node-api";
import { ProjectError } from "./errors.ts";
import { textList } from "./incremental.ts";
import { quoteIdentifier, type Relation } from "./relation.ts";
import type { Node } from "./resources.ts";
import { columnsOfQuery, literal } from "./statements.ts";
import { isSettings } from "./yaml.ts";

interface SnapshotPlan {
  keys: string[];
  /** SQL for the time of a row's version. */
  updatedAt: string;
  strategy: "timestamp" | "check";
  checked: string[] | "all";
  hardDeletes: "ignore" | "invalidate" | "new_record";
  /** SQL for dbt_valid_to of the current version; null when none is configured. */
  current: string | null;
  /** SQL for the time of this run. */
  now: string;
  names: Record<(typeof metaColumns)[number], string>;
}

const metaColumns = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted"] as const;

function planOf(node: Node, now: Date): SnapshotPlan {
  const { config } = node;
  const wrong = (message: string): ProjectError => new ProjectError(`${node.file}: snapshot ${node.name}: ${message}`);
  const keys = textList(config.unique_key);
  if (keys.length === 0) throw wrong("unique_key is missing");
  const { strategy } = config;
  if (strategy !== "timestamp" && strategy !== "check")
    throw wrong(`strategy must be timestamp or check, found ${JSON.stringify(strategy ?? null)}`);
  const updatedAt = typeof config.updated_at === "string" ? config.updated_at : undefined;
  if (strategy === "timestamp" && updatedAt === undefined) throw wrong("the strategy timestamp needs updated_at");
  const checked = config.check_cols === "all" ? "all" : textList(config.check_cols);
  if (strategy === "check" && checked.length === 0) throw wrong('the strategy check needs check_cols: "all" or a list');
  const hardDeletes = config.hard_deletes ?? (config.invalidate_hard_deletes === true ? "invalidate" : "ignore");
  if (hardDeletes !== "ignore" && hardDeletes !== "invalidate" && hardDeletes !== "new_record")
    throw wrong(`hard_deletes must be ignore, invalidate or new_record, found ${JSON.stringify(hardDeletes)}`);
  const time = `cast(${literal(now.toISOString().slice(0, -1))} as timestamp)`;
  const given = isSettings(config.snapshot_meta_column_names) ? config.snapshot_meta_column_names : {};
  const name = (column: (typeof metaColumns)[number]): string => String(given[column] ?? column);
  return {
    keys,
    updatedAt: updatedAt ?? time,
    strategy,
    checked,
    hardDeletes,
    current: typeof config.dbt_valid_to_current === "string" ? config.dbt_valid_to_current : null,
    now: time,
    names: {
      dbt_scd_id: name("dbt_scd_id"),
      dbt_updated_at: name("dbt_updated_at"),
      dbt_valid_from: name("dbt_valid_from"),
      dbt_valid_to: name("dbt_valid_to"),
      dbt_is_deleted: name("dbt_is_deleted"),
    },
  };
}

/** dbt's digest of a version: the key's parts and the time. */
const versionId = (parts: readonly string[]): string =>
  `md5(${parts.map((part) => `coalesce(cast(${part} as varchar), '')`).join(" || '|' || ")})`;

const keyNames = (plan: SnapshotPlan): string[] => plan.keys.map((_, index) => `kehu_key_${index + 1}`);

const keyColumns = (plan: SnapshotPlan): string => plan.keys.map((key, index) => `(${key}) as kehu_key_${index + 1}`).join(", ");

/** Every row with the columns dbt adds, as a first or a new version. */
function versions(plan: SnapshotPlan, body: string, keysToo: boolean): string {
  const { names, updatedAt } = plan;
  return `select *, ${keysToo ? `${keyColumns(plan)}, ` : ""}${versionId([...plan.keys, updatedAt])} as ${names.dbt_scd_id}, ${updatedAt} as ${names.dbt_updated_at}, ${updatedAt} as ${names.dbt_valid_from}, coalesce(nullif(${updatedAt}, ${updatedAt}), ${plan.current ?? "null"}) as ${names.dbt_valid_to}${
    plan.hardDeletes === "new_record" ? `, 'False' as ${names.dbt_is_deleted}` : ""
  }
from (\n${body}\n) as kehu_query`;
}

export interface SnapshotBuild {
  /** Makes the versions of the query's rows in a temporary table; empty when the snapshot is new. */
  stage: string[];
  /** Asked after `stage` ran: what writes the new versions and closes the old ones, as one transaction. */
  change(): Promise<string[]>;
}

/** Type-2 history of a query's rows, in the columns and with the meaning of dbt's snapshots. `exists`: an earlier run made the table. */
export function snapshotBuild(options: {
  node: Node;
  relation: Relation;
  body: string;
  exists: boolean;
  connection: DuckDBConnection;
  now: Date;
}): SnapshotBuild {
  const { node, relation, body, exists, connection } = options;
  const plan = planOf(node, options.now);
  const target = relation.toText();
  if (!exists) return { stage: [], change: async () => [`create table ${target} as ${versions(plan, body, false)}`] };
  const staged = `temp.${quoteIdentifier(`${node.alias}__dbt_tmp`)}`;
  return {
    stage: [`create or replace temp table ${quoteIdentifier(`${node.alias}__dbt_tmp`)} as ${versions(plan, body, true)}`],
    change: () => changeStatements(node, plan, target, staged, connection),
  };
}

async function changeStatements(
  node: Node,
  plan: SnapshotPlan,
  target: string,
  staged: string,
  connection: DuckDBConnection,
): Promise<string[]> {
  const { names } = plan;
  const own = keyNames(plan);
  const existing = await columnsOfQuery(connection, `select * from ${target}`);
  const source = (await columnsOfQuery(connection, `select * from ${staged}`)).filter(({ name }) => !own.includes(name));
  const has = (name: string): boolean => existing.some((column) => column.name.toLowerCase() === name.toLowerCase());
  const absent = [names.dbt_scd_id, names.dbt_updated_at, names.dbt_valid_from, names.dbt_valid_to].filter((name) => !has(name));
  if (absent.length > 0) throw new ProjectError(`${node.file}: ${target} is no snapshot: it lacks ${absent.join(", ")}. Rename or drop it`);
  const meta = new Set(Object.values(names).map((name) => name.toLowerCase()));
  const queried = source.filter(({ name }) => !meta.has(name.toLowerCase()));
  const added = source.filter(({ name }) => !has(name));

  const current = `(select *, ${keyColumns(plan)} from ${target} where ${isCurrent(plan, names.dbt_valid_to)})`;
  const sameKey = own.map((key) => `kehu_old.${key} = kehu_new.${key}`).join(" and ");
  const tracksDeleted = plan.hardDeletes === "new_record";
  const wasDeleted = tracksDeleted ? ` or kehu_old.${names.dbt_is_deleted} = 'True'` : "";
  const changed = `(${rowChanged(plan, queried, added)})${wasDeleted}`;
  const columns = source.map(({ name }) => quoteIdentifier(name));
  const changes = `temp.${quoteIdentifier(`${node.alias}__dbt_changes`)}`;
  const deleted =
    plan.hardDeletes === "ignore"
      ? ""
      : `
union all
select kehu_old.${names.dbt_scd_id}, null, ${plan.now} from ${current} as kehu_old
left join ${staged} as kehu_new on ${sameKey}
where kehu_new.${own[0]} is null${tracksDeleted ? ` and kehu_old.${names.dbt_is_deleted} is distinct from 'True'` : ""}`;

  return [
    // Which versions end, when, and by which new one; worked out before anything is written.
    `create or replace temp table ${quoteIdentifier(`${node.alias}__dbt_changes`)} as
select kehu_old.${names.dbt_scd_id} as old_id, kehu_new.${names.dbt_scd_id} as new_id, kehu_new.${names.dbt_updated_at} as ended_at
from ${staged} as kehu_new left join ${current} as kehu_old on ${sameKey}
where kehu_old.${own[0]} is null or ${changed}${deleted}`,
    ...added.map(({ name, type }) => `alter table ${target} add column ${quoteIdentifier(name)} ${type}`),
    ...(tracksDeleted ? [deletionRecords(plan, target, changes, queried.map(({ name }) => name).filter(has))] : []),
    `update ${target} as kehu_old set ${names.dbt_valid_to} = kehu_change.ended_at from ${changes} as kehu_change
where kehu_old.${names.dbt_scd_id} = kehu_change.old_id and ${isCurrent(plan, `kehu_old.${names.dbt_valid_to}`)}`,
    `insert into ${target} (${columns.join(", ")}) select ${columns.join(", ")} from ${staged}
where ${names.dbt_scd_id} in (select new_id from ${changes} where new_id is not null)`,
    `drop table ${changes}`,
    `drop table ${staged}`,
  ];
}

const isCurrent = (plan: SnapshotPlan, validTo: string): string =>
  `(${validTo} is null${plan.current === null ? "" : ` or ${validTo} = ${plan.current}`})`;

function rowChanged(plan: SnapshotPlan, queried: readonly { name: string }[], added: readonly { name: string }[]): string {
  if (plan.strategy === "timestamp") return `kehu_old.${plan.names.dbt_valid_from} < kehu_new.${plan.names.dbt_updated_at}`;
  const { checked } = plan;
  const names = checked === "all" ? queried.map(({ name }) => name) : checked;
  // dbt: a column that the history does not have yet changes every row.
  if (names.some((name) => added.some((column) => column.name.toLowerCase() === name.toLowerCase()))) return "true";
  return names.map((name) => `kehu_old.${quoteIdentifier(name)} is distinct from kehu_new.${quoteIdentifier(name)}`).join(" or ");
}

/** hard_deletes: new_record writes a version that says the row is gone, before the version it copies ends. */
function deletionRecords(plan: SnapshotPlan, target: string, changes: string, queried: readonly string[]): string {
  const { names, now } = plan;
  const copied = queried.map(quoteIdentifier).join(", ");
  return `insert into ${target} (${copied}, ${names.dbt_scd_id}, ${names.dbt_updated_at}, ${names.dbt_valid_from}, ${names.dbt_valid_to}, ${names.dbt_is_deleted})
select ${copied}, ${versionId([names.dbt_scd_id, now])}, ${now}, ${now}, ${names.dbt_valid_to}, 'True' from ${target}
where ${isCurrent(plan, names.dbt_valid_to)} and ${names.dbt_scd_id} in (select old_id from ${changes} where new_id is null)`;
}
