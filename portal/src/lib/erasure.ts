/** Erasures of persons as `/api/v1/erasures` answers, and what the page makes of them. */
import { m } from "#lib/paraglide/messages.js";

export const erasureSteps = ["requested", "erased", "rewriting", "rewritten", "finished"] as const;

export interface Erasure {
  id: string;
  entity: string;
  record_id: string;
  /** A user's id. */
  requested_by: string | null;
  requested_at: string;
  step: (typeof erasureSteps)[number];
  places: { place: string; count: number }[];
  /** Why a step has to be tried again; at the end, where something was found after all. */
  failure: string | null;
  finished_at: string | null;
}

export type StepState = "done" | "running" | "ahead" | "failed";

/** How far each step is. A step is written down when it is done, so the one behind it is under way; the end may have found something. */
export function stepStates(job: Pick<Erasure, "step" | "failure" | "finished_at">): StepState[] {
  const reached = erasureSteps.indexOf(job.step);
  return erasureSteps.map((_, index): StepState => {
    if (index < reached) return "done";
    if (job.finished_at !== null) return job.failure === null ? "done" : "failed";
    return index === reached ? "done" : index === reached + 1 ? "running" : "ahead";
  });
}

/** Titles of entities by table, and of their columns. */
export type TableTitles = Readonly<Record<string, { title: string; columns: Readonly<Record<string, string>> }>>;

const fixed: Readonly<Record<string, () => string>> = {
  "audit.entries": m.erasure_place_audit,
  "portal.idempotency_keys": m.erasure_place_retries,
  "kept snapshots": m.erasure_place_snapshots,
  "auth.user": m.erasure_place_account,
  "auth.session": m.erasure_place_sessions,
  "auth.device": m.erasure_place_devices,
};

/** `placeTitle("crm.activities.summary", titles)`: `Activity · Summary`. What has no title is shown as the job calls it. */
export function placeTitle(place: string, tables: TableTitles): string {
  const known = fixed[place]?.();
  if (known) return known;
  const [first = "", ...rest] = place.split(".");
  const isWarehouse = first === "mirror" || first === "warehouse";
  const [table = "", column] = isWarehouse ? rest.slice(1) : rest;
  const entity = first === "crm" || isWarehouse ? tables[table] : undefined;
  if (!entity) return place;
  const named = [entity.title, ...(column ? [entity.columns[column] ?? column] : [])].join(" · ");
  if (!isWarehouse) return named;
  return rest[0] === "raw_changes" ? m.erasure_place_changes({ place: named }) : m.erasure_place_warehouse({ place: named });
}
