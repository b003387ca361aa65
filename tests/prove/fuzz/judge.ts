import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Draft } from "./draft.ts";
import type { Json, OpenApi, Operation } from "./operations.ts";
import type { WireAnswer, WireRequest } from "./wire.ts";

export interface Judge {
  /** What is wrong with the answer to this request; empty when nothing is. */
  faults(draft: Draft, request: WireRequest, answer: WireAnswer): string[];
}

/** Statuses of requests that are refused before any operation is looked for: what is not HTTP, or too long to be read. */
const unread = new Set([400, 414, 431]);
/** Answers to a method that the document does not name for the path. */
const wrongMethod = new Set([400, 401, 403, 404, 405, 501]);
/** What only the inside of the product says. */
const insides = /\bat (?:async )?[\w.<>]+ \(|node_modules|node:internal|file:\/\/|\/src\/[\w-]+\.ts/;

const pointer = (...parts: string[]): string =>
  parts.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");

const told = (errors: ErrorObject[] | null | undefined): string =>
  (errors ?? [])
    .slice(0, 3)
    .map(({ instancePath, message, params }) => `${instancePath || "/"} ${message} ${JSON.stringify(params)}`)
    .join("; ");

const parsed = (body: Buffer): { value: Json } | null => {
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as Json };
  } catch {
    return null;
  }
};

/** Judges by the document alone: which statuses an operation may answer, with what, and which bodies it must refuse. */
export const createJudge = ({ document, operations }: OpenApi): Judge => {
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });
  (addFormats as unknown as (instance: Ajv2020) => void)(ajv);
  ajv.addSchema(document, "kehu");
  const known = new Map<string, ValidateFunction>();
  const validator = (place: string): ValidateFunction => {
    const found = known.get(place) ?? ajv.compile({ $ref: `kehu#/${place}` });
    known.set(place, found);
    return found;
  };
  const placeOf = ({ path, method }: Operation): string => pointer("paths", path, method.toLowerCase());

  /** The documented operation that the request is one of; undefined for another method of its path. */
  const meantBy = (draft: Draft): Operation | undefined => {
    const method = draft.method === "HEAD" ? "GET" : draft.method;
    return operations.find((each) => each.path === draft.operation.path && each.method === method);
  };

  const answerFaults = (operation: Operation, { status, headers, body }: WireAnswer, isHead: boolean): string[] => {
    const content = operation.answers.get(status);
    if (!content) return [`status ${status} is not in the document of ${operation.id}`];
    if (isHead) return [];
    if (content.size === 0) return body.length === 0 ? [] : [`a body of ${body.length} bytes where the document has none`];
    const type = (headers.get("content-type") ?? "none").split(";")[0]!.trim();
    if (!content.has(type)) return [`content-type ${type}, not ${[...content.keys()].join(" or ")}`];
    if (!/^application\/(problem\+)?json$/.test(type)) return [];
    const json = parsed(body);
    if (!json) return ["the answer is not JSON"];
    const validate = validator(`${placeOf(operation)}/${pointer("responses", String(status), "content", type, "schema")}`);
    return validate(json.value) ? [] : [`not as documented for ${status}: ${told(validate.errors)}`];
  };

  const refusalFaults = (request: WireRequest, { status, headers, body }: WireAnswer): string[] => {
    const type = headers.get("content-type") ?? "none";
    if (!type.startsWith("application/problem+json")) return [`a refusal as ${type}`];
    const json = parsed(body)?.value as
      { status?: unknown; title?: unknown; detail?: unknown; errors?: { reason?: unknown }[] } | undefined;
    if (typeof json !== "object" || json === null) return ["a refusal that is not JSON"];
    const faults: string[] = [];
    if (json.status !== status) faults.push(`status ${status} and ${String(json.status)} in the problem`);
    if (typeof json.title !== "string" || json.title === "") faults.push("a problem without title");
    if (typeof json.detail !== "string" || json.detail.length < 10)
      faults.push(`a problem that does not say what is wrong: ${String(json.detail)}`);
    if (!Array.isArray(json.errors)) faults.push("a problem without errors");
    else if (status === 422 && json.errors.length === 0) faults.push("422 that does not say where");
    const text = body.toString();
    const sent = `${request.target} ${request.body?.subarray(0, 100_000).toString() ?? ""} ${request.headers.map(([, value]) => value).join(" ")}`;
    const leak = insides.exec(text)?.[0];
    if (leak !== undefined && !sent.includes(leak)) faults.push(`tells of its inside: ${leak}`);
    if (body.length > 64 * 1024) faults.push(`a problem of ${body.length} bytes`);
    return faults;
  };

  /** Why the request must not succeed, or null. */
  const mustFail = (draft: Draft, operation: Operation, request: WireRequest): string | null => {
    if (draft.isTooLarge) return "a body over the limit";
    if (draft.isUnreadable) return "a body that is no JSON in UTF-8";
    if (request.body === null || !operation.body) return null;
    if (request.body.length === 0) return operation.body.required ? "no body" : null;
    const json = parsed(request.body);
    if (!json) return "a body that is no JSON";
    const validate = validator(`${placeOf(operation)}/${pointer("requestBody", "content", "application/json", "schema")}`);
    return validate(json.value) ? null : `a body against the schema: ${told(validate.errors)}`;
  };

  return {
    faults: (draft, request, answer) => {
      const { status } = answer;
      const isHead = draft.method === "HEAD";
      const faults: string[] = [];
      if (status >= 500) faults.push(`status ${status}: ${answer.body.subarray(0, 300).toString()}`);
      if (status >= 400 && !isHead) faults.push(...refusalFaults(request, answer));
      const operation = meantBy(draft);
      const isItsPath =
        draft.suffix === undefined &&
        !Object.values(draft.path).some((text) => /^$|[/?#]|^(\.|%2e){1,2}$/i.test(text) || /^batch$/.test(text));
      if (!operation) {
        if (!wrongMethod.has(status) && !unread.has(status))
          faults.push(`status ${status} for ${draft.method}, which is not in the document`);
        if (status === 405 && !answer.headers.has("allow")) faults.push("405 without Allow");
        return faults;
      }
      // With another path it is another operation, or none: what holds for every answer was looked at.
      if (!isItsPath) return faults;
      if (unread.has(status) && !operation.answers.has(status)) faults.push(`status ${status} is not in the document of ${operation.id}`);
      else faults.push(...answerFaults(operation, answer, isHead));
      if (draft.as === "nobody" && !operation.isPublic && status !== 401 && !unread.has(status)) faults.push(`status ${status} for nobody`);
      if (status < 400) {
        const reason = mustFail(draft, operation, request);
        if (reason !== null) faults.push(`status ${status} for ${reason}`);
      }
      return faults;
    },
  };
};
