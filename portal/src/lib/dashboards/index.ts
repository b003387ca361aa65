import type { Role } from "#lib/session.ts";
import { membersOf, type Dashboard } from "#lib/dashboards/definition.ts";

export interface NamedDashboard extends Dashboard {
  id: string;
}

const files = import.meta.glob<Dashboard>(["./*.ts", "!./definition.ts", "!./index.ts", "!./*.test.ts"], {
  eager: true,
  import: "default",
});

/** Every dashboard by its file name, in the order of the menu. */
export const dashboards: readonly NamedDashboard[] = Object.entries(files)
  .map(([path, dashboard]) => ({ ...dashboard, id: path.replace(/^\.\/|\.ts$/g, "") }))
  .sort((left, right) => left.position - right.position);

/** The dashboards a caller may open, each with the tiles whose members are all granted; one without any such tile does not exist. */
export const grantedDashboards = (roles: readonly Role[], has: (member: string) => boolean): NamedDashboard[] =>
  dashboards
    .filter((dashboard) => !dashboard.roles || dashboard.roles.some((role) => roles.includes(role)))
    .map((dashboard) => ({ ...dashboard, tiles: dashboard.tiles.filter((tile) => membersOf(tile).every(has)) }))
    .filter((dashboard) => dashboard.tiles.length > 0);

/** The first page of a caller: made for one of the caller's roles, else the first granted one. */
export const homeFor = (roles: readonly Role[], granted: readonly NamedDashboard[]): NamedDashboard | undefined =>
  granted.find((dashboard) => dashboard.homeOf.some((role) => roles.includes(role))) ?? granted[0];
