import { m } from "#lib/paraglide/messages.js";

const actionTitles: Readonly<Record<string, () => string>> = {
  read: m.roles_action_read,
  create: m.roles_action_create,
  update: m.roles_action_update,
  delete: m.roles_action_delete,
  export: m.roles_action_export,
  approve: m.roles_action_approve,
  backdate: m.roles_action_backdate,
};
const rowsTitles: Readonly<Record<string, () => string>> = {
  own: m.roles_rows_own,
  subordinates: m.roles_rows_subordinates,
  department: m.roles_rows_department,
  department_and_below: m.roles_rows_below,
  related: m.roles_rows_related,
  public: m.roles_rows_public,
  all: m.roles_rows_all,
};
const visibilityTitles: Readonly<Record<string, () => string>> = {
  show: m.roles_show,
  mask: m.roles_mask,
  hide: m.roles_hide,
};
const subjectTitles: Readonly<Record<string, () => string>> = {
  "*": m.roles_everything,
  leaderboard: m.roles_leaderboard,
  audit_trail: m.roles_audit_trail,
  see_as: m.see_as_title,
};

/** Each in the reader's language; what this portal does not know keeps its code. */
export const actionTitle = (action: string): string => actionTitles[action]?.() ?? action;
export const rowsTitle = (rows: string): string => rowsTitles[rows]?.() ?? rows;
export const visibilityTitle = (visibility: string): string => visibilityTitles[visibility]?.() ?? visibility;
export const subjectTitle = (subject: string): string => subjectTitles[subject]?.() ?? subject;
