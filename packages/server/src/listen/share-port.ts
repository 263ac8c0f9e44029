import { once } from "node:events";
import { createServer } from "node:net";

/** The first version of Node that listens with `reusePort`. */
const NODE_MIN = [22, 12] as const;

function isNodeNewEnough(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

/** Can several threads listen at one port, and connections be dealt out among them (SO_REUSEPORT)? */
export const canShareAPort = process.platform === "linux" && isNodeNewEnough();

/** Who listens with `reusePort` does not find out that another process of this user does: rejects as listening would without. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const server = createServer().listen({ host, port });
  await once(server, "listening");
  await new Promise((resolve) => server.close(resolve));
}
