import { customerGroupColumns as customerColumns, entityNamed } from "@kehu/operational-api/definitions";
import { error, fail, redirect, type RequestEvent } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { type Choices, type ColumnRule, matrixOf, type Permission, type RoleRow } from "#lib/roles-matrix.ts";
import { textOf } from "#lib/server/account.ts";
import { apiFor, readJson } from "#lib/server/api.ts";
import { requireMe } from "#lib/server/session.ts";
import type { Actions, PageServerLoad } from "./$types";
import { permissionOf } from "./rule-form.ts";
import type { RuleChoices } from "./rule-words.ts";

/** Labels of the values of those columns that customers can be grouped by and that have a list of values. */
const customerValues: RuleChoices["customer_values"] = Object.fromEntries(
  Object.keys(customerColumns).flatMap((column) => {
    const values = entityNamed("customer").columns[column]?.values;
    return values ? [[column, values]] : [];
  }),
);

interface Account {
  user_id: string;
  name: string;
  email: string;
  roles: string[];
}

export const load: PageServerLoad = async (event) => {
  const me = await requireMe(event);
  const api = apiFor(event);
  const answer = await api("/api/v1/roles");
  if (answer.status === 403) error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
  const { data: roles } = await readJson<{ data: RoleRow[] }>(answer);
  const asked = event.url.searchParams.get("role");
  const chosen = roles.find(({ name }) => name === asked) ?? roles.find(({ name }) => name === "sales_rep") ?? roles[0];
  if (!chosen) error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
  const [role, choices, categories, seeAs] = await Promise.all([
    readJson<RoleRow & { permissions: Permission[]; column_rules: ColumnRule[] }>(await api(`/api/v1/roles/${chosen.name}`)),
    readJson<Choices>(await api("/api/v1/permission-choices")),
    readJson<{ data: { id: string; name: string; parent_id: string | null }[] }>(
      await api("/api/v1/product-categories?limit=500&fields=name,parent_id"),
    ),
    readJson<{ candidates: Account[] }>(await api("/api/v1/see-as")),
  ]);
  return {
    roles,
    role: { ...chosen, version: role.version },
    matrix: matrixOf(choices, role.permissions, role.column_rules),
    choices: { ...choices, customer_values: customerValues } satisfies RuleChoices,
    categories: categories.data,
    accounts: seeAs.candidates,
    mayEdit: me.roles.includes("administrator") && chosen.name !== "administrator",
    mayAdd: me.roles.includes("administrator"),
  };
};

/** Sends a change; a refusal comes back as the API says it. */
const change = async (
  event: RequestEvent,
  of: string,
  method: "POST" | "DELETE",
  path: string,
  body: unknown,
  version?: string,
): Promise<ReturnType<typeof fail<{ of: string; message: string }>> | { of: string; done: string }> => {
  const headers: Record<string, string> = version === undefined ? {} : { "if-match": `"${version}"` };
  const response = await apiFor(event)(path, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (response.ok) return { of, done: m.roles_done() };
  const { detail = `Status ${response.status}` } = (await response.json()) as { detail?: string };
  return fail(response.status, { of, message: detail });
};

export const actions: Actions = {
  permit: async (event) => {
    const form = await event.request.formData();
    return change(event, "permit", "POST", "/api/v1/permissions", permissionOf(form, Object.keys(customerColumns)));
  },
  column: async (event) => {
    const form = await event.request.formData();
    const [entity = "", column_name = ""] = textOf(form, "column").split(".");
    const [visibility, whose] = [textOf(form, "visibility"), textOf(form, "whose")];
    return change(event, "column", "POST", "/api/v1/column-rules", { role: textOf(form, "role"), entity, column_name, visibility, whose });
  },
  forbid: async (event) => {
    const form = await event.request.formData();
    const path = `/api/v1/permissions/${encodeURIComponent(textOf(form, "id"))}`;
    return change(event, "matrix", "DELETE", path, undefined, textOf(form, "version"));
  },
  uncolumn: async (event) => {
    const form = await event.request.formData();
    const path = `/api/v1/column-rules/${encodeURIComponent(textOf(form, "id"))}`;
    return change(event, "matrix", "DELETE", path, undefined, textOf(form, "version"));
  },
  make: async (event) => {
    const form = await event.request.formData();
    const like = textOf(form, "like");
    const name = textOf(form, "name").trim();
    const [title_zh, title_en] = [textOf(form, "title_zh").trim(), textOf(form, "title_en").trim()];
    const answer = await change(event, "make", "POST", "/api/v1/roles", { name, title_zh, title_en, ...(like !== "" && { like }) });
    if ("done" in answer) redirect(303, `/admin/roles?role=${encodeURIComponent(name)}`);
    return answer;
  },
  remove: async (event) => {
    const form = await event.request.formData();
    const path = `/api/v1/roles/${encodeURIComponent(textOf(form, "role"))}`;
    const answer = await change(event, "matrix", "DELETE", path, undefined, textOf(form, "version"));
    if ("done" in answer) redirect(303, "/admin/roles");
    return answer;
  },
  see: async (event) => {
    const form = await event.request.formData();
    const body = { user_id: textOf(form, "user"), reason: textOf(form, "reason").trim() };
    const answer = await change(event, "see", "POST", "/api/v1/see-as", body);
    if ("done" in answer) redirect(303, "/");
    return answer;
  },
  end: async (event) => {
    const answer = await change(event, "see", "DELETE", "/api/v1/see-as", undefined);
    if ("done" in answer) redirect(303, "/admin/roles");
    return answer;
  },
};
