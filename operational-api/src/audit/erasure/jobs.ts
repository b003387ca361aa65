import { Client } from "pg";
import { type ErasedPlace, erasePerson } from "./erase-person.ts";
import { findIn } from "./other-schemas.ts";
import { scrubFiles } from "./scrub.ts";
import { decryptSought, encryptSought, type Sought } from "./sought.ts";

/** In this order; each is written down before the next begins, so that a restart goes on where it was. */
export const erasureSteps = ["requested", "erased", "rewriting", "rewritten", "finished"] as const;
export type ErasureStep = (typeof erasureSteps)[number];

/** A job that erases a person. */
export interface ErasureJob {
  id: string;
  entity: string;
  recordId: string;
  requestedBy: string | null;
  step: ErasureStep;
  /** When the step was written down, by the database's clock. */
  steppedAt: Date;
  places: ErasedPlace[];
  sought: Sought | null;
}

interface Stored {
  id: string;
  entity: string;
  record_id: string;
  requested_by: string | null;
  step: ErasureStep;
  stepped_at: Date;
  places: ErasedPlace[];
  sought: Buffer | null;
}

/** The erasures of the database at `url` (its owner's). `secret` keeps what is sought unreadable on disk. */
export interface ErasureJobs {
  /** The oldest job that is not finished; null when there is none. */
  next(): Promise<ErasureJob | null>;
  /** Erases the person from Postgres and writes step `erased` in one transaction. */
  erase(job: ErasureJob): Promise<void>;
  /** An LSN after everything that has committed. */
  position(): Promise<string>;
  advance(job: ErasureJob, step: ErasureStep, places: readonly ErasedPlace[]): Promise<void>;
  /** Makes the server's files forget; false when an earlier log had to be kept. */
  scrub(job: ErasureJob): Promise<boolean>;
  /** Where in Postgres a telling value still stands. */
  search(sought: Sought): Promise<ErasedPlace[]>;
  /** Ends the job: forgets what was sought. `failure` says what was found after all. */
  finish(job: ErasureJob, places: readonly ErasedPlace[], failure: string | null): Promise<void>;
  /** Writes down why a step could not be done; it is tried again. */
  note(job: ErasureJob, failure: string): Promise<void>;
  /** Folder of the server's files. */
  clusterFolder(): Promise<string>;
  close(): Promise<void>;
}

export async function openErasureJobs(options: { url: string; secret: string }): Promise<ErasureJobs> {
  const { url, secret } = options;
  const client = new Client({ connectionString: url, application_name: "kehu erasure" });
  client.on("error", () => {}); // the next call tells
  await client.connect();
  const write = async (job: ErasureJob, step: ErasureStep, places: readonly ErasedPlace[]): Promise<void> => {
    job.step = step;
    job.places = [...job.places, ...places.filter(({ count }) => count > 0)];
    await client.query("update audit.erasures set step = $2, stepped_at = clock_timestamp(), places = $3, sought = $4 where id = $1", [
      job.id,
      step,
      JSON.stringify(job.places),
      job.sought ? encryptSought(job.sought, secret) : null,
    ]);
  };
  return {
    async next() {
      const { rows } = await client.query<Stored>(
        "select id, entity, record_id, requested_by, step, stepped_at, places, sought from audit.erasures where finished_at is null order by requested_at, id limit 1",
      );
      const [row] = rows;
      if (!row) return null;
      const { id, entity, record_id: recordId, requested_by: requestedBy, step, stepped_at: steppedAt, places, sought } = row;
      return { id, entity, recordId, requestedBy, step, steppedAt, places, sought: sought && decryptSought(sought, secret) };
    },
    async erase(job) {
      await client.query("begin");
      try {
        const { id: erasureId, entity, recordId, requestedBy } = job;
        const { sought, places } = await erasePerson(client, { erasureId, entity, recordId, requestedBy });
        job.sought = sought;
        await write(job, "erased", places);
        await client.query("commit");
      } catch (error) {
        await client.query("rollback");
        throw error;
      }
    },
    async position() {
      const { rows } = await client.query<{ lsn: string }>("select pg_logical_emit_message(true, 'kehu.erasure', '')::text as lsn");
      return rows[0]?.lsn ?? "0/0";
    },
    advance: write,
    scrub: ({ places, entity }) =>
      scrubFiles(client, [
        ...places.map(({ place }) => place).filter((place) => /^(crm|audit|auth|portal)\./.test(place)),
        "audit.entries",
        "audit.erasures",
        ...(entity === "employee" ? ["auth.user"] : []),
      ]),
    search: ({ telling }) => findIn(client, ["crm", "audit", "auth", "portal"], telling),
    async finish(job, places, failure) {
      job.sought = null;
      await write(job, "finished", places);
      await client.query("update audit.erasures set finished_at = now(), failure = $2 where id = $1", [job.id, failure]);
    },
    async note(job, failure) {
      await client.query("update audit.erasures set failure = $2 where id = $1", [job.id, failure]);
    },
    async clusterFolder() {
      const { rows } = await client.query<{ folder: string }>("select current_setting('data_directory') as folder");
      return rows[0]?.folder ?? "";
    },
    close: () => client.end(),
  };
}
