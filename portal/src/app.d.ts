import type { PortalRequest } from "../handler.ts";
import type { Locale } from "#lib/locale.ts";
import type { Me } from "#lib/session.ts";

declare global {
  namespace App {
    interface Locals {
      locale: Locale;
      theme: "light" | "dark" | "system";
    }
    interface Platform {
      req: PortalRequest;
    }
    interface PageData {
      me?: Me;
      /** See `readSeen`. */
      seen?: string | null;
    }
    interface Error {
      message: string;
      /** What the caller can do about it, in the caller's language. */
      remedy?: string;
    }
  }
}
