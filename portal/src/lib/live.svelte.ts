import { keepEventSource } from "#lib/lasting-event-source.ts";

/** One event of `/api/live`: a new snapshot is being served. */
export interface Publish {
  build: string;
  lsn: string;
  freshTo: string;
  /** Marts rebuilt by it; null where builds before it may not have been told: the stream has just begun, or begun anew. */
  changed: string[] | null;
}

type Message = { kind: "publish"; publish: Publish } | { kind: "state"; connected: boolean };

const channelName = "kehu-live";
const lockName = "kehu-live-leader";

/** What the page knows about the live channel. Browser only: the server never writes to it. */
export const live: { connected: boolean | null; freshTo: string | null } = $state({ connected: null, freshTo: null });

const listeners = new Set<(publish: Publish) => void>();

/** Calls `listener` for every publish; answers how to stop. */
export function onPublish(listener: (publish: Publish) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function receive(message: Message): void {
  if (message.kind === "state") {
    live.connected = message.connected;
    return;
  }
  live.connected = true;
  live.freshTo = message.publish.freshTo;
  for (const listener of listeners) listener(message.publish);
}

/** Holds the one event stream until it is aborted, passing on what comes. */
function stream(send: (message: Message) => void, signal: AbortSignal): Promise<void> {
  const listen = (source: EventSource): void => {
    let isFirst = true;
    source.addEventListener("open", () => {
      isFirst = true;
      send({ kind: "state", connected: true });
    });
    source.addEventListener("error", () => send({ kind: "state", connected: false }));
    source.addEventListener("publish", (event) => {
      const publish = JSON.parse((event as MessageEvent<string>).data) as Publish;
      send({ kind: "publish", publish: isFirst ? { ...publish, changed: null } : publish });
      isFirst = false;
    });
  };
  keepEventSource(() => new EventSource("/api/live"), listen, signal);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

/**
 * Listens for publishes. One tab of the browser holds the stream and tells the others, because a browser opens six
 * connections to a site at most. Answers how to stop.
 */
export function connectLive(): () => void {
  const stop = new AbortController();
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener("message", (event: MessageEvent<Message>) => receive(event.data));
  const lead = (): Promise<void> =>
    stream((message) => {
      receive(message);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel reaches its own origin only
      channel.postMessage(message);
    }, stop.signal);
  // Web Locks exist on https and localhost only; elsewhere every tab has its own stream.
  if ("locks" in navigator) {
    navigator.locks.request(lockName, { signal: stop.signal }, lead).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
  } else void stream(receive, stop.signal);
  return () => {
    stop.abort();
    channel.close();
  };
}
