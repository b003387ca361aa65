import type { Client } from "pg";

export interface HeadlineQuestion {
  /** First and last day, `2026-11-01`, in `timezone`. */
  from: string;
  to: string;
  /** IANA name: the company's. */
  timezone: string;
  /** Only what is credited to these employees (ids): documents by owner, customers by present owner. */
  owners?: readonly string[];
  /** Only what a scope of these employees sees: their own rows and the documents of customers they own now. */
  visibleTo?: readonly string[];
}

/** Ten headline measures, attainment in its three tiers. Money is text with 2 places, in company currency; a rate is null when nothing is below the line. */
export interface HeadlineFigures {
  /** Approved sales by `ordered_at`, without tax, header discount and freight spread over the lines. */
  orderAmount: string;
  /** Of them, those with at least one line: an empty document is in quarantine. */
  orderCount: number;
  /** Confirmed receipts by `received_at`. */
  receiptAmount: string;
  /** Won opportunities by `closed_at`. */
  wonAmount: string;
  /** won / (won + lost), by `closed_at`. */
  winRate: number | null;
  /** Customers created in the period. */
  newCustomers: number;
  /** All customers there are, whatever the period. */
  customerCount: number;
  /** Customers with an approved sale in the 365 days up to `to`. */
  activeCustomers: number;
  /** Amount of the opportunities that are open now, whatever the period. */
  openPipeline: string;
  /** Order amount over the goal of the months that begin in the period, summed over employees' targets. */
  attainment: number | null;
  /** The same over the two harder tiers. */
  stretchAttainment: number | null;
  challengeAttainment: number | null;
}

/**
 * The headline measures by plain SQL on Postgres's `crm`, from the definitions of the contract: nothing of the warehouse takes part.
 * Every document converts at its own rate; each line is rounded to cents, so slices add up.
 */
export async function headlineFigures(client: Client, question: HeadlineQuestion): Promise<HeadlineFigures> {
  const values = [question.from, question.to, question.timezone, question.owners ?? null, question.visibleTo ?? null];
  const { rows } = await client.query<HeadlineFigures>({ text: sql, values });
  return rows[0]!;
}

/** Common table expressions that end in `all_sales`: approved sales with their amount and day, from `question.zone`. */
export const approvedSales = `
lines as (
  select orders.id as order_id, lines.id, lines.amount, orders.discount, orders.freight,
         sum(lines.amount) over whole as total,
         lines.line_number = max(lines.line_number) over whole as is_last
    from crm.order_lines as lines join crm.orders on orders.id = lines.order_id
   where lines.deleted_at is null
  window whole as (partition by orders.id)
),
shares as (
  select *,
         case when is_last or total = 0 then 0 else round(discount * amount / total, 2) end as discount_share,
         case when is_last or total = 0 then 0 else round(freight * amount / total, 2) end as freight_share
    from lines
),
spread as (
  select order_id,
         amount
           - case when is_last then discount - sum(discount_share) over (partition by order_id) else discount_share end
           + case when is_last then freight - sum(freight_share) over (partition by order_id) else freight_share end as amount
    from shares
),
all_sales as (
  select orders.id, orders.owner_id, orders.customer_id, orders.department_id, (orders.ordered_at at time zone zone)::date as day,
         (select sum(round(spread.amount * orders.exchange_rate, 2)) from spread where spread.order_id = orders.id) as amount,
         exists (select from crm.order_lines as line where line.order_id = orders.id and line.deleted_at is null) as has_lines
    from crm.orders cross join question
   where orders.kind = 'sale' and orders.status = 'approved' and orders.deleted_at is null
)`;

const sql = `
with
question as (
  select $1::date as from_day, $2::date as to_day, $3::text as zone, $4::uuid[] as owners, $5::uuid[] as visible_to
),
customers as (
  select customers.*, (customers.created_at at time zone zone)::date as day
    from crm.customers cross join question
   where deleted_at is null
     and (owners is null or owner_id = any(owners))
     and (visible_to is null or owner_id = any(visible_to))
),
seen_customers as (
  select customers.id from crm.customers cross join question where owner_id = any(visible_to)
),
${approvedSales},
sales as (
  select all_sales.* from all_sales cross join question
   where (owners is null or owner_id = any(owners))
     and (visible_to is null or owner_id = any(visible_to) or customer_id in (select id from seen_customers))
),
receipts as (
  select round(receipts.amount * receipts.exchange_rate, 2) as amount
    from crm.receipts cross join question
   where status = 'confirmed' and deleted_at is null
     and (received_at at time zone zone)::date between from_day and to_day
     and (owners is null or owner_id = any(owners))
     and (visible_to is null or owner_id = any(visible_to) or customer_id in (select id from seen_customers))
),
opportunities as (
  select status, round(amount * exchange_rate, 2) as amount, (closed_at at time zone zone)::date between from_day and to_day as is_closed_then
    from crm.opportunities cross join question
   where deleted_at is null
     and (owners is null or owner_id = any(owners))
     and (visible_to is null or owner_id = any(visible_to) or customer_id in (select id from seen_customers))
),
goals as (
  select targets.employee_id, targets.department_id, targets.month, targets.level, targets.amount,
         count(*) over (partition by employee_id, month, level) > 1 as is_split
    from crm.targets cross join question
   where targets.measure = 'order_amount' and targets.employee_id is not null and targets.deleted_at is null
     and targets.month between from_day and to_day
     and (owners is null or employee_id = any(owners))
     and (visible_to is null or employee_id = any(visible_to))
),
months as (
  select owner_id, department_id, date_trunc('month', day)::date as month, sum(amount) as amount from all_sales group by 1, 2, 3
),
reached as (
  select goals.level, sum(goals.amount) as goal,
         sum((select sum(months.amount) from months
               where months.owner_id = goals.employee_id and months.month = goals.month
                 and (not goals.is_split or months.department_id = goals.department_id))) as amount
    from goals
   group by goals.level
)
select
  (select coalesce(sum(amount), 0)::numeric(18, 2)::text from sales where day between from_day and to_day) as "orderAmount",
  (select count(*)::int from sales where has_lines and day between from_day and to_day) as "orderCount",
  (select coalesce(sum(amount), 0)::numeric(18, 2)::text from receipts) as "receiptAmount",
  (select coalesce(sum(amount), 0)::numeric(18, 2)::text from opportunities where status = 'won' and is_closed_then) as "wonAmount",
  (select (count(*) filter (where status = 'won'))::float / nullif(count(*) filter (where status in ('won', 'lost')), 0)
     from opportunities where is_closed_then) as "winRate",
  (select count(*)::int from customers where day between from_day and to_day) as "newCustomers",
  (select count(*)::int from customers) as "customerCount",
  (select count(*)::int from customers
    where exists (select from all_sales where customer_id = customers.id and all_sales.day <= to_day and all_sales.day > to_day - 365)) as "activeCustomers",
  (select coalesce(sum(amount), 0)::numeric(18, 2)::text from opportunities where status = 'open') as "openPipeline",
  (select coalesce(amount, 0)::float / nullif(goal, 0)::float from reached where level = 'goal') as attainment,
  (select coalesce(amount, 0)::float / nullif(goal, 0)::float from reached where level = 'stretch') as "stretchAttainment",
  (select coalesce(amount, 0)::float / nullif(goal, 0)::float from reached where level = 'challenge') as "challengeAttainment"
from question`;
