import { Problem } from "../problem.ts";
import { query } from "../store/sql.ts";
import type { Write } from "../store/write.ts";
import { compareDecimals, sumOfMoney } from "../validation/decimal.ts";
import type { Row } from "../validation/record-schema.ts";
import { after, faultAt, type Rule } from "./draft.ts";

interface Plan {
  /** The order's total with tax and freight, in its currency. */
  total: string;
  /** What its instalments add up to now. */
  planned: string;
}

const negated = (amount: string): string => (amount.startsWith("-") ? amount.slice(1) : `-${amount}`);

/** Totals and plans of these orders. They stay locked until the end, so that two writers don't each fill the same gap. */
const readPlans = async (write: Write, orders: readonly string[]): Promise<Map<string, Plan>> => {
  await query(write.client, "select id from crm.orders where id = any($1::uuid[]) order by id for no key update", [orders]);
  const rows = await query<Plan & { id: string }>(
    write.client,
    `select orders.id,
            (coalesce(lines.amount, 0) - orders.discount + orders.freight)::numeric(18, 2) as total,
            coalesce(plan.amount, 0)::numeric(18, 2) as planned
     from crm.orders
     left join lateral (
       select sum(amount + tax_amount) as amount from crm.order_lines where order_id = orders.id and deleted_at is null) as lines on true
     left join lateral (
       select sum(amount) as amount from crm.instalments where order_id = orders.id and deleted_at is null) as plan on true
     where orders.id = any($1::uuid[])`,
    [orders],
  );
  return new Map(rows.map(({ id, ...plan }) => [id, plan]));
};

const excess = (total: string, planned: string): string | null =>
  compareDecimals(planned, total) > 0 ? sumOfMoney([planned, negated(total)]) : null;

const tooMuch = (total: string, planned: string): string | null => {
  const over = excess(total, planned);
  return over && `makes the instalments of this order ${planned}, ${over} more than its total with tax and freight, ${total}`;
};

/** The instalments of an order are at most what the customer owes for it. */
export const instalmentSum: Rule = {
  create: async ({ write, drafts, faults }) => {
    const plans = await readPlans(write, [...new Set(drafts.map(({ values }) => String(values["order_id"])))]);
    for (const draft of drafts) {
      const plan = plans.get(String(draft.values["order_id"]));
      if (!plan) continue;
      plan.planned = sumOfMoney([plan.planned, String(draft.values["amount"])]);
      const reason = tooMuch(plan.total, plan.planned);
      if (reason) faults.push(faultAt(draft, "amount", reason));
    }
  },
  change: async (amendment) => {
    const { write, before, changes, faults } = amendment;
    if (changes["amount"] === undefined && changes["order_id"] === undefined) return;
    const order = String(after(amendment, "order_id"));
    const plan = (await readPlans(write, [order])).get(order);
    if (!plan) return;
    const others = before["order_id"] === order ? sumOfMoney([plan.planned, negated(String(before["amount"]))]) : plan.planned;
    const reason = tooMuch(plan.total, sumOfMoney([others, String(after(amendment, "amount"))]));
    if (reason) faults.push({ field: "amount", reason });
  },
  restore: async (write, before) => {
    const order = String(before["order_id"]);
    const plan = (await readPlans(write, [order])).get(order);
    const reason = plan && tooMuch(plan.total, sumOfMoney([plan.planned, String(before["amount"])]));
    if (reason) throw new Problem(409, `this instalment can't be restored: it ${reason}`, { errors: [{ field: "amount", reason }] });
  },
};

const moneyOf = (row: Row, column: string): string => String(row[column] ?? "0");

/** The other side: an order does not become smaller than its instalments. */
export const orderCoversInstalments: Rule = {
  change: async (amendment) => {
    const { write, before, children, currentChildren, changes, faults } = amendment;
    const concerned = children !== undefined || changes["discount"] !== undefined || changes["freight"] !== undefined;
    if (!concerned) return;
    const [found] = await query<{ planned: string }>(
      write.client,
      "select coalesce(sum(amount), 0)::numeric(18, 2) as planned from crm.instalments where order_id = $1 and deleted_at is null",
      [before["id"]],
    );
    const planned = found?.planned ?? "0";
    if (compareDecimals(planned, "0") === 0) return;
    const lines = (children ?? currentChildren).flatMap((line) => [moneyOf(line, "amount"), moneyOf(line, "tax_amount")]);
    const given = (column: string): string => String(after(amendment, column) ?? "0");
    const total = sumOfMoney([...lines, given("freight"), negated(given("discount"))]);
    const over = excess(total, planned);
    if (over)
      faults.push({
        field: children === undefined ? (changes["discount"] === undefined ? "freight" : "discount") : "lines",
        reason: `makes the total with tax and freight ${total}, ${over} less than the instalments of this order, ${planned}; change them first`,
      });
  },
};
