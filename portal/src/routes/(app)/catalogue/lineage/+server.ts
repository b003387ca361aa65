import { json } from "@sveltejs/kit";
import { columnGraph, graphOrigins } from "#lib/catalogue/graph.ts";
import type { MemberLineage } from "#lib/catalogue/member-lineage.ts";
import { layerOf, layers } from "#lib/catalogue/model.ts";
import { ApiError, apiFor } from "#lib/server/api.ts";
import { readMemberInputs, readModels } from "#lib/server/catalogue.ts";
import { requireMe } from "#lib/server/session.ts";
import type { RequestHandler } from "./$types";

/** `?member=orders.amount`: what the passport of a figure says of its origin. */
export const GET: RequestHandler = async (event) => {
  await requireMe(event);
  const member = event.url.searchParams.get("member") ?? "";
  const headers = { "cache-control": "private, no-store" };
  try {
    const api = apiFor(event);
    const [models, { inputs, hiddenInputs }] = await Promise.all([readModels(api), readMemberInputs(api, member)]);
    const graph = columnGraph(models, { id: member, label: member, note: "", href: "", inputs });
    const names = new Map(models.map((model) => [model.id, model]));
    const passed = new Set(graph.nodes.map(({ note }) => note));
    const lineage: MemberLineage = {
      columns: inputs.map(({ node, column, kind }) => ({ model: names.get(node)?.name ?? node, column, kind })),
      via: models
        .filter((model) => passed.has(model.name) && model.type !== "source")
        .sort((one, other) => layers.indexOf(layerOf(other)) - layers.indexOf(layerOf(one)))
        .map(({ name }) => name),
      origins: graphOrigins(models, graph).map(({ model, column, title }) => ({ name: model.name, table: model.title, column, title })),
      hiddenInputs,
    };
    return json(lineage, { headers });
  } catch (cause) {
    if (cause instanceof ApiError) return json({ detail: cause.message }, { status: cause.status, headers });
    throw cause;
  }
};
