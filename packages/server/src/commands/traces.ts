import type { Logger } from "pino";
import type { Config } from "../config.js";
import type { DatabaseOptions } from "../engine/open-database.js";
import { isInTheClear } from "../object-store/mod.js";
import { tellApplied } from "../tracing/request-spans.js";
import type { Tracing } from "../tracing/tracing.js";
import { version } from "../version.js";

/** Traces of a server; without an endpoint nothing of them is loaded. */
export class Traces {
  readonly #config: Config;
  readonly #log: Logger;
  #tracing: Tracing | undefined;

  constructor(config: Config, log: Logger) {
    this.#config = config;
    this.#log = log;
  }

  get #isOn(): boolean {
    return this.#config.otlpEndpoint !== "";
  }

  /** What the database is told for it. */
  get database(): Pick<DatabaseOptions, "onTraced"> {
    if (!this.#isOn) return {};
    return {
      onTraced: (traces) => {
        if (this.#tracing !== undefined) tellApplied(this.#tracing, traces);
      },
    };
  }

  /** Traces are sent from here on. Throws an `Error` for a file of headers that cannot be used. */
  async begin(replicaId: number): Promise<Tracing | undefined> {
    if (!this.#isOn) return undefined;
    const { otlpEndpoint: endpoint, otlpSample: sample, otlpHeadersFile: headersFile, cluster } = this.#config;
    if (headersFile !== "" && isInTheClear({ endpoint }))
      this.#log.warn({ endpoint }, "headers for traces pass the network in the clear: use https://");
    const { OtlpTracing } = await import("../tracing/otlp-tracing.js");
    this.#tracing = new OtlpTracing({
      endpoint,
      sample,
      headersFile,
      resource: {
        "service.name": "murmuration",
        "service.version": version,
        "service.instance.id": String(replicaId),
        ...(cluster === undefined ? {} : { "murmur.region": cluster.region }),
      },
      tell: (what, why) => this.#log.warn({ why }, what),
    });
    return this.#tracing;
  }
}
