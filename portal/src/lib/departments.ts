import type { Department, Me, Role } from "#lib/session.ts";

/** A department with its depth in the tree, for a select that shows the tree in order. */
export interface DepartmentOption {
  id: string;
  name: string;
  depth: number;
}

/** `id` and everything below it. */
export function withBelow(departments: readonly Department[], id: string): string[] {
  const found = [id];
  for (const parent of found) {
    for (const child of departments) if (child.parent_id === parent && !found.includes(child.id)) found.push(child.id);
  }
  return found;
}

/** The tree in reading order; a department whose parent the caller can't see stands at the top. */
export function treeOrder(departments: readonly Department[]): DepartmentOption[] {
  const known = new Set(departments.map(({ id }) => id));
  const ordered: DepartmentOption[] = [];
  const visit = (parent: string | null, depth: number): void => {
    for (const { id, name, parent_id } of departments) {
      const isTop = parent_id === null || !known.has(parent_id);
      if ((parent === null ? isTop : parent_id === parent) && !ordered.some((option) => option.id === id)) {
        ordered.push({ id, name, depth });
        visit(id, depth + 1);
      }
    }
  };
  visit(null, 0);
  return ordered;
}

const wholeCompany: readonly Role[] = ["administrator", "executive", "analyst"];

/**
 * The departments worth choosing from: a manager's own and those below it, none for a rep. A convenience only; what a choice shows is
 * decided below the semantic layer.
 */
export function offeredDepartments({ roles, department_id }: Me, departments: readonly Department[]): Department[] {
  if (roles.some((role) => wholeCompany.includes(role))) return [...departments];
  if (!roles.includes("sales_manager") || !department_id) return [];
  const below = withBelow(departments, department_id);
  return departments.filter(({ id }) => below.includes(id));
}

/**
 * The departments whose people's rows the caller sees; null: everybody's, none: the caller's own only. For filling in zeros: of others the
 * caller does not know that there is nothing, only that nothing is shown.
 */
export function overseenDepartments(me: Me, departments: readonly Department[]): string[] | null {
  if (me.roles.some((role) => wholeCompany.includes(role))) return null;
  return offeredDepartments(me, departments).map(({ id }) => id);
}
