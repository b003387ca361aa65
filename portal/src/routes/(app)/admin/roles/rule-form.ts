/** The fields of the form by which a permission is added, as the page names them and the server reads them. */

/** Values that are ticked. */
export const ticked = (column: string): string => `customer.${column}`;
/** Values that are written, separated by commas. */
export const written = (column: string): string => `customer_text.${column}`;

/** `listed("上海、江苏, 浙江")` is three values; both languages' commas separate. */
export const listed = (text: string): string[] =>
  text
    .split(/[,，、]/)
    .map((each) => each.trim())
    .filter((each) => each !== "");

const textOf = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
};
const textsOf = (form: FormData, name: string): string[] => form.getAll(name).filter((value) => typeof value === "string");

/** The form as `POST /api/v1/permissions` takes it. `columns`: those that customers can be grouped by. Nothing chosen narrows nothing. */
export function permissionOf(form: FormData, columns: readonly string[]) {
  const groups = columns.flatMap((column): [string, string[]][] => {
    const values = [...new Set([...textsOf(form, ticked(column)), ...listed(textOf(form, written(column)))])];
    return values.length > 0 ? [[column, values]] : [];
  });
  const lines = textsOf(form, "product_line");
  return {
    role: textOf(form, "role"),
    entity: textOf(form, "entity"),
    action: textOf(form, "action"),
    rows: textOf(form, "rows"),
    customers: groups.length > 0 ? Object.fromEntries(groups) : null,
    product_lines: lines.length > 0 ? lines : null,
  };
}
