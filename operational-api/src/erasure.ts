/** The jobs that erase a person, for the process that finds him in the warehouse; an entry of its own for the reason `definitions.ts` gives. */
export { type ErasedPlace } from "./audit/erasure/erase-person.ts";
export { type ErasureJob, type ErasureJobs, openErasureJobs } from "./audit/erasure/jobs.ts";
export { erasedMark, personalColumns } from "./audit/erasure/personal-columns.ts";
export { type Sought } from "./audit/erasure/sought.ts";
