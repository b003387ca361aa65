import { defineEntity } from "./definition.ts";

/**
 * Open stages that a pipeline may have. A jump moves a deal through all between, and `fct_pipeline_movements` numbers what happens to it at one instant from 0
 * to 99: three movements of its own and two for each stage passed.
 */
export const maxOpenStages = 48;

export const pipelineStage = defineEntity({
  name: "pipeline_stage",
  table: "pipeline_stages",
  label: { zh: "商机阶段", en: "Pipeline stage" },
  description: "One row per stage of an opportunity pipeline, the won and lost ends included.",
  columns: {
    pipeline: { type: "text", label: { zh: "销售管道", en: "Pipeline" }, required: true, filter: true, maxLength: 40 },
    code: { type: "text", label: { zh: "阶段代码", en: "Stage code" }, required: true, filter: true, maxLength: 40 },
    name: { type: "text", label: { zh: "阶段名称", en: "Stage name" }, required: true },
    name_en: { type: "text", label: { zh: "英文名称", en: "English name" }, required: true },
    position: { type: "integer", label: { zh: "顺序", en: "Order" }, required: true, sort: true, minimum: 1 },
    probability: { type: "rate", label: { zh: "赢率", en: "Probability" }, default: "0", minimum: 0, maximum: 1 },
    outcome: {
      type: "enum",
      label: { zh: "结果", en: "Outcome" },
      values: { open: { zh: "进行中", en: "Open" }, won: { zh: "赢单", en: "Won" }, lost: { zh: "输单", en: "Lost" } },
      default: "open",
      filter: true,
    },
  },
  scope: "reference",
  unique: [["pipeline", "code"]],
});
