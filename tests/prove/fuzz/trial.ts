import { type Random, randomFrom } from "../../../operational-api/src/demo/random.ts";
import { type Company, roles, startCompany } from "./company.ts";
import { type Draft, validDraft, wireOf, withPrepared } from "./draft.ts";
import { classes, classNames } from "./hostile.ts";
import { createJudge, type Judge } from "./judge.ts";
import { type OpenApi, type Operation, readDocument, type Schema } from "./operations.ts";
import { createValues } from "./values.ts";
import { curlOf, send, type WireAnswer, type WireRequest } from "./wire.ts";

export interface Failure {
  /** Which request of the trial, from 0. */
  number: number;
  hostility: string;
  operation: string;
  faults: string[];
  curl: string;
}

export interface Report {
  requests: number;
  byClass: Map<string, number>;
  byStatus: Map<number, number>;
  /** All operations of the document; those that were asked; those that answered 2xx at least once. */
  operations: string[];
  asked: Set<string>;
  succeeded: Set<string>;
  failures: Failure[];
}

/** A company gets worn by what it is told: after so many requests there is a new one. */
const perCompany = 2_000;
const origin = "http://localhost:3000";

const count = <Key>(counts: Map<Key, number>, key: Key): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

/** What an answer tells of the ids of its collection: what was created is there, what was deleted can be restored. */
const learn = (company: Company, { path, method }: Operation, draft: Draft, answer: WireAnswer): void => {
  const [, collection, id] = /^\/api\/v1\/([\w/-]+?)(\/\{id\})?$/.exec(path) ?? [];
  const add = (name: string, id: string | undefined): void => {
    const known = company.ids.get(name) ?? [];
    if (id !== undefined && known.length < 50) company.ids.set(name, [...known, id]);
  };
  if (collection === undefined) return;
  if (method === "POST" && answer.status === 201) {
    const made = JSON.parse(answer.body.toString()) as { id?: string; name?: string };
    if (collection === "roles") add("names of roles", made.name);
    else add(collection, made.id);
  }
  if (method === "DELETE" && id !== undefined && answer.status === 204) add(`deleted ${collection}`, draft.path["id"]);
};

/**
 * The draft of a class that the operation gives something to be hostile with. `isDue`: the operation has not succeeded yet and shall now, by an administrator.
 */
const nextDraft = async (
  operation: Operation,
  company: Company,
  { document }: OpenApi,
  random: Random,
  isDue: boolean,
): Promise<{ draft: Draft; hostility: string }> => {
  const as = isDue ? "administrator" : roles[random.weighted([6, 3, 1])]!;
  const values = createValues(document, random, company.ids);
  const order = random.shuffle([...classNames]);
  // What is right must succeed often enough for its answers to be looked at.
  for (const hostility of isDue || random.chance(0.12) ? ["valid"] : order) {
    const draft = validDraft(operation, as, values, company.ids, random);
    if (!classes[hostility]!(draft, { random, ids: company.ids })) continue;
    const prepare = hostility === "valid" ? company.preparations[operation.id] : undefined;
    return { draft: prepare ? withPrepared(draft, await prepare(as)) : draft, hostility };
  }
  throw new Error(`no class takes ${operation.id}`);
};

const tryOne = async (
  company: Company,
  judge: Judge,
  draft: Draft,
): Promise<{ request: WireRequest; answer: WireAnswer | null; faults: string[] }> => {
  const request = wireOf(draft, `localhost:${company.port}`, company.headersOf(draft.as), origin);
  try {
    const answer = await send(company.port, request);
    return { request, answer, faults: judge.faults(draft, request, answer) };
  } catch (error) {
    return { request, answer: null, faults: [`no answer: ${(error as Error).message}`] };
  }
};

/**
 * Reads the document that a company serves, and sends `requests` valid and hostile requests, every operation in turn, by a chance that `seed` decides.
 * `from`: the first of them to be sent, to have a failure again. `onFailure` is told of each as it comes.
 */
export const fuzz = async (options: {
  seed: number;
  requests: number;
  from?: number;
  onFailure?: (failure: Failure) => void;
}): Promise<Report> => {
  const { seed, requests, from = 0 } = options;
  const report: Report = {
    requests: 0,
    byClass: new Map(),
    byStatus: new Map(),
    operations: [],
    asked: new Set(),
    succeeded: new Set(),
    failures: [],
  };
  let company: Company | undefined;
  let api: OpenApi | undefined;
  let judge: Judge | undefined;
  try {
    for (let number = from; number < requests; number++) {
      if (!company || number % perCompany === 0) {
        await company?.close();
        company = await startCompany();
        const document = await fetch(`${company.url}/api/openapi.json`);
        api = readDocument((await document.json()) as Schema);
        judge = createJudge(api);
        report.operations = api.operations.map(({ id }) => id);
      }
      const { operations } = api!;
      const random = randomFrom(seed, `request ${number}`);
      const operation = operations[number % operations.length]!;
      const isDue = Math.floor(number / operations.length) % 2 === 1 && !report.succeeded.has(operation.id);
      const { draft, hostility } = await nextDraft(operation, company, api!, random, isDue);
      const { request, answer, faults } = await tryOne(company, judge!, draft);
      report.requests += 1;
      count(report.byClass, hostility);
      count(report.byStatus, answer?.status ?? 0);
      report.asked.add(operation.id);
      if (answer && answer.status < 300) {
        report.succeeded.add(operation.id);
        if (draft.method === operation.method) learn(company, operation, draft, answer);
      }
      if (faults.length > 0) {
        const failure = { number, hostility, operation: operation.id, faults, curl: curlOf(company.url, request) };
        report.failures.push(failure);
        options.onFailure?.(failure);
      }
    }
  } finally {
    await company?.close();
  }
  return report;
};
