import { Hono } from "hono";
import { z } from "zod";
import { type Fault, Problem } from "../problem.ts";
import { bodyOf, csvOf, exportLimit, jsonOf } from "../audit/export.ts";
import { type AuditFilters, type AuditSources, countAudit, searchAudit } from "../audit/search.ts";
import type { Principal } from "../auth/index.ts";
import { grantFor } from "../auth/scope.ts";
import { readSealState } from "../audit/seal-state.ts";
import { addAuditEntry } from "../store/audit.ts";
import { defaultLimit, largestLimit } from "../store/list-query.ts";
import { instantField, parseBody, textField } from "../validation/body-schema.ts";
import { inWrite } from "../store/write.ts";
import { type Env, readJson, recordBytes, sourceOf } from "./request.ts";
import type { ApiDependencies, Writer } from "./write.ts";

const limitField = z.coerce
  .number()
  .int()
  .min(1)
  .max(largestLimit, { error: `must be a whole number from 1 to ${largestLimit}` })
  .default(defaultLimit);

const filterFields = {
  entity: textField(60).optional().describe("What was changed: an entity, or account, permission, a view that was exported from …"),
  record_id: textField(60).optional(),
  actor: textField(200).optional().describe("Who: a user's id, or a part of the account's name or e-mail address"),
  action: textField(60).optional().describe("create, update, delete, restore, a verb, export, sign_in …"),
  field: textField(60).optional().describe("A column that changed"),
  from: instantField.optional().describe("Included"),
  to: instantField.optional().describe("Not included"),
  ip: textField(60).optional().describe("The address the request came from"),
  request_id: textField(100).optional(),
};

/** The parameters of `GET /api/v1/audit`. */
export const auditParameters = z.strictObject({ ...filterFields, limit: limitField, cursor: textField(2000).optional() });

/** The body of `POST /api/v1/audit/exports`. */
export const auditExportBody = z.strictObject({
  ...filterFields,
  format: z.enum(["csv", "json"], { error: "expected one of csv, json" }).default("csv"),
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
  format: z.enum(["xlsx", "csv", "json", "arrow", "parquet", "pdf", "png"], {
    error: "expected one of xlsx, csv, json, arrow, parquet, pdf, png",
  }),
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

const requireTrail = (principal: Principal): void => {
  if (grantFor(principal.scope, "read", "audit_trail").rows === "all") return;
  const roles = principal.roles.length > 0 ? principal.roles.join(", ") : "none";
  throw new Problem(403, `the right "read" on the audit trail is missing (your roles: ${roles})`);
};

const contentTypes = { csv: "text/csv; charset=utf-8", json: "application/x-ndjson; charset=utf-8" };

/**
 * The audit trail for those who have the right `read` on `audit_trail`, its export, and the entry that every other export leaves in it.
 * `accounts`: connections that may read the names of accounts.
 */
export const auditRoutes = (dependencies: ApiDependencies, accounts: AuditSources["accounts"], write: Writer): Hono<Env> => {
  const app = new Hono<Env>();
  const sources: AuditSources = { trail: dependencies.pool, accounts };

  app.get("/api/v1/audit", async (context) => {
    const principal = context.get("principal");
    requireTrail(principal);
    const page = await searchAudit(sources, principal.scope, read(new URL(context.req.url).searchParams));
    return context.json(page, 200, { "cache-control": "private, no-store" });
  });
  app.all("/api/v1/audit", onlyTakes("GET"));

  app.get("/api/v1/audit/seal", async (context) => {
    requireTrail(context.get("principal"));
    return context.json(await readSealState(dependencies.pool), 200, { "cache-control": "private, no-store" });
  });
  app.all("/api/v1/audit/seal", onlyTakes("GET"));

  app.post("/api/v1/audit/exports", async (context) => {
    const principal = context.get("principal");
    requireTrail(principal);
    const { format, ...given } = parseBody(auditExportBody, (await readJson(context, recordBytes, true)).body);
    // Up to now: the export's own entry, and what comes while it is read, are no part of it.
    const filters: AuditFilters = { ...given, to: given.to ?? new Date(dependencies.clock().getTime() + 1).toISOString() };
    const rows = await countAudit(sources, filters, exportLimit);
    if (rows > exportLimit) throw new Problem(422, `more than ${exportLimit} entries fit; narrow the time or the other filters`);
    const { commit } = await inWrite(dependencies, principal, sourceOf(context), (transaction) =>
      addAuditEntry(transaction, "export", "audit_trail", { format, rows, filters: given }),
    );
    const text = (format === "csv" ? csvOf : jsonOf)(sources, principal.scope, filters);
    return new Response(bodyOf(text), {
      headers: { "content-type": contentTypes[format], "cache-control": "private, no-store", "kehu-commit": commit },
    });
  });
  app.all("/api/v1/audit/exports", onlyTakes("POST"));

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
