import { Problem } from "../problem.ts";
import { query } from "../store/sql.ts";
import type { Write } from "../store/write.ts";
import type { Row } from "../validation/record-schema.ts";
import type { Rule } from "./draft.ts";

/** Opportunities name their stage by code, so that Postgres's foreign keys do not protect it. */
const opportunitiesIn = async (write: Write, stage: Row): Promise<number> => {
  const [found] = await query<{ count: number }>(
    write.client,
    "select count(*) as count from crm.opportunities where pipeline = $1 and stage = $2 and deleted_at is null",
    [stage["pipeline"], stage["code"]],
  );
  return found?.count ?? 0;
};

export const pipelineStage: Rule = {
  change: async ({ write, before, changes, faults }) => {
    const field = ["pipeline", "code", "outcome"].find((name) => changes[name] !== undefined);
    if (!field) return;
    const count = await opportunitiesIn(write, before);
    if (count > 0) faults.push({ field, reason: `can't change: ${count} opportunities are in this stage; move them first` });
  },
  remove: async (write, before) => {
    const count = await opportunitiesIn(write, before);
    if (count === 0) return;
    const reason = `${count} opportunities are in this stage`;
    throw new Problem(409, `this pipeline stage can't be deleted: ${reason}`, { errors: [{ field: "opportunities", reason }] });
  },
};
