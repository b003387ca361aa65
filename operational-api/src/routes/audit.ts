import { Hono } from "hono";
import { z } from "zod";
import { type Fault, Problem } from "../problem.ts";
import { addAuditEntry, listAudit } from "../store/audit.ts";
import { defaultLimit, largestLimit } from "../store/list-query.ts";
import { instantField, parseBody, textField } from "../validation/body-schema.ts";
import { type Env, readJson, recordBytes } from "./request.ts";
import type { ApiDependencies, Writer } from "./write.ts";

const limitField = z.coerce
  .number()
  .int()
  .min(1)
  .max(largestLimit, { error: `must be a whole number from 1 to ${largestLimit}` })
  .default(defaultLimit);

/** The parameters of `GET /api/v1/audit`. */
export const auditParameters = z.strictObject({
  entity: textField(60).optional(),
  record_id: textField(60).optional(),
  actor: textField(60).optional(),
  action: textField(60).optional(),
  from: instantField.optional(),
  to: instantField.optional(),
  limit: limitField,
  cursor: textField(2000).optional(),
});

const deepest = 32;
const unstorable = `must not be nested deeper than ${deepest}, nor hold NUL or half a character`;

/** Whether Postgres's jsonb takes the value. Walks level by level: what is nested too deeply must not be followed to its end. */
const isStorable = (value: unknown): boolean => {
  const isText = (text: string): boolean => text.isWellFormed() && !text.includes("\0");
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return false;
    if (level.some((each) => typeof each === "string" && !isText(each))) return false;
    const nested = level.filter((each) => typeof each === "object" && each !== null);
    if (nested.some((each) => !Array.isArray(each) && !Object.keys(each).every(isText))) return false;
    level = nested.flatMap((each) => Object.values(each) as unknown[]);
  }
  return true;
};

/** What the portal tells before it serves a workbook. */
export const exportBody = z.strictObject({
  view: textField(100).describe("The semantic view or collection exported from"),
  title: textField(200),
  rows: z.int({ error: "expected a whole number" }).min(0),
  format: z.enum(["xlsx", "csv", "json", "arrow", "parquet", "pdf"], { error: "expected one of xlsx, csv, json, arrow, parquet, pdf" }),
  query: z.record(z.string(), z.unknown()).refine(isStorable, unstorable).optional().describe("The query whose answer is exported"),
});

const read = (search: URLSearchParams): z.infer<typeof auditParameters> => {
  const parsed = auditParameters.safeParse(Object.fromEntries(search));
  if (parsed.success) return parsed.data;
  const allowed = Object.keys(auditParameters.shape).join(", ");
  const errors = parsed.error.issues.flatMap((issue): Fault[] =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((field) => ({ field, reason: `is no filter here; allowed: ${allowed}` }))
      : [{ field: issue.path.map(String).join("."), reason: issue.message }],
  );
  throw new Problem(400, `${errors[0]?.field}: ${errors[0]?.reason}`, { errors });
};

const onlyTakes = (method: string) => (): never => {
  throw new Problem(405, `this path takes ${method}`, { headers: { allow: method } });
};

/** The audit trail for administrators, and the entry that every export leaves in it. */
export const auditRoutes = ({ pool }: ApiDependencies, write: Writer): Hono<Env> => {
  const app = new Hono<Env>();

  app.get("/api/v1/audit", async (context) => {
    const principal = context.get("principal");
    if (!principal.roles.includes("administrator")) throw new Problem(403, "the audit trail is for the role administrator");
    const page = await listAudit(pool, read(new URL(context.req.url).searchParams));
    return context.json(page, 200, { "cache-control": "private, no-store" });
  });
  app.all("/api/v1/audit", onlyTakes("GET"));

  app.post("/api/v1/exports", async (context) => {
    const { text, body } = await readJson(context, recordBytes);
    const told = parseBody(exportBody, body);
    return write(context, text, async (transaction) => {
      const id = await addAuditEntry(transaction, "export", told.view, told);
      return { status: 201, body: { id } };
    });
  });
  app.all("/api/v1/exports", onlyTakes("POST"));

  return app;
};
