import { faultAt, type Rule } from "./draft.ts";

const reason = (month: string): string => `a target is for a month: give its first day, ${month.slice(0, 8)}01`;
const isFirst = (month: string): boolean => month.endsWith("-01");

export const targetMonth: Rule = {
  create: ({ drafts, faults }) => {
    for (const draft of drafts) {
      const month = String(draft.values["month"]);
      if (!isFirst(month)) faults.push(faultAt(draft, "month", reason(month)));
    }
  },
  change: ({ changes, faults }) => {
    const month = changes["month"];
    if (month !== undefined && !isFirst(String(month))) faults.push({ field: "month", reason: reason(String(month)) });
  },
};
