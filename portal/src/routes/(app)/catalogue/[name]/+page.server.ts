import { error } from "@sveltejs/kit";
import { columnGraph, graphOrigins, modelGraph } from "#lib/catalogue/graph.ts";
import { catalogueHref, type Model } from "#lib/catalogue/model.ts";
import { m } from "#lib/paraglide/messages.js";
import { apiFor } from "#lib/server/api.ts";
import { readModels } from "#lib/server/catalogue.ts";
import { requireMe } from "#lib/server/session.ts";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async (event) => {
  await requireMe(event);
  const models = await readModels(apiFor(event));
  const model = models.find(({ name }) => name === event.params.name);
  if (!model) error(404, { message: m.catalogue_no_model({ name: event.params.name }), remedy: m.catalogue_no_model_remedy() });
  const names = new Map(models.map(({ id, name }) => [id, name]));
  const { columns, ...about } = model;
  return {
    model: about,
    children: models.filter(({ parents }) => parents.includes(model.id)).map(({ name }) => name),
    parents: model.parents.flatMap((id) => names.get(id) ?? []),
    columns: columns.map((column) => ({
      ...column,
      inputs: column.inputs.map((input) => ({ ...input, model: names.get(input.node) ?? input.node })),
    })),
    graph: modelGraph(models, model),
    column: columnOf(models, model, event.url.searchParams.get("column")),
  };
};

/** Where the column named in the URL comes from; null without one. */
function columnOf(models: readonly Model[], model: Model, name: string | null) {
  const column = model.columns.find((one) => one.name === name);
  if (!column) return null;
  const graph = columnGraph(models, {
    id: `${model.id} ${column.name}`,
    label: column.name,
    note: model.name,
    href: catalogueHref(model.name, column.name),
    inputs: column.inputs,
  });
  const origins = model.type === "source" ? [] : graphOrigins(models, graph);
  return {
    name: column.name,
    title: column.title,
    kind: column.kind,
    hiddenInputs: column.hiddenInputs,
    graph,
    origins: origins.map((origin) => ({ name: origin.model.name, table: origin.model.title, column: origin.column, title: origin.title })),
  };
}
