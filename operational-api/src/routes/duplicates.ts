import { Hono } from "hono";
import { z } from "zod";
import { entityNamed } from "../entities/index.ts";
import { invalid, Problem } from "../problem.ts";
import { addAuditEntry } from "../store/audit.ts";
import { requireGrant } from "../store/row-scope.ts";
import { query } from "../store/sql.ts";
import { parseBody, textField } from "../validation/body-schema.ts";
import { onlyTakes } from "./administration.ts";
import { type Env, readJson, recordBytes } from "./request.ts";
import type { Writer } from "./write.ts";

export const duplicateBody = z.strictObject({
  name: textField(200).optional(),
  phone: textField(40).optional().describe("A number of the company, or the mobile number of one of its contacts"),
});

/** Whoever types a customer in asks a few times; whoever asks more often is fishing. */
const perMinute = 30;
const mostMatches = 5;
const fewestDigits = 7;

/** Blanks, case and full-width characters make no difference. */
const nameKey = (sql: string): string => `lower(regexp_replace(normalize(${sql}, NFKC), '\\s', '', 'g'))`;
const phoneKey = (sql: string): string => `regexp_replace(normalize(${sql}, NFKC), '\\D', '', 'g')`;

const createLimit = () => {
  const asked = new Map<string, number[]>();
  return (userId: string): void => {
    const now = performance.now();
    const recent = (asked.get(userId) ?? []).filter((at) => at > now - 60_000);
    const [first] = recent;
    if (recent.length >= perMinute && first !== undefined) {
      const seconds = Math.ceil((first + 60_000 - now) / 1000);
      throw new Problem(429, `at most ${perMinute} duplicate checks a minute; go on in ${seconds} seconds`, {
        headers: { "retry-after": String(seconds) },
      });
    }
    asked.set(userId, [...recent, now]);
  };
};

/**
 * `POST /api/v1/customers/duplicate-check`, for who may create customers: whether there is one, also among those the caller may not see,
 * and of it only whose team's it is (null: the public pool's) and whom to ask. Limited, and audited.
 */
export const duplicateRoutes = (write: Writer): Hono<Env> => {
  const app = new Hono<Env>();
  const path = "/api/v1/customers/duplicate-check";
  const limit = createLimit();

  app.post(path, async (context) => {
    const principal = context.get("principal");
    requireGrant(principal, "create", entityNamed("customer"));
    const { text, body } = await readJson(context, recordBytes);
    const { name, phone } = parseBody(duplicateBody, body);
    if (name === undefined && phone === undefined) throw invalid([{ field: "name", reason: "give name or phone, or both" }]);
    limit(principal.userId);
    return write(context, text, async (transaction) => {
      const matches = await query<{ team: string | null; ask: string | null }>(
        transaction.client,
        `select department.name as team, owner.name as ask
         from crm.customers as customer
         left join crm.employees as owner on owner.id = customer.owner_id
         left join crm.departments as department on department.id = owner.department_id
         where customer.deleted_at is null and (
           ${nameKey("customer.name")} = ${nameKey("$1::text")}
           or length(${phoneKey("$2::text")}) >= ${fewestDigits} and (
             ${phoneKey("customer.phone")} = ${phoneKey("$2::text")}
             or exists (select from crm.contacts as contact where contact.customer_id = customer.id and contact.deleted_at is null
                        and ${phoneKey("contact.mobile")} = ${phoneKey("$2::text")})))
         order by customer.row_key limit ${mostMatches}`,
        [name ?? null, phone ?? null],
      );
      await addAuditEntry(transaction, "duplicate_check", "customer", {
        asked: [...(name === undefined ? [] : ["name"]), ...(phone === undefined ? [] : ["phone"])],
        matches: matches.length,
      });
      return { status: 200, body: { exists: matches.length > 0, matches } };
    });
  });
  app.all(path, onlyTakes("POST"));
  return app;
};
