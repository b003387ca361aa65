import { onPublish, type Publish } from "#lib/live.svelte.ts";
import { reloadPace } from "#lib/reload-pace.ts";
import { staleTiles, type Tiles } from "#lib/stale-tiles.ts";
import type { TileAnswer } from "#lib/tile-data.ts";

/** What a reload is taken to cost before the first one. */
const expectedMs = 100;

/**
 * Keeps the tiles of a page up to date: after a publish those that read what changed are asked again by `ask`; a page
 * that is not looked at waits until it is. Answers that came this way are in `tiles`, over those of the page's load.
 * Call it while a component is set up.
 */
export function keepFresh(loaded: () => Tiles, ask: (wanted: string[]) => Promise<Record<string, TileAnswer>>) {
  let tiles = $state.raw<Record<string, TileAnswer>>({});
  let shownBuild: string | null = null;
  const changed = new Set<string>();
  let catchUpWith: string | null = null;
  /** Set while a reload is waited for or under way: there is never a second one beside it. */
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastAt = Number.NEGATIVE_INFINITY;
  let lastTookMs = expectedMs;
  let generation = 0;
  let isOver = false;

  const reload = async (wanted: string[]): Promise<void> => {
    const asked = generation;
    const answers = await ask(wanted);
    if (asked === generation) tiles = { ...tiles, ...answers };
  };

  const settle = async (): Promise<void> => {
    const news = { changed: new Set(changed), catchUpWith };
    const wanted = staleTiles({ ...loaded(), ...tiles }, news);
    changed.clear();
    catchUpWith = null;
    if (wanted.length > 0) {
      lastAt = performance.now();
      try {
        await reload(wanted);
        lastTookMs = performance.now() - lastAt;
      } catch (error) {
        // The page keeps what it shows, and what it has not got is asked for again: after the longest rest, since whatever failed has enough to do.
        console.warn(error);
        lastTookMs = Number.POSITIVE_INFINITY;
        for (const mart of news.changed) changed.add(mart);
        catchUpWith ??= news.catchUpWith;
      }
    }
    timer = undefined;
    schedule();
  };

  const schedule = (): void => {
    if (isOver || timer !== undefined || (changed.size === 0 && catchUpWith === null) || document.hidden) return;
    const { restMs, spreadMs } = reloadPace(lastTookMs);
    timer = setTimeout(() => void settle(), Math.max(0, lastAt + restMs - performance.now()) + Math.random() * spreadMs);
  };

  $effect(() => {
    loaded();
    // new filters: what was reloaded for the old ones no longer holds
    generation += 1;
    tiles = {};
  });
  $effect(() => {
    const stop = onPublish((publish: Publish) => {
      if (shownBuild === publish.build) return;
      shownBuild = publish.build;
      // A stream begins by telling the current build: only what was made from an older one has anything to ask.
      if (publish.changed === null) catchUpWith = publish.build;
      else for (const mart of publish.changed) changed.add(mart);
      schedule();
    });
    document.addEventListener("visibilitychange", schedule);
    return () => {
      stop();
      document.removeEventListener("visibilitychange", schedule);
      clearTimeout(timer);
      isOver = true;
    };
  });

  return {
    get tiles() {
      return tiles;
    },
    reload,
  };
}
