/** The catalogue that a build leaves in a snapshot: nodes with the columns that theirs come from. */

/** `inputs`: "crm.orders.note". */
export const catalogueColumn = (name: string, kind: string, ...inputs: string[]): object => ({
  name,
  kind,
  type: "VARCHAR",
  description: "",
  inputs: inputs.map((input) => ({ node: input.slice(0, input.lastIndexOf(".")), column: input.slice(input.lastIndexOf(".") + 1), kind })),
});

export const catalogueNode = (name: string, columns: object[], type = "model"): object => ({
  id: name,
  type,
  schema: "marts",
  name,
  description: "",
  parents: [],
  rows: [],
  tests: [],
  columns,
});

/** SQL that makes the table. `fingerprint`: a snapshot with another has another catalogue. */
export const catalogueSql = (nodes: readonly object[], fingerprint: string): string => `
  create schema if not exists meta;
  create table meta.catalogue (position integer, id varchar, node json, fingerprint varchar);
  insert into meta.catalogue values ${nodes.map((each, position) => `(${position}, 'n', '${JSON.stringify(each)}', '${fingerprint}')`).join(",")};`;
