import type { RequestEvent } from "@sveltejs/kit";
import { apiFor } from "#lib/server/api.ts";

/** What one of the account routes answered. `detail` is a sentence for people, `code` a word such as `PASSWORD_TOO_COMMON`. */
export interface AccountAnswer<Body> {
  ok: boolean;
  status: number;
  body: Body;
  code: string | null;
  detail: string;
  response: Response;
}

/** Calls an account route (`/api/auth/…`, `/api/v1/me/…`, `/api/v1/users…`) for the person whose page it is; a refusal is an answer, not an error. */
export async function askAccounts<Body = Record<string, unknown>>(
  event: RequestEvent,
  method: "GET" | "POST" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
): Promise<AccountAnswer<Body>> {
  const response = await apiFor(event)(path, {
    method,
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  const parsed = (isJson && text !== "" ? JSON.parse(text) : {}) as Record<string, unknown>;
  return {
    ok: response.ok,
    status: response.status,
    body: parsed as Body,
    code: typeof parsed.code === "string" ? parsed.code : null,
    detail: typeof parsed.detail === "string" ? parsed.detail : `Status ${response.status}`,
    response,
  };
}

/** A field of a posted form as text; what is missing or a file is empty. */
export const textOf = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
};
