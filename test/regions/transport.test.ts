import { after, before } from "node:test";
import { transportConformance } from "@murmuration/core/conformance";
import type { NatsServer } from "../support/nats.js";
import { natsTransports, startServers } from "./transports.js";

let servers: NatsServer[] = [];
let tests = 0;

before(async () => {
  servers = await startServers(4);
});
after(() => Promise.all(servers.map((server) => server.dispose())));

// a cluster of its own for every test, under a name that no subject could hold
for (const placement of ["one server", "a server each"] as const)
  transportConformance(`NatsTransport over ${placement}`, () =>
    natsTransports(placement, servers, `test ${placement} ${(tests += 1)} *.>`),
  );
