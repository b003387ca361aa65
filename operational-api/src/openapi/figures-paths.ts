import { failing, json } from "./parts.ts";
import type { Json } from "./schemas.ts";

export const figuresTag = {
  name: "figures",
  description: "Measures and dimensions: Cube's REST API as @cubejs-client/core speaks it. Its errors also have Cube's `error`.",
};

const tags = ["figures"];
const text = { type: "string" };
const examples = [
  { measures: ["orders.count"] },
  { measures: ["orders.amount"], dimensions: ["orders.owner"], order: { "orders.amount": "desc" }, limit: 10 },
  {
    measures: ["orders.amount"],
    timeDimensions: [{ dimension: "orders.ordered_at", granularity: "month", dateRange: "this year" }],
    filters: [{ member: "orders.owner", operator: "set" }],
  },
];

const queryParameters = [
  {
    name: "query",
    in: "query",
    required: true,
    schema: { type: "string", examples: examples.map((query) => JSON.stringify(query)) },
    description: "A Cube query as JSON",
  },
  { name: "queryType", in: "query", schema: { type: "string", examples: ["multi"] } },
];
const waitFor = {
  name: "waitFor",
  in: "query",
  schema: { type: "string", examples: ["0/1"] },
  description: "A Kehu-Commit that the figures must include; waits up to 10 s",
};

const body = {
  type: "object",
  required: ["query"],
  properties: {
    query: { type: ["object", "array", "string"], examples, description: "A Cube query, or several to be blended" },
    queryType: { examples: ["multi", "regularQuery"] },
    waitFor: { examples: ["0/1"] },
  },
};

const result = {
  type: "object",
  required: ["query", "data", "annotation"],
  properties: { data: { type: "array", items: { type: "object" } } },
};
const loaded = {
  anyOf: [
    { type: "object", required: ["queryType", "results", "pivotQuery"], properties: { results: { type: "array", items: result } } },
    result,
  ],
};

const asked = (name: string, operationId: string, summary: string, answer: Json, extra: Json[] = []): Json => {
  const responses = { 200: { description: "The answer", content: json(answer) }, ...failing(400, 401, 403, 404, 413, 503) };
  return {
    [`/cubejs-api/v1/${name}`]: {
      get: { operationId, tags, summary, parameters: [...queryParameters, ...extra], responses },
      post: {
        operationId: `${operationId}ByPost`,
        tags,
        summary: `${summary}; for queries too long for an address`,
        requestBody: { required: true, content: json(body, { query: examples[0] }) },
        responses,
      },
    },
  };
};

const told = (name: string, operationId: string, summary: string, answer: Json, parameters: Json[] = []): Json => ({
  [`/cubejs-api/v1/${name}`]: {
    get: {
      operationId,
      tags,
      summary,
      parameters,
      responses: { 200: { description: "The answer", content: json(answer) }, ...failing(400, 401, 403, 503) },
    },
  },
});

const objectWith = (...required: string[]): Json => ({ type: "object", required });
const listOf = (items: Json): Json => ({ type: "array", items });
const orNull = (schema: Json): Json => ({ anyOf: [schema, { type: "null" }] });

/** The query process makes it (semantic/src/snapshot-health.ts); the hostile trial holds the two together. */
const snapshotHealth = {
  ...objectWith("build", "builds", "marts", "tests", "quarantine", "selfCheck"),
  properties: {
    build: text,
    builds: {
      ...listOf(objectWith("build", "startedAt", "finishedAt", "failedTests", "changed")),
      description: "Served since the query process began, newest first",
    },
    marts: { ...listOf(objectWith("name", "freshTo", "rebuiltIn", "failing")), description: "Those that the caller may read" },
    tests: {
      ...objectWith("count", "found"),
      properties: {
        count: { type: "integer" },
        found: {
          ...listOf(objectWith("model", "test", "severity", "failures")),
          description: "None of a mart that the caller may not read",
        },
      },
    },
    quarantine: {
      ...orNull({
        ...objectWith("reasons", "records"),
        properties: {
          reasons: listOf(objectWith("entity", "reason", "count")),
          records: listOf(objectWith("entity", "reason", "recordId")),
        },
      }),
      description: "Records that break a rule, of the entities of which the caller reads every row",
    },
    selfCheck: orNull(objectWith("checkedAt", "tables", "drifts")),
  },
};

/** What is below `/cubejs-api/v1`. */
export const figuresPaths = (): Json => ({
  ...told("meta", "readFiguresMeta", "The views the caller may read: measures, dimensions, titles", {
    ...objectWith("cubes"),
    properties: { cubes: { type: "array", items: objectWith("name", "measures", "dimensions") } },
  }),
  ...asked("load", "loadFigures", "Figures under the caller's rights", loaded, [waitFor]),
  ...asked("sql", "explainFigures", "The SQL of a query", { type: ["object", "array"] }),
  ...asked(
    "dry-run",
    "checkFigures",
    "Whether a query can be answered, and how it is understood",
    objectWith("queryType", "normalizedQueries"),
  ),
  ...told(
    "catalogue",
    "readCatalogue",
    "The models behind the figures, as far as the caller may know of them",
    objectWith("build", "nodes"),
  ),
  ...told("health", "readFiguresHealth", "How the served snapshot was built, as far as the caller may know of it", snapshotHealth),
  ...told("lineage", "readLineage", "The columns of marts that a measure is made of", objectWith("member"), [
    { name: "member", in: "query", required: true, schema: { ...text, examples: ["orders.amount", "orders.count"] } },
  ]),
});
