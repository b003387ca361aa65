/** Refused readers come back this late at the earliest, as the server asks (`Retry-After` of `/api/live`), and at most twice as late, not all at once. */
const restMs = 30_000;

/**
 * Keeps an event source until `signal` aborts it. The browser reconnects by itself when a stream breaks off, but gives up for good when the answer is a refusal
 * (too many streams, a server that is not ready): then another one is opened after a rest. `listen` is told of each.
 */
export function keepEventSource(open: () => EventSource, listen: (source: EventSource) => void, signal: AbortSignal): void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = (): void => {
    source = open();
    listen(source);
    source.addEventListener("error", () => {
      if (source.readyState === source.CLOSED) timer = setTimeout(start, restMs * (1 + Math.random()));
    });
  };
  start();
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    source.close();
  });
}
