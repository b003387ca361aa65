import type { Scope } from "@kehu/operational-api/definitions";
import type { Channel } from "./child.ts";
import { equalSecrets } from "./equal-secrets.ts";

const keptScopes = 1_000;

export interface ScopeReader {
  /** Whose question the web process says it is; null when it does not come from the web process, or names nobody. */
  of(request: Request): Promise<Scope | null>;
}

/** The language of a request that the web process passed on. */
export const localeOf = (request: Request): "zh-CN" | "en" =>
  request.headers.get("accept-language")?.toLowerCase().startsWith("en") ? "en" : "zh-CN";

/** Scopes by user and version, from the web process; a new version is a new key, so nothing stale is ever used. */
export function createScopeReader(internalSecret: string, channel: Channel): ScopeReader {
  let internalPort: number | undefined;
  channel.onMessage((message) => {
    if (message.type === "ports") internalPort = message.ports.internal;
  });
  const known = new Map<string, Scope>();
  const read = async (userId: string, version: string): Promise<Scope | null> => {
    const found = known.get(`${userId} ${version}`);
    if (found) return found;
    if (!internalPort) return null;
    const answer = await fetch(`http://127.0.0.1:${internalPort}/internal/scope/${encodeURIComponent(userId)}`, {
      headers: { "x-kehu-internal": internalSecret },
    });
    if (!answer.ok) return null;
    const scope = (await answer.json()) as Scope;
    if (known.size >= keptScopes) known.delete(known.keys().next().value ?? "");
    known.set(`${userId} ${scope.version}`, scope);
    return scope;
  };
  return {
    of: async (request) => {
      if (!equalSecrets(request.headers.get("x-kehu-internal"), internalSecret)) return null;
      const userId = request.headers.get("x-kehu-user");
      const version = request.headers.get("x-kehu-scope-version");
      return userId && version ? read(userId, version) : null;
    },
  };
}
