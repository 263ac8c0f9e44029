import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { connect as connectPlainly } from "node:net";
import { describe, it } from "node:test";
import { type ConnectionOptions, connect } from "node:tls";
import type { AppOptions } from "../app.js";
import { newAuthority } from "../testing/certificates.js";
import { fill, testApp } from "../testing/test-app.js";
import type { AskingTls } from "../tls-config.js";
import { HttpClient } from "./http-client.js";

const [authority, stranger] = await Promise.all([newAuthority("ours"), newAuthority("another")]);
const own = await authority.issue("server");
const client = await authority.issue("client");
const believing: AskingTls = { ca: authority.cert };

async function listening(options: AppOptions) {
  const { app, ask } = await testApp(options);
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return { app, ask, url, port: Number(new URL(url).port) };
}

/** The status of `/healthz`, or the code of why there is none. */
async function status(url: string, tls: AskingTls): Promise<number | string> {
  const asking = new HttpClient(tls);
  try {
    const signal = AbortSignal.timeout(10_000);
    return (await asking.ask(`${url}/healthz`, { method: "GET", headers: {}, signal, bytesMax: 1_000 })).statusCode;
  } catch (error) {
    return String((error as { code?: string }).code);
  } finally {
    asking.close();
  }
}

/** How a handshake ends. */
function handshake(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", ca: authority.cert, ...options });
    socket.once("secureConnect", () => {
      resolve(socket.getProtocol() ?? "");
      socket.destroy();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
  });
}

describe("HTTP by TLS", () => {
  it("is 1.3 and nothing older, whatever a client would rather have", async () => {
    const { url, port } = await listening({ tls: own });
    assert.match(url, /^https:/);
    assert.equal(await status(url, believing), 200);
    assert.equal(await handshake(port, {}), "TLSv1.3");
    assert.equal(await handshake(port, { maxVersion: "TLSv1.2" }), "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  it("is not spoken without TLS on the same port", async () => {
    const { port } = await listening({ tls: own });
    const answer = await new Promise<string>((resolve) => {
      let text = "";
      const socket = connectPlainly(port, "127.0.0.1", () => socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"));
      socket
        .on("data", (piece) => (text += piece))
        .on("close", () => resolve(text))
        .on("error", () => undefined);
    });
    assert.ok(!answer.includes("200"), answer);
  });

  it("is not believed by whoever does not know who signed it, nor for another name, nor beyond its time", async () => {
    const { url } = await listening({ tls: own });
    assert.match(String(await status(url, {})), /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED/);
    assert.match(String(await status(url, { ca: stranger.cert })), /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED/);
    const elsewhere = url.replace("127.0.0.1", "127.0.0.2");
    assert.match(String(await status(elsewhere, believing)), /ECONNREFUSED|ERR_TLS_CERT_ALTNAME_INVALID/);
    const over = await listening({ tls: await authority.issue("old", 1) });
    assert.equal(await status(over.url, believing), "CERT_HAS_EXPIRED");
    const foreign = await listening({ tls: await stranger.issue("server") });
    assert.match(String(await status(foreign.url, believing)), /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED/);
  });

  it("lets nobody in without a certificate of a client where that is asked for", async () => {
    const { url } = await listening({ tls: { ...own, ca: authority.cert } });
    assert.equal(await status(url, { ...believing, ...client }), 200);
    const refused = /ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED|ECONNRESET|EPIPE|ERR_SSL_/;
    assert.match(String(await status(url, believing)), refused);
    const foreign = await stranger.issue("client");
    assert.match(String(await status(url, { ...believing, ...foreign })), refused);
    const over = await authority.issue("client", 1);
    assert.match(String(await status(url, { ...believing, ...over })), refused);
  });

  it("answers brief reads as those without TLS", async () => {
    const { app, url, ask } = await listening({ tls: own });
    await fill({ ask });
    const asking = new HttpClient(believing);
    const body = JSON.stringify({ query: [0.1, 0.2, 0.3, 0.4], limit: 2 });
    const query = async () => {
      const answer = await asking.ask(`${url}/collections/things/points/query`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal: AbortSignal.timeout(10_000),
        bytesMax: 10_000,
      });
      return [answer.statusCode, (JSON.parse(answer.body.toString()) as { result?: unknown }).result];
    };
    const inMemory = await ask("POST", "/collections/things/points/query", JSON.parse(body));
    for (let i = 0; i < 3; i++) assert.deepEqual(await query(), [200, inMemory.json.result]);
    assert.match((await app.inject("/metrics")).body, /^murmur_brief_reads_total 3$/m);
    asking.close();
  });

  it("shows another certificate from the moment it is given one, and goes on with connections that there are", async () => {
    const { app, url, port } = await listening({ tls: own });
    const shown = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect({ port, host: "127.0.0.1", ca: authority.cert }, () => {
          resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? "");
          socket.destroy();
        });
        socket.once("error", reject);
      });
    const fingerprint = (cert: string) => new X509Certificate(cert).fingerprint256;
    assert.equal(await shown(), fingerprint(own.cert));
    const asking = new HttpClient(believing);
    const ask = () =>
      asking.ask(`${url}/healthz`, {
        method: "GET",
        headers: {},
        signal: AbortSignal.timeout(10_000),
        bytesMax: 1_000,
      });
    assert.equal((await ask()).statusCode, 200);
    const next = await authority.issue("server");
    app.listeners.show(next);
    assert.equal(await shown(), fingerprint(next.cert));
    assert.equal((await ask()).statusCode, 200);
    asking.close();
    assert.equal(await handshake(port, { maxVersion: "TLSv1.2" }), "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });
});
