import type { Graph } from "./graph.ts";
import type { Node } from "./resources.ts";

/** What is run at once: one model, seed or unit test, or the data tests that read the same relations. */
export interface Unit {
  nodes: Node[];
  /** Units that must have ended before, and well, or this one is skipped. */
  after: Set<Unit>;
}

const isTest = (node: Node): boolean => node.resourceType === "test" || node.resourceType === "unit_test";

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
  const ancestors = new Ancestors(graph);
  const nearest = nearestUnits(graph, unitOf);
  for (const unit of units) {
    const [first] = unit.nodes;
    if (!first) continue;
    // A unit test needs what its model reads, and goes before the model.
    const modelId = first.resourceType === "unit_test" ? (first.dependsOn[0] ?? "") : null;
    for (const other of nearest(modelId ?? first.uniqueId)) unit.after.add(other);
    if (modelId !== null && gate) unitOf.get(modelId)?.after.add(unit);
  }
  if (gate) {
    const testsByParent = Map.groupBy(testGroups.values(), (test) => test.nodes[0]?.dependsOn[0] ?? "");
    for (const unit of units) for (const test of testsBefore(unit, testsByParent, ancestors, nearest)) unit.after.add(test);
  }
  return units;
}

/** The ancestors of each node, worked out once. */
class Ancestors {
  private readonly graph: Graph;
  private readonly known = new Map<string, Set<string>>();
  constructor(graph: Graph) {
    this.graph = graph;
  }
  of(id: string): Set<string> {
    let found = this.known.get(id);
    if (!found) {
      found = new Set();
      this.known.set(id, found);
      for (const parent of this.graph.parents(id)) {
        found.add(parent);
        for (const other of this.of(parent)) found.add(other);
      }
    }
    return found;
  }
}

/** The units next above a node, past what is not built itself: waiting for them is waiting for everything above. */
function nearestUnits(graph: Graph, unitOf: ReadonlyMap<string, Unit>): (id: string) => ReadonlySet<Unit> {
  const known = new Map<string, Set<Unit>>();
  const nearest = (id: string): Set<Unit> => {
    let found = known.get(id);
    if (!found) {
      found = new Set();
      known.set(id, found);
      for (const parent of graph.parents(id)) {
        const unit = unitOf.get(parent);
        if (unit) found.add(unit);
        else for (const other of nearest(parent)) found.add(other);
      }
    }
    return found;
  };
  return nearest;
}

/** The tests of what a model reads, but those that something it waits for anyway has waited for. */
function testsBefore(
  unit: Unit,
  testsByParent: ReadonlyMap<string, Unit[]>,
  ancestors: Ancestors,
  nearest: (id: string) => ReadonlySet<Unit>,
): Unit[] {
  const [first] = unit.nodes;
  if (!first || isTest(first)) return [];
  const above = ancestors.of(first.uniqueId);
  const between = [...nearest(first.uniqueId)].flatMap(({ nodes: [node] }) => (node && !isTest(node) ? [ancestors.of(node.uniqueId)] : []));
  const tests = [...above].flatMap((id) => testsByParent.get(id) ?? []);
  return tests.filter((test) => {
    const parents = test.nodes[0]?.dependsOn ?? [];
    return parents.every((parent) => above.has(parent)) && !between.some((set) => parents.every((parent) => set.has(parent)));
  });
}

/** Runs units in order, as many at once as there are workers. `run` tells whether dependants may go on. */
export async function runUnits<Worker>(
  units: readonly Unit[],
  workers: readonly Worker[],
  run: (unit: Unit, worker: Worker) => Promise<boolean>,
  skip: (unit: Unit, because: Unit | undefined) => void,
  stopAtFailure: boolean,
): Promise<void> {
  const order = new Map(units.map((unit, index) => [unit, index]));
  const missing = new Map(units.map((unit) => [unit, unit.after.size]));
  const next = new Map<Unit, Unit[]>();
  for (const unit of units) {
    for (const other of unit.after) {
      const dependants = next.get(other);
      if (dependants) dependants.push(unit);
      else next.set(other, [unit]);
    }
  }
  /** Units that may run, in the order they were given. */
  const ready = units.filter((unit) => unit.after.size === 0);
  const failedBefore = new Map<Unit, Unit>();
  let left = units.length;
  let running = 0;
  let stopped = false;
  let wake: (() => void)[] = [];

  const end = (unit: Unit, good: boolean): void => {
    left--;
    for (const dependant of next.get(unit) ?? []) {
      if (!good && !failedBefore.has(dependant)) failedBefore.set(dependant, unit);
      const rest = (missing.get(dependant) ?? 1) - 1;
      missing.set(dependant, rest);
      if (rest > 0) continue;
      const at = ready.findIndex((other) => (order.get(other) ?? 0) > (order.get(dependant) ?? 0));
      ready.splice(at < 0 ? ready.length : at, 0, dependant);
    }
  };
  const take = (): Unit | undefined => {
    for (;;) {
      const unit = ready.shift();
      if (!unit) return undefined;
      const failed = failedBefore.get(unit);
      if (!failed && !stopped) return unit;
      skip(unit, failed);
      end(unit, false);
    }
  };
  const work = async (worker: Worker): Promise<void> => {
    for (;;) {
      const unit = take();
      if (!unit) {
        if (left === 0 || running === 0) return;
        await new Promise<void>((resolve) => wake.push(resolve));
        continue;
      }
      running++;
      try {
        const good = await run(unit, worker);
        if (!good && stopAtFailure) stopped = true;
        end(unit, good);
      } finally {
        running--;
        for (const resolve of wake) resolve();
        wake = [];
      }
    }
  };
  await Promise.all(workers.map(work));
}
