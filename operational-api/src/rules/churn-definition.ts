import type { Row } from "../validation/record-schema.ts";
import { faultAt, type Rule } from "./draft.ts";

/** The number that each method needs; `contract_end` needs none. */
const needed: Readonly<Record<string, { field: "multiple" | "days"; what: string }>> = {
  interval: { field: "multiple", what: 'how many of its own purchase intervals a customer may let pass, such as "3"' },
  days: { field: "days", what: "the days without an order, such as 365" },
};

const missing = (definition: Row): { field: string; reason: string } | null => {
  const need = needed[String(definition["method"])];
  if (!need || (definition[need.field] ?? null) !== null) return null;
  return { field: need.field, reason: `is needed by the method "${String(definition["method"])}": ${need.what}` };
};

export const churnDefinition: Rule = {
  create: ({ drafts, faults }) => {
    for (const draft of drafts) {
      const found = missing(draft.values);
      if (found) faults.push(faultAt(draft, found.field, found.reason));
    }
  },
  change: ({ before, changes, faults }) => {
    const found = missing({ ...before, ...changes });
    if (found) faults.push(found);
  },
};
