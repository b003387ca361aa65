import { bullets } from "#lib/pictures/bullets.ts";
import { columns } from "#lib/pictures/columns.ts";
import { curves } from "#lib/pictures/curves.ts";
import { flowFunnel } from "#lib/pictures/flow-funnel.ts";
import { forecast } from "#lib/pictures/forecast.ts";
import { heatMap } from "#lib/pictures/heat-map.ts";
import { pareto } from "#lib/pictures/pareto.ts";
import type { Picture } from "#lib/pictures/picture.ts";
import { provinceMap } from "#lib/pictures/province-map.ts";
import { pyramid } from "#lib/pictures/pyramid.ts";
import { sankey } from "#lib/pictures/sankey.ts";
import { waterfall } from "#lib/pictures/waterfall.ts";

/** Every picture by the name tiles use. */
export const pictures = {
  bullets,
  columns,
  curves,
  "flow-funnel": flowFunnel,
  forecast,
  "heat-map": heatMap,
  pareto,
  "province-map": provinceMap,
  pyramid,
  sankey,
  waterfall,
} as const satisfies Record<string, Picture>;

export type PictureName = keyof typeof pictures;
