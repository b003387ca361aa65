import { serve } from "@hono/node-server";

type Server = ReturnType<typeof serve>;

/** A listener for the other processes of this installation: on loopback, on a port that is free. */
export function listenInside(fetch: (request: Request) => Response | Promise<Response>): Promise<{ server: Server; port: number }> {
  return new Promise((resolve) => {
    const server = serve({ fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => resolve({ server, port }));
  });
}
