import type { Api } from "#lib/server/api.ts";

/** Something that is not mirrored, or not now. `what` and `remedy` are English; `reason` and `params` say the same to whoever has words of its own. */
export interface MirrorProblem {
  code: string;
  table: string | null;
  column: string | null;
  reason: string;
  params: Readonly<Record<string, string>>;
  what: string;
  remedy: string;
}

/** Of the mirror, besides how far it is, what the warehouse process has said so far. */
export interface MirrorCondition {
  /** What of the source is not mirrored, or not now. */
  problems?: MirrorProblem[];
  /** `retainedBytes`: log that Postgres keeps for the mirror; `safeBytes`: until it is dropped, null: never; null: there is no slot. */
  slot?: { retainedBytes: number; safeBytes: number | null; status: string | null } | null;
  /** While everything is copied: tables that are loaded, rows that have come of about how many, and the tables that are being read. */
  copying?: {
    table: string | null;
    done: number;
    tables: number;
    rows: number;
    ofRows: number;
    bytes: number;
    reading: { table: string; rows: number; ofRows: number }[];
  } | null;
  /** Rows that were received and are not applied. */
  waitingRows?: number;
  /** Tables whose rows are being read again, as after a change of the schema. */
  rereading?: string[];
  lastCopy?: { at: string; reason: string; tables: number; seconds: number } | null;
  /** The last comparison of the whole mirror with Postgres. */
  lastCheck?: { at: string; tables: number; rows: number; seconds: number; differing: string[] } | null;
}

export interface Health {
  ready: boolean;
  version: string | null;
  mirror: MirrorCondition & { lagSeconds: number | null; appliedLsn: string | null };
  build: { id: string | null; finishedAt: string | null; lsn: string | null; failedTests: number };
  /** Commit time of the newest change in the published figures, RFC 3339 UTC. */
  freshTo: string | null;
}

interface HealthAnswer {
  version?: string;
  mirror?: Partial<Health["mirror"]> | null;
  /** Null until the first snapshot is served. */
  build?: { id?: string | number | null; finishedAt?: string | null; lsn?: string | null; failedTests?: number | unknown[] } | null;
}

/** The product's own health answer; it says "not ready" by 503, which is an answer and not a failure. */
export async function readHealth(api: Api): Promise<Health> {
  const response = await api("/healthz");
  const body = (await response.json().catch(() => ({}))) as HealthAnswer;
  const mirror = body.mirror ?? {};
  const build = body.build ?? {};
  const failed = build.failedTests;
  return {
    ready: response.ok,
    version: body.version ?? null,
    mirror: { ...mirror, lagSeconds: mirror.lagSeconds ?? null, appliedLsn: mirror.appliedLsn ?? null },
    build: {
      id: build.id === undefined || build.id === null ? null : String(build.id),
      finishedAt: build.finishedAt ?? null,
      lsn: build.lsn ?? null,
      failedTests: Array.isArray(failed) ? failed.length : Number(failed ?? 0),
    },
    // `Kehu-Fresh: <lsn> <time>`
    freshTo: response.headers.get("kehu-fresh")?.split(" ")[1] ?? null,
  };
}
