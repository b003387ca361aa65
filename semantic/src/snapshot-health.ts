/** What a snapshot says of how it was built: freshness of its marts, tests that found something, quarantined records, the last self-check. */
import type { SnapshotPointer } from "@kehu/ingest";
import type { ServedBuild } from "./reader.ts";
import type { Session, Snapshot } from "./snapshot.ts";

export interface SnapshotHealth {
  /** Marts granted to the caller. `freshTo` and `rebuiltIn`: up to when it is complete (RFC 3339 UTC), and the build that last rebuilt it. */
  marts: { name: string; freshTo: string; rebuiltIn: string; failing: boolean }[];
  /** How many tests have a result, and those on granted marts (or on what is none) that found something. */
  tests: { count: number; found: { model: string | null; test: string; severity: string; failures: number | null }[] };
  /** Records that break a rule, of the entities of which the caller reads every row; null: the snapshot does not say. `records`: the first ones of each reason. */
  quarantine: {
    reasons: { entity: string; reason: string; count: number }[];
    records: { entity: string; reason: string; recordId: string }[];
  } | null;
  /** The last comparison of what is built bit by bit with what is built whole; null before the first. `drifts`: tables that differed. */
  selfCheck: { checkedAt: string; tables: number; drifts: number } | null;
}

/** What `GET /cubejs-api/v1/health` answers: the served snapshot, and the builds served since the query process began, newest first. */
export interface HealthAnswer extends SnapshotHealth {
  build: string;
  builds: readonly ServedBuild[];
}

const recordsPerReason = 20;

/** `readsAll`: whether the caller reads every row of an entity. Run over a connection of the caller's, which decides on the marts. */
export async function readSnapshotHealth(
  session: Session,
  { snapshot, pointer }: { snapshot: Snapshot; pointer: SnapshotPointer },
  readsAll: (entity: string) => boolean,
): Promise<SnapshotHealth> {
  const rows = async (sql: string): Promise<(string | null)[][]> =>
    (await session.run(sql, [])).getRowsJson() as unknown as (string | null)[][];
  const inMeta = "duckdb_tables() where database_name = 'snap' and schema_name = 'meta'";
  const kept = new Set((await rows(`select table_name from ${inMeta}`)).map(([name]) => name));
  const marts = [...snapshot.marts.values()]
    .filter(({ name }) => session.marts.has(name.toLowerCase()))
    .map(({ name, version }) => ({
      name,
      freshTo: snapshot.freshTo.get(name.toLowerCase()) ?? pointer.freshTo,
      rebuiltIn: version,
      failing: snapshot.failing.has(name.toLowerCase()),
    }));
  const isSecret = (model: string | null): boolean =>
    model !== null && snapshot.marts.has(model.toLowerCase()) && !session.marts.has(model.toLowerCase());
  const tests = kept.has("tests")
    ? await rows("select model, test, severity, failures::varchar from snap.meta.tests order by failures desc, model, test")
    : [];
  const [check] = kept.has("self_checks")
    ? await rows("select epoch_ms(checked_at)::varchar, tables::varchar, drifts::varchar from snap.meta.self_checks")
    : [];
  const quarantine = kept.has("quarantine") ? await readQuarantine(rows, readsAll) : null;
  return {
    marts: marts.sort((left, right) => (left.name < right.name ? -1 : 1)),
    tests: {
      count: tests.length,
      found: tests
        .filter(([model = null, , , failures]) => failures !== "0" && !isSecret(model))
        .map(([model = null, test, severity, failures]) => ({
          model,
          test: test ?? "",
          severity: severity ?? "",
          failures: failures == null ? null : Number(failures),
        })),
    },
    quarantine,
    selfCheck: check ? { checkedAt: new Date(Number(check[0])).toISOString(), tables: Number(check[1]), drifts: Number(check[2]) } : null,
  };
}

async function readQuarantine(
  rows: (sql: string) => Promise<(string | null)[][]>,
  readsAll: (entity: string) => boolean,
): Promise<SnapshotHealth["quarantine"]> {
  const open = new Set(
    (await rows("select distinct entity from snap.meta.quarantine")).flatMap(([entity]) => (entity && readsAll(entity) ? [entity] : [])),
  );
  const reasons = await rows(
    "select entity, reason, count(*)::varchar from snap.meta.quarantine group by all order by count(*) desc, 1, 2",
  );
  const records = await rows(
    `select entity, reason, record_id from snap.meta.quarantine
     qualify row_number() over (partition by entity, reason order by record_id) <= ${recordsPerReason} order by 1, 2, 3`,
  );
  const isOpen = ([entity]: (string | null)[]): boolean => open.has(entity ?? "");
  return {
    reasons: reasons
      .filter(isOpen)
      .map(([entity, reason, count]) => ({ entity: entity ?? "", reason: reason ?? "", count: Number(count) })),
    records: records
      .filter(isOpen)
      .map(([entity, reason, recordId]) => ({ entity: entity ?? "", reason: reason ?? "", recordId: recordId ?? "" })),
  };
}
