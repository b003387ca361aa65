import { fail } from "@sveltejs/kit";
import { m } from "#lib/paraglide/messages.js";
import { askAccounts } from "#lib/server/account.ts";
import type { Actions } from "./$types";

export const actions: Actions = {
  // A button and not the link itself: mail programs follow links by themselves.
  default: async (event) => {
    const answer = await askAccounts(event, "POST", "/api/v1/device-links", { token: event.url.searchParams.get("token") ?? "" });
    return answer.ok ? { done: m.device_link_done() } : fail(answer.status, { message: m.device_link_expired() });
  },
};
