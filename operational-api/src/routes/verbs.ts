import { type Context, Hono } from "hono";
import { z } from "zod";
import { collectionOf, entityNamed } from "../entities/index.ts";
import { Problem } from "../problem.ts";
import type { Action } from "../auth/scope.ts";
import { isApproved, refuseApproval } from "../records/approval.ts";
import { refuseBackdating, refuseEarlier } from "../records/backdating.ts";
import { changeRecord, updateWithin } from "../records/change.ts";
import { type Locked, lockFor } from "../store/find.ts";
import type { EventKind } from "../store/event.ts";
import type { Write } from "../store/write.ts";
import { idField, instantField, parseBody, textField } from "../validation/body-schema.ts";
import type { Row } from "../validation/record-schema.ts";
import { shownRecord } from "./collection.ts";
import { checkMatch, type Env, etagOf, readJson, recordBytes } from "./request.ts";
import type { ApiDependencies, Outcome, Writer } from "./write.ts";

const effectiveAt = instantField.optional().describe('When the change holds from; needs the right "backdate". Now when left out.');

/** One workflow step: what its body takes, and what it does to the locked record. */
export interface Verb {
  entity: string;
  name: string;
  summary: string;
  body: z.ZodObject;
  /** The right it needs; `update` when left out. */
  needs?: Action;
  /** Whose events it writes: a given time must not be before the last of them. */
  follows: EventKind;
  run(write: Write, locked: Locked, body: Record<string, unknown>): Promise<Row>;
}

const given = (body: Record<string, unknown>): { effectiveAt?: string } =>
  typeof body["effective_at"] === "string" ? { effectiveAt: body["effective_at"] } : {};

/** Moves an order's status along one of its allowed ways, with the time it holds from. */
const moveOrder = (name: string, to: string, from: readonly string[], needs: Action, summary: string): Verb => ({
  entity: "order",
  name,
  summary,
  needs,
  body: z.strictObject({ effective_at: effectiveAt }),
  follows: "status",
  run: (write, { row, grant }, body) => {
    const status = String(row["status"]);
    if (!from.includes(status)) {
      throw new Problem(409, `this order is ${status}; only ${from.join(" or ")} orders can be ${to}`, {
        errors: [{ field: "status", reason: `is ${status}` }],
      });
    }
    const order = entityNamed("order");
    if (to === "approved" || isApproved(order, row)) refuseApproval(write.principal, order, row);
    return updateWithin(write, order, row, { action: name, changes: { status: to }, ...given(body) }, grant);
  },
});

export const verbs: readonly Verb[] = [
  {
    entity: "opportunity",
    name: "stage",
    summary: "Moves the opportunity to a stage of its pipeline; status and closing time follow.",
    body: z.strictObject({ stage: textField(40), effective_at: effectiveAt, close_reason: textField(80).nullable().optional() }),
    follows: "stage",
    run: (write, locked, body) => {
      const { effective_at: _time, ...fields } = body;
      return changeRecord(write, entityNamed("opportunity"), locked, { action: "stage", body: fields, ...given(body) });
    },
  },
  moveOrder(
    "approve",
    "approved",
    ["draft"],
    "approve",
    'Approves a draft: from then on the order counts as sold. Needs the right "approve", and for an own order that right on every row.',
  ),
  moveOrder(
    "cancel",
    "cancelled",
    ["draft", "approved"],
    "update",
    'Cancels an order: it no longer counts. An approved one only by who has the right "approve".',
  ),
  {
    entity: "customer",
    name: "assign",
    summary: "Hands the customer to another owner.",
    body: z.strictObject({ owner_id: idField.optional(), owner_external_id: textField(200).optional(), effective_at: effectiveAt }),
    follows: "owner",
    run: (write, locked, body) => {
      const { effective_at: _time, ...fields } = body;
      if (fields["owner_id"] === undefined && fields["owner_external_id"] === undefined) {
        const reason = "is required; give owner_id or owner_external_id";
        throw new Problem(422, `owner_id: ${reason}`, { errors: [{ field: "owner_id", reason }] });
      }
      return changeRecord(write, entityNamed("customer"), locked, { action: "assign", body: fields, ...given(body) });
    },
  },
];

/** `POST /api/v1/{collection}/{id}/{verb}`. If-Match is honoured when sent, not needed: a step says itself what it expects. */
export const verbRoutes = (dependencies: ApiDependencies, write: Writer): Hono<Env> => {
  const app = new Hono<Env>();
  for (const verb of verbs) {
    const entity = entityNamed(verb.entity);
    const path = `/api/v1/${collectionOf(entity)}/:id/${verb.name}`;
    app.post(path, async (context: Context<Env>) => {
      const { text, body: raw } = await readJson(context, recordBytes, true);
      const principal = context.get("principal");
      const id = context.req.param("id") ?? "";
      return write(context, text, async (transaction): Promise<Outcome> => {
        const locked = await lockFor(transaction.client, principal, entity, id, verb.needs ?? "update");
        checkMatch(context, locked.row["version"], false);
        const body = parseBody(verb.body, raw);
        if (typeof body["effective_at"] === "string") {
          refuseBackdating(principal, entity, ["effective_at"]);
          await refuseEarlier(transaction, entity, verb.follows, locked.row, body["effective_at"]);
        }
        const row = await verb.run(transaction, locked, body);
        return {
          status: 200,
          body: await shownRecord(transaction.client, context, entity, row, dependencies.settings.currency),
          headers: { etag: etagOf(row["version"]) },
        };
      });
    });
    app.all(path, () => {
      throw new Problem(405, "this path takes POST", { headers: { allow: "POST" } });
    });
  }
  return app;
};
