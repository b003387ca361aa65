export * from "./publish.ts";
export * from "./snapshot-pointer.ts";
export * from "./warehouse.ts";
