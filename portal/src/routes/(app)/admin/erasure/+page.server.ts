import { collectionOf, entities, entityNamed, personalColumns } from "@kehu/operational-api/definitions";
import { error, fail, redirect, type RequestEvent } from "@sveltejs/kit";
import type { Erasure, TableTitles } from "#lib/erasure.ts";
import type { Locale } from "#lib/locale.ts";
import { m } from "#lib/paraglide/messages.js";
import { askAccounts, textOf } from "#lib/server/account.ts";
import { type Api, ApiError, apiFor, readJson } from "#lib/server/api.ts";
import { requireMe } from "#lib/server/session.ts";
import type { Actions, PageServerLoad } from "./$types";

type Values = Record<string, string | null> & { id: string };

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const mostFound = 20;
const mostEntries = 200;
const kinds = Object.keys(personalColumns);

const requireAdministrator = async (event: RequestEvent): Promise<void> => {
  const me = await requireMe(event);
  if (!me.roles.includes("administrator")) error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
};

const columnsOf = (entity: string): string[] => [...new Set(["name", ...(personalColumns[entity] ?? [])])];
const pathOf = (entity: string): string => `/api/v1/${collectionOf(entityNamed(entity))}`;
/** What has to be typed: the person's name as it stands, or the id where there is none (any more). */
const wordOf = (entity: string, values: Values | null, id: string): string => values?.[personalColumns[entity]?.[0] ?? ""] || id;

/** The person's record; null when it is deleted, erased of old or never was: then the API decides. */
async function readPerson(api: Api, entity: string, id: string): Promise<Values | null> {
  const answer = await api(`${pathOf(entity)}/${id}`);
  return answer.status === 404 ? null : readJson<Values>(answer);
}

async function find(api: Api, entity: string, text: string): Promise<Values[]> {
  if (uuid.test(text)) {
    const found = await readPerson(api, entity, text);
    return found ? [found] : [];
  }
  const query = new URLSearchParams({ q: text, limit: String(mostFound), fields: columnsOf(entity).join(",") });
  return (await readJson<{ data: Values[] }>(await api(`${pathOf(entity)}?${query}`))).data;
}

async function countEntries(api: Api, entity: string, id: string): Promise<{ count: number; isMore: boolean }> {
  const page = await readJson<{ data: unknown[]; next_cursor: string | null }>(
    await api(`/api/v1/audit?${new URLSearchParams({ entity, record_id: id, limit: String(mostEntries) })}`),
  );
  return { count: page.data.length, isMore: page.next_cursor !== null };
}

const titles = (locale: Locale): TableTitles => {
  const said = (label: { zh: string; en: string }): string => (locale === "en" ? label.en : label.zh);
  return Object.fromEntries(
    entities.map(({ table, label, columns }) => [
      table,
      { title: said(label), columns: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, said(column.label)])) },
    ]),
  );
};

/** Look a person up (`?entity=&search=`), see what would be erased (`?record=`), follow a job (`?job=`), and the earlier ones. */
export const load: PageServerLoad = async (event) => {
  await requireAdministrator(event);
  const api = apiFor(event);
  const { searchParams } = event.url;
  const asked = searchParams.get("entity") ?? "";
  const entity = kinds.includes(asked) ? asked : "contact";
  const search = searchParams.get("search")?.trim() ?? "";
  const record = searchParams.get("record") ?? "";
  const jobs = (await readJson<{ data: Erasure[] }>(await api("/api/v1/erasures"))).data;
  const common = {
    kinds: kinds.map((name) => ({ name, table: entityNamed(name).table })),
    entity,
    columns: columnsOf(entity),
    search,
    titles: titles(event.locals.locale),
    jobs,
    job: jobs.find(({ id }) => id === searchParams.get("job")) ?? null,
    found: null as Values[] | null,
    person: null as { id: string; values: Values | null; word: string; entries: { count: number; isMore: boolean } } | null,
    problem: null as string | null,
  };
  try {
    if (uuid.test(record)) {
      const values = await readPerson(api, entity, record);
      const entries = await countEntries(api, entity, record);
      return { ...common, person: { id: record, values, word: wordOf(entity, values, record), entries } };
    }
    return search === "" ? common : { ...common, found: await find(api, entity, search) };
  } catch (refusal) {
    if (refusal instanceof ApiError && refusal.status < 500) return { ...common, problem: refusal.message };
    throw refusal;
  }
};

export const actions: Actions = {
  default: async (event) => {
    await requireAdministrator(event);
    const form = await event.request.formData();
    const [entity, id, typed] = [textOf(form, "entity"), textOf(form, "record"), textOf(form, "typed").trim()];
    if (!kinds.includes(entity) || !uuid.test(id)) return fail(422, { message: m.erasure_refused_choice() });
    const word = wordOf(entity, await readPerson(apiFor(event), entity, id), id);
    if (typed !== word.trim()) return fail(422, { message: m.erasure_refused_word({ word }) });
    const answer = await askAccounts<{ id: string }>(event, "POST", "/api/v1/erasures", { entity, record_id: id });
    if (answer.status === 409) return fail(409, { message: m.erasure_refused_running() });
    if (answer.status === 404) return fail(404, { message: m.erasure_refused_unknown() });
    if (!answer.ok) return fail(answer.status, { message: answer.detail });
    redirect(303, `/admin/erasure?job=${answer.body.id}`);
  },
};
