/** The rows of the CSV files, by file and as they are. */
export interface MavenFiles {
  accounts: Record<string, string>[];
  products: Record<string, string>[];
  sales_teams: Record<string, string>[];
  sales_pipeline: Record<string, string>[];
}

export interface Mapping {
  file: string;
  column: string;
  dirty: string;
  clean: string;
  reason: string;
}

export type Body = Record<string, unknown>;

/** Every key in Kehu is the file's own name for the thing, so that the next file's rows find it. */
const pipeline = "maven";
/** Days have no time of day in the files; noon UTC is the same day from Honolulu to Sydney. */
const noon = (day: string): string => `${day}T12:00:00Z`;
/** Before the first deal: people and products were there when it began. */
const beginning = noon("2016-10-01");
const unique = (values: readonly string[]): string[] => [...new Set(values)];
/** Millions of dollars as dollars with two places, without floating point: `1100.04` -> `1100040000.00`. */
const millions = (text: string): string => {
  const [whole = "0", fraction = ""] = text.split(".");
  return `${BigInt(whole + fraction.padEnd(6, "0").slice(0, 6))}.00`;
};

export const pipelineStages = (): Body[] =>
  (
    [
      ["prospecting", "寻找客户", "Prospecting", "0.2", "open"],
      ["engaging", "接洽", "Engaging", "0.5", "open"],
      ["won", "赢单", "Won", "1", "won"],
      ["lost", "输单", "Lost", "0", "lost"],
    ] as const
  ).map(([code, name, name_en, probability, outcome], index) => {
    return { external_id: `${pipeline}:${code}`, pipeline, code, name, name_en, position: index + 1, probability, outcome };
  });

export const departments = ({ sales_teams }: MavenFiles): Body[] =>
  unique(sales_teams.map((team) => team["regional_office"]!)).map((name, position) => {
    return { external_id: name, name, position: position + 1, created_at: beginning };
  });

/** Managers with the office of their team, then the agents below them. */
export const employees = ({ sales_teams }: MavenFiles): Body[] => {
  const managers = unique(sales_teams.map((team) => team["manager"]!)).map((name) => ({
    external_id: name,
    name,
    position: "Sales manager",
    is_salesperson: false,
    department_external_id: sales_teams.find((team) => team["manager"] === name)!["regional_office"],
    created_at: beginning,
  }));
  const agents = sales_teams.map((team) => ({
    external_id: team["sales_agent"],
    name: team["sales_agent"],
    position: "Sales agent",
    is_salesperson: true,
    department_external_id: team["regional_office"],
    manager_external_id: team["manager"],
    created_at: beginning,
  }));
  return [...managers, ...agents];
};

export const productCategories = ({ products }: MavenFiles): Body[] =>
  unique(products.map((product) => product["series"]!)).map((name, position) => {
    return { external_id: name, name, position: position + 1, created_at: beginning };
  });

export const products = ({ products }: MavenFiles): Body[] =>
  products.map((product) => ({
    external_id: product["product"],
    name: product["product"],
    category_external_id: product["series"],
    list_price: Number(product["sales_price"]).toFixed(2),
    currency: "USD",
    created_at: beginning,
  }));

/** An account is a customer since its first deal; the files say nothing else about when. */
export const customers = ({ accounts, sales_pipeline }: MavenFiles): Body[] => {
  const since = new Map<string, string>();
  for (const deal of sales_pipeline) {
    const [account, day] = [deal["account"]!, deal["engage_date"]!];
    if (day && (since.get(account) ?? day) >= day) since.set(account, day);
  }
  return accounts.map((account) => {
    const day = since.get(account["account"]!);
    return {
      external_id: account["account"],
      name: account["account"],
      industry: account["sector"],
      country: account["office_location"],
      founded_year: Number(account["year_established"]),
      employee_count: Number(account["employees"]),
      annual_revenue: millions(account["revenue"]!),
      ...(account["subsidiary_of"] && { parent_external_id: account["subsidiary_of"] }),
      created_at: day ? noon(day) : beginning,
    };
  });
};

/**
 * A deal with the stages the file tells: engaging on `engage_date`, won or lost on `close_date`.
 * `amount` is what it brought (lost deals 0, as in the file); an open deal has no value there and takes the product's list price.
 */
export const opportunity = (deal: Record<string, string>, listPrices: ReadonlyMap<string, string>): Body => {
  const stage = deal["deal_stage"]!.toLowerCase();
  const [engaged, closed] = [deal["engage_date"]!, deal["close_date"]!];
  const history = [
    ...(engaged ? [{ stage: "engaging", effective_at: noon(engaged) }] : []),
    ...(closed ? [{ stage, effective_at: noon(closed) }] : []),
  ];
  const value = deal["close_value"] || listPrices.get(deal["product"]!) || "0";
  return {
    external_id: deal["opportunity_id"],
    name: `${deal["account"] || "No account yet"} · ${deal["product"]}`,
    owner_external_id: deal["sales_agent"],
    customer_external_id: deal["account"] || null,
    product_external_id: deal["product"],
    pipeline,
    stage,
    amount: Number(value).toFixed(2),
    currency: "USD",
    // A prospecting deal has no date in the file: it begins with the load.
    ...(history.length > 0 && { created_at: history[0]!.effective_at, stage_history: history }),
  };
};

/** Rows with the dirty values of `column`s replaced. */
export const cleaned = (
  file: keyof MavenFiles,
  rows: readonly Record<string, string>[],
  mappings: readonly Mapping[],
): Record<string, string>[] => {
  const own = mappings.filter((mapping) => mapping.file === file);
  return rows.map((row) => {
    const clean = { ...row };
    for (const { column, dirty, clean: value } of own) if (row[column] === dirty) clean[column] = value;
    return clean;
  });
};
