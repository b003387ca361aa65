import { parseLsn, type AppliedEvent, type Lsn } from "@kehu/ingest";

/** Raw tables that changed and are not yet in a build, each with the position of its last change. */
export class DirtyTables {
  private readonly positions = new Map<string, Lsn>();
  private readonly relevant: ReadonlySet<string>;

  /** `relevant`: the raw tables that any model reads; changes of others need no build. */
  constructor(relevant: ReadonlySet<string>) {
    this.relevant = relevant;
  }

  get isEmpty(): boolean {
    return this.positions.size === 0;
  }

  /** True when the event names a table that models read. */
  add(event: AppliedEvent): boolean {
    const changed = event.tables.filter((table) => this.relevant.has(table));
    for (const table of changed) this.positions.set(table, parseLsn(event.lsn));
    return changed.length > 0;
  }

  list(): string[] {
    return [...this.positions.keys()].sort();
  }

  /** A cut at `lsn` has these tables; what changed after it stays. */
  clearUpTo(lsn: string): void {
    const cut = parseLsn(lsn);
    for (const [table, position] of this.positions) if (position <= cut) this.positions.delete(table);
  }
}
