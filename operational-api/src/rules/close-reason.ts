import { query } from "../store/sql.ts";
import type { Write } from "../store/write.ts";
import type { Value } from "../validation/record-schema.ts";
import { faultAt, type Rule } from "./draft.ts";

/** The codes of each outcome that has any, in their order. */
const readReasons = async (write: Write): Promise<Map<Value, string[]>> => {
  const rows = await query<{ outcome: string; code: string }>(
    write.client,
    "select outcome, code from crm.close_reasons where deleted_at is null order by outcome, position, code",
  );
  const byOutcome = Map.groupBy(rows, ({ outcome }) => outcome);
  return new Map([...byOutcome].map(([outcome, reasons]) => [outcome, reasons.map(({ code }) => code)]));
};

/** Why an opportunity that ends like this can't have this reason, or null. An outcome without reasons takes any text. */
const unknownReason = (reasons: Map<Value, string[]>, status: Value | undefined, code: Value): string | null => {
  const codes = reasons.get(status ?? null);
  if (!codes || codes.includes(String(code))) return null;
  return `"${String(code)}" is no reason for ${String(status)}; there are ${codes.join(", ")} (see /api/v1/close-reasons)`;
};

/** The reason of a closed opportunity is one of those the company keeps for its outcome; one that is open again has none. */
export const closeReason: Rule = {
  create: async ({ write, drafts, faults }) => {
    const given = drafts.filter(({ values }) => (values["close_reason"] ?? null) !== null);
    if (given.length === 0) return;
    const reasons = await readReasons(write);
    for (const draft of given) {
      const reason = unknownReason(reasons, draft.values["status"], draft.values["close_reason"] ?? null);
      if (reason) faults.push(faultAt(draft, "close_reason", reason));
    }
  },
  change: async ({ write, before, changes, faults }) => {
    const status = changes["status"] ?? before["status"];
    const code = changes["close_reason"] ?? null;
    const kept = before["close_reason"] ?? null;
    if (code !== null) {
      const reason = unknownReason(await readReasons(write), status, code);
      if (reason) faults.push({ field: "close_reason", reason });
    } else if (changes["close_reason"] === undefined && changes["status"] !== undefined && kept !== null) {
      // Nobody said why it ended otherwise than before.
      if (status === "open" || unknownReason(await readReasons(write), status, kept) !== null) changes["close_reason"] = null;
    }
  },
};
