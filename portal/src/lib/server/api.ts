import type { RequestEvent } from "@sveltejs/kit";

/** A caller of our own APIs, acting for the person whose page is being made. Paths begin with a slash. */
export type Api = (path: string, init?: RequestInit) => Promise<Response>;

/** What a page asks for by itself, when data has changed: it must not count as something that its user did. */
const selfReloading = new Set(["/(app)/dashboards/[id]/tiles"]);

/** Of the browser's own headers, what the APIs go by: who calls, and from what. */
const passedOn = ["cookie", "user-agent"];

/**
 * In production the APIs live in the same process and answer without a socket; under `vite dev` they are reached through its proxy.
 * Either way the caller's cookie goes along, so an answer never knows more than the caller may.
 */
export function apiFor(event: RequestEvent): Api {
  const inProcess = event.platform?.req?.kehu;
  return (path, init = {}) => {
    const headers = new Headers(init.headers);
    for (const name of passedOn) {
      const value = event.request.headers.get(name);
      if (value && !headers.has(name)) headers.set(name, value);
    }
    if (selfReloading.has(event.route.id ?? "")) headers.set("x-kehu-background", "1");
    if (!headers.has("origin")) headers.set("origin", event.url.origin);
    if (!headers.has("accept-language")) headers.set("accept-language", event.locals.locale);
    if (!inProcess) return event.fetch(path, { ...init, headers });
    headers.set("host", event.url.host);
    return Promise.resolve(inProcess.fetch(new Request(new URL(path, event.url.origin), { ...init, headers })));
  };
}

/** What an API said when it refused; `detail` is a sentence for people. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** The JSON of a 2xx answer; anything else throws `ApiError` with the answer's own explanation. */
export async function readJson<Body>(response: Response): Promise<Body> {
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError(
      response.status,
      `Expected JSON, got ${response.headers.get("content-type") ?? "no content type"} (${response.status})`,
    );
  }
  if (response.ok) return body as Body;
  const problem = (body ?? {}) as { detail?: string; error?: string; title?: string; message?: string };
  throw new ApiError(response.status, problem.detail ?? problem.error ?? problem.message ?? problem.title ?? `Status ${response.status}`);
}
