import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { connect as connectPlainly } from "node:net";
import { describe, it } from "node:test";
import { setTimeout as later } from "node:timers/promises";
import { type ConnectionOptions, connect } from "node:tls";
import { newAuthority } from "../testing/certificates.js";
import { freePort } from "../testing/free-port.js";
import { filledApp } from "../testing/test-app.js";
import { get, PATH, post } from "./raw-client.test-support.js";

const [authority, stranger] = await Promise.all([newAuthority("ours"), newAuthority("another")]);
const own = await authority.issue("server");
const client = await authority.issue("client");

/** What a connection by TLS comes to: the answers to these requests, or the code of why there are none. */
async function spoken(port: number, options: ConnectionOptions, requests: readonly string[] = []) {
  const socket = connect({ port, host: "127.0.0.1", ca: authority.cert, ...client, ...options });
  try {
    return await new Promise<{ answers: string[]; isReused: boolean }>((resolve, reject) => {
      const answers: string[] = [];
      const next = () => {
        const request = requests[answers.length];
        if (request === undefined) resolve({ answers, isReused: socket.isSessionReused() });
        else socket.write(request);
      };
      socket.setEncoding("latin1");
      socket.on("data", (text) => {
        answers.push(String(text));
        next();
      });
      socket.once("secureConnect", next).once("error", reject);
      socket.once("close", () => reject(new Error("closed")));
    });
  } catch (error) {
    return String((error as { code?: string }).code ?? (error as Error).message);
  } finally {
    socket.destroy();
  }
}

const fingerprint = (cert: string) => new X509Certificate(cert).fingerprint256;

describe("a thread that listens by TLS", () => {
  it("speaks and refuses as the main one, and shows the certificate that is in force", async () => {
    const listenersAt = [{ address: "127.0.0.1", port: await freePort() }];
    const { app, ask } = await filledApp({ tls: { ...own, ca: authority.cert }, listeners: 1, listenersAt });
    const appPort = Number(new URL(await app.listen({ host: "127.0.0.1", port: 0 })).port);
    const port = listenersAt[0]?.port as number;
    while (!(await ask("GET", "/metrics")).text.includes("\nmurmur_listeners 1\n")) await later(10);

    const body = { query: [0.1, 0.2, 0.3, 0.4], limit: 2 };
    const requests = [post(body), get("/collections"), post(body)];
    for (const at of [port, appPort]) {
      const one = await spoken(at, {}, requests);
      assert.ok(typeof one === "object");
      assert.match(one.answers[0] as string, /^HTTP\/1.1 200 .*"points":\[{"id":/s);
      assert.match(one.answers[1] as string, /"name":"things"/);
    }
    assert.match((await ask("GET", "/metrics")).text, /^murmur_brief_reads_total 4$/m);
    assert.equal((await ask("POST", PATH, body)).statusCode, 200);

    const plain = await new Promise<string>((resolve) => {
      let text = "";
      const socket = connectPlainly(port, "127.0.0.1", () => socket.write(get("/healthz")));
      socket.on("data", (piece) => (text += piece)).on("error", () => undefined);
      socket.on("close", () => resolve(text));
    });
    assert.ok(!plain.includes("200"), plain);
    assert.equal(await spoken(port, { maxVersion: "TLSv1.2" }), "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
    const refused = /ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED|ECONNRESET|EPIPE|ERR_SSL_|closed/;
    const foreign = await stranger.issue("client");
    for (const shown of [{ cert: undefined, key: undefined }, foreign, await authority.issue("client", 1)]) {
      assert.match(String(await spoken(port, shown as ConnectionOptions, [post(body)])), refused);
    }

    let session: Buffer | undefined;
    const socket = connect({ port: appPort, host: "127.0.0.1", ca: authority.cert, ...client });
    await new Promise<void>((resolve) => {
      socket.on("session", (given) => {
        session = given;
        resolve();
      });
      socket.on("secureConnect", () => socket.write(get("/healthz")));
    });
    socket.destroy();
    const reused = async (at: number) => {
      const again = await spoken(at, { session } as ConnectionOptions, [get("/healthz")]);
      return typeof again === "object" && again.isReused;
    };
    assert.ok(await reused(port), "a session is gone on with in another thread");

    const shownAt = async (at: number) => {
      const one = connect({ port: at, host: "127.0.0.1", ca: authority.cert, ...client });
      const shown = await new Promise<string>((resolve, reject) => {
        one.once("secureConnect", () => resolve(one.getPeerX509Certificate()?.fingerprint256 ?? ""));
        one.once("error", reject);
      });
      one.destroy();
      return shown;
    };
    assert.equal(await shownAt(port), fingerprint(own.cert));
    const next = await authority.issue("server");
    // those of before are not let in any more, by whatever session they had
    app.listeners.show({ ...next, ca: stranger.cert });
    const strangers = { ...foreign } as ConnectionOptions;
    for (const at of [appPort, port]) {
      // a thread hears of it a little later
      while (typeof (await spoken(at, strangers, [get("/healthz")])) !== "object") await later(5);
      assert.match(String(await spoken(at, {}, [post(body)])), refused);
      assert.equal(await reused(at), false);
    }
  });
});
