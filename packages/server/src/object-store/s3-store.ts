import { Agent as PlainAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { fromIni } from "@aws-sdk/credential-provider-ini";
import { MurmurationError } from "@murmuration/index";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { ListedObject, ObjectStore } from "./object-store.js";
import { storeAddressText } from "./store-address.js";
import type { StoreConfig } from "./store-config.js";
import { storeFailure } from "./store-failure.js";
import { ATTEMPTS_MAX, CONNECT_MS, LANES, REQUEST_MS, SILENCE_MS } from "./store-limits.js";

// Loaded by whoever uses a store, and by nobody else: the SDK takes some 20 MB of memory.

/** What tests make shorter. */
export interface StoreTimes {
  readonly connectMs?: number;
  readonly silenceMs?: number;
  readonly requestMs?: number;
}

/** A bucket of a store that speaks the protocol of S3, by the official client. Keys come from the environment, or the file that is named; they are read when they are first needed. */
export class S3Store implements ObjectStore {
  readonly place: string;
  readonly #client: S3Client;
  readonly #config: StoreConfig;
  readonly #requestMs: number;
  /** Stands before every key: "" or ends with a slash. */
  readonly #before: string;

  constructor(
    config: StoreConfig,
    { connectMs = CONNECT_MS, silenceMs = SILENCE_MS, requestMs = REQUEST_MS }: StoreTimes = {},
  ) {
    this.#config = config;
    this.#requestMs = requestMs;
    this.#before = config.prefix === "" ? "" : `${config.prefix}/`;
    this.place = storeAddressText(config);
    const { endpoint, region, isPathStyle, certificateAuthority, credentialsFile } = config;
    const agents = { maxSockets: 2 * LANES, keepAlive: true };
    const options: S3ClientConfig = {
      region,
      forcePathStyle: isPathStyle,
      maxAttempts: ATTEMPTS_MAX,
      // stores of others know no checksums in trailers; every part is checked by its name
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: new NodeHttpHandler({
        connectionTimeout: connectMs,
        requestTimeout: silenceMs,
        throwOnRequestTimeout: true,
        socketTimeout: silenceMs,
        httpAgent: new PlainAgent(agents),
        httpsAgent: new TlsAgent({
          ...agents,
          ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
        }),
      }),
    };
    if (endpoint !== undefined) options.endpoint = endpoint;
    if (credentialsFile !== undefined) options.credentials = fromIni({ filepath: credentialsFile, ignoreCache: true });
    this.#client = new S3Client(options);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const { bucket: Bucket } = this.#config;
    await this.#asking(`writing ${key}`, (abortSignal) =>
      this.#client.send(
        new PutObjectCommand({ Bucket, Key: this.#before + key, Body: bytes, ContentLength: bytes.byteLength }),
        { abortSignal },
      ),
    );
  }

  get(key: string, bytesMax: number): Promise<Uint8Array> {
    return this.#asking(`reading ${key}`, async (abortSignal) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#getOnce(key, bytesMax, abortSignal);
        } catch (error) {
          // the SDK tries again until an answer begins; one that breaks off is asked for again here
          const isBrokenOff =
            (error as NodeJS.ErrnoException).code === "ECONNRESET" || (error as Error).message === "aborted";
          if (!isBrokenOff || attempt >= ATTEMPTS_MAX) throw error;
        }
      }
    });
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    for await (const page of this.#pages(prefix)) {
      for (const { Key = "", Size = 0 } of page.Contents ?? []) {
        if (Key.startsWith(this.#before)) yield { key: Key.slice(this.#before.length), bytes: Size };
      }
    }
  }

  async remove(key: string): Promise<void> {
    const { bucket: Bucket } = this.#config;
    await this.#asking(`removing ${key}`, (abortSignal) =>
      this.#client.send(new DeleteObjectCommand({ Bucket, Key: this.#before + key }), { abortSignal }),
    );
  }

  close(): void {
    this.#client.destroy();
  }

  async *#pages(prefix: string) {
    const { bucket: Bucket } = this.#config;
    let token: string | undefined;
    do {
      const page = await this.#asking(`listing ${prefix}`, (abortSignal) =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket,
            Prefix: this.#before + prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
          { abortSignal },
        ),
      );
      yield page;
      const next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      // a store that gives the same page for ever
      if (next !== undefined && next === token)
        throw storeFailure(this.#config, "listing", new Error("the listing does not go on"));
      token = next;
    } while (token !== undefined);
  }

  async #getOnce(key: string, bytesMax: number, abortSignal: AbortSignal): Promise<Uint8Array> {
    const { bucket: Bucket } = this.#config;
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket, Key: this.#before + key }), {
      abortSignal,
    });
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of (Body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += piece.byteLength;
      if (bytes > bytesMax) {
        throw new MurmurationError("corrupt", `${this.place}/${key}: has more than ${bytesMax} bytes`);
      }
      pieces.push(piece);
    }
    return Buffer.concat(pieces, bytes);
  }

  async #asking<T>(what: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(this.#requestMs);
    try {
      return await ask(signal);
    } catch (error) {
      if (error instanceof MurmurationError) throw error;
      throw storeFailure(this.#config, what, signal.aborted ? signal.reason : error);
    }
  }
}
