import { STATUS_CODES, type Server } from "node:http";
import { RequestError } from "@hono/node-server";
import { Problem, problemResponse } from "@kehu/operational-api";
import type { Logger } from "@kehu/operational-api/definitions";

/** What Node's parser says of a request that it gives up on. */
const refusals: Readonly<Record<string, { status: 400 | 408 | 413 | 431; detail: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: "the address and headers are longer than 16 KB together; send less of them, or a body" },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, detail: "the chunks of the body carry too much beside it; send it plainly" },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: "the request did not arrive in time; send it again" },
};
const notHttp = {
  status: 400,
  detail: "this is not HTTP/1.1 as RFC 9112 has it; check method, address (percent-encoded) and headers",
} as const;

/** Answers what never becomes a request (too long, no HTTP) with problem documents, as everything else is refused. */
export function answerUnreadable(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const { status, detail } = refusals[error.code ?? ""] ?? notHttp;
    const body = JSON.stringify({ type: `urn:kehu:problem:${status}`, title: STATUS_CODES[status], status, detail, errors: [] });
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
}

/** For what fails before or beside the routes: a request whose address or Host no URL can be made of is the caller's fault, all else is ours. */
export const createErrorHandler =
  (logger: Logger) =>
  (error: unknown): Response => {
    if (error instanceof RequestError) {
      return problemResponse(new Problem(400, `the address or the header Host can't be read: ${error.message}`, { cause: error }));
    }
    logger.error({ err: error }, "request failed outside of the routes");
    return problemResponse(new Problem(500, "something went wrong here; the log has it"));
  };
