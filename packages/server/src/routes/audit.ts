import { MurmurationError } from "@murmuration/index";
import { none, type Route, route } from "./route.js";

/** The audit log of this replica. */
export const auditRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/murmur/audit",
    tag: "murmur",
    summary: "The last durable line of the audit log, to be kept elsewhere, and whether lines can be written",
    params: none,
    query: none,
    body: none,
    handle: ({ audit }) => {
      if (audit === undefined)
        throw new MurmurationError("bad-request", "this server keeps no audit log: it was started without --audit-log");
      const { log, number, hash, at, signature } = audit.log.head;
      const { lines, failures, lost, waitingBytes, failing } = audit.log.counts;
      return {
        head: { log, n: number, hash, at, ...(signature === undefined ? {} : { signature }) },
        lines,
        failures,
        lost,
        waiting_bytes: waitingBytes,
        ...(failing === undefined ? {} : { failing }),
      };
    },
  }),
];
