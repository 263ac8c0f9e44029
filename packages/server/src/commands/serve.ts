import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MurmurationError } from "@murmuration/index";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { Guard } from "../access/guard.js";
import { isLoopback } from "../access-config.js";
import { openMended } from "../at-rest/open-mended.js";
import { type RotationContext, rotateKeys } from "../at-rest/rotate-keys.js";
import type { AuditTrail } from "../audit-log/audit-trail.js";
import type { Backups } from "../backup/backups.js";
import { clearUnfinished } from "../backup/clear-unfinished.js";
import { changesOfFile } from "../changes/changes-link.js";
import { type Config, loadConfig } from "../config.js";
import { logKeyOf } from "../encryption/data-keys.js";
import type { FolderRing } from "../encryption/folder-ring.js";
import type { EncryptionConfig } from "../encryption-config.js";
import { dataFiles } from "../engine/data-folder.js";
import type { Database } from "../engine/database.js";
import { openDatabase } from "../engine/open-database.js";
import type { Erasures } from "../erasure/erasures.js";
import { openErasures } from "../erasure/open-erasures.js";
import { HttpClient } from "../http/http-client.js";
import { parseOrigins } from "../http/origins.js";
import { canShareAPort, requireFreePort } from "../listen/share-port.js";
import { storeAddressText } from "../object-store/mod.js";
import { Snapshots } from "../snapshots/snapshots.js";
import type { ServingTls } from "../tls-config.js";
import type { Tracing } from "../tracing/tracing.js";
import { version } from "../version.js";
import { WatchedFiles } from "../watched-files.js";
import { openLog } from "./log.js";
import { openAudit, type RunningAudit } from "./open-audit.js";
import { Traces } from "./traces.js";

/** Resolves to false when the time is over first. */
async function within(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const done = await Promise.race([work.then(() => true), timeout]);
  clearTimeout(timer);
  return done;
}

/** Exit code of a process whose engine's thread has ended. */
const ENGINE_ENDED = 70;
/** So long it still answers: whoever looks at it every second is told why. */
const ENDING_MS = 3_000;

/** How often connections that have become idle are looked for while the server stops. */
const IDLE_SWEEP_MS = 20;

/** What runs, and has to end in order. */
interface Running {
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly backups: Backups | undefined;
  readonly snapshots: Snapshots;
  readonly audit: RunningAudit | undefined;
  readonly erasures: Erasures;
  readonly tracing: Tracing | undefined;
}

async function shutDown(
  { app, database, backups, snapshots, audit, erasures, tracing }: Running,
  config: Config,
  log: Logger,
): Promise<void> {
  // a request that waits for a backup would hold up the shutdown
  await backups?.close();
  snapshots.close();
  await erasures.close();
  // a connection whose last request was in flight when the server began to close stays open, kept alive by the client
  const sweep = setInterval(() => app.server.closeIdleConnections(), IDLE_SWEEP_MS);
  if (!(await within(config.shutdownTimeoutMs, app.close()))) {
    log.warn(
      { timeoutMs: config.shutdownTimeoutMs },
      "requests were still in flight when the time for shutdown was over",
    );
    app.server.closeAllConnections();
  }
  clearInterval(sweep);
  await database.close();
  await tracing?.close();
  await audit?.close();
}

function closeOnSignals(running: Running, config: Config, log: Logger): void {
  let closing = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (closing) process.exit(1);
    closing = true;
    log.info({ signal }, "shutting down");
    shutDown(running, config, log).then(
      () => process.exit(0),
      (error: unknown) => {
        log.fatal({ err: error }, "shutdown failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

function listenFailure(error: unknown, config: Config): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return `port ${config.port} of ${config.host} is already in use`;
  if (code === "EACCES") return `no right to listen on port ${config.port} of ${config.host}`;
  return `cannot listen on ${config.host}:${config.port}: ${message}`;
}

/** How many threads listen beside the main one: none where what comes from one address or with one key is counted, reads are recorded, or requests are traced, which one thread sees to. */
function listenersOf(config: Config): number {
  if (config.audit?.policy.reads === true || config.otlpEndpoint !== "") return 0;
  const { connectionsPerAddressMax, requestsPerKeyMax, requestsPerAddressMax } = config;
  const bounds = [connectionsPerAddressMax, requestsPerKeyMax, requestsPerAddressMax];
  return canShareAPort && bounds.every((bound) => bound === 0) ? config.listeners : 0;
}

async function listen(app: FastifyInstance, { host, port }: Config, isShared: boolean): Promise<string> {
  if (isShared) await requireFreePort(host, port);
  const shared = isShared ? { reusePort: true } : {};
  return app.listen({ host, port, ...shared, listenTextResolver: () => "listening" });
}

async function openBackups(
  database: Database,
  config: Config,
  log: Logger,
  ring: FolderRing | undefined,
): Promise<Backups | undefined> {
  const { backupTarget: target } = config;
  await clearUnfinished(config.data, log);
  if (target === undefined) return undefined;
  const { Backups } = await import("../backup/backups.js");
  return Backups.open({
    logFile: dataFiles(config.data).log,
    replicaId: database.status().replicaId,
    to: "store" in target ? { ...target, staging: dataFiles(config.data).sending } : target,
    everyMinutes: config.backupEveryMinutes,
    logEveryMinutes: config.logEveryMinutes,
    drillEveryMinutes: config.drillEveryMinutes,
    drillFolder: dataFiles(config.data).drill,
    keep: config.backupKeep,
    log,
    ring,
  });
}

/** Without its engine a process serves nothing: it says so on `/livez` for a moment, and ends for its supervisor to start it again. */
function endWith(database: Database, log: Logger): void {
  void database.ended.then((reason) => {
    log.fatal({ reason }, "the engine's thread has ended: this process ends with it");
    setTimeout(() => process.exit(ENGINE_ENDED), ENDING_MS);
  });
}

/** Tokens are found by trying where they are signed with less (RFC 7518, 3.2). */
const SIGNING_CHARACTERS_MIN = 32;

/** Decides who is let in, by keys that are read again when their files change. */
function openGuard({ access: { keys, files, read }, host }: Config, log: Logger, trail: AuditTrail | undefined): Guard {
  const guard = new Guard(keys);
  if (keys === undefined) {
    if (!isLoopback(host)) log.warn({ host }, "--insecure: whoever reaches this address may do everything");
    return guard;
  }
  if (keys.tokens && keys.readWrite.some(({ length }) => length < SIGNING_CHARACTERS_MIN)) {
    log.warn(
      `tokens are signed with a key of less than ${SIGNING_CHARACTERS_MIN} characters, which can be found by trying`,
    );
  }
  const readAgain = () => {
    try {
      const now = read((path) => readFileSync(path, "utf8"));
      guard.replace(now);
      log.info({ files }, "keys were read again");
      trail?.note("keys.read", { outcome: "done", note: guard.keyNames.join(", ") });
    } catch (error) {
      trail?.note("keys.read", { outcome: "failed" });
      log.error({ why: (error as Error).message }, "keys stay as they were: their files cannot be used");
    }
  };
  new WatchedFiles(files, readAgain).begin();
  return guard;
}

/** The key is read again when its file changes, and on SIGHUP, which runs a command for it again. */
function followKey(
  rotation: RotationContext,
  { files, readAgain }: EncryptionConfig,
  trail: AuditTrail | undefined,
): void {
  let last: Promise<unknown> = Promise.resolve();
  const rotate = () => {
    last = last.then(async () => {
      const isDone = await rotateKeys(rotation, () => readAgain((path) => readFileSync(path, "utf8")));
      trail?.note("encryption-key.read", { outcome: isDone ? "done" : "failed" });
    });
  };
  new WatchedFiles(files, rotate).begin();
  process.on("SIGHUP", rotate);
}

/** Certificates that are read again when their files change. */
class Certificates {
  #serving: ServingTls | undefined;
  #app: FastifyInstance | undefined;
  /** Asks other replicas. */
  readonly client: HttpClient;

  constructor({ tls }: Config, log: Logger, trail: AuditTrail | undefined) {
    this.#serving = tls.serving;
    this.client = new HttpClient(tls.asking);
    const readAgain = () => {
      try {
        const { serving, asking } = tls.read((path) => readFileSync(path, "utf8"));
        this.client.replace(asking);
        this.#serving = serving;
        if (serving !== undefined) this.#app?.listeners.show(serving);
        log.info({ files: tls.files }, "certificates were read again");
        trail?.note("certificates.read", { outcome: "done" });
      } catch (error) {
        trail?.note("certificates.read", { outcome: "failed" });
        log.error({ why: (error as Error).message }, "certificates stay as they were: their files cannot be used");
      }
    };
    new WatchedFiles(tls.files, readAgain).begin();
  }

  /** What is shown now. */
  get serving(): ServingTls | undefined {
    return this.#serving;
  }

  /** This server shows each one from now on. */
  showOn(app: FastifyInstance): void {
    this.#app = app;
    if (this.#serving !== undefined) app.listeners.show(this.#serving);
  }
}

async function run(config: Config): Promise<void> {
  const log = await openLog(config.logLevel);
  for (const event of ["unhandledRejection", "uncaughtException"] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      process.exit(1);
    });
  }
  // before anything else, so that no change of a file goes unseen
  const audit = config.audit === undefined ? undefined : await openAudit(config.audit, log);
  const trail = audit?.trail;
  const guard = openGuard(config, log, trail);
  const certificates = new Certificates(config, log, trail);
  const traces = new Traces(config, log);
  let ring: FolderRing | undefined;
  // the HTTP side is loaded while the engine's thread reads its data
  const [database, { buildApp }] = await Promise.all([
    openMended(config.data, config.encryption?.masterKeys, log, (keysOf) =>
      openDatabase({
        dataFolder: config.data,
        log,
        imageEvery: config.imageInterval,
        planners: config.planners,
        readers: config.readers,
        payloadCacheMebibytes: config.payloadCacheMebibytes,
        memoryLimitMebibytes: config.memoryLimitMebibytes,
        ...(config.cluster === undefined ? {} : { cluster: config.cluster }),
        ...traces.database,
        keysOf: (folder) => {
          ring = keysOf(folder);
          return ring?.keys;
        },
      }),
    ),
    import("../app.js"),
  ]);
  const backups = await openBackups(database, config, log, ring);
  if (ring !== undefined && config.encryption !== undefined)
    followKey({ ring, backups, log }, config.encryption, trail);
  const snapshots = await Snapshots.open(dataFiles(config.data).snapshots, database, log, ring?.keys);
  const { headerOf } = await import("../routes/snapshots.js");
  const erasures = openErasures({ database, backups, snapshots, headerOf, policy: config.erasureCopies, log });
  const listeners = listenersOf(config);
  const tracing = await traces.begin(database.status().replicaId);
  const app = await buildApp(database, {
    log,
    guard,
    ...(trail === undefined ? {} : { audit: trail }),
    peerClient: certificates.client,
    ...(certificates.serving === undefined ? {} : { tls: certificates.serving }),
    slowRequestMs: config.slowRequestMs,
    slowQueryMs: config.slowQueryMs,
    ...(tracing === undefined ? {} : { tracing }),
    listeners,
    bodyLimitMebibytes: config.bodyLimitMebibytes,
    readTimeoutSeconds: config.readTimeoutSeconds,
    ...(config.cluster?.peerHosts === undefined ? {} : { peerHosts: config.cluster.peerHosts }),
    bodyBytesInFlightMebibytes: config.bodyBytesInFlightMebibytes,
    requestTimeoutMs: config.requestTimeoutMs,
    connectionsMax: config.connectionsMax,
    connectionsPerAddressMax: config.connectionsPerAddressMax,
    requestsPerKeyMax: config.requestsPerKeyMax,
    requestsPerAddressMax: config.requestsPerAddressMax,
    dashboard: config.dashboard === "on",
    corsOrigins: config.corsOrigins === "" ? [] : parseOrigins(config.corsOrigins),
    ...(backups === undefined ? {} : { backups }),
    changes: {
      open: changesOfFile({ file: dataFiles(config.data).log, key: ring && logKeyOf(ring.keys) }),
      limits: {
        clientsMax: config.streamClientsMax,
        liveQueriesMax: config.liveQueriesMax,
        bufferMebibytes: config.streamBufferMebibytes,
      },
    },
    snapshots,
    erasures,
  });
  certificates.showOn(app);
  endWith(database, log);
  closeOnSignals({ app, database, backups, snapshots, audit, erasures, tracing }, config, log);
  trail?.note("server.started", {
    outcome: "done",
    note: `Murmuration ${version}, replica ${database.status().replicaId}`,
  });
  try {
    const address = await listen(app, config, listeners > 0);
    process.stdout.write(`Murmuration ${version} is listening on ${address}, data in ${config.data}\n`);
  } catch (error) {
    process.stderr.write(`error: ${listenFailure(error, config)}\n`);
    await backups?.close();
    await erasures.close();
    await database.close();
    await audit?.close();
    process.exit(1);
  }
}

/** How a command names the newest backup. */
function newestBackup(target: Config["backupTarget"]): string {
  if (target === undefined) return "FILE";
  return "store" in target ? storeAddressText(target.store) : join(target.folder, "NAME.db");
}

/** What an operator does when the data cannot be read. */
function wayOut({ data, backupTarget, cluster }: Config): string {
  const restore = `murmur restore ${newestBackup(backupTarget)} --data NEW-FOLDER`;
  const orJoin =
    cluster === undefined ? "" : " While another replica lives, starting with an empty folder does as well.";
  return `The data in ${data} is damaged and is left as it is. Bring the newest backup back with: ${restore} (docs/backup.md).${orJoin}`;
}

/** Runs the server until it is told to stop. */
export async function serve(argv: readonly string[], helpEnd: string): Promise<number> {
  const outcome = loadConfig({ argv, environment: process.env, helpEnd });
  if ("config" in outcome) {
    try {
      await run(outcome.config);
    } catch (error) {
      if (!(error instanceof MurmurationError) || error.code !== "corrupt") throw error;
      throw new Error(`${error.message}\n${wayOut(outcome.config)}`, { cause: error });
    }
    return 0;
  }
  (outcome.exitCode === 0 ? process.stdout : process.stderr).write(outcome.output);
  return outcome.exitCode;
}
