import { html, raw } from "hono/html";
import type { Json } from "./schemas.ts";

interface Operation {
  summary: string;
  tags: string[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Json }[];
  requestBody?: { content: Record<string, { schema: Json; example?: unknown }> };
  responses: Record<string, { description: string }>;
}

interface Document {
  info: { title: string; description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json> };
}

type Markup = ReturnType<typeof html>;

const style = `
  body { font: 15px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
  code, pre { font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace } pre { background: #f4f5f7; padding: .75rem; overflow-x: auto }
  table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #e3e5e8 }
  summary { padding: .6rem 0; cursor: pointer } nav a { display: inline-block; padding: .5rem .5rem .5rem 0 } b.method { display: inline-block; min-width: 4.5rem }
  @media (prefers-color-scheme: dark) { body { color: #e6e8eb; background: #14171a } pre { background: #1f2429 } a { color: #7fb4ff } td, th { border-color: #333 } }`;

const typeOf = (schema: Json | undefined): string => {
  if (!schema) return "";
  if (typeof schema["$ref"] === "string") return schema["$ref"].split("/").at(-1) ?? "";
  if (Array.isArray(schema["anyOf"])) return (schema["anyOf"] as Json[]).map(typeOf).join(" or ");
  if (Array.isArray(schema["enum"])) return (schema["enum"] as unknown[]).map(String).join(" | ");
  if (schema["type"] === "array") return `list of ${typeOf(schema["items"] as Json)}`;
  const format = typeof schema["format"] === "string" ? ` (${schema["format"]})` : "";
  return `${[schema["type"]].flat().map(String).join(" or ")}${format}`;
};

const table = (head: string[], rows: (string | Markup)[][]): Markup =>
  html`<table>
    <thead>
      <tr>
        ${head.map((cell) => html`<th>${cell}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;

const operation = (path: string, method: string, told: Operation): Markup => {
  const body = told.requestBody?.content["application/json"];
  const parameters = told.parameters ?? [];
  return html`<details>
    <summary><b class="method">${method.toUpperCase()}</b> <code>${path}</code> ${told.summary}</summary>
    ${
      parameters.length === 0
        ? ""
        : table(
            ["parameter", "in", "type", ""],
            parameters.map((each) => [
              html`<code>${each.name}</code>${each.required ? " (required)" : ""}`,
              each.in,
              typeOf(each.schema),
              each.description ?? "",
            ]),
          )
    }
    ${body ? html`<p>Body: <code>${typeOf(body.schema)}</code></p>` : ""}
    ${body?.example === undefined ? "" : html`<pre>${JSON.stringify(body.example, null, 2)}</pre>`}
    ${table(
      ["answer", ""],
      Object.entries(told.responses).map(([status, { description }]) => [status, description]),
    )}
  </details>`;
};

const schemaTable = (name: string, schema: Json): Markup => {
  const required = new Set((schema["required"] as string[] | undefined) ?? []);
  const properties = Object.entries((schema["properties"] as Record<string, Json> | undefined) ?? {});
  return html`<details id="${name}">
    <summary><code>${name}</code></summary>
    ${table(
      ["field", "type", ""],
      properties.map(([field, each]) => [
        html`<code>${field}</code>${required.has(field) ? " (required)" : ""}`,
        typeOf(each),
        String(each["description"] ?? ""),
      ]),
    )}
  </details>`;
};

/** The OpenAPI document as one page without scripts and without anything from elsewhere. */
export const docsPage = (document: Json): Markup => {
  const { info, tags, paths, components } = document as unknown as Document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, told]) => ({ path, method, told })),
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title}</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <h1>${info.title}</h1>
        <p>${info.description} The same as <a href="/api/openapi.json">OpenAPI 3.1</a>.</p>
        <nav>${tags.map(({ name }) => html`<a href="#tag-${name}">${name}</a>`)}</nav>
        ${tags.map(
          ({ name, description }) =>
            html`<h2 id="tag-${name}">${name}</h2>
              <p>${description}</p>
              ${operations.filter(({ told }) => told.tags.includes(name)).map(({ path, method, told }) => operation(path, method, told))}`,
        )}
        <h2>Schemas</h2>
        ${Object.entries(components.schemas).map(([name, schema]) => schemaTable(name, schema))}
      </body>
    </html>`;
};
