import type { ClientBase } from "pg";

/** Win/loss reasons of a new company: outcome, code, name, English name. */
export const defaultCloseReasons = [
  ["won", "price", "价格合适", "Price"],
  ["won", "product_fit", "产品匹配", "Product fit"],
  ["won", "delivery", "交期满足", "Delivery"],
  ["won", "relationship", "老客户信任", "Relationship"],
  ["won", "service", "服务支持", "Service"],
  ["lost", "price", "价格过高", "Price"],
  ["lost", "competitor", "竞争对手", "Competitor"],
  ["lost", "no_budget", "没有预算", "No budget"],
  ["lost", "no_decision", "项目搁置", "No decision"],
  ["lost", "product_fit", "产品不匹配", "Product does not fit"],
  ["lost", "delivery", "交期不满足", "Delivery"],
  ["lost", "relationship", "客户关系", "Relationship"],
] as const;

/** Weights add up to 1. */
const valueCriteria = [
  ["revenue", 0.4],
  ["margin", 0.2],
  ["growth", 0.1],
  ["payment", 0.1],
  ["frequency", 0.1],
  ["potential", 0.05],
  ["service_cost", 0.05],
] as const;

/** The first 1 %, 5 % and 20 % by rank, and the rest. */
const valueTiers = [
  ["top_1", 0.01],
  ["top_5", 0.05],
  ["top_20", 0.2],
  ["rest", 1],
] as const;

/**
 * Gives a company the definitions its figures start from, each where it never had any: a row that was taken away stays away.
 * Win/loss reasons only to a company without opportunities, because they restrict what `close_reason` may be: elsewhere it stays free until somebody adds them.
 */
export const insertDefaultDefinitions = async (client: ClientBase): Promise<void> => {
  await client.query(
    `insert into crm.close_reasons (outcome, code, name, name_en, position)
     select given.outcome, given.code, given.name, given.name_en, given.position
     from json_populate_recordset(null::crm.close_reasons, $1::json) as given
     where not exists (select from crm.close_reasons) and not exists (select from crm.opportunities)`,
    [
      JSON.stringify(
        defaultCloseReasons.map(([outcome, code, name, name_en], index) => ({ outcome, code, name, name_en, position: index + 1 })),
      ),
    ],
  );
  await client.query(
    `insert into crm.value_criteria (criterion, weight)
     select given.criterion, given.weight from json_populate_recordset(null::crm.value_criteria, $1::json) as given
     where not exists (select from crm.value_criteria)`,
    [JSON.stringify(valueCriteria.map(([criterion, weight]) => ({ criterion, weight })))],
  );
  await client.query(
    `insert into crm.value_tiers (tier, position, threshold)
     select given.tier, given.position, given.threshold from json_populate_recordset(null::crm.value_tiers, $1::json) as given
     where not exists (select from crm.value_tiers)`,
    [JSON.stringify(valueTiers.map(([tier, threshold], index) => ({ tier, position: index + 1, threshold })))],
  );
  await client.query(
    "insert into crm.churn_definitions (method, days) select 'days', 365 where not exists (select from crm.churn_definitions)",
  );
};
