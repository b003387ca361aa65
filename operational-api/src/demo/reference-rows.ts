import type { DemoCalendar } from "./calendar.ts";
import type { Category, Product } from "./catalogue.ts";
import type { Sink } from "./company.ts";
import type { Rates } from "./exchange.ts";
import { mobileNumber } from "./names.ts";
import { defaultPipeline } from "./opportunities.ts";
import { departments, type Employee } from "./organisation.ts";
import type { Random } from "./random.ts";

const hour = 3_600_000;

/** Department rows; returns their ids by code. `at` is when the company was founded in the system. */
export function writeDepartments(sink: Sink, at: number): Map<string, string> {
  const ids = new Map(departments.map(({ code }) => [code, sink.id(at)]));
  departments.forEach(({ code, name, parent }, position) => {
    const id = ids.get(code)!;
    sink.add("departments", { id, external_id: code, at, name, code, parent_id: parent && ids.get(parent)!, position: position + 1 });
  });
  return ids;
}

/** Employee rows with their department and status events; returns their ids by code. */
export function writeEmployees(
  sink: Sink,
  random: Random,
  calendar: DemoCalendar,
  employees: readonly Employee[],
  departmentIds: ReadonlyMap<string, string>,
): Map<string, string> {
  const ids = new Map(employees.map((employee) => [employee.code, sink.id(employee.hiredAt)]));
  const managersFirst = [...employees].sort((one, other) => Number(one.manager !== null) - Number(other.manager !== null));
  for (const employee of managersFirst) {
    const id = ids.get(employee.code)!;
    const changed = Math.max(employee.hiredAt, employee.leftAt ?? 0, ...employee.moves.map((move) => move.at));
    sink.add("employees", {
      id,
      external_id: employee.code,
      at: employee.hiredAt,
      updatedAt: changed,
      name: employee.name,
      email: `${employee.code.toLowerCase()}@kehu.example`,
      mobile: mobileNumber(random),
      position: employee.position,
      department_id: departmentIds.get(employee.department)!,
      manager_id: employee.manager && ids.get(employee.manager)!,
      is_salesperson: employee.isSalesperson,
      status: employee.leftAt === null ? "active" : "left",
      hired_on: calendar.dateOf(employee.hiredAt),
      left_on: employee.leftAt === null ? null : calendar.dateOf(employee.leftAt),
    });
    const stays = [{ department: employee.moves[0]?.from ?? employee.department, at: employee.hiredAt }];
    for (const move of employee.moves) stays.push({ department: move.to, at: move.at });
    stays.forEach(({ department, at }, index) => {
      const before = stays[index - 1];
      const from = before ? departmentIds.get(before.department)! : null;
      sink.event("department_events", { entity: "employee", record: id, at, from, to: departmentIds.get(department)! });
    });
    sink.event("status_events", { entity: "employee", record: id, at: employee.hiredAt, from: null, to: "active" });
    if (employee.leftAt !== null)
      sink.event("status_events", { entity: "employee", record: id, at: employee.leftAt, from: "active", to: "left" });
  }
  return ids;
}

/** Categories and products; returns the products' ids by code. */
export function writeCatalogue(
  sink: Sink,
  at: number,
  catalogue: { categories: readonly Category[]; products: readonly Product[] },
  currency: string,
): Map<string, string> {
  const categories = new Map(catalogue.categories.map(({ code }) => [code, sink.id(at)]));
  for (const { code, name, parent, position } of catalogue.categories) {
    sink.add("product_categories", {
      id: categories.get(code)!,
      external_id: code,
      at,
      name,
      parent_id: parent && categories.get(parent)!,
      position,
    });
  }
  const products = new Map(catalogue.products.map(({ code }) => [code, sink.id(at + hour)]));
  for (const product of catalogue.products) {
    sink.add("products", {
      id: products.get(product.code)!,
      external_id: product.code,
      at: at + hour,
      name: product.name,
      code: product.code,
      category_id: categories.get(product.category)!,
      unit: product.unit,
      list_price: product.listPrice,
      cost_price: product.costPrice,
      currency,
      status: product.discontinued ? "discontinued" : "active",
    });
  }
  return products;
}

export function writePipeline(sink: Sink, at: number): void {
  for (const stage of defaultPipeline) sink.add("pipeline_stages", { id: sink.id(at), at, ...stage });
}

export function writeRates(sink: Sink, rates: Rates): void {
  for (const { currency, rate, validOn, from } of rates.rows) {
    sink.add("exchange_rates", { id: sink.id(from), at: from, currency, rate, valid_on: validOn });
  }
}
