import type { Principal } from "@kehu/operational-api";

const everyMs = 1_000;

/**
 * Looks once a second whether who asked still stands as before, for what takes longer than a request should: an event stream, a running statement.
 * `onChange` hears once of the first difference: null for somebody who may no longer sign in, or the same person with other rights.
 * Looking keeps no session alive. Call what is returned when there is nothing more to watch.
 */
export function watchStanding(options: {
  authenticate: (request: Request) => Promise<Principal | null>;
  request: Request;
  principal: Principal;
  onChange: (now: Principal | null) => void;
}): () => void {
  const { authenticate, principal, onChange } = options;
  const headers = new Headers(options.request.headers);
  headers.set("x-kehu-background", "1");
  const asked = new Request(options.request.url, { headers });
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    // A database that does not answer says nothing of anybody's rights: the next look will.
    const now = await authenticate(asked).catch(() => principal);
    if (stopped) return;
    if (now?.scope.version === principal.scope.version && now.subject === principal.subject) timer = setTimeout(() => void look(), everyMs);
    else onChange(now);
  };
  timer = setTimeout(() => void look(), everyMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
