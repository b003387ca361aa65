/** A company of five employees for the tests: who owns which order, and the model over it. */
import type { Scope } from "@kehu/operational-api/definitions";
import { scopeWith } from "./testing.ts";
import type { TestMart } from "./testing.ts";

export const employee = (key: number): string => `00000000-0000-7000-8000-00000000000${key}`;
export const department = (key: number): string => `00000000-0000-7000-9000-00000000000${key}`;

/** Order keys say what they are: 1x of employee 1, 2x of employee 2, 90 nobody's in department 1, 91 nobody's in department 2. */
export const companySql = `
  create table marts.dim_employees as select key::integer as employee_key, ('00000000-0000-7000-8000-00000000000' || key)::uuid as employee_id,
    name as employee_name from (values (1, '张伟'), (2, '李娜'), (3, '王芳')) people(key, name);
  create table marts.dim_departments as select key::integer as department_key, ('00000000-0000-7000-9000-00000000000' || key)::uuid as department_id,
    name as department_name from (values (1, '华东'), (2, '华南')) units(key, name);
  create table marts.fct_orders (order_key integer, owner_key integer, customer_owner_key integer, department_key integer, amount decimal(18,2),
    ordered_date date, ordered_at timestamptz);
  insert into marts.fct_orders values
    (11, 1, 1, 1, 0.10, '2026-05-01', '2026-04-30 16:30:00+00'),
    (12, 1, 2, 1, 0.20, '2026-06-30', '2026-06-30 15:59:59.9995+00'),
    (21, 2, 2, 1, 1000000000000000.01, '2026-07-01', '2026-06-30 16:00:00+00'),
    (31, 3, 3, 2, 5.00, '2026-07-05', '2026-07-05 02:00:00+00'),
    (90, null, null, 1, 7.00, '2026-07-06', '2026-07-06 02:00:00+00'),
    (91, null, null, 2, 9.00, '2025-07-06', '2025-07-06 02:00:00+00');
  create table marts.dim_regions as select * from (values (1, '上海'), (2, '深圳')) regions(region_key, region_name);
  create table reports.rpt_leaderboard as select * from (values (1, 0.30), (2, 5.00)) board(employee_key, amount);
  create table marts.fct_undeclared as select * from (values (1, 42)) hidden(id, figure);
`;

export const companyMarts: TestMart[] = [
  { name: "dim_employees", scope: "none" },
  { name: "dim_departments", scope: "none" },
  { name: "dim_regions", scope: "none" },
  { name: "fct_orders", scope: { entity: "order", employee: ["owner_key", "customer_owner_key"], department: "department_key" } },
  { name: "rpt_leaderboard", schema: "reports", scope: { entity: "leaderboard" } },
  { name: "fct_undeclared", scope: null },
];

const leaf = (name: string, sql: string, type: string, zh: string, en: string, extra = "") => `
      - name: ${name}
        sql: "${sql}"
        type: ${type}
        title: ${zh}
        description: ${zh}的说明
        meta: { en: { title: ${en}, description: About ${en} } }
${extra}`;

export const companyModel: Record<string, string> = {
  "cubes/orders.yml": `
cubes:
  - name: orders_base
    sql_table: fct_orders
    public: false
    joins:
      - name: employees_base
        relationship: many_to_one
        sql: "{CUBE}.owner_key = {employees_base}.employee_key"
    dimensions:
${leaf("id", "order_key", "number", "编号", "Id", "        primary_key: true\n        public: true")}
${leaf("ordered_date", "ordered_date", "time", "下单日", "Order date")}
${leaf("ordered_at", "ordered_at", "time", "下单时间", "Ordered at")}
    measures:
${leaf("count", "order_key", "count", "订单数", "Orders")}
${leaf("amount", "amount", "sum", "金额", "Amount")}
      - name: amount_year_ago
        title: 去年同期金额
        multi_stage: true
        type: number
        sql: "{amount}"
        time_shift:
          - interval: 1 year
            type: prior
`,
  "cubes/employees.yml": `
cubes:
  - name: employees_base
    sql_table: dim_employees
    public: false
    joins:
      - name: orders_base
        relationship: one_to_many
        sql: "{CUBE}.employee_key = {orders_base}.owner_key"
    dimensions:
      - { name: employee_key, sql: employee_key, type: number, primary_key: true }
${leaf("name", "employee_name", "string", "员工", "Employee")}
      - name: order_amount
        title: 订单金额
        type: number
        sql: "{orders_base.amount}"
        sub_query: true
`,
  "cubes/others.yml": `
cubes:
  - name: leaderboard_base
    sql_table: rpt_leaderboard
    public: false
    dimensions:
      - { name: employee_key, sql: employee_key, type: number, primary_key: true, public: true, title: 员工 }
    measures:
      - { name: amount, sql: amount, type: sum, title: 金额 }
  - name: regions_base
    sql_table: dim_regions
    public: false
    dimensions:
      - { name: key, sql: region_key, type: number, primary_key: true }
      - { name: name, sql: region_name, type: string, title: 地区 }
    measures:
      - { name: count, type: count, title: 地区数 }
  - name: undeclared_base
    sql_table: fct_undeclared
    public: false
    dimensions:
      - { name: id, sql: id, type: number, primary_key: true }
    measures:
      - { name: figure, sql: figure, type: sum, title: 数字 }
  - name: qualified_base
    sql_table: snap.marts.fct_orders
    public: false
    dimensions:
      - { name: id, sql: order_key, type: number, primary_key: true }
    measures:
      - { name: count, type: count, title: 数 }
`,
  "views/views.yml": `
views:
  - name: orders
    title: 订单
    description: 已审批的订单
    meta: { en: { title: Orders, description: Approved orders } }
    cubes:
      - join_path: orders_base
        includes: "*"
      - join_path: orders_base.employees_base
        includes: [{ name: name, alias: owner }]
  - name: employees
    title: 员工
    cubes:
      - join_path: employees_base
        includes: [name, order_amount]
  - name: leaderboard
    title: 排行榜
    cubes:
      - join_path: leaderboard_base
        includes: "*"
  - name: regions
    title: 地区
    cubes:
      - join_path: regions_base
        includes: "*"
  - name: undeclared
    title: 未声明
    cubes:
      - join_path: undeclared_base
        includes: "*"
  - name: qualified
    title: 直接
    cubes:
      - join_path: qualified_base
        includes: "*"
`,
};

export const rep: Scope = scopeWith("rep-1", { order: { rows: "some", employees: [employee(1)], departments: [] } });
export const otherRep: Scope = scopeWith("rep-2", { order: { rows: "some", employees: [employee(2)], departments: [] } });
/** Manager of department 1: its people and what belongs to nobody in it. May export own orders only. */
export const manager: Scope = scopeWith(
  "manager",
  { order: { rows: "some", employees: [employee(1), employee(2)], departments: [department(1)] }, leaderboard: { rows: "all" } },
  { order: { rows: "some", employees: [employee(1), employee(3)], departments: [department(2)] } },
);
export const executive: Scope = scopeWith(
  "executive",
  { order: { rows: "all" }, leaderboard: { rows: "all" } },
  { order: { rows: "all" } },
);
/** A grant on an aggregate that is less than `all` grants nothing. */
export const clerk: Scope = scopeWith("clerk", { leaderboard: { rows: "some", employees: [employee(1)], departments: [] } });
