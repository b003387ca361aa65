/** The Cube model: read from a folder, compiled once, asked for metadata in the caller's language. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { compileFiles, metaCubes } from "./cube.ts";
import type { Compiler } from "./cube.ts";
import type { MetaCube, MetaMember } from "./cube-types.ts";

export type Locale = "zh-CN" | "en";

export interface Member {
  cube: string;
  kind: "measure" | "dimension" | "segment";
  type: string;
  granularities?: string[];
}

export interface Model {
  compiler: Compiler;
  /** Of the files: part of every cache key. */
  hash: string;
  /** Visible members by full name. What is private is unknown here, as if it did not exist. */
  members: Map<string, Member>;
  /** Measures over a rolling window. */
  rolling: Set<string>;
  /** Visible cubes and views with their visible members. Chinese titles are the model's, English ones stand in `meta.en`. */
  cubes: Record<Locale, MetaCube[]>;
}

export const loadModel = async (directory: string): Promise<Model> => {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => /\.ya?ml$/.test(name));
  return compileModel(names.sort().map((fileName) => ({ fileName, content: readFileSync(join(directory, fileName), "utf8") })));
};

/** Throws with every error that Cube's compiler reports. */
export const compileModel = async (files: { fileName: string; content: string }[]): Promise<Model> => {
  const compiler = await compileFiles(files.map(({ fileName, content }) => ({ fileName, content: toJson(fileName, content) })));
  const cubes = metaCubes(compiler)
    .map((cube) => ({
      ...cube,
      measures: cube.measures.filter((member) => member.isVisible),
      dimensions: cube.dimensions.filter((member) => member.isVisible),
      segments: cube.segments.filter((member) => member.isVisible),
    }))
    .filter((cube) => cube.measures.length + cube.dimensions.length + cube.segments.length > 0);
  return {
    compiler,
    hash: createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16),
    members: new Map(cubes.flatMap(membersByName)),
    rolling: new Set(cubes.flatMap((cube) => cube.measures.filter((measure) => measure.cumulative).map(({ name }) => name))),
    cubes: { "zh-CN": cubes, en: cubes.map(inEnglish) },
  };
};

/** Cube reads YAML 1.1, where an unquoted 2024-01-01 is a timestamp and its validator refuses it; JSON has no such reading. */
const toJson = (fileName: string, content: string): string => {
  if (/\{%|\{\{|\{#/.test(content)) return content;
  const document = parseDocument(content);
  if (document.errors.length) throw new Error(`${fileName}: ${document.errors.map((error) => error.message).join("; ")}`);
  // Indented: closing braces side by side would look like Jinja to Cube.
  return JSON.stringify(document.toJS() ?? {}, null, 1);
};

const membersByName = (cube: MetaCube): [string, Member][] => [
  ...cube.measures.map(({ name, type }): [string, Member] => [name, { cube: cube.name, kind: "measure", type }]),
  ...cube.dimensions.map(({ name, type, granularities }): [string, Member] => [
    name,
    { cube: cube.name, kind: "dimension", type, ...(granularities ? { granularities: granularities.map((each) => each.name) } : {}) },
  ]),
  ...cube.segments.map(({ name }): [string, Member] => [name, { cube: cube.name, kind: "segment", type: "boolean" }]),
];

const inEnglish = (cube: MetaCube): MetaCube => {
  const title = cube.meta?.en?.title ?? cube.title;
  const member = <T extends MetaMember>(original: T): T => {
    const shortTitle = original.meta?.en?.title ?? original.shortTitle;
    const description = original.meta?.en?.description ?? original.description;
    return { ...original, title: `${title} ${shortTitle}`, shortTitle, ...(description ? { description } : {}) };
  };
  return {
    ...cube,
    title,
    ...((cube.meta?.en?.description ?? cube.description) ? { description: cube.meta?.en?.description ?? cube.description } : {}),
    measures: cube.measures.map(member),
    dimensions: cube.dimensions.map(member),
    segments: cube.segments.map(member),
  } as MetaCube;
};
