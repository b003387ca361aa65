import { dataClasses } from "./hostile-data.ts";
import { requestClasses } from "./hostile-requests.ts";
import type { Class } from "./placing.ts";

/** Every class of requests by its name, what is valid among them. */
export const classes: Readonly<Record<string, Class>> = { ...dataClasses, ...requestClasses };
export const classNames = Object.keys(classes);
