import type { Graph } from "./graph.ts";
import type { Node } from "./resources.ts";

/** What is run at once: one model, seed or unit test, or the data tests that read the same relations. */
export interface Unit {
  nodes: Node[];
  /** Units that must have ended before, and well, or this one is skipped. */
  after: Set<Unit>;
}

/** Orders the selected nodes. With `gate` a model also waits for the tests of what it reads (dbt's build). */
export function planUnits(selected: readonly Node[], graph: Graph, gate: boolean): Unit[] {
  const unitOf = new Map<string, Unit>();
  const units: Unit[] = [];
  const testGroups = new Map<string, Unit>();
  for (const node of selected) {
    if (node.config.materialized === "ephemeral") continue;
    const key = node.resourceType === "test" ? node.dependsOn.join(" ") : undefined;
    const group = key === undefined ? undefined : testGroups.get(key);
    if (group) group.nodes.push(node);
    const unit = group ?? { nodes: [node], after: new Set<Unit>() };
    if (!group) units.push(unit);
    if (key !== undefined) testGroups.set(key, unit);
    unitOf.set(node.uniqueId, unit);
  }
  for (const unit of units) {
    const [first] = unit.nodes;
    if (!first) continue;
    const ancestors = graph.ancestors(first.uniqueId);
    if (first.resourceType === "unit_test") {
      // It needs what its model reads, and goes before the model.
      const model = unitOf.get(first.dependsOn[0] ?? "");
      ancestors.delete(first.dependsOn[0] ?? "");
      if (model && gate) model.after.add(unit);
    }
    for (const id of ancestors) {
      const other = unitOf.get(id);
      if (other) unit.after.add(other);
    }
    if (!gate || first.resourceType === "test" || first.resourceType === "unit_test") continue;
    for (const test of testGroups.values()) {
      const parents = test.nodes[0]?.dependsOn ?? [];
      if (parents.length > 0 && parents.every((parent) => ancestors.has(parent))) unit.after.add(test);
    }
  }
  return units;
}

/** Runs units in order, as many at once as there are workers. `run` tells whether dependants may go on. */
export async function runUnits<Worker>(
  units: readonly Unit[],
  workers: readonly Worker[],
  run: (unit: Unit, worker: Worker) => Promise<boolean>,
  skip: (unit: Unit, because: Unit | undefined) => void,
  stopAtFailure: boolean,
): Promise<void> {
  const waiting = new Set(units);
  const ended = new Map<Unit, boolean>();
  let stopped = false;
  let wake: (() => void)[] = [];
  const signal = (): void => {
    for (const resolve of wake) resolve();
    wake = [];
  };
  const next = (): Unit | undefined => {
    for (const unit of waiting) {
      const failed = [...unit.after].find((other) => ended.get(other) === false);
      if (failed || stopped) {
        waiting.delete(unit);
        ended.set(unit, false);
        skip(unit, failed);
        return next();
      }
      if ([...unit.after].every((other) => ended.has(other))) {
        waiting.delete(unit);
        return unit;
      }
    }
    return undefined;
  };
  let running = 0;
  const work = async (worker: Worker): Promise<void> => {
    for (;;) {
      const unit = next();
      if (!unit) {
        if (waiting.size === 0 || running === 0) return;
        await new Promise<void>((resolve) => wake.push(resolve));
        continue;
      }
      running++;
      try {
        const good = await run(unit, worker);
        ended.set(unit, good);
        if (!good && stopAtFailure) stopped = true;
      } finally {
        running--;
        signal();
      }
    }
  };
  await Promise.all(workers.map(work));
}
