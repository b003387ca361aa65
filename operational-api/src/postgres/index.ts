export { startPostgres, type RunningPostgres } from "./start.ts";
export { alive } from "./postmaster.ts";
export { readRuntime, updateRuntime, type Runtime } from "./runtime-file.ts";
export { takeBaseBackup, type BackedUpFile, type BaseBackup } from "./base-backup.ts";
export { copyHashed, proofOf, type FileProof } from "./hashed-copy.ts";
export { foreignCluster, restoreCluster } from "./restore-cluster.ts";
