import type { AppliedEvent } from "@kehu/ingest";
import type { BuildReason } from "./plan.ts";
import { DirtyTables } from "./dirty-tables.ts";

/** What the next build has to take up, and whether another attempt is worth while after one that failed. */
export class Agenda {
  private dirty = new DirtyTables(new Set());
  private everything = false;
  private hour = false;
  private day = false;
  private results = false;
  /** Counts what may make another attempt worth while. */
  private news = 0;
  /** `news` at the last failure: until there is more, trying again would fail again. */
  private failedAt: number | undefined;

  /** `relevant`: the raw tables that any model reads. */
  follow(relevant: ReadonlySet<string>): void {
    this.dirty = new DirtyTables(relevant);
  }

  get needsBuild(): boolean {
    return this.everything || this.hour || this.day || this.results || !this.dirty.isEmpty;
  }

  /** The last attempt failed, and nothing came since. */
  get isStuck(): boolean {
    return this.failedAt === this.news;
  }

  get hasResults(): boolean {
    return this.results;
  }

  heard(event: AppliedEvent): void {
    if (this.dirty.add(event)) this.news++;
  }

  demandAll(): void {
    this.everything = true;
    this.news++;
  }

  /** Results of fits wait to be stored. */
  takeUpResults(): void {
    this.keepResults();
    this.news++;
  }

  /** Results of fits are stored and wait to be read by models: an attempt found them itself, so they are no reason for another one. */
  keepResults(): void {
    this.results = true;
  }

  /** A full hour has struck for models that wait for it, or the company's midnight has passed. */
  strike({ hour, day }: { hour: boolean; day: boolean }): void {
    this.hour = hour;
    this.day = day;
    if (hour || day) this.news++;
  }

  /** Asked when the position of the cut is known; the company's day and what a failed build left undone are known to the builder. */
  reason({ newDay, overdue, fitted }: { newDay: boolean; overdue: ReadonlySet<string>; fitted: boolean }): BuildReason {
    return this.everything ? "all" : { changed: this.dirty.list(), hourly: this.hour, newDay, overdue, fitted };
  }

  /** A build at `lsn` has taken up all of it; results of fits only where it read them. */
  settle(lsn: string, fitted: boolean): void {
    this.dirty.clearUpTo(lsn);
    this.everything = false;
    this.hour = false;
    this.day = false;
    if (fitted) this.results = false;
  }

  /** Begins an attempt. Gives the function that says that it failed: what came meanwhile is worth another one. */
  attempt(): () => void {
    this.failedAt = undefined;
    const before = this.news;
    return () => (this.failedAt = before);
  }
}
