/** `POST /api/sql`, `DELETE /api/sql/{id}` and `GET /api/sql/schema` over the sandbox. */
import { Readable } from "node:stream";
import { Hono } from "hono";
import type { Context } from "hono";
import { QueryError } from "../errors.ts";
import type { Locale } from "../model.ts";
import { scalarFunctions } from "./functions.ts";
import type { Format } from "./protocol.ts";
import { SqlRefusal, type RefusalDetails } from "./refusal.ts";
import { readSqlRequest } from "./request.ts";
import { createSqlSandbox, type SqlAnswer, type SqlCaller, type SqlSandboxOptions } from "./sandbox.ts";
import { readSchema } from "./schema.ts";

export interface SqlAppOptions extends SqlSandboxOptions {
  /** Null: 401. */
  authenticate: (request: Request) => Promise<(SqlCaller & { locale: Locale }) | null>;
}

export interface SqlApp extends Hono {
  /** Ends what runs, and the processes it runs in. */
  close: () => Promise<void>;
}

/** What the answer's header `kehu-sql` says of it, for the audit trail: the body may be a file. */
export interface SqlReport {
  tables: string[];
  rows: number;
}

const mostBytes = 4 * 1024 * 1024;

const contentTypes: Record<Format, string> = {
  json: "application/json",
  arrow: "application/vnd.apache.arrow.stream",
  csv: "text/csv; charset=utf-8",
  parquet: "application/vnd.apache.parquet",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

const titles: Record<RefusalDetails["status"], string> = {
  400: "Bad request",
  403: "Not allowed",
  404: "Not found",
  408: "Too slow",
  413: "Too large",
  422: "The statement can't be run",
  429: "Too many at once",
  499: "Cancelled",
  503: "Not available",
};

const problem = (status: number, title: string, detail: string, more: object = {}): Response =>
  Response.json(
    { type: `urn:kehu:problem:${status}`, title, status, detail, errors: [], ...more },
    { status, headers: { "content-type": "application/problem+json", "cache-control": "no-store" } },
  );

const refused = ({ status, message, position, suggestions }: RefusalDetails): Response =>
  problem(status, titles[status], position ? `Line ${position.line}, column ${position.column}: ${message}` : message, {
    errors: [{ field: "sql", reason: message }],
    ...(position ? { position } : {}),
    ...(suggestions?.length ? { suggestions } : {}),
  });

/** The rows come as text from another process and go as they are: they are not read again. */
const jsonAnswer = (answer: SqlAnswer): Buffer => {
  const { id, columns, total, tables, pointer, freshTo, failedTests, milliseconds, json } = answer;
  const { build, lsn } = pointer;
  const truncated = total === null || total > answer.rows;
  const trust = { truncated, total, tables, build, lsn, freshTo, failedTests, milliseconds };
  const head = JSON.stringify({ id, columns }).slice(0, -1);
  return Buffer.concat([Buffer.from(`${head},"rows":`), json ?? Buffer.from("[]"), Buffer.from(`,${JSON.stringify(trust).slice(1)}`)]);
};

export const createSqlApp = (options: SqlAppOptions): SqlApp => {
  const sandbox = createSqlSandbox(options);
  const app = new Hono();

  const callerOf = async (context: Context): Promise<SqlCaller & { locale: Locale }> => {
    const caller = await options.authenticate(context.req.raw);
    if (!caller) throw new QueryError(401, "sign in, or send a valid x-api-key or bearer token");
    return caller;
  };

  app.post("/api/sql", async (context) => {
    const caller = await callerOf(context);
    const text = await context.req.text();
    if (text.length > mostBytes) throw new SqlRefusal({ status: 413, message: "The body is larger than 4 MB" });
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (cause) {
      throw new SqlRefusal({ status: 400, message: `The body is not JSON: ${(cause as Error).message}` }, { cause });
    }
    const request = readSqlRequest(body);
    const answer = await sandbox.run(caller, request, context.req.raw.signal);
    const report: SqlReport = { tables: answer.tables, rows: answer.rows };
    const headers: Record<string, string> = {
      "content-type": contentTypes[request.format],
      "cache-control": "private, no-store",
      "kehu-fresh": `${answer.pointer.lsn} ${answer.freshTo}`,
      "kehu-sql": Buffer.from(JSON.stringify(report)).toString("base64url"),
    };
    if (!answer.file) return new Response(new Uint8Array(jsonAnswer(answer)), { headers });
    const { size } = await answer.file.stat();
    headers["content-length"] = String(size);
    headers["content-disposition"] = `attachment; filename="query.${request.format}"`;
    return new Response(Readable.toWeb(answer.file.createReadStream()) as ReadableStream<Uint8Array>, { headers });
  });

  app.delete("/api/sql/:id", async (context) => {
    const caller = await callerOf(context);
    if (!sandbox.cancel(caller, context.req.param("id")))
      throw new SqlRefusal({ status: 404, message: "No statement of yours with this id is running" });
    return context.body(null, 204);
  });

  app.get("/api/sql/schema", async (context) => {
    const caller = await callerOf(context);
    const answer = await sandbox.use(async ({ snapshot, pointer }) => ({
      build: pointer.build,
      tables: await readSchema(snapshot, caller.scope, caller.locale),
    }));
    const functions = [...scalarFunctions].filter((name) => /^[a-z]/i.test(name));
    return context.json({ ...answer, functions, limits: sandbox.limits(caller) }, 200, { "cache-control": "private, no-store" });
  });

  app.onError((error, context) => {
    if (error instanceof SqlRefusal) return refused(error.details);
    if (error instanceof QueryError) return problem(error.status, error.status === 401 ? "Not signed in" : "Not available", error.message);
    options.logger.error({ err: error, path: context.req.path }, "ad-hoc SQL failed");
    return problem(500, "Internal error", "Something went wrong here; it was logged");
  });

  return Object.assign(app, { close: () => sandbox.close() });
};
