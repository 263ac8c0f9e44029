import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import { benchFolder, readBenchData } from "./data.js";
import { type Benchmark, median, progressBar, wallSeconds } from "./harness.js";
import { rawPost, sendAll } from "./raw-client.js";
import { type ServerProcess, startServer } from "./server-process.js";

const K = 10;
const BATCH = 100;
const CONNECTIONS = 8;
const WRITERS = 4;
const DAY_MS = 86_400_000;
const KEY = "key-of-a-benchmark-0123456789abcdef";
const COLLECTION = "/collections/words";

/** A certificate for the loopback that signs itself, and its key, as PEM files. */
async function newCertificate(folder: string) {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    extensions: [new SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
  });
  const key = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const files = { cert: join(folder, "server.crt"), key: join(folder, "server.key"), apiKey: join(folder, "api-key") };
  writeFileSync(files.cert, made.toString("pem"));
  writeFileSync(files.key, `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`);
  writeFileSync(files.apiKey, KEY);
  return { files, ca: made.toString("pem") };
}

function newToken(): string {
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
  const text = `${part({ alg: "HS256" })}.${part({ access: "m" })}`;
  return `${text}.${createHmac("sha256", KEY).update(text).digest("base64url")}`;
}

/** Somebody who asks one of the servers. */
interface Client {
  readonly who: string;
  readonly server: ServerProcess;
  readonly ca: string | undefined;
  readonly headers: readonly string[];
}

interface Measured {
  readonly perSecond: number[];
  /** Processor time of the server's process for one request, in microseconds. */
  readonly cpuMicroseconds: number[];
}

async function measure(
  client: Client,
  requests: readonly string[],
  count: number,
  connections: number,
  into: Measured,
) {
  const { server, ca } = client;
  const [cpu, start] = [server.processCpuSeconds() ?? Number.NaN, wallSeconds()];
  await sendAll(server.address, requests, count, connections, undefined, ca);
  into.perSecond.push(count / (wallSeconds() - start));
  into.cpuMicroseconds.push((((server.processCpuSeconds() ?? Number.NaN) - cpu) / count) * 1e6);
}

/** What keys, tokens and TLS cost. */
export const secureBenchmark: Benchmark = {
  name: "secure",
  summary: "queries/s and durable upserts/s with TLS and a key, or a token, over those of an open server, in turn",
  async run({ quick, points, server: cli }) {
    const data = readBenchData();
    const count = Math.max(BATCH, Math.floor((points ?? (quick ? 5_000 : 50_000)) / BATCH) * BATCH);
    const queries = quick ? 4_000 : 20_000;
    const upserts = quick ? 20 : 100;
    const rounds = quick ? 5 : 7;
    const vectorOf = (row: number) =>
      Array.from(data.base.subarray(row * data.dimensions, (row + 1) * data.dimensions));
    const batches = Array.from({ length: count / BATCH }, (_, batch) => ({
      points: Array.from({ length: BATCH }, (_, at) => ({
        id: batch * BATCH + at,
        vector: vectorOf(batch * BATCH + at),
      })),
    }));
    mkdirSync(benchFolder, { recursive: true });
    const folder = mkdtempSync(join(benchFolder, "secure-"));
    const servers: ServerProcess[] = [];
    try {
      const { files, ca } = await newCertificate(folder);
      const started = async (args: readonly string[]) => {
        const server = await startServer({ cli, args });
        servers.push(server);
        return server;
      };
      const open = await started([]);
      const secure = await started([
        ...["--tls-cert", files.cert, "--tls-key", files.key, "--api-key-file", files.apiKey, "--jwt-rbac"],
      ]);
      const clients: readonly Client[] = [
        { who: "open", server: open, ca: undefined, headers: [] },
        { who: "key and TLS", server: secure, ca, headers: [`api-key: ${KEY}`] },
        { who: "token and TLS", server: secure, ca, headers: [`authorization: Bearer ${newToken()}`] },
      ];
      const put = (path: string, body: object, { headers }: Client) => rawPost(path, body, headers, "PUT");
      for (const client of clients.slice(0, 2)) {
        const creation = put(COLLECTION, { vectors: { size: data.dimensions, distance: "Cosine" } }, client);
        await sendAll(client.server.address, [creation], 1, 1, undefined, client.ca);
        const requests = batches.map((batch) => put(`${COLLECTION}/points?wait=true`, batch, client));
        await sendAll(client.server.address, requests, requests.length, WRITERS, undefined, client.ca);
      }
      const asked = clients.map((client) => ({
        client,
        queries: data.queries.map((query) =>
          rawPost(`${COLLECTION}/points/query`, { query: Array.from(query), limit: K }, client.headers),
        ),
        upserts: batches
          .slice(0, Math.min(upserts, batches.length))
          .map((batch) => put(`${COLLECTION}/points?wait=true`, batch, client)),
        query: { perSecond: [], cpuMicroseconds: [] } as Measured,
        upsert: { perSecond: [], cpuMicroseconds: [] } as Measured,
      }));
      for (const { client, queries: requests } of asked)
        await sendAll(client.server.address, requests, queries, CONNECTIONS, undefined, client.ca);
      const bar = progressBar("asking", rounds * asked.length);
      for (let round = 0; round < rounds; round++) {
        // who begins changes, so that a slow moment is nobody's
        for (let at = 0; at < asked.length; at++) {
          const one = asked[(round + at) % asked.length] as (typeof asked)[number];
          await measure(one.client, one.queries, queries, CONNECTIONS, one.query);
          await measure(one.client, one.upserts, upserts, WRITERS, one.upsert);
          bar.step();
        }
      }
      bar.stop();
      const [first, withKey, withToken] = asked as [(typeof asked)[0], (typeof asked)[0], (typeof asked)[0]];
      // of each round by itself: load of the machine changes from one to the next
      const over = (one: readonly number[], other: readonly number[]) =>
        median(one.map((value, round) => value / (other[round] as number)));
      return {
        bench: "secure",
        params: { vectors: count, dimensions: data.dimensions, k: K, batch: BATCH, connections: CONNECTIONS, rounds },
        rows: asked.flatMap(({ client: { who }, query, upsert }) => [
          { who, what: "query", per_s: median(query.perSecond), cpu_us: median(query.cpuMicroseconds) },
          {
            who,
            what: `upsert of ${BATCH}`,
            per_s: median(upsert.perSecond),
            cpu_us: median(upsert.cpuMicroseconds),
          },
        ]),
        ratios: {
          queriesWithKeyOverOpen: over(withKey.query.perSecond, first.query.perSecond),
          upsertsWithKeyOverOpen: over(withKey.upsert.perSecond, first.upsert.perSecond),
          queriesWithTokenOverOpen: over(withToken.query.perSecond, first.query.perSecond),
          upsertsWithTokenOverOpen: over(withToken.upsert.perSecond, first.upsert.perSecond),
          queryCpuOpenOverKey: over(first.query.cpuMicroseconds, withKey.query.cpuMicroseconds),
          upsertCpuOpenOverKey: over(first.upsert.cpuMicroseconds, withKey.upsert.cpuMicroseconds),
          queryCpuOpenOverToken: over(first.query.cpuMicroseconds, withToken.query.cpuMicroseconds),
        },
      };
    } finally {
      for (const server of servers) await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
