import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connectNatsTransport, type NatsTransport } from "@murmuration/server/nats";
import { startNatsServer } from "../support/nats.js";
import { newFolder, removeFolder } from "../support/server.js";
import { until } from "../support/until.js";
import { type Secured, securedServers } from "./identities.js";

const WAYS = ["user and password", "a token", "an NKey", "a credentials file", "TLS", "mutual TLS"];

describe("a secured server", () => {
  const folder = newFolder("identities");
  let secured: ReadonlyMap<string, Secured>;
  before(async () => {
    secured = await securedServers(folder);
  });
  after(() => removeFolder(folder));

  for (const way of WAYS)
    test(`${way}: who is known gets in, who is not is refused, logged and tried again`, async () => {
      const { config, right, wrong } = secured.get(way) as Secured;
      const server = await startNatsServer({ config, isOpen: false });
      const log: string[] = [];
      const open: NatsTransport[] = [];
      const connect = async (replicaId: number, credentials: Secured["right"], startWaitMs: number) => {
        const transport = await connectNatsTransport({
          cluster: "secured",
          replicaId,
          region: "here",
          own: { servers: [server.url], ...credentials },
          startWaitMs,
          log: (level, message, details) => log.push(`${level} ${message} ${JSON.stringify(details)}`),
        });
        open.push(transport);
        return transport;
      };
      try {
        const [first, second] = [await connect(1, right, 20_000), await connect(2, right, 20_000)];
        assert.ok(first.isReady() && second.isReady(), log.join("\n"));
        let taken = 0;
        second.onMessage(() => {
          taken += 1;
        });
        first.send([{ to: undefined, lane: "live", bytes: Uint8Array.of(1) }]);
        first.send([{ to: 2, lane: "control", bytes: Uint8Array.of(1) }]);
        await until(() => taken === 2, "both messages");

        log.length = 0;
        const stranger = await connect(3, wrong, 0);
        await until(() => (stranger.counters().links[0]?.failures ?? 0) >= 2, "another attempt");
        const [link] = stranger.counters().links;
        assert.equal(link?.state, "reconnecting");
        assert.match(log.join("\n"), /^warn no connection to NATS/);
        // in TLS 1.3 the client is through before the server looks at its certificate: the reset may come before the reason
        assert.ok(log.length <= (way === "mutual TLS" ? 2 : 1), `said once: ${log.join("\n")}`);
        if (way === "TLS") assert.match(link?.lastError ?? "", /certificate|self.signed/i);
        else if (way !== "mutual TLS") assert.match(link?.lastError ?? "", /refuses the credentials/);
        assert.ok(!log.join().includes('"wrong"'), "a log holds no password");
      } finally {
        for (const transport of open) transport.close();
        await server.dispose();
      }
    });
});
