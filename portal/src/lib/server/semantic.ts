import type { Query } from "@cubejs-client/core";
import type { RequestEvent } from "@sveltejs/kit";
import type { Member, Row, Trust } from "#lib/semantic.ts";
import { apiFor, readJson } from "#lib/server/api.ts";
import type { Format } from "#lib/format.ts";

export type SemanticQuery = Query;

export interface Loaded {
  rows: Row[];
  trust: Trust;
  /** More rows exist than were sent; `total` says how many. */
  truncated: boolean;
  total: number | null;
}

interface MetaMember {
  name: string;
  title?: string;
  shortTitle?: string;
  description?: string;
  type?: string;
  format?: string | { type?: string; value?: string };
  meta?: { formula?: unknown };
}

interface MetaAnswer {
  cubes: { name: string; title?: string; description?: string; measures: MetaMember[]; dimensions: MetaMember[] }[];
}

interface LoadAnswer {
  data: Row[];
  kehu?: Partial<Trust>;
  truncated?: boolean;
  total?: number | null;
}

/** What the caller may ask: every granted member by its full name. What is not in it does not exist for the caller. */
export class Catalogue {
  readonly members: ReadonlyMap<string, Member>;
  readonly views: ReadonlyMap<string, { title: string; description: string }>;
  constructor(members: ReadonlyMap<string, Member>, views: Catalogue["views"]) {
    this.members = members;
    this.views = views;
  }
  has(name: string): boolean {
    return this.members.has(name);
  }
  member(name: string): Member {
    const member = this.members.get(name);
    if (!member) throw new Error(`The semantic layer grants no member "${name}"`);
    return member;
  }
}

function formatOf(member: MetaMember, kind: Member["kind"]): Format {
  const name = typeof member.format === "string" ? member.format : (member.format?.type ?? member.format?.value);
  if (name === "percent") return "percent";
  if (name === "currency") return "money";
  if (member.type === "time") return /_on$|month$/.test(member.name) ? "date" : "instant";
  if (kind === "dimension") return member.type === "number" ? "number" : "text";
  if (member.name.endsWith("_days")) return "days";
  return member.name.endsWith("count") || member.type === "count" || member.type === "countDistinct" ? "count" : "number";
}

/** A formula is one text, or one per language. */
function formulaOf(formula: unknown, locale: string): string | null {
  if (typeof formula === "string") return formula;
  if (typeof formula !== "object" || formula === null) return null;
  const texts = formula as Record<string, unknown>;
  const text = locale.startsWith("en") ? (texts.en ?? texts.zh) : (texts.zh ?? texts.en);
  return typeof text === "string" ? text : null;
}

export interface Semantic {
  catalogue(): Promise<Catalogue>;
  /** Throws ApiError when the semantic layer refuses. */
  load(query: SemanticQuery, purpose?: "export"): Promise<Loaded>;
}

/** The semantic layer for one request: `/meta` is asked at most once. */
export function semanticFor(event: RequestEvent): Semantic {
  const api = apiFor(event);
  const { locale } = event.locals;
  let catalogue: Promise<Catalogue> | undefined;
  const readCatalogue = async (): Promise<Catalogue> => {
    const { cubes } = await readJson<MetaAnswer>(await api("/cubejs-api/v1/meta"));
    const members = new Map<string, Member>();
    for (const cube of cubes) {
      for (const kind of ["measure", "dimension"] as const) {
        for (const member of cube[`${kind}s`]) {
          members.set(member.name, {
            name: member.name,
            kind,
            title: member.shortTitle ?? member.title ?? member.name,
            description: member.description ?? "",
            formula: formulaOf(member.meta?.formula, locale),
            format: formatOf(member, kind),
            type: member.type ?? "string",
          });
        }
      }
    }
    return new Catalogue(
      members,
      new Map(cubes.map(({ name, title, description }) => [name, { title: title ?? name, description: description ?? "" }])),
    );
  };
  return {
    catalogue: () => (catalogue ??= readCatalogue()),
    async load(query, purpose) {
      const headers: Record<string, string> = { "content-type": "application/json" };
      if (purpose) headers["kehu-purpose"] = purpose;
      const body = JSON.stringify({ query });
      const answer = await readJson<LoadAnswer>(await api("/cubejs-api/v1/load", { method: "POST", headers, body }));
      const { kehu = {} } = answer;
      return {
        rows: answer.data,
        trust: {
          build: kehu.build ?? null,
          lsn: kehu.lsn ?? null,
          freshTo: kehu.freshTo ?? null,
          marts: kehu.marts ?? [],
          failedTests: kehu.failedTests ?? [],
        },
        truncated: answer.truncated ?? false,
        total: answer.total ?? null,
      };
    },
  };
}
