import type { Handle, HandleServerError } from "@sveltejs/kit/hooks";
import { m } from "#lib/paraglide/messages.js";
import { paraglideMiddleware } from "#lib/paraglide/server.js";
import type { Locale } from "#lib/locale.ts";
import { ApiError } from "#lib/server/api.ts";

const themes = ["light", "dark"] as const;

export const handle: Handle = ({ event, resolve }) =>
  paraglideMiddleware(event.request, async ({ locale }) => {
    event.locals.locale = locale as Locale;
    const theme = event.cookies.get("kehu_theme");
    event.locals.theme = themes.find((known) => known === theme) ?? "system";
    const response = await resolve(event, {
      transformPageChunk: ({ html }) => html.replace("%lang%", locale).replace("%theme%", event.locals.theme),
    });
    // Every page and data answer belongs to one person; hashed assets never come through here.
    if (!response.headers.has("cache-control")) response.headers.set("cache-control", "private, no-store");
    response.headers.set("x-content-type-options", "nosniff");
    response.headers.set("referrer-policy", "same-origin");
    return response;
  });

export const handleError: HandleServerError = (caught) => {
  if (caught.kind === "app") return caught.error;
  if (caught.kind === "framework" && caught.error.status === 404)
    return { message: m.error_not_found(), remedy: m.error_not_found_remedy() };
  if (caught.error instanceof ApiError && caught.error.status === 503) {
    return { status: 503, message: m.error_starting(), remedy: m.error_starting_remedy() };
  }
  console.error(`portal: ${caught.event.request.method} ${caught.event.route.id ?? "(no route)"}:`, caught.error);
  return { message: m.error_unexpected(), remedy: m.error_unexpected_remedy() };
};
