import { redirect } from "@sveltejs/kit";
import { secondFactorActions } from "#lib/server/second-factor.ts";
import { apiFor } from "#lib/server/api.ts";
import type { Actions, PageServerLoad } from "./$types";

/** Only for who is signed in and lacks the second factor that the role needs. */
export const load: PageServerLoad = async (event) => {
  const response = await apiFor(event)("/api/v1/me");
  if (response.status === 401) redirect(303, "/sign-in");
  if (response.headers.get("kehu-needs") !== "second-factor") redirect(303, "/");
};

export const actions: Actions = {
  begin: secondFactorActions.begin,
  confirm: async (event) => {
    const result = await secondFactorActions.confirm(event);
    if ("done" in result) redirect(303, "/");
    return result;
  },
};
