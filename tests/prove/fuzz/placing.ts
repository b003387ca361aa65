import type { Random } from "../../../operational-api/src/demo/random.ts";
import type { Draft } from "./draft.ts";
import type { Json } from "./operations.ts";
import type { KnownIds } from "./values.ts";

export interface Tools {
  random: Random;
  ids: KnownIds;
}

/** One way of being hostile. Changes the draft in place; false when the operation gives nothing to be hostile with in this way. */
export type Class = (draft: Draft, tools: Tools) => boolean;

export const isContainer = (value: Json): value is Json[] | Record<string, Json> => typeof value === "object" && value !== null;

/** Every place in a value that something else could stand in. */
export const placesIn = (value: Json): { holder: Json[] | Record<string, Json>; key: string }[] =>
  isContainer(value)
    ? Object.keys(value).flatMap((key) => [{ holder: value, key }, ...placesIn((value as Record<string, Json>)[key]!)])
    : [];

export const put = (holder: Json[] | Record<string, Json>, key: string, value: Json): void => {
  // An own property, also for __proto__.
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
};

/** Puts a value somewhere into the body, or in place of it. */
export const intoBody = (draft: Draft, value: Json, { random }: Tools): boolean => {
  if (draft.body === undefined) return false;
  const places = placesIn(draft.body);
  if (places.length === 0 || random.chance(0.05)) draft.body = value;
  else {
    const { holder, key } = random.pick(places);
    put(holder, key, value);
  }
  return true;
};

/** Renames a field somewhere in the body, or adds one under the name. */
export const nameIntoBody = (draft: Draft, name: string, value: Json, { random }: Tools): boolean => {
  if (draft.body === undefined) return false;
  const holders = [draft.body, ...placesIn(draft.body).map(({ holder, key }) => (holder as Record<string, Json>)[key]!)];
  const objects = holders.filter((each): each is Record<string, Json> => isContainer(each) && !Array.isArray(each));
  if (objects.length === 0) return false;
  put(random.pick(objects), name, value);
  return true;
};

export const queryNames = (draft: Draft): string[] =>
  draft.operation.parameters.filter(({ in: place }) => place === "query").map(({ name }) => name);

export const intoQuery = (draft: Draft, text: string, { random }: Tools): boolean => {
  const names = queryNames(draft);
  if (names.length === 0) return false;
  const name = random.pick(names);
  draft.query = [...draft.query.filter(([each]) => each !== name), [name, encodeURIComponent(text.toWellFormed())]];
  return true;
};

export const intoPath = (draft: Draft, text: string, { random }: Tools): boolean => {
  const names = Object.keys(draft.path);
  if (names.length === 0) return false;
  draft.path[random.pick(names)] = encodeURIComponent(text.toWellFormed());
  return true;
};

/** A text at the first place that takes one: body, query or path, in an order that chance decides. */
export const anywhere = (draft: Draft, value: Json, tools: Tools): boolean => {
  const ways = [
    () => intoBody(draft, value, tools),
    () => intoQuery(draft, typeof value === "string" ? value : JSON.stringify(value), tools),
    () => intoPath(draft, typeof value === "string" ? value : JSON.stringify(value), tools),
  ];
  return tools.random.shuffle(ways).some((way) => way());
};

export const rawBody = (draft: Draft, raw: Buffer): boolean => {
  if (draft.body === undefined) return false;
  draft.raw = raw;
  return true;
};

export const setHeader = (draft: Draft, name: string, value: string): void => {
  draft.headers = [...draft.headers.filter(([each]) => each !== name), [name, value]];
};

export const bodyText = (draft: Draft): string => JSON.stringify(draft.body ?? {});
