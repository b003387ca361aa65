import { onPublish, type Publish } from "#lib/live.svelte.ts";
import type { TileAnswer } from "#lib/tile-data.ts";

/** Tabs and people spread their questions over this long, so that a publish is not answered by everybody at once. */
const spreadMs = 1_000;
/** A page that was reloaded waits this long before it is reloaded again. */
const restMs = 5_000;

type Tiles = Record<string, TileAnswer | Promise<TileAnswer>>;

/** Tiles that read one of `changed`. Those that failed or are on their way count as stale. */
function staleTiles(tiles: Tiles, changed: ReadonlySet<string>): string[] {
  return Object.entries(tiles)
    .filter(([, answer]) => answer instanceof Promise || !answer.ok || answer.trust.marts.some((mart) => changed.has(mart)))
    .map(([id]) => id);
}

/**
 * Keeps the tiles of a page up to date: after a publish those that read what changed are asked again by `ask`; a page
 * that is not looked at waits until it is. Answers that came this way are in `tiles`, over those of the page's load.
 * Call it while a component is set up.
 */
export function keepFresh(loaded: () => Tiles, ask: (wanted: string[]) => Promise<Record<string, TileAnswer>>) {
  let tiles = $state.raw<Record<string, TileAnswer>>({});
  let shownBuild: string | null = null;
  const changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastAt = -restMs;
  let generation = 0;

  const reload = async (wanted: string[]): Promise<void> => {
    const asked = generation;
    const answers = await ask(wanted);
    if (asked === generation) tiles = { ...tiles, ...answers };
  };

  const settle = (): void => {
    timer = undefined;
    const wanted = staleTiles({ ...loaded(), ...tiles }, changed);
    changed.clear();
    lastAt = performance.now();
    // The page keeps what it shows; the next publish, or the reader, asks again.
    if (wanted.length > 0) reload(wanted).catch((error: unknown) => console.warn(error));
  };

  const schedule = (): void => {
    if (timer !== undefined || changed.size === 0 || document.hidden) return;
    const rest = Math.max(0, lastAt + restMs - performance.now());
    timer = setTimeout(settle, rest === 0 ? 0 : rest + Math.random() * spreadMs);
  };

  $effect(() => {
    loaded();
    // new filters: what was reloaded for the old ones no longer holds
    generation += 1;
    tiles = {};
  });
  $effect(() => {
    const stop = onPublish((publish: Publish) => {
      // The stream begins by telling the current build: only a page made from an older one has anything to ask.
      const isFirst = shownBuild === null;
      if (shownBuild === publish.build) return;
      shownBuild = publish.build;
      const isShown = Object.values(loaded()).every(
        (answer) => !(answer instanceof Promise) && answer.ok && answer.trust.lsn === publish.lsn,
      );
      if (isFirst && isShown) return;
      for (const mart of publish.changed) changed.add(mart);
      schedule();
    });
    document.addEventListener("visibilitychange", schedule);
    return () => {
      stop();
      document.removeEventListener("visibilitychange", schedule);
      clearTimeout(timer);
    };
  });

  return {
    get tiles() {
      return tiles;
    },
    reload,
  };
}
