import type { TileAnswer } from "#lib/tile-data.ts";

export type Tiles = Record<string, TileAnswer | Promise<TileAnswer>>;

/** What has been published since a page's tiles were answered. */
export interface News {
  /** Marts that were rebuilt. */
  changed: ReadonlySet<string>;
  /** The build to catch up with where it is not known what the builds before it changed; null where everything was told. */
  catchUpWith: string | null;
}

/** Ids of the tiles to ask again. Those that failed or are on their way count as stale. */
export const staleTiles = (tiles: Tiles, { changed, catchUpWith }: News): string[] =>
  Object.entries(tiles)
    .filter(
      ([, answer]) =>
        answer instanceof Promise ||
        !answer.ok ||
        (catchUpWith !== null && answer.trust.build !== catchUpWith) ||
        answer.trust.marts.some((mart) => changed.has(mart)),
    )
    .map(([id]) => id);
