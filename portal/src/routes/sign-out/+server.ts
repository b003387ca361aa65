import { redirect } from "@sveltejs/kit";
import { apiFor } from "#lib/server/api.ts";
import { passCookies } from "#lib/server/set-cookie.ts";
import type { RequestHandler } from "./$types";

export const POST: RequestHandler = async (event) => {
  const response = await apiFor(event)("/api/auth/sign-out", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  passCookies(response, event.cookies);
  redirect(303, "/sign-in");
};
