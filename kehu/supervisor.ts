import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Logger } from "@kehu/operational-api/definitions";
import type { FromChild, Ports, Service, Serving, ToChild } from "./messages.ts";

const command = fileURLToPath(new URL("../kehu.ts", import.meta.url));
const firstBackoffMs = 200;
const longestBackoffMs = 10_000;
/** A child that ran this long is healthy: its next restart is immediate again. */
const healthyAfterMs = 30_000;

export interface Supervisor {
  /** Starts the service and resolves when it has said that it is ready; rejects when it ends before. */
  start(service: Service): Promise<void>;
  /** SIGTERM to all, SIGKILL to those still there after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Runs the services as child processes, restarts one that dies (with back-off), and passes on what one child says that the others need:
 * ports and the mirror's health. The children end themselves when this process is gone (their channel closes).
 */
export function createSupervisor(options: {
  env: NodeJS.ProcessEnv;
  logger: Logger;
  /** Called with all ports whenever one has changed. */
  onPorts: (ports: Ports) => void;
}): Supervisor {
  const { env, logger } = options;
  const children = new Map<Service, ChildProcess>();
  const ports: Ports = {};
  let serving: Serving | null = null;
  let stopping = false;

  const tell = (child: ChildProcess, message: ToChild): void => {
    if (child.connected) child.send(message, () => {}); // a child that is just ending is told nothing more
  };
  const broadcast = (message: ToChild): void => children.forEach((child) => tell(child, message));

  const spawn = (service: Service, backoffMs: number, onReady?: () => void, onEnd?: (reason: string) => void): void => {
    const startedAt = performance.now();
    const child = fork(command, ["child", service], {
      env: { ...env, UV_THREADPOOL_SIZE: "32" },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    children.set(service, child);
    tell(child, { type: "ports", ports });
    tell(child, { type: "serving", serving });
    child.on("message", (message: FromChild) => {
      if (message.type === "mirror") broadcast(message);
      else if (message.type === "serving") {
        serving = message.serving;
        broadcast(message);
      } else {
        Object.assign(ports, message.ports);
        broadcast({ type: "ports", ports });
        options.onPorts(ports);
        logger.info({ service, pid: child.pid, ms: Math.round(performance.now() - startedAt) }, "service ready");
        onReady?.();
      }
    });
    child.once("exit", (code, signal) => {
      children.delete(service);
      if (service === "query") {
        serving = null;
        broadcast({ type: "serving", serving });
      }
      if (stopping) return;
      const reason = `${service} ended with ${signal ?? `code ${code}`}`;
      onEnd?.(reason);
      const wait = performance.now() - startedAt > healthyAfterMs ? firstBackoffMs : backoffMs;
      logger.error({ service, code, signal, restartInMs: wait }, "service ended, starting it again");
      setTimeout(() => !stopping && spawn(service, Math.min(wait * 2, longestBackoffMs)), wait);
    });
  };

  return {
    start: (service) => new Promise((resolve, reject) => spawn(service, firstBackoffMs, resolve, (reason) => reject(new Error(reason)))),
    stop: async (graceMs) => {
      stopping = true;
      const all = [...children.values()];
      const ended = all.map(
        (child) => new Promise<void>((resolve) => (child.exitCode === null ? child.once("exit", () => resolve()) : resolve())),
      );
      for (const child of all) child.kill("SIGTERM");
      const killer = setTimeout(() => all.forEach((child) => child.kill("SIGKILL")), graceMs);
      await Promise.all(ended);
      clearTimeout(killer);
    },
  };
}
