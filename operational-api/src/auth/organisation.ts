import type { RowScope } from "./permissions.ts";
import type { RowGrant } from "./scope.ts";

/** The two trees that row scopes walk. Everybody and everything there ever was: who left still owns rows. */
export interface Organisation {
  employees: readonly { id: string; managerId: string | null; departmentId: string | null }[];
  departments: readonly { id: string; parentId: string | null }[];
}

/** Answers what rows a row scope means for one employee. Trees with a cycle are walked once. */
export function createRowResolver(organisation: Organisation, employeeId: string | null): (rows: RowScope) => RowGrant {
  const reports = Map.groupBy(organisation.employees, (employee) => employee.managerId);
  const members = Map.groupBy(organisation.employees, (employee) => employee.departmentId);
  const below = Map.groupBy(organisation.departments, (department) => department.parentId);
  const self = organisation.employees.find((employee) => employee.id === employeeId);

  const reach = (start: string, next: (id: string) => readonly { id: string }[]): string[] => {
    const seen = new Set([start]);
    for (const id of seen) for (const child of next(id)) seen.add(child.id); // a Set's iteration goes on to what is added meanwhile
    return [...seen];
  };
  const departmentTree = (id: string): string[] => reach(id, (department) => below.get(department) ?? []);
  const employeesIn = (departments: readonly string[]): string[] =>
    departments.flatMap((id) => (members.get(id) ?? []).map((employee) => employee.id));

  /** Departments that, with all below them, consist of these employees: their figures say nothing about anybody else. */
  const whollyOf = (employees: readonly string[]): string[] => {
    const known = new Set(employees);
    return organisation.departments
      .filter(({ id }) => {
        const people = employeesIn(departmentTree(id));
        return people.length > 0 && people.every((person) => known.has(person));
      })
      .map(({ id }) => id);
  };

  const some = (employees: readonly string[], departments: readonly string[]): RowGrant => ({
    rows: "some",
    employees: unique(employees),
    departments: unique(departments),
  });

  return (rows) => {
    if (rows === "all") return { rows: "all" };
    if (!self) return { rows: "none" };
    switch (rows) {
      case "own":
        return some([self.id], []);
      case "subordinates": {
        const employees = reach(self.id, (id) => reports.get(id) ?? []);
        return some(employees, whollyOf(employees));
      }
      case "department":
      case "department_and_below": {
        if (!self.departmentId) return some([self.id], []);
        const departments = rows === "department" ? [self.departmentId] : departmentTree(self.departmentId);
        return some([self.id, ...employeesIn(departments)], departments);
      }
    }
  };
}

/** Sorted, so that equal grants are equal text. */
const unique = (ids: readonly string[]): string[] => [...new Set(ids)].sort();

/** The union of two grants. */
export const widest = (left: RowGrant, right: RowGrant): RowGrant => {
  if (left === right || left.rows === "none" || right.rows === "all") return right;
  if (right.rows === "none" || left.rows === "all") return left;
  return {
    rows: "some",
    employees: unique([...left.employees, ...right.employees]),
    departments: unique([...left.departments, ...right.departments]),
  };
};

/** What both grants allow. */
export const narrowest = (left: RowGrant, right: RowGrant): RowGrant => {
  if (left === right || left.rows === "none" || right.rows === "all") return left;
  if (right.rows === "none" || left.rows === "all") return right;
  const common = (some: string[], others: string[]): string[] => {
    const known = new Set(others);
    return unique(some.filter((id) => known.has(id)));
  };
  return { rows: "some", employees: common(left.employees, right.employees), departments: common(left.departments, right.departments) };
};
