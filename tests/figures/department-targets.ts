import type { Client } from "pg";
import { approvedSales } from "./headline.ts";

export const levels = ["goal", "stretch", "challenge"] as const;

/** Whole months: the first day of the first, the last day of the last, in the IANA zone `timezone`. */
export interface Months {
  from: string;
  to: string;
  timezone: string;
}

/** Amounts by id of the department, texts with two places. */
export type ByDepartment = Record<string, Record<string, string>>;

const byDepartment = (rows: Record<string, string>[]): ByDepartment =>
  Object.fromEntries(rows.map(({ department_id: id = "", ...amounts }) => [id, amounts]));

/** Targets for order amount that are set for departments as a whole, by tier, and what their people and those below them sold in the same months. */
export async function targetsOfWholeDepartments(client: Client, { from, to, timezone }: Months): Promise<Record<string, ByDepartment>> {
  const { rows } = await client.query<Record<string, string>>(
    `with recursive question as (select $1::date as from_day, $2::date as to_day, $3::text as zone),
     ${approvedSales},
     below as (
       select id as top_id, id from crm.departments where deleted_at is null
       union
       select below.top_id, departments.id from crm.departments join below on departments.parent_id = below.id where departments.deleted_at is null
     ),
     reached as (
       select below.top_id as department_id, date_trunc('month', day)::date as month, sum(amount) as amount
         from all_sales join crm.employees on employees.id = all_sales.owner_id
         join below on below.id = coalesce(all_sales.department_id, employees.department_id)
        group by 1, 2
     )
     select targets.level, targets.department_id, sum(targets.amount)::numeric(18, 2)::text as target,
            coalesce(sum(reached.amount), 0)::numeric(18, 2)::text as actual
       from crm.targets cross join question
       left join reached on reached.department_id = targets.department_id and reached.month = targets.month
      where targets.employee_id is null and targets.measure = 'order_amount' and targets.deleted_at is null
        and targets.month between from_day and to_day
      group by 1, 2`,
    [from, to, timezone],
  );
  const ofLevel = (wanted: string): ByDepartment =>
    Object.fromEntries(
      rows.filter(({ level }) => level === wanted).map(({ department_id: id = "", target = "", actual = "" }) => [id, { target, actual }]),
    );
  return Object.fromEntries(levels.map((level) => [level, ofLevel(level)]));
}

/** People's targets for order amount by the department they are set in, all tiers. */
export async function targetsOfPeople(client: Client, { from, to }: Months): Promise<ByDepartment> {
  const sums = levels.map((level) => `coalesce(sum(amount) filter (where level = '${level}'), 0)::numeric(18, 2)::text as ${level}`);
  const { rows } = await client.query<Record<string, string>>(
    `select department_id, ${sums.join(", ")} from crm.targets
      where employee_id is not null and measure = 'order_amount' and deleted_at is null and month between $1::date and $2::date
      group by 1`,
    [from, to],
  );
  return byDepartment(rows);
}

/** Goals for the won amount of the months from `from` on, by department: people's, and those of departments without a goal in parts below them. */
export async function pipelineGoals(client: Client, from: string): Promise<ByDepartment> {
  const { rows } = await client.query<Record<string, string>>(
    `with recursive goals as (
       select * from crm.targets where measure = 'won_amount' and level = 'goal' and deleted_at is null and month >= $1::date
     ),
     below as (
       select id as top_id, id from crm.departments where deleted_at is null
       union
       select below.top_id, departments.id from crm.departments join below on departments.parent_id = below.id where departments.deleted_at is null
     )
     select goals.department_id, sum(goals.amount)::numeric(18, 2)::text as target
       from goals
      where goals.employee_id is not null
         or not exists (select from goals as part join below on below.id = part.department_id
                         where below.top_id = goals.department_id and part.month = goals.month
                           and (part.employee_id is not null or part.department_id <> goals.department_id))
      group by 1`,
    [from],
  );
  return byDepartment(rows);
}
