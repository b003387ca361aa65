import { maxOpenStages } from "../entities/pipeline-stage.ts";
import { Problem } from "../problem.ts";
import { query } from "../store/sql.ts";
import type { Write } from "../store/write.ts";
import type { Row } from "../validation/record-schema.ts";
import { after, faultAt, type Rule } from "./draft.ts";

/** Opportunities name their stage by code, so that Postgres's foreign keys do not protect it. */
const opportunitiesIn = async (write: Write, stage: Row): Promise<number> => {
  const [found] = await query<{ count: number }>(
    write.client,
    "select count(*) as count from crm.opportunities where pipeline = $1 and stage = $2 and deleted_at is null",
    [stage["pipeline"], stage["code"]],
  );
  return found?.count ?? 0;
};

/** How many open stages each pipeline has. Nobody else changes that until this transaction ends: two would each take the last place. */
const countOpen = async (write: Write): Promise<Map<string, number>> => {
  await query(write.client, "select pg_advisory_xact_lock(hashtextextended('kehu open stages', 0))");
  const counts = await query<{ pipeline: string; open: number }>(
    write.client,
    "select pipeline, count(*) as open from crm.pipeline_stages where outcome = 'open' and deleted_at is null group by pipeline",
  );
  return new Map(counts.map(({ pipeline, open }) => [pipeline, open]));
};

const isOpen = (stage: Row): boolean => stage["outcome"] === "open";

const tooMany = (pipeline: string): string =>
  `pipeline "${pipeline}" has ${maxOpenStages} open stages, as many as a pipeline may have; delete one of them first, or use another pipeline`;

export const pipelineStage: Rule = {
  create: async ({ write, drafts, faults }) => {
    const opened = drafts.filter(({ values }) => isOpen(values));
    if (opened.length === 0) return;
    const counts = await countOpen(write);
    for (const draft of opened) {
      const pipeline = String(draft.values["pipeline"]);
      const count = counts.get(pipeline) ?? 0;
      if (count < maxOpenStages) counts.set(pipeline, count + 1);
      else faults.push(faultAt(draft, "pipeline", tooMany(pipeline)));
    }
  },
  change: async (amendment) => {
    const { write, before, changes, faults } = amendment;
    const field = ["pipeline", "code", "outcome"].find((name) => changes[name] !== undefined);
    if (!field) return;
    const count = await opportunitiesIn(write, before);
    if (count > 0) faults.push({ field, reason: `can't change: ${count} opportunities are in this stage; move them first` });
    const pipeline = String(after(amendment, "pipeline"));
    const opens = after(amendment, "outcome") === "open" && (!isOpen(before) || pipeline !== before["pipeline"]);
    if (opens && ((await countOpen(write)).get(pipeline) ?? 0) >= maxOpenStages)
      faults.push({ field: changes["pipeline"] === undefined ? "outcome" : "pipeline", reason: tooMany(pipeline) });
  },
  restore: async (write, before) => {
    const pipeline = String(before["pipeline"]);
    if (!isOpen(before) || ((await countOpen(write)).get(pipeline) ?? 0) < maxOpenStages) return;
    throw new Problem(409, `this pipeline stage can't be restored: ${tooMany(pipeline)}`, {
      errors: [{ field: "pipeline", reason: tooMany(pipeline) }],
    });
  },
  remove: async (write, before) => {
    const count = await opportunitiesIn(write, before);
    if (count === 0) return;
    const reason = `${count} opportunities are in this stage`;
    throw new Problem(409, `this pipeline stage can't be deleted: ${reason}`, { errors: [{ field: "opportunities", reason }] });
  },
};
