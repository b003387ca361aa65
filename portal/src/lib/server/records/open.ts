import { error, type RequestEvent } from "@sveltejs/kit";
import { unsetValue } from "#lib/drill.ts";
import { m } from "#lib/paraglide/messages.js";
import { grantedRecordViews, recordView } from "#lib/records/index.ts";
import type { Department } from "#lib/session.ts";
import { apiFor, type Api } from "#lib/server/api.ts";
import { codeLabels } from "#lib/server/code-labels.ts";
import { readDepartments } from "#lib/server/departments.ts";
import { pageScope } from "#lib/server/page-scope.ts";
import { readRecordRequest, type RecordRequest } from "#lib/server/records/query.ts";
import { readWords } from "#lib/server/records/words.ts";
import { semanticFor, type Catalogue, type Semantic } from "#lib/server/semantic.ts";
import { requireMe } from "#lib/server/session.ts";
import type { PageScope } from "#lib/server/tiles/context.ts";

/** A view of records as the caller's address asks for it. */
export interface OpenRecords {
  api: Api;
  semantic: Semantic;
  catalogue: Catalogue;
  scope: PageScope;
  departments: Department[];
  request: RecordRequest;
  /** The reader's words for a value of a dimension. */
  wordFor(member: string, value: string | null): string | null;
}

/** 404 when there is no such view or the caller may not read it. */
export async function openRecords(event: RequestEvent, id: string): Promise<OpenRecords> {
  const me = await requireMe(event);
  const api = apiFor(event);
  const { locale } = event.locals;
  const semantic = semanticFor(event);
  const [catalogue, departments] = await Promise.all([semantic.catalogue(), readDepartments(api)]);
  const view = recordView(id);
  const isGranted =
    view && (view.position === null || grantedRecordViews((member) => catalogue.has(member)).some((granted) => granted.id === id));
  if (!view || !isGranted || !catalogue.has(`${id}.${view.key}`))
    error(404, { message: m.error_not_found(), remedy: m.error_not_found_remedy() });
  const scope = pageScope(event.url.searchParams, { me, locale, departments }, { period: "this-month" });
  const request = readRecordRequest(view, event.url.searchParams, scope, catalogue);
  const labels = new Map(
    await Promise.all(
      request.filters.map(async ({ parameter, codes }) => {
        const member = `${id}.${parameter}`;
        return [member, await readWords(member, codes, locale, { semantic, catalogue })] as const;
      }),
    ),
  );
  const wordFor = (member: string, value: string | null): string | null => {
    if (value === null) return null;
    if (value === unsetValue) return m.unset();
    if (value === "true" || value === "false") return value === "true" ? m.yes() : m.no();
    const known = labels.get(member) ?? codeLabels(member, locale);
    labels.set(member, known);
    return known.get(value) ?? value;
  };
  return {
    api,
    semantic,
    catalogue,
    scope,
    departments,
    request,
    wordFor,
  };
}
