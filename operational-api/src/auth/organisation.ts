import type { Permission, RowScope } from "./permissions.ts";
import type { RowGrant, RowTerm } from "./scope.ts";

/** The trees that row scopes walk. Everybody and everything there ever was: who left still owns rows. */
export interface Organisation {
  employees: readonly { id: string; managerId: string | null; departmentId: string | null }[];
  departments: readonly { id: string; parentId: string | null }[];
  /** Needed where a rule names product lines. */
  categories?: readonly { id: string; parentId: string | null }[];
  products?: readonly { id: string; categoryId: string | null }[];
}

/** What a permission row says of rows. */
export type RowRule = Pick<Permission, "rows" | "customers" | "product_lines">;

/** All that can be reached from `start`, itself included. Trees with a cycle are walked once. */
const reach = (start: string, next: (id: string) => readonly { id: string }[]): string[] => {
  const seen = new Set([start]);
  for (const id of seen) for (const child of next(id)) seen.add(child.id); // a Set's iteration goes on to what is added meanwhile
  return [...seen];
};

/** Answers what rows a rule means for one employee. */
export function createRowResolver(organisation: Organisation, employeeId: string | null): (rule: RowRule) => RowGrant {
  const ofPeople = createPeopleResolver(organisation, employeeId);
  const productsOf = createProductResolver(organisation);
  const known = new Map<RowScope, RowGrant>();

  return ({ rows, customers, product_lines: lines }) => {
    const people = known.get(rows) ?? ofPeople(rows);
    known.set(rows, people);
    if (people.rows === "none" || (!customers && !lines)) return people;
    const narrower: RowTerm = {
      ...(customers && { customers: sortedValues(customers) }),
      ...(lines && { products: productsOf(lines) }),
    };
    return grantOf(termsOf(people).flatMap((term) => bothTerms(term, narrower)));
  };
}

const sortedValues = (values: Record<string, readonly string[]>): Record<string, string[]> =>
  Object.fromEntries(
    Object.keys(values)
      .sort()
      .map((column) => [column, unique(values[column] ?? [])]),
  );

function createProductResolver({ categories = [], products = [] }: Organisation): (lines: readonly string[]) => string[] {
  const below = Map.groupBy(categories, (category) => category.parentId);
  return (lines) => {
    const named = new Set(lines.flatMap((line) => reach(line, (id) => below.get(id) ?? [])));
    return unique(products.flatMap(({ id, categoryId }) => (categoryId !== null && named.has(categoryId) ? [id] : [])));
  };
}

/** Answers what rows a row scope means for one employee. */
function createPeopleResolver(organisation: Organisation, employeeId: string | null): (rows: RowScope) => RowGrant {
  const reports = Map.groupBy(organisation.employees, (employee) => employee.managerId);
  const members = Map.groupBy(organisation.employees, (employee) => employee.departmentId);
  const below = Map.groupBy(organisation.departments, (department) => department.parentId);
  const self = organisation.employees.find((employee) => employee.id === employeeId);

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
    if (rows === "public") return grantOf([{ pool: true }]);
    if (!self) return { rows: "none" };
    switch (rows) {
      case "own":
        return some([self.id], []);
      case "related":
        return { ...some([self.id], []), terms: [{ related: [self.id] }] };
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

/** A grant as terms, any of which shows a row. `all` is the term that asks for nothing. */
const termsOf = (grant: RowGrant): RowTerm[] => {
  if (grant.rows === "none") return [];
  if (grant.rows === "all") return [{}];
  const { employees, departments, terms = [] } = grant;
  return employees.length + departments.length > 0 ? [{ people: { employees, departments } }, ...terms] : [...terms];
};

/** The grant that shows what any of the terms shows. */
const grantOf = (terms: readonly RowTerm[]): RowGrant => {
  if (terms.some((term) => Object.keys(term).length === 0)) return { rows: "all" };
  const people = terms.flatMap((term) => (term.people && Object.keys(term).length === 1 ? [term.people] : []));
  const others = terms.filter((term) => !term.people || Object.keys(term).length > 1);
  const distinct = [...new Map(others.map((term) => [JSON.stringify(term), term])).entries()].sort(([left], [right]) =>
    left < right ? -1 : 1,
  );
  if (people.length + distinct.length === 0) return { rows: "none" };
  return {
    rows: "some",
    employees: unique(people.flatMap(({ employees }) => employees)),
    departments: unique(people.flatMap(({ departments }) => departments)),
    ...(distinct.length > 0 && { terms: distinct.map(([, term]) => term) }),
  };
};

const common = (some: readonly string[], others: readonly string[]): string[] => {
  const known = new Set(others);
  return unique(some.filter((id) => known.has(id)));
};

/** The term that holds where both hold; none when that is nowhere. Of two sets of people those in both: never wider than the truth. */
const bothTerms = (left: RowTerm, right: RowTerm): RowTerm[] => {
  const both: RowTerm = { ...right, ...left };
  if (left.people && right.people) {
    both.people = {
      employees: common(left.people.employees, right.people.employees),
      departments: common(left.people.departments, right.people.departments),
    };
  }
  if (left.related && right.related) both.related = common(left.related, right.related);
  if (left.products && right.products) both.products = common(left.products, right.products);
  if (left.customers && right.customers) {
    const { customers } = right;
    const narrowed = Object.entries(left.customers).map(([column, values]) => [
      column,
      customers[column] ? common(values, customers[column]) : values,
    ]);
    both.customers = sortedValues({ ...customers, ...(Object.fromEntries(narrowed) as Record<string, string[]>) });
  }
  const isNowhere =
    (both.people && both.people.employees.length + both.people.departments.length === 0) ||
    both.related?.length === 0 ||
    both.products?.length === 0 ||
    Object.values(both.customers ?? {}).some((values) => values.length === 0);
  return isNowhere ? [] : [both];
};

/** The union of two grants. */
export const widest = (left: RowGrant, right: RowGrant): RowGrant => {
  if (left === right || left.rows === "none" || right.rows === "all") return right;
  if (right.rows === "none" || left.rows === "all") return left;
  return grantOf([...termsOf(left), ...termsOf(right)]);
};

/** What both grants allow. */
export const narrowest = (left: RowGrant, right: RowGrant): RowGrant => {
  if (left === right || left.rows === "none" || right.rows === "all") return left;
  if (right.rows === "none" || left.rows === "all") return right;
  return grantOf(termsOf(left).flatMap((one) => termsOf(right).flatMap((other) => bothTerms(one, other))));
};
