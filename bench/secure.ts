import { createHmac, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import { benchFolder, readBenchData } from "./data.js";
import { type Benchmark, median, progressBar, wallSeconds } from "./harness.js";
import { rawPost, sendAll } from "./raw-client.js";
import { type ServerProcess, startServer } from "./server-process.js";
import { signatureCosts } from "./signatures.js";

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
  const files = {
    cert: join(folder, "server.crt"),
    key: join(folder, "server.key"),
    apiKey: join(folder, "api-key"),
    diskKey: join(folder, "disk-key"),
  };
  writeFileSync(files.cert, made.toString("pem"));
  writeFileSync(files.key, `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`);
  writeFileSync(files.apiKey, KEY);
  writeFileSync(files.diskKey, randomBytes(32).toString("hex"));
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

/** How a server is started, and how it is asked. */
interface Variant {
  readonly who: string;
  /** Begins the names of its ratios. */
  readonly name: string;
  readonly args: readonly string[];
  readonly isTls: boolean;
  readonly headers: readonly string[];
}

/** Each over an open server; the last two ask the same one. */
function variantsOf(files: Awaited<ReturnType<typeof newCertificate>>["files"]): readonly Variant[] {
  const tls = ["--tls-cert", files.cert, "--tls-key", files.key, "--api-key-file", files.apiKey];
  const encryption = ["--encryption-key-file", files.diskKey];
  const audit = ["--audit-log", "on"];
  const key = [`api-key: ${KEY}`];
  return [
    { who: "open", name: "open", args: [], isTls: false, headers: [] },
    { who: "encryption", name: "encryption", args: encryption, isTls: false, headers: [] },
    { who: "audit log", name: "audit", args: audit, isTls: false, headers: [] },
    { who: "key and TLS", name: "tls", args: [...tls, "--jwt-rbac"], isTls: true, headers: key },
    {
      who: "all with a key",
      name: "all",
      args: [...tls, ...encryption, ...audit, "--jwt-rbac"],
      isTls: true,
      headers: key,
    },
    { who: "all with a token", name: "token", args: [], isTls: true, headers: [`authorization: Bearer ${newToken()}`] },
  ];
}

/** What TLS and keys, encryption at rest and an audit log cost, each by itself and together. */
export const secureBenchmark: Benchmark = {
  name: "secure",
  summary:
    "queries/s and durable upserts/s with TLS and a key, encryption at rest, an audit log, and all of them, over those of an open server, in turn",
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
      const put = (path: string, body: object, headers: readonly string[]) => rawPost(path, body, headers, "PUT");
      const clients: (Client & { readonly name: string })[] = [];
      for (const { who, name, args, isTls, headers } of variantsOf(files)) {
        const isNew = name !== "token";
        const server = isNew ? await startServer({ cli, args }) : (servers.at(-1) as ServerProcess);
        clients.push({ who, name, server, headers, ca: isTls ? ca : undefined });
        if (!isNew) continue;
        servers.push(server);
        const sent = (requests: readonly string[], writers: number) =>
          sendAll(server.address, requests, requests.length, writers, undefined, isTls ? ca : undefined);
        await sent([put(COLLECTION, { vectors: { size: data.dimensions, distance: "Cosine" } }, headers)], 1);
        await sent(
          batches.map((batch) => put(`${COLLECTION}/points?wait=true`, batch, headers)),
          WRITERS,
        );
      }
      const asked = clients.map((client) => ({
        client,
        queries: data.queries.map((query) =>
          rawPost(`${COLLECTION}/points/query`, { query: Array.from(query), limit: K }, client.headers),
        ),
        upserts: batches
          .slice(0, Math.min(upserts, batches.length))
          .map((batch) => put(`${COLLECTION}/points?wait=true`, batch, client.headers)),
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
      const [open, ...others] = asked as [(typeof asked)[0], ...(typeof asked)[0][]];
      // of each round by itself: load of the machine changes from one to the next
      const over = (one: readonly number[], other: readonly number[]) =>
        median(one.map((value, round) => value / (other[round] as number)));
      const ratios = others.flatMap(({ client: { name }, query, upsert }) => [
        [`${name}Queries`, over(query.perSecond, open.query.perSecond)],
        [`${name}Upserts`, over(upsert.perSecond, open.upsert.perSecond)],
        [`${name}QueryCpu`, over(open.query.cpuMicroseconds, query.cpuMicroseconds)],
        [`${name}UpsertCpu`, over(open.upsert.cpuMicroseconds, upsert.cpuMicroseconds)],
      ]);
      const signatures = signatureCosts();
      const [batch] = signatures as [(typeof signatures)[0]];
      const upsertCpu = median(open.upsert.cpuMicroseconds);
      return {
        bench: "secure",
        params: { vectors: count, dimensions: data.dimensions, k: K, batch: BATCH, connections: CONNECTIONS, rounds },
        rows: [
          ...asked.flatMap(({ client: { who }, query, upsert }) => [
            { who, what: "query", per_s: median(query.perSecond), cpu_us: median(query.cpuMicroseconds) },
            {
              who,
              what: `upsert of ${BATCH}`,
              per_s: median(upsert.perSecond),
              cpu_us: median(upsert.cpuMicroseconds),
            },
          ]),
          ...signatures.flatMap(({ what, signed, verified }) => [
            { who: "signature", what: `signing ${what}`, per_s: 1e6 / signed, cpu_us: signed },
            { who: "signature", what: `verifying ${what}`, per_s: 1e6 / verified, cpu_us: verified },
          ]),
        ],
        ratios: {
          ...(Object.fromEntries(ratios) as Record<string, number>),
          // of the processor time of a server that writes it, and of one that takes it over, which costs it about half as much
          signedUpsertCpu: upsertCpu / (upsertCpu + batch.signed),
          verifiedUpsertCpu: upsertCpu / (upsertCpu + 2 * batch.verified),
        },
      };
    } finally {
      for (const server of servers) await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
