import type { Row } from "../validation/record-schema.ts";
import { compareDecimals, lineAmount, productAsMoney, sumOfMoney } from "../validation/decimal.ts";
import { after, faultAt, type Rule } from "./draft.ts";

/** Numbers the lines in their order and works out their amounts (entities/order-line.ts says how). */
export const computeLines = (lines: readonly Row[]): void => {
  for (const [position, line] of lines.entries()) {
    const amount = lineAmount(String(line["quantity"]), String(line["unit_price"]), String(line["discount_rate"]));
    line["line_number"] = position + 1;
    line["amount"] = amount;
    line["tax_amount"] = productAsMoney(amount, "money", String(line["tax_rate"]), "rate");
  }
};

const tooMuch = (discount: string, lines: readonly Row[]): string | null => {
  const total = sumOfMoney(lines.map((line) => String(line["amount"])));
  return compareDecimals(discount, total) > 0 ? `must not exceed the sum of the lines, ${total}` : null;
};

/** Whether an order counts is decided by its verbs, so that the change has a time and a name in the audit trail. */
const verbs: Readonly<Record<string, string>> = { approved: "approve", cancelled: "cancel" };

export const orderLines: Rule = {
  create: ({ drafts, faults }) => {
    for (const draft of drafts) {
      const lines = draft.children ?? [];
      computeLines(lines);
      const reason = tooMuch(String(draft.values["discount"]), lines);
      if (reason) faults.push(faultAt(draft, "discount", reason));
    }
  },
  change: (amendment) => {
    const { changes, children, currentChildren, faults, before } = amendment;
    if (children) computeLines(children);
    const reason = tooMuch(String(after(amendment, "discount")), children ?? currentChildren);
    if (reason) faults.push({ field: "discount", reason });
    const status = changes["status"];
    if (status !== undefined && status !== before["status"]) {
      const verb = verbs[String(status)];
      const reason = verb ? `can't be set here: POST /api/v1/orders/{id}/${verb}` : "an order can't become a draft again";
      faults.push({ field: "status", reason });
    }
  },
};
