import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepEventSource } from "./lasting-event-source.ts";

/** What of an EventSource counts here: whether it will reconnect by itself. */
class Source extends EventTarget {
  readonly CLOSED = 2;
  readyState = 1;
  close(): void {
    this.readyState = this.CLOSED;
  }
  fail(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }
}

const follow = () => {
  const sources: Source[] = [];
  const heard: Source[] = [];
  const stop = new AbortController();
  const open = (): EventSource => {
    const source = new Source();
    sources.push(source);
    return source as unknown as EventSource;
  };
  keepEventSource(open, (source) => heard.push(source as unknown as Source), stop.signal);
  return { sources, heard, stop };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a stream that was refused is asked for again after a rest, and listened to", () => {
  const { sources, heard } = follow();
  sources[0]!.fail(2);
  vi.advanceTimersByTime(29_000);
  expect(sources).toHaveLength(1);
  vi.advanceTimersByTime(31_000);
  expect(sources).toHaveLength(2);
  sources[1]!.fail(2);
  vi.advanceTimersByTime(60_000);
  expect(heard).toEqual(sources);
  expect(sources).toHaveLength(3);
});

test("one that broke off is left to the browser", () => {
  const { sources } = follow();
  sources[0]!.fail(0);
  vi.advanceTimersByTime(120_000);
  expect(sources).toHaveLength(1);
});

test("nothing is opened or left open after the end", () => {
  const { sources, stop } = follow();
  sources[0]!.fail(2);
  vi.advanceTimersByTime(60_000);
  sources[1]!.fail(2);
  stop.abort();
  vi.advanceTimersByTime(120_000);
  expect(sources.map(({ readyState }) => readyState)).toEqual([2, 2]);
  const open = follow();
  open.stop.abort();
  expect(open.sources[0]!.readyState).toBe(2);
});
