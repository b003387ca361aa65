import { dayIn } from "../validation/instant.ts";
import type { Row, Value } from "../validation/record-schema.ts";
import { faultAt, type Rule } from "./draft.ts";

interface Wrong {
  field: string;
  reason: string;
}

const isBefore = (day: Value | undefined, other: Value | undefined): boolean =>
  typeof day === "string" && typeof other === "string" && day < other;

/** What is wrong with the days of a contract as it will be; a terminated one without a day was terminated `today`. */
const wrongTerm = (contract: Row): Wrong[] => {
  const { starts_on: start, ends_on: end, terminated_on: terminated, signed_on: signed } = contract;
  const wrong: Wrong[] = [];
  if (isBefore(end, start)) wrong.push({ field: "ends_on", reason: `is ${String(end)}, before starts_on, ${String(start)}` });
  if (isBefore(end, signed)) wrong.push({ field: "signed_on", reason: `is ${String(signed)}, after ends_on, ${String(end)}` });
  if ((terminated ?? null) === null) return wrong;
  if (contract["status"] !== "terminated")
    wrong.push({
      field: "terminated_on",
      reason: `can't be given: the contract is ${String(contract["status"])}; its status must be terminated`,
    });
  else if (isBefore(terminated, start))
    wrong.push({ field: "terminated_on", reason: `is ${String(terminated)}, before starts_on, ${String(start)}` });
  else if (isBefore(end, terminated))
    wrong.push({ field: "terminated_on", reason: `is ${String(terminated)}, after ends_on, ${String(end)}: then it ran its full term` });
  return wrong;
};

/** The days of a contract follow each other, and one that ended early says when: today, if the writer does not say. */
export const contractTerm: Rule = {
  create: ({ write, drafts, faults }) => {
    for (const draft of drafts) {
      if (draft.values["status"] === "terminated") draft.values["terminated_on"] ??= dayIn(write.settings.timezone, write.now);
      for (const { field, reason } of wrongTerm(draft.values)) faults.push(faultAt(draft, field, reason));
    }
  },
  change: ({ write, before, changes, faults }) => {
    const contract = { ...before, ...changes };
    if (contract["status"] === "terminated") contract["terminated_on"] ??= dayIn(write.settings.timezone, write.now);
    // A contract taken up again has not been terminated.
    else if (changes["status"] !== undefined && changes["terminated_on"] === undefined) contract["terminated_on"] = null;
    if (contract["terminated_on"] !== before["terminated_on"]) changes["terminated_on"] = contract["terminated_on"] ?? null;
    faults.push(...wrongTerm(contract));
  },
};
