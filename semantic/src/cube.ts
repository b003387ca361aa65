/**
 * The only door to Cube's packages: what is used of them, with the types they lack. Pinned to 1.7.43 and to its JavaScript planner
 * (deprecated upstream, the other one is a native binary outside npm), so that a new version is one file to try.
 */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Compiler } from "@cubejs-backend/schema-compiler";
import type { MetaCube, NormalizedQuery, PlanOptions, QueryType } from "./cube-types.ts";
import { createKeptCode, type KeptCode } from "./kept-code.ts";

// By require: what a CommonJS module's default import is differs between Node and Vite.
const require = createRequire(import.meta.url);
const schemaCompiler = require("@cubejs-backend/schema-compiler") as typeof import("@cubejs-backend/schema-compiler");
const { DuckDBQuery } =
  require("@cubejs-backend/duckdb-driver/dist/src/DuckDBQuery.js") as typeof import("@cubejs-backend/duckdb-driver/dist/src/DuckDBQuery.js");
const queryModule =
  require("@cubejs-backend/api-gateway/dist/src/query.js") as typeof import("@cubejs-backend/api-gateway/dist/src/query.js");
const annotationModule =
  require("@cubejs-backend/api-gateway/dist/src/helpers/prepare-annotation.js") as typeof import("@cubejs-backend/api-gateway/dist/src/helpers/prepare-annotation.js");
const dateParserModule =
  require("@cubejs-backend/api-gateway/dist/src/date-parser.js") as typeof import("@cubejs-backend/api-gateway/dist/src/date-parser.js");

export { DuckDBQuery };
export type { Compiler };
export type BaseTimeDimension = InstanceType<typeof schemaCompiler.BaseTimeDimension>;
export const BaseFilter = schemaCompiler.BaseFilter;
export type BaseFilter = InstanceType<typeof BaseFilter>;

interface FileContent {
  fileName: string;
  content: string;
}

const refuseJinja = () => {
  throw new Error("Jinja in a model file is not supported: it needs Cube's native package");
};
const nativeInstance = {
  newJinjaEngine: () => ({ loadTemplate: refuseJinja, renderTemplate: refuseJinja }),
  loadPythonContext: refuseJinja,
};

const { version } = require("@cubejs-backend/schema-compiler/package.json") as { version: string };
const keptCodeDir = join(require.resolve("@cubejs-backend/schema-compiler/package.json"), "../../../.cache/kehu-semantic", version);

interface TranspileContext {
  cubeNames: string[];
  cubeSymbols: Record<string, Record<string, true>>;
  transpilerNames: string[];
}
type Transpile = (file: FileContent, errors: unknown, context: TranspileContext) => Promise<FileContent | undefined>;

/** Cube has a cache for what it makes of YAML, but none for its pass over that code, which depends on the file and on the names of all members. */
const keepTranspiled = (compiler: Compiler["compiler"], kept: KeptCode): void => {
  const door = compiler as unknown as { transpileJsFile: Transpile };
  const transpile = door.transpileJsFile.bind(compiler);
  const digests = new WeakMap<object, string>();
  const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
  const digestOf = (context: TranspileContext): string => {
    const known = digests.get(context.cubeSymbols);
    if (known) return known;
    const made = digest(JSON.stringify([context.cubeNames, context.cubeSymbols, context.transpilerNames]));
    digests.set(context.cubeSymbols, made);
    return made;
  };
  door.transpileJsFile = async (file, errors, context) => {
    const key = digest(`${digestOf(context)}\0${file.fileName}\0${file.content}`);
    const content = kept.get(key);
    if (content !== undefined) return { ...file, content };
    const transpiled = await transpile(file, errors, context);
    if (transpiled) kept.set(key, transpiled.content);
    return transpiled;
  };
};

/** Compiles model files (name and YAML or JSON text). Throws Cube's compile error, which names file, cube and member. */
export const compileFiles = async (files: FileContent[]): Promise<Compiler> => {
  const kept = createKeptCode(keptCodeDir);
  const compiler = schemaCompiler.prepareCompiler(
    { localPath: () => ".", dataSchemaFiles: () => Promise.resolve(files) },
    { nativeInstance: nativeInstance as never, maxQueryCacheSize: 2000, compiledYamlCache: kept as never },
  );
  keepTranspiled(compiler.compiler, kept);
  await compiler.compiler.compile();
  kept.keep();
  return compiler;
};

export const metaCubes = (compiler: Compiler): MetaCube[] =>
  compiler.metaTransformer.cubes.map((cube) => cube.config as unknown as MetaCube);

/** Cube's own checks and normal form. Throws with the text Cube would send. */
export const normalizeQuery = (query: Record<string, unknown>): NormalizedQuery =>
  // "persistent" leaves the limit alone: ours differ from Cube's and also mark what they cut off.
  queryModule.normalizeQuery(query as never, true) as unknown as NormalizedQuery;

export const toPlannerOptions = (query: NormalizedQuery): PlanOptions => queryModule.remapToQueryAdapterFormat(query) as PlanOptions;

export const pivotQuery = (type: QueryType, queries: NormalizedQuery[]): Record<string, unknown> =>
  queryModule.getPivotQuery(type, structuredClone(queries)) as Record<string, unknown>;

export const granularitiesOf = (queries: NormalizedQuery[]): string[] => queryModule.getQueryGranularity(queries) as string[];

export const prepareAnnotation = (cubes: MetaCube[], query: NormalizedQuery): Record<string, Record<string, unknown>> =>
  annotationModule.prepareAnnotation(cubes.map((config) => ({ config })) as never, query);

/** Dates in words that the company's calendar has no say in ("from 1 May to 3 May"). Throws "Can't parse date". */
export const parseDateWords = (text: string, timezone: string, now: Date): [string, string] =>
  dateParserModule.dateParser(text, timezone, now) as [string, string];
