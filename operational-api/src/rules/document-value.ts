import { amountDigits, type Entity } from "../entities/definition.ts";
import { powerOfTen } from "../validation/column-schema.ts";
import type { Row, Value } from "../validation/record-schema.ts";
import { compareDecimals, productAsMoney, sumOfMoney } from "../validation/decimal.ts";
import { after, faultAt, type Rule } from "./draft.ts";

/** Every figure of a document, in its own and in the company currency, stays below this, as every amount does that is written. */
const largest = `1${"0".repeat(amountDigits)}`;

const applies = (entity: Entity): boolean => entity.columns["exchange_rate"] !== undefined && entity.columns["currency"] !== undefined;

interface Part {
  field: string;
  amount: string;
}

const moneyOf = (value: Value | undefined): string => String(value ?? "0");

/** The amounts of a document that figures are made of: its own, or the sums over its lines. */
const partsOf = (valueOf: (column: string) => Value | undefined, lines: readonly Row[] | undefined): Part[] => {
  if (!lines) return [{ field: "amount", amount: moneyOf(valueOf("amount")) }];
  const costs = lines.map((line) => productAsMoney(moneyOf(line["quantity"]), "quantity", moneyOf(line["unit_cost"]), "money"));
  return [
    {
      field: "lines",
      amount: sumOfMoney([...lines.flatMap((line) => [moneyOf(line["amount"]), moneyOf(line["tax_amount"])]), moneyOf(valueOf("freight"))]),
    },
    { field: "lines", amount: sumOfMoney(costs) },
  ];
};

const tooLarge = (parts: readonly Part[], rate: Value | undefined): { field: string; reason: string } | null => {
  const wrong = parts.find(
    ({ amount }) =>
      compareDecimals(amount, largest) >= 0 || compareDecimals(productAsMoney(amount, "money", String(rate ?? "1"), "rate"), largest) >= 0,
  );
  if (!wrong) return null;
  const what = wrong.field === "lines" ? "the sum with tax and freight, and the cost," : "the amount";
  return { field: wrong.field, reason: `${what} must be below ${powerOfTen(amountDigits)}, also in the company currency` };
};

export const documentValue: Rule = {
  create: ({ entity, drafts, faults }) => {
    if (!applies(entity)) return;
    for (const draft of drafts) {
      const found = tooLarge(
        partsOf((column) => draft.values[column], entity.children ? (draft.children ?? []) : undefined),
        draft.values["exchange_rate"],
      );
      if (found) faults.push(faultAt(draft, found.field, found.reason));
    }
  },
  change: (amendment) => {
    const { entity, changes, children, currentChildren, faults } = amendment;
    const concerned = children !== undefined || ["amount", "freight", "exchange_rate"].some((column) => changes[column] !== undefined);
    if (!applies(entity) || !concerned) return;
    const lines = entity.children ? (children ?? currentChildren) : undefined;
    const found = tooLarge(
      partsOf((column) => after(amendment, column), lines),
      after(amendment, "exchange_rate"),
    );
    if (found) faults.push(found);
  },
};
