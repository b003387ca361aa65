import type { Project } from "../resources.ts";
import type { MadeRows } from "./made-rows.ts";

/** What a build did to the relations, and what builds that failed left undone. */
export class ChangedRows {
  /** By unique id, of this build: the relation of the rows that changed, old and new versions; null when which they are is not known. */
  private readonly changed = new Map<string, string | null>();
  /** By unique id, of this build. */
  private readonly made = new Map<string, MadeRows>();
  /** Made or found to need nothing, in this build. */
  private readonly settled = new Set<string>();
  /** Something they read changed in a build that failed before their turn: which rows is forgotten. */
  readonly overdue = new Set<string>();
  /** Relations with other rows than in the last finished build. */
  private readonly unfinished = new Set<string>();
  private readonly project: Project;

  constructor(project: Project) {
    this.project = project;
  }

  /** Before each build. */
  begin(): void {
    this.changed.clear();
    this.made.clear();
    this.settled.clear();
  }

  /** A relation has other rows than before this build; `rows` is the relation that lists them, null when nobody knows. */
  put(id: string, rows: string | null): void {
    this.changed.set(id, rows);
    this.unfinished.add(id);
  }

  /** All rows of some keys of a relation are at hand until the end of this build. */
  putMade(id: string, made: MadeRows): void {
    this.made.set(id, made);
  }

  madeOf(id: string): MadeRows | undefined {
    return this.made.get(id);
  }

  settle(id: string): void {
    this.settled.add(id);
    this.overdue.delete(id);
  }

  /** Ephemeral models are what they read. */
  hasChanged(id: string): boolean {
    const node = this.project.nodes.get(id);
    if (node?.config.materialized === "ephemeral") return node.dependsOn.some((parent) => this.hasChanged(parent));
    return this.changed.has(id);
  }

  /** The relation with the changed rows of a relation that has changed; null when which they are is not known. */
  rowsOf(id: string): string | null {
    return this.changed.get(id) ?? null;
  }

  /** Relations whose rows are other than in the last finished build. */
  restated(): ReadonlySet<string> {
    return this.unfinished;
  }

  /** The build is finished: everything before it is settled. */
  finish(): void {
    this.overdue.clear();
    this.unfinished.clear();
  }

  /** What a build may have made of these nodes is lost, or nobody follows it: the next one makes them whole. */
  lose(planned: Iterable<string>): void {
    for (const id of planned) this.overdue.add(id);
  }

  /** A build ended before these nodes were all settled: the next one makes the rest whole. */
  abandon(planned: Iterable<string>): void {
    for (const id of planned) if (!this.settled.has(id)) this.overdue.add(id);
  }
}
