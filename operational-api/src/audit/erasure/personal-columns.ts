import type { Entity } from "../../entities/definition.ts";
import { entities } from "../../entities/index.ts";

/** What identifies a person, in the records that can be one. A customer is one when the administrator who asks for the erasure says so. */
export const personalColumns: Readonly<Record<string, readonly string[]>> = {
  contact: ["name", "mobile", "email"],
  lead: ["contact_name", "mobile"],
  customer: ["name", "phone", "address"],
  employee: ["name", "email", "mobile"],
};

/** Stands where a text was that must not be empty, and in the midst of texts. */
export const erasedMark = "［已擦除］";

/** Texts in which people write about people: of everything but reference data, and no column that names a person itself. */
export const freeTexts = (): { entity: Entity; columns: string[] }[] =>
  entities
    .filter((entity) => entity.scope !== "reference")
    .map((entity) => ({
      entity,
      columns: Object.entries(entity.columns)
        .filter(([name, column]) => column.type === "text" && !personalColumns[entity.name]?.includes(name))
        .map(([name]) => name),
    }))
    .filter(({ columns }) => columns.length > 0);

/** Long enough to be told from other text: two letters of a name, seven digits of a number. */
export const isTelling = (value: string): boolean =>
  /^[\d\s+()-]*$/.test(value) ? value.replaceAll(/\D/g, "").length >= 7 : value.length >= 2;
