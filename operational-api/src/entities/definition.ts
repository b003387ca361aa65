/**
 * What an entity is, said once. Validation, OpenAPI, the Postgres schema, the mirror, scopes, labels and import templates derive from it.
 * One file per entity beside this one, all of the same shape; `index.ts` lists them.
 */

/** A text in both languages of the portal. */
export interface Label {
  zh: string;
  en: string;
}

/**
 * Column types and how they travel:
 * uuid: UUIDv7 string · text · integer · boolean · date: `2026-11-22` · instant: RFC 3339 UTC, microseconds in Postgres ·
 * money: decimal string, 2 places, DECIMAL(18,2) · quantity: decimal string, 4 places, DECIMAL(18,4) · rate: decimal string, 8 places, DECIMAL(18,8) ·
 * enum: one of `values` · currency: ISO 4217 code
 */
export type ColumnType = "uuid" | "text" | "integer" | "boolean" | "date" | "instant" | "money" | "quantity" | "rate" | "enum" | "currency";

/**
 * Digits before the point of an amount that somebody writes, so below 10^13. Columns hold three more (DECIMAL(18,2)), but figures are sums and products of
 * amounts, and one beyond this would be left out of them. The models' `money_within_figures` says the same of what is there already.
 */
export const amountDigits = 13;

export interface Column {
  type: ColumnType;
  label: Label;
  /** Must be given on create and can't be null. */
  required?: true;
  /** Name of the entity whose `id` this is. Writers may give `<base>_external_id` instead of `<base>_id`. */
  references?: string;
  /** The codes of an enum with their labels. */
  values?: Readonly<Record<string, Label>>;
  /** Used when the writer gives nothing. `company_currency` and `now` are resolved at the request. */
  default?: string | number | boolean;
  /** Longest text; default 200. */
  maxLength?: number;
  /** Smallest value of a number. */
  minimum?: number;
  /** Largest value of a number. */
  maximum?: number;
  /** A decimal that must be greater than 0. */
  positive?: true;
  /** Personal data of a natural person: never in logs, hideable by column rules, erased on request. */
  personal?: true;
  /** Lists may filter on it: `?status=open`, and `_gte`, `_lte`, `_gt`, `_lt` on ordered types. */
  filter?: true;
  /** Lists may sort on it. */
  sort?: true;
  /** `?q=` looks into it. */
  search?: true;
  /** Set by workflow verbs or the server only; given by a writer it is a 422. */
  readOnly?: true;
  /** A business time: only a caller with the right `backdate` may set it; others get the server's clock. */
  backdate?: true;
}

/** Whose row it is: the columns that row scopes are made of. `reference`: readable by everybody who may read the entity. */
export type ScopeColumns =
  | "reference"
  | {
      /** Employee references: the row belongs to any of these. */
      employee?: readonly string[];
      /** Department reference, for rows that belong to a department rather than a person. */
      department?: string;
      /** Customer reference: the customer's current owner sees the row too. */
      customer?: string;
      /** The row is seen by whoever sees this parent (order lines by their order). */
      parent?: { entity: string; column: string };
    };

export interface Entity {
  /** Singular, snake_case: `order_line`. The name permissions use. */
  name: string;
  /** Plural, snake_case: the Postgres table in schema `crm`, the mirrored table, and (as kebab-case) the collection's path. */
  table: string;
  label: Label;
  /** One sentence: "One row per …". */
  description: string;
  columns: Readonly<Record<string, Column>>;
  scope: ScopeColumns;
  /** Column groups that must be unique among rows that are not deleted. */
  unique?: readonly (readonly string[])[];
  /** Columns whose changes are written to the event tables with `effective_at`, in the same transaction. */
  events?: { stage?: string; status?: string; owner?: string; department?: string; amount?: string; expected_close?: string };
  /** Child rows written inside the parent's body under this field, and read back with it. */
  children?: { field: string; entity: string; parentColumn: string; required: boolean };
}

/** Checks nothing, keeps the literal type. */
export const defineEntity = <const E extends Entity>(entity: E): E => entity;

/**
 * Columns every entity's table has besides its own.
 * `row_key` is the integer surrogate key of the warehouse: given once by Postgres, never reused, never shown by the API.
 * `created_at` is business time; `recorded_at` and `updated_at` are the system's; `version` is the ETag.
 */
export const systemColumns = {
  id: { type: "uuid", label: { zh: "编号", en: "ID" }, filter: true, readOnly: true },
  external_id: { type: "text", label: { zh: "外部编号", en: "External ID" }, filter: true },
  created_at: { type: "instant", label: { zh: "创建时间", en: "Created at" }, filter: true, sort: true, backdate: true },
  recorded_at: { type: "instant", label: { zh: "录入时间", en: "Recorded at" }, readOnly: true },
  updated_at: { type: "instant", label: { zh: "更新时间", en: "Updated at" }, filter: true, sort: true, readOnly: true },
  deleted_at: { type: "instant", label: { zh: "删除时间", en: "Deleted at" }, readOnly: true },
  version: { type: "integer", label: { zh: "版本", en: "Version" }, readOnly: true },
} as const satisfies Record<string, Column>;
