import { m } from "#lib/paraglide/messages.js";
import type { Role } from "#lib/session.ts";

const titles: Record<Role, () => string> = {
  administrator: m.role_administrator,
  executive: m.role_executive,
  sales_manager: m.role_sales_manager,
  sales_rep: m.role_sales_rep,
  analyst: m.role_analyst,
  auditor: m.role_auditor,
  finance: m.role_finance,
  purchaser: m.role_purchaser,
  partner: m.role_partner,
};

/** A role's name in the reader's language. A role this portal does not know keeps its code. */
export const roleTitle = (role: Role): string => titles[role]?.() ?? role;
