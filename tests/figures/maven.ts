import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** Figures of one group of opportunities. `wonAmount` is dollars with 2 places; `winRate` = won / (won + lost), null without a closed deal; `cycleDays` is the mean over won deals, null without one. */
export interface MavenGroup {
  count: number;
  open: number;
  won: number;
  lost: number;
  wonAmount: string;
  winRate: number | null;
  cycleDays: number | null;
}

export interface MavenFigures {
  total: MavenGroup;
  /** All 35 agents, those without a deal with zeros. */
  byAgent: Record<string, MavenGroup>;
  byManager: Record<string, MavenGroup>;
  byRegion: Record<string, MavenGroup>;
  /** By the catalogue's name: what the pipeline calls GTXPro is GTX Pro. */
  byProduct: Record<string, MavenGroup>;
  /** Closed deals only, by quarter of the close date: `2017-Q1`. */
  byQuarter: Record<string, MavenGroup>;
  byStage: Record<"Prospecting" | "Engaging" | "Won" | "Lost", number>;
  openWithoutAccount: number;
  agentsWithoutDeal: string[];
  /** Deals whose product is not in the catalogue as spelt. */
  misspeltProduct: number;
}

const columns = `
  count(opportunity_id)::int as count,
  (count(*) filter (where deal_stage in ('Prospecting', 'Engaging')))::int as open,
  (count(*) filter (where deal_stage = 'Won'))::int as won,
  (count(*) filter (where deal_stage = 'Lost'))::int as lost,
  coalesce(sum(close_value) filter (where deal_stage = 'Won'), 0)::decimal(18, 2)::varchar as "wonAmount",
  won / nullif(won + lost, 0) as "winRate",
  avg(date_diff('day', engage_date, close_date)) filter (where deal_stage = 'Won') as "cycleDays"`;

/**
 * The figures of the Maven pipeline, straight from the CSV files in `folder` by DuckDB: nothing of Kehu takes part.
 * Throws when a file is missing or has other columns.
 */
export async function mavenFigures(folder: string): Promise<MavenFigures> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const load = async (table: string, types: string): Promise<void> => {
      const file = join(folder, `${table}.csv`).replaceAll("'", "''");
      await connection.run(`create table ${table} as select * from read_csv('${file}', header = true, columns = {${types}})`);
    };
    await load("sales_teams", "sales_agent: 'varchar', manager: 'varchar', regional_office: 'varchar'");
    await load("products", "product: 'varchar', series: 'varchar', sales_price: 'decimal(18,2)'");
    await load(
      "sales_pipeline",
      `opportunity_id: 'varchar', sales_agent: 'varchar', product: 'varchar', account: 'varchar', deal_stage: 'varchar',
       engage_date: 'date', close_date: 'date', close_value: 'decimal(18,2)'`,
    );
    // Blanks apart, GTXPro is the one spelling that differs; an inner join on the raw name would lose it.
    await connection.run(`
      create view deals as
      select sales_pipeline.* replace (products.product as product), manager, regional_office,
             strftime(close_date, '%Y') || '-Q' || quarter(close_date) as close_quarter
        from sales_pipeline
        left join products on replace(products.product, ' ', '') = replace(sales_pipeline.product, ' ', '')
        left join sales_teams using (sales_agent)`);
    const rows = async <Row>(sql: string): Promise<Row[]> => (await connection.runAndReadAll(sql)).getRowObjectsJS() as Row[];
    const groups = async (key: string, from = "deals", where = "true"): Promise<Record<string, MavenGroup>> => {
      const found = await rows<MavenGroup & { key: string }>(
        `select ${key} as key, ${columns} from ${from} where ${where} group by all order by all`,
      );
      return Object.fromEntries(found.map(({ key, ...group }) => [key, group]));
    };
    const count = async (sql: string): Promise<number> => (await rows<{ count: number }>(`select (${sql})::int as count`))[0]!.count;

    const agents = "sales_teams left join (select * exclude (manager, regional_office) from deals) using (sales_agent)";
    const stages = await rows<{ stage: keyof MavenFigures["byStage"]; count: number }>(
      "select deal_stage as stage, count(*)::int as count from sales_pipeline group by all",
    );
    return {
      total: (await groups("'all'"))["all"]!,
      byAgent: await groups("sales_agent", agents),
      byManager: await groups("manager", agents),
      byRegion: await groups("regional_office", agents),
      byProduct: await groups("product"),
      byQuarter: await groups("close_quarter", "deals", "close_date is not null"),
      byStage: Object.fromEntries(stages.map(({ stage, count }) => [stage, count])) as MavenFigures["byStage"],
      openWithoutAccount: await count(
        "select count(*) from sales_pipeline where account is null and deal_stage in ('Prospecting', 'Engaging')",
      ),
      agentsWithoutDeal: (
        await rows<{ agent: string }>(
          "select sales_agent as agent from sales_teams anti join sales_pipeline using (sales_agent) order by 1",
        )
      ).map(({ agent }) => agent),
      misspeltProduct: await count("select count(*) from sales_pipeline anti join products using (product)"),
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
