import { CallArguments } from "./arguments.ts";
import { datetimeModule, TimeZone } from "./datetime.ts";
import { reModule } from "./regular-expressions.ts";
import { Dict, asNumber, iterate, toText, truthy, tuple, type Callable, type Value } from "./values.ts";

/** `modules` of a dbt template: datetime, pytz, re and itertools, as far as templates use them. */
export function pythonModules(now: () => Date): Dict {
  return Dict.of({ datetime: datetimeModule(now), pytz: zones(), re: reModule(), itertools: iterationTools() });
}

const zones = (): Dict =>
  Dict.of({
    utc: new TimeZone("UTC"),
    UTC: new TimeZone("UTC"),
    timezone: (args) => new TimeZone(toText(args[0] ?? "")),
  });

function product(lists: Value[][]): Value[][] {
  return lists.reduce<Value[][]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);
}

/** Every choice of `size` positions, in the order of the positions. */
function choices(length: number, size: number, next: (chosen: number[], position: number) => boolean): number[][] {
  let rows: number[][] = [[]];
  for (let round = 0; round < size; round++) {
    rows = rows.flatMap((row) =>
      Array.from({ length }, (_, position) => position)
        .filter((position) => next(row, position))
        .map((position) => [...row, position]),
    );
  }
  return rows;
}

function choose(name: string, next: (chosen: number[], position: number) => boolean): Callable {
  return (args, kwargs) => {
    const call = new CallArguments(name, args, kwargs);
    const items = iterate(call.value(0, "iterable"));
    const size = asNumber(call.value(1, "r", items.length)) ?? items.length;
    return choices(items.length, size, next).map((row) => tuple(row.map((position) => items[position] ?? null)));
  };
}

const iterationTools = (): Dict =>
  Dict.of({
    chain: (args) => args.flatMap((list) => iterate(list)),
    product: (args, kwargs) => {
      const repeat = asNumber(kwargs.get("repeat") ?? 1) ?? 1;
      const lists = args.map((list) => iterate(list));
      return product(Array.from({ length: repeat }, () => lists).flat()).map((row) => tuple(row));
    },
    combinations: choose("combinations", (chosen, position) => position > (chosen.at(-1) ?? -1)),
    combinations_with_replacement: choose("combinations_with_replacement", (chosen, position) => position >= (chosen.at(-1) ?? 0)),
    permutations: choose("permutations", (chosen, position) => !chosen.includes(position)),
    zip_longest: (args, kwargs) => {
      const lists = args.map((list) => iterate(list));
      const fill = kwargs.get("fillvalue") ?? null;
      const length = Math.max(0, ...lists.map((list) => list.length));
      return Array.from({ length }, (_, index) => tuple(lists.map((list) => (index < list.length ? (list[index] ?? null) : fill))));
    },
    repeat: (args) => Array.from({ length: asNumber(args[1] ?? 0) ?? 0 }, () => args[0] ?? null),
    compress: (args) => iterate(args[0] ?? []).filter((_, index) => truthy(iterate(args[1] ?? [])[index] ?? null)),
    islice: (args) => {
      const bounds = args.slice(1).map((bound) => asNumber(bound) ?? Number.POSITIVE_INFINITY);
      const [from, to] = bounds.length === 1 ? [0, bounds[0]] : bounds;
      return iterate(args[0] ?? []).filter(
        (_, index) => index >= (from ?? 0) && index < (to ?? 0) && (index - (from ?? 0)) % (bounds[2] ?? 1) === 0,
      );
    },
  });
