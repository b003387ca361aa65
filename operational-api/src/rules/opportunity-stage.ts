import { query } from "../store/sql.ts";
import { lastEventAt, type RecordEvent } from "../store/event.ts";
import type { Write } from "../store/write.ts";
import { compareInstants } from "../validation/instant.ts";
import type { StageStep, Value } from "../validation/record-schema.ts";
import { after, faultAt, type Rule } from "./draft.ts";

interface Stage {
  pipeline: string;
  code: string;
  outcome: "open" | "won" | "lost";
}

/** The stages of each pipeline, in their order. */
const readPipelines = async (write: Write): Promise<Map<string, Stage[]>> => {
  const stages = await query<Stage & Record<string, unknown>>(
    write.client,
    "select pipeline, code, outcome from crm.pipeline_stages where deleted_at is null order by pipeline, position, code",
  );
  return Map.groupBy(stages, (stage) => stage.pipeline);
};

const noPipeline = (pipelines: Map<string, Stage[]>, pipeline: Value | undefined): string =>
  pipelines.size > 0
    ? `there is no pipeline "${String(pipeline)}"; there are ${[...pipelines.keys()].join(", ")}`
    : "there is no pipeline yet; add its stages to /api/v1/pipeline-stages";

const noStage = (stages: readonly Stage[], stage: Value | undefined): string =>
  `there is no stage "${String(stage)}" in this pipeline; there are ${stages.map(({ code }) => code).join(", ")}`;

/** Why a list of stages can't be a history, or null. */
const wrongHistory = (stages: readonly Stage[], history: readonly StageStep[]): string | null => {
  for (const [position, step] of history.entries()) {
    if (!stages.some(({ code }) => code === step.stage)) return noStage(stages, step.stage);
    const earlier = history[position - 1];
    if (earlier && compareInstants(step.effective_at, earlier.effective_at) < 0)
      return `step ${position} is earlier than the step before it`;
    if (earlier?.stage === step.stage) return `step ${position} names the stage of the step before it`;
  }
  return null;
};

/** What a history means: its events, and the status and closing time it ends with. */
export const followHistory = (
  recordId: string,
  stages: readonly Stage[],
  history: readonly StageStep[],
): { events: RecordEvent[]; status: Value; closedAt: Value } => {
  const events: RecordEvent[] = [];
  let stage: Value = null;
  let status: Value = null;
  let closedAt: Value = null;
  for (const step of history) {
    const outcome = stages.find(({ code }) => code === step.stage)?.outcome ?? "open";
    const common = { record_id: recordId, effective_at: step.effective_at };
    events.push({ ...common, kind: "stage", from_value: stage, to_value: step.stage });
    if (outcome !== status) {
      events.push({ ...common, kind: "status", from_value: status, to_value: outcome });
      closedAt = outcome === "open" ? null : step.effective_at;
    }
    stage = step.stage;
    status = outcome;
  }
  return { events, status, closedAt };
};

/** The stage decides status and closing time; both and the stage itself are told as events with their own times. */
export const opportunityStage: Rule = {
  create: async ({ write, drafts, faults }) => {
    const pipelines = await readPipelines(write);
    for (const draft of drafts) {
      const { values } = draft;
      const stages = pipelines.get(String(values["pipeline"]));
      if (!stages) {
        faults.push(faultAt(draft, "pipeline", noPipeline(pipelines, values["pipeline"])));
        continue;
      }
      const first = stages.find(({ outcome }) => outcome === "open") ?? stages[0];
      const stage = values["stage"] ?? draft.history?.at(-1)?.stage ?? first?.code ?? "";
      if (!stages.some(({ code }) => code === stage)) {
        faults.push(faultAt(draft, "stage", noStage(stages, stage)));
        continue;
      }
      const closedAt = values["closed_at"] ?? null;
      const history = draft.history ?? [{ stage: String(stage), effective_at: String(closedAt ?? values["created_at"]) }];
      const wrong = wrongHistory(stages, history);
      if (wrong) faults.push(faultAt(draft, "stage_history", wrong));
      if (history.at(-1)?.stage !== stage) faults.push(faultAt(draft, "stage", "must be the last stage of stage_history, or be left out"));
      const end = followHistory(String(values["id"]), stages, history);
      if (closedAt !== null && end.closedAt === null)
        faults.push(faultAt(draft, "closed_at", `can't be given: stage "${String(stage)}" is open`));
      else if (closedAt !== null && end.closedAt !== closedAt)
        faults.push(faultAt(draft, "closed_at", "must be the time of the last step of stage_history, or be left out"));
      Object.assign(values, { stage, status: end.status, closed_at: end.closedAt });
      draft.events = end.events;
    }
  },

  change: async (amendment) => {
    const { write, before, changes, faults, effectiveAt } = amendment;
    if (changes["stage"] === null) {
      faults.push({ field: "stage", reason: "can't be null: an opportunity is always in a stage" });
      return;
    }
    const moved = changes["stage"] !== undefined || changes["pipeline"] !== undefined;
    if (!moved) {
      if (changes["closed_at"] !== undefined && before["status"] === "open" && changes["closed_at"] !== null) {
        faults.push({ field: "closed_at", reason: "can't be given: this opportunity is open" });
      }
      if (changes["closed_at"] === null && before["status"] !== "open")
        faults.push({ field: "closed_at", reason: "can't be null: this opportunity is closed" });
      return;
    }
    const pipelines = await readPipelines(write);
    const stages = pipelines.get(String(after(amendment, "pipeline")));
    if (!stages) {
      faults.push({ field: "pipeline", reason: noPipeline(pipelines, after(amendment, "pipeline")) });
      return;
    }
    const target = stages.find(({ code }) => code === after(amendment, "stage"));
    if (!target) {
      faults.push({ field: "stage", reason: noStage(stages, after(amendment, "stage")) });
      return;
    }
    const last = await lastEventAt(write.client, amendment.entity, "stage", String(before["id"]));
    if (last !== null && compareInstants(effectiveAt, last) < 0) {
      faults.push({ field: "effective_at", reason: `is earlier than the last stage change, at ${last}` });
    }
    if (target.outcome !== before["status"]) {
      changes["status"] = target.outcome;
      changes["closed_at"] = target.outcome === "open" ? null : (changes["closed_at"] ?? effectiveAt);
    }
  },
};
