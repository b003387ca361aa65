import { createHash } from "node:crypto";

/** One thing wrong with a record of a batch, as the API says it. */
export interface Fault {
  index: number;
  field: string;
  reason: string;
}

export type Outcome = { created: number } | { faults: Fault[] };

/** What the loader needs of Kehu; `request` is `fetch` except in tests. */
export interface KehuApi {
  /** All records in one transaction, or the list of what is wrong with them. Throws on any other answer. */
  createBatch(collection: string, records: readonly unknown[]): Promise<Outcome>;
}

export type Credentials = { apiKey: string } | { email: string; password: string };

export async function connect(url: string, credentials: Credentials, request: typeof fetch = fetch): Promise<KehuApi> {
  const headers: Record<string, string> = { "content-type": "application/json", ...(await signIn(url, credentials, request)) };
  return {
    async createBatch(collection, records) {
      const body = JSON.stringify({ records });
      // The key is the content: the same chunk sent again, after a lost answer or by a second run, is answered and not written twice.
      const key = `maven-${createHash("sha256").update(body).digest("hex")}`;
      const response = await request(new URL(`/api/v1/${collection}/batch`, url), {
        method: "POST",
        headers: { ...headers, "idempotency-key": key },
        body,
      });
      const answer = (await response.json()) as { count?: number; detail?: string; errors?: Fault[] };
      if (response.status === 201 && answer.count !== undefined) return { created: answer.count };
      if (response.status === 422 && answer.errors?.some((fault) => fault.index !== undefined)) return { faults: answer.errors };
      throw new Error(`POST ${collection}/batch answered ${response.status}: ${answer.detail ?? "no detail"}`);
    },
  };
}

async function signIn(url: string, credentials: Credentials, request: typeof fetch): Promise<Record<string, string>> {
  if ("apiKey" in credentials) return { "x-api-key": credentials.apiKey };
  const origin = new URL(url).origin;
  const response = await request(new URL("/api/auth/sign-in/email", url), {
    method: "POST",
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify(credentials),
  });
  if (!response.ok) throw new Error(`signing in as ${credentials.email} answered ${response.status}`);
  return {
    cookie: response.headers
      .getSetCookie()
      .map((cookie) => cookie.split(";")[0])
      .join("; "),
    origin,
  };
}
