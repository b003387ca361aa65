import type { DuckDBConnection } from "@duckdb/node-api";
import { companyDay } from "../live/company-day.ts";
import type { Node, Project } from "../resources.ts";
import type { Fit, FitContext } from "./definition.ts";
import { ownFitTables } from "./fit-tables.ts";
import { computeFit, keepFitRun, type FitInput, type FitRun } from "./run-fit.ts";

/** The fit whose results a model reads, if any. */
function fitsReadBy(node: Node, project: Project): string[] {
  return node.dependsOn.flatMap((id) => {
    const fit = project.sources.get(id)?.config.meta.fit;
    return typeof fit === "string" ? [fit] : [];
  });
}

export function inputsOf(fit: Fit, project: Project): (FitInput & { uniqueId: string })[] {
  const models = [...project.nodes.values()].filter((node) => node.resourceType === "model");
  return fit.inputs.flatMap((name) =>
    models
      .filter((node) => node.name === name)
      .map((node) => ({ uniqueId: node.uniqueId, name, database: node.database, schema: node.schema, identifier: node.alias })),
  );
}

/** The same project with what a fit reads above the models that read its results: the order of the graph goes input -> fit -> source -> staging. */
export function withFitEdges(project: Project, fits: readonly Fit[]): Project {
  if (fits.length === 0) return project;
  const inputs = new Map(fits.map((fit) => [fit.name, inputsOf(fit, project).map(({ uniqueId }) => uniqueId)]));
  const nodes = new Map(
    [...project.nodes].map(([id, node]) => {
      const above = fitsReadBy(node, project).flatMap((fit) => inputs.get(fit) ?? []);
      return [
        id,
        above.length === 0 || node.resourceType !== "model" ? node : { ...node, dependsOn: [...new Set([...node.dependsOn, ...above])] },
      ];
    }),
  );
  return { ...project, nodes };
}

export function fitContext(project: Project, asOf: Date): FitContext {
  const { vars } = project;
  return { asOf, today: companyDay(asOf, String(vars.timezone ?? "UTC")), vars };
}

export interface FitsInBuildOptions {
  project: Project;
  fits: readonly Fit[];
  now: () => Date;
  onRun: (run: FitRun) => void;
}

/**
 * Runs each fit once, right before the first model that reads its results. Results that belong to another database than the one being built are only read.
 * The time of the cut is the variable `as_of`, or now.
 */
export function fitsInBuild(options: FitsInBuildOptions): (node: Node, connection: DuckDBConnection) => Promise<void> {
  const { project, now } = options;
  const tables = ownFitTables(project);
  const own = new Set(tables.map((table) => table.fit));
  const fits = new Map(options.fits.filter((fit) => own.has(fit.name)).map((fit) => [fit.name, fit]));
  const running = new Map<string, Promise<void>>();
  const runOnce = async (fit: Fit, connection: DuckDBConnection): Promise<void> => {
    const asOf = new Date(String(project.vars.as_of ?? now().toISOString()));
    const run = await computeFit(fit, inputsOf(fit, project), fitContext(project, asOf), connection, now);
    options.onRun(await keepFitRun(run, tables, connection));
  };
  return async (node, connection) => {
    for (const name of fitsReadBy(node, project)) {
      const fit = fits.get(name);
      if (!fit) continue;
      const run = running.get(name) ?? runOnce(fit, connection);
      running.set(name, run);
      await run;
    }
  };
}

/** `fit customer_value fitted on 1,843 in 0.42s`. */
export function fitLine(run: FitRun): string {
  const sample = run.sample === null ? "" : ` on ${run.sample.toLocaleString("en-US")}`;
  return `fit ${run.fit} ${run.status}${sample} in ${run.seconds.toFixed(2)}s${run.remark === null ? "" : `: ${run.remark}`}`;
}
