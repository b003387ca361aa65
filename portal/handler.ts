import { existsSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";

/** What the web process hangs on each Node request, so that pages reach the APIs without a socket. */
export interface InProcessApi {
  /** Answers `/api/*` and `/cubejs-api/*` as if the request had come over the network from the same caller. */
  fetch(request: Request): Response | Promise<Response>;
}

export type PortalRequest = IncomingMessage & { kehu?: InProcessApi };
export type PortalHandler = (request: PortalRequest, response: ServerResponse, next: () => void) => void;

/**
 * The portal's pages and assets as a Node middleware. Set `request.kehu` before calling it.
 * Throws when the portal has not been built.
 */
export async function createPortalHandler(): Promise<PortalHandler> {
  const built = new URL("./build/handler.js", import.meta.url);
  if (!existsSync(fileURLToPath(built))) {
    throw new Error(`The portal is not built: ${fileURLToPath(built)} is missing. Run \`npm run prepare\` in the repository's root.`);
  }
  // adapter-node reads this while it loads, and assumes https without it: every form would be refused over plain http.
  process.env.PROTOCOL_HEADER ??= "x-forwarded-proto";
  const { handler } = (await import(built.href)) as { handler: PortalHandler };
  return (request, response, next) => {
    request.headers["x-forwarded-proto"] ??= "http";
    handler(request, response, next);
  };
}
