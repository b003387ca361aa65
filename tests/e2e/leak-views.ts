/** Whom a caller may see rows of, by id: as the rows of `crm` say, not as the product compiled it. */
export interface Principal {
  employees: ReadonlySet<string>;
  departments: ReadonlySet<string>;
}

/** Whose a customer is now, by the customer's id. A customer without an owner is of no department either. */
export type CustomerOwners = ReadonlyMap<string, string | null>;

/** A row's ids, by the dimension's name; null where it names none. */
export type Ids = Readonly<Record<string, string | null>>;

/** The rule by which rows of a view are somebody's. */
export interface Rule {
  /** Dimensions that together say whose a row is. */
  by: readonly string[];
  isOf(ids: Ids, principal: Principal, customers: CustomerOwners): boolean;
}

const has = (known: ReadonlySet<string>, id: string | null | undefined): boolean => typeof id === "string" && known.has(id);

/** Of a department only what is nobody's. */
const ofEmployee = (employee: string): Rule => ({
  by: [employee, "department_id"],
  isOf: (ids, { employees, departments }) =>
    ids[employee] === null ? has(departments, ids["department_id"]) : has(employees, ids[employee]),
});

const ofCustomer = (key: string): Rule => ({
  by: [key],
  isOf: (ids, principal, customers) => has(principal.employees, customers.get(ids[key] ?? "")),
});

/** Its owner's, and the customer's current owner's. */
const document: Rule = {
  by: ["owner_id", "customer_id", "department_id"],
  isOf: (ids, { employees, departments }, customers) => {
    const customerOwner = customers.get(ids["customer_id"] ?? "") ?? null;
    if (has(employees, ids["owner_id"]) || has(employees, customerOwner)) return true;
    return ids["owner_id"] === null && customerOwner === null && has(departments, ids["department_id"]);
  },
};

/** What a manager and a rep get of a view; executive and analyst get all of each. `refused` is 403, and not in `/meta`. */
export type Expectation =
  | {
      rows: "own";
      /** A figure of the view, asked for without a period. */
      measure: string;
      /** The entities all of whose grants the rows need. */
      needs: readonly string[];
      rule: Rule;
      /** The figure states the end of a period, each group's its own: groups do not add up to the total. */
      isState?: true;
    }
  | {
      /** As `own`, of a view that does not name the customer, whose owner sees the row too: held against the mart itself. */
      rows: "own by owner";
      measure: string;
      needs: readonly string[];
      mart: string;
      /** The measure as SQL over the mart, a whole number. */
      figure: string;
    }
  | { rows: "published"; measure: string; by: readonly string[]; exported: boolean; why: string }
  | { rows: "refused"; measure: string; needs: readonly string[]; why: string };

const documents = (measure: string, ...needs: string[]): Expectation => ({ rows: "own", measure, needs, rule: document });
const customers = (measure: string, ...needs: string[]): Expectation => ({
  rows: "own",
  measure,
  needs: ["customer", ...needs],
  rule: ofCustomer("customer_id"),
});
const employees = (measure: string, employee: string, ...needs: string[]): Expectation => ({
  rows: "own",
  measure,
  needs,
  rule: ofEmployee(employee),
});
const byOwner = (measure: string, mart: string, figure: string, ...needs: string[]): Expectation => ({
  rows: "own by owner",
  measure,
  needs,
  mart,
  figure,
});

const state = (expectation: Expectation): Expectation => (expectation.rows === "own" ? { ...expectation, isState: true } : expectation);

/** Every public view of the semantic layer: who gets what of it. */
export const views: Readonly<Record<string, Expectation>> = {
  activities: documents("count", "activity"),
  activity_effectiveness: byOwner("done_count", "marts.fct_employee_activities", "count(*)", "activity", "opportunity", "order"),
  churn: customers("event_count", "contract", "order"),
  churn_backtest: {
    rows: "published",
    measure: "customer_count",
    by: ["tenth"],
    exported: true,
    why: "how well the risk scores did, by tenth of all customers: no customer and no amount in it",
  },
  churn_events: customers("lost_amount", "customer_event", "contract", "order"),
  churn_losses: customers("lost_amount", "contract", "order"),
  churn_risk: customers("amount", "customer_event", "activity", "order", "instalment", "receipt"),
  concentration: { rows: "refused", measure: "customer_count", needs: ["customer", "order"], why: "ranks all customers by amount" },
  customer_care: customers("owned_count", "activity", "order"),
  customers: { rows: "own", measure: "count", needs: ["customer"], rule: ofCustomer("id") },
  document_chain: byOwner("count", "reports.rpt_document_chain", "count(*)", "lead", "opportunity", "contract", "order", "receipt"),
  forecast: employees("actual_amount", "employee_id", "opportunity", "order", "receipt"),
  forecast_scores: employees("count", "employee_id", "opportunity", "order", "receipt"),
  funnel: documents("entered_amount", "opportunity"),
  leaderboard: {
    rows: "published",
    measure: "order_amount",
    by: ["employee_id"],
    exported: false,
    why: "results by person and month, granted to every role as the published aggregate `leaderboard`",
  },
  leads: employees("count", "owner_id", "lead"),
  lifetime_value: customers("clv", "order"),
  opportunities: documents("amount", "opportunity"),
  orders: documents("amount", "order"),
  ownership: customers("gained_count"),
  performance: employees("order_amount", "owner_id", "customer", "opportunity", "order", "receipt", "target"),
  pipeline: documents("in_amount", "opportunity"),
  pipeline_beliefs: byOwner("believed_count", "marts.fct_pipeline_beliefs", "sum(count_change)", "opportunity"),
  pipeline_coverage: byOwner("open_count", "marts.fct_pipeline_coverage", "sum(open_count)", "opportunity", "target"),
  receipts: documents("amount", "receipt"),
  receivable_ageing: state(documents("open_amount", "order", "instalment", "receipt")),
  receivable_turnover: state(documents("billed_amount", "order", "instalment", "receipt")),
  receivables: documents("amount", "order", "instalment", "receipt"),
  regions: employees("order_amount", "owner_id", "customer", "order", "receipt"),
  retention: customers("amount", "order"),
  rfm: customers("amount", "order"),
  stage_cohorts: byOwner("cohort_count", "marts.fct_opportunity_cohorts", "count(distinct opportunity_key)", "opportunity"),
  survival: { rows: "refused", measure: "churn_count", needs: ["customer", "contract", "order"], why: "curves over all customers" },
  targets: state(employees("target_amount", "employee_id", "target", "opportunity", "order", "receipt")),
  value: customers("amount", "opportunity", "activity", "order", "receipt"),
  value_by_month: state(customers("amount", "opportunity", "activity", "order", "receipt")),
  value_moves: customers("amount_after", "opportunity", "activity", "order", "receipt"),
  white_space: customers("amount", "order"),
};
