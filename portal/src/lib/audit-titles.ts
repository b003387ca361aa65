import { m } from "#lib/paraglide/messages.js";
import { recordView } from "#lib/records/index.ts";

/** What the audit trail calls things, in the reader's language; columns of entities have their titles from their definitions. */
const actions: Readonly<Record<string, () => string>> = {
  create: m.audit_action_create,
  update: m.audit_action_update,
  delete: m.audit_action_delete,
  restore: m.audit_action_restore,
  stage: m.audit_action_stage,
  approve: m.audit_action_approve,
  cancel: m.audit_action_cancel,
  assign: m.audit_action_assign,
  read: m.audit_action_read,
  export: m.audit_action_export,
  sql: m.audit_action_sql,
  duplicate_check: m.audit_action_duplicate_check,
  see_as: m.audit_action_see_as,
  see_as_ended: m.audit_action_see_as_ended,
  request_erasure: m.audit_action_request_erasure,
  erase: m.audit_action_erase,
  sign_in: m.audit_action_sign_in,
  sign_in_failed: m.audit_action_sign_in_failed,
  sign_in_blocked: m.audit_action_sign_in_blocked,
  second_factor_failed: m.audit_action_second_factor_failed,
  second_factor_on: m.audit_action_second_factor_on,
  second_factor_off: m.audit_action_second_factor_off,
  recovery_codes_made: m.audit_action_recovery_codes_made,
  password_changed: m.audit_action_password_changed,
  password_refused: m.audit_action_password_refused,
  password_reset_requested: m.audit_action_password_reset_requested,
  password_reset_link_made: m.audit_action_password_reset_link_made,
  password_reset: m.audit_action_password_reset,
  session_ended: m.audit_action_session_ended,
  key_made: m.audit_action_key_made,
  key_revoked: m.audit_action_key_revoked,
  device_waiting: m.audit_action_device_waiting,
  device_link_made: m.audit_action_device_link_made,
  device_admitted: m.audit_action_device_admitted,
  device_removed: m.audit_action_device_removed,
  give: m.audit_action_give,
  take: m.audit_action_take,
  account_made: m.audit_action_account_made,
  account_stopped: m.audit_action_account_stopped,
  account_started: m.audit_action_account_started,
  account_changed: m.audit_action_account_changed,
  account_settings_changed: m.audit_action_account_settings_changed,
};

const subjects: Readonly<Record<string, () => string>> = {
  account: m.audit_subject_account,
  role: m.audit_subject_role,
  permission: m.audit_subject_permission,
  column_rule: m.audit_subject_column_rule,
  erasure: m.audit_subject_erasure,
  audit_trail: m.audit_title,
  sql: m.nav_sql,
};

const values: Readonly<Record<string, () => string>> = {
  method: m.audit_value_method,
  device_id: m.audit_value_device_id,
  session_id: m.audit_value_session_id,
  sessions: m.audit_value_sessions,
  reason: m.audit_value_reason,
  status: m.audit_value_status,
  rows: m.audit_value_rows,
  format: m.audit_value_format,
  view: m.audit_value_view,
  title: m.audit_value_title,
  query: m.audit_value_query,
  filters: m.audit_value_filters,
  tables: m.audit_value_tables,
  outcome: m.audit_value_outcome,
  digest: m.audit_value_digest,
  roles: m.audit_value_roles,
  role: m.audit_subject_role,
  entity: m.audit_value_entity,
  record_id: m.audit_value_record_id,
  fields: m.audit_value_fields,
  erasure: m.audit_subject_erasure,
  key_id: m.audit_value_key_id,
  action: m.audit_what,
  count: m.audit_value_count,
  records: m.audit_value_records,
  code: m.audit_value_code,
  by: m.audit_value_by,
  sessions_ended: m.audit_value_sessions_ended,
  keys_revoked: m.audit_value_keys_revoked,
  keys: m.audit_value_keys_revoked,
  entities: m.audit_value_entities,
  read_only: m.account_key_read_only,
  expires_in_days: m.audit_value_expires_in_days,
  employee_id: m.users_employee,
  user_id: m.audit_subject_account,
  is_active: m.audit_value_is_active,
  is_device_bound: m.audit_value_is_device_bound,
  password_length: m.audit_value_password_length,
  idle_minutes: m.audit_value_idle_minutes,
  session_limit: m.audit_value_session_limit,
  second_factor_roles: m.users_settings_factor,
  name: m.audit_value_name,
  title_zh: m.roles_title_zh,
  title_en: m.roles_title_en,
  like: m.roles_like,
  asked: m.audit_value_asked,
  matches: m.audit_value_matches,
  column_name: m.roles_column,
  visibility: m.roles_visibility,
  whose: m.roles_whose,
  customers: m.audit_value_customers,
  product_lines: m.audit_value_product_lines,
};

/** Where a name means something else than it does elsewhere. */
const valuesOfSubject: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  permission: { rows: m.roles_rows },
};

export const auditActions = Object.keys(actions);
export const auditSubjects = Object.keys(subjects);

/** Each in the reader's language; what this portal does not know keeps its code. */
export const auditActionTitle = (action: string): string => actions[action]?.() ?? action;
/** `entities`: titles of the entities by name. An export names the view it was made from. */
export const auditSubjectTitle = (entity: string, entities: Readonly<Record<string, string>>): string =>
  entities[entity] ?? subjects[entity]?.() ?? recordView(entity)?.title() ?? entity;
/** `columns`: titles of the columns by name, where the subject is an entity. */
export const auditValueTitle = (name: string, subject: string, columns: Readonly<Record<string, string>> | undefined): string =>
  columns?.[name] ?? valuesOfSubject[subject]?.[name]?.() ?? values[name]?.() ?? name;
