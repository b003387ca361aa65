import type { IncomingMessage } from "node:http";
import { createAuthRoutes } from "./routes.ts";
import { testAuthConfig, testPassword, type TestAuth } from "./testing.ts";

export interface BrowserAnswer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

/** A browser in front of the account routes: keeps cookies, sends Origin, comes from one address. */
export interface TestBrowser {
  send<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<BrowserAnswer<Body>>;
  signIn(email: string, password?: string): Promise<BrowserAnswer>;
  /** The cookies as it would send them now. */
  cookies(): string;
  forget(cookie: RegExp): void;
}

/** `createBrowser` for callers of one `TestAuth`. `address` is the socket's. */
export function createBrowsers(setup: TestAuth): (address?: string, userAgent?: string) => TestBrowser {
  const app = createAuthRoutes(setup.auth);
  return (address = "127.0.0.1", userAgent = "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0") => {
    const jar = new Map<string, string>();
    const cookies = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const browser: TestBrowser = {
      cookies,
      forget: (cookie) => {
        for (const name of jar.keys()) if (cookie.test(name)) jar.delete(name);
      },
      send: async <Body>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
        const response = await app.request(
          `${testAuthConfig.url}${path}`,
          {
            method,
            headers: {
              origin: testAuthConfig.url,
              "user-agent": userAgent,
              ...(jar.size > 0 && { cookie: cookies() }),
              ...(body !== undefined && { "content-type": "application/json" }),
              ...headers,
            },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          },
          { incoming: { socket: { remoteAddress: address } } as IncomingMessage },
        );
        for (const line of response.headers.getSetCookie()) {
          const [pair = "", ...attributes] = line.split(";");
          const name = pair.slice(0, pair.indexOf("="));
          const isGone = attributes.some((attribute) => /^\s*max-age=0$/i.test(attribute));
          if (isGone) jar.delete(name);
          else jar.set(name, pair.slice(name.length + 1));
        }
        const text = await response.text();
        const isJson = /json/.test(response.headers.get("content-type") ?? "");
        return { status: response.status, headers: response.headers, body: (isJson && text !== "" ? JSON.parse(text) : {}) as Body };
      },
      signIn: (email, password = testPassword) => browser.send("POST", "/api/auth/sign-in/email", { email, password }),
    };
    return browser;
  };
}

/** What the audit trail says of accounts, oldest first. */
export async function accountTrail(
  setup: TestAuth,
  userId?: string,
): Promise<{ action: string; actor_id: string | null; new_values: Record<string, unknown>; ip: string | null }[]> {
  const { rows } = await setup.client.query<{
    action: string;
    actor_id: string | null;
    new_values: Record<string, unknown>;
    ip: string | null;
  }>(
    "select action, actor_id, new_values, ip from audit.entries where entity = 'account' and ($1::text is null or record_id = $1) order by at, id",
    [userId ?? null],
  );
  return rows;
}
