import type { SessionToken } from "@murmuration/core";
import { SYSTEM_SHARD } from "@murmuration/core";
import { printJson } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { forwardedAnswerBytesMax, forwardsMax, forwardTimeoutMs } from "../http/http-limits.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import { isAllowedUrl } from "./allowed-hosts.js";
import type { SessionRequest } from "./session-request.js";

/** The answer of another replica, to be passed on as it is. */
export interface ForwardedAnswer {
  readonly statusCode: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
}

const PASSED_ON = [
  "content-type",
  murmurHeaders.token,
  murmurHeaders.frontier,
  murmurHeaders.digest,
  murmurHeaders.settled,
];

/** Asks another replica for what this one cannot answer yet. */
export class Forwarder {
  readonly #database: Database;
  readonly #hosts: readonly string[];
  readonly #onRefused: (url: string) => void;
  #underWay = 0;

  /** `hosts`: where reads may be passed on to (`isAllowedUrl`); `onRefused` is told of a member that has another address. */
  constructor(database: Database, hosts: readonly string[], onRefused: (url: string) => void = () => undefined) {
    this.#database = database;
    this.#hosts = hosts;
    this.#onRefused = onRefused;
  }

  /**
   * The answer of a replica that holds what the token has seen and tells where it is reached; `undefined`: there is none, or it does not
   * answer. A request that was passed on already stays here.
   */
  async forward(request: SessionRequest, token: SessionToken): Promise<ForwardedAnswer | undefined> {
    if (request.headers[murmurHeaders.forwarded] !== undefined || this.#underWay >= forwardsMax) return undefined;
    if (request.signal().aborted) return undefined;
    this.#underWay++;
    try {
      return await this.#ask(request, token);
    } finally {
      this.#underWay--;
    }
  }

  async #ask(request: SessionRequest, token: SessionToken): Promise<ForwardedAnswer | undefined> {
    const { members } = this.#database.catalogue;
    const urls = new Map(members.map(({ id, url }) => [id, url] as const));
    const signal = AbortSignal.any([request.signal(), AbortSignal.timeout(forwardTimeoutMs)]);
    for (const id of await this.#database.holders(this.#wanted(request, token))) {
      const url = urls.get(id);
      if (url === undefined || signal.aborted) continue;
      if (!isAllowedUrl(url, this.#hosts)) {
        this.#onRefused(url);
        continue;
      }
      const answer = await this.#fetch(url, request, signal);
      if (answer !== undefined) {
        return { ...answer, headers: { ...answer.headers, [murmurHeaders.servedBy]: String(id) } };
      }
    }
    return undefined;
  }

  /** What the request reads of the token; all of it, where this replica does not know which shards those are. */
  #wanted({ names }: SessionRequest, token: SessionToken): SessionToken {
    const here = this.#database.frontiers(names);
    const isKnown = here.size === 1 + new Set(names).size && this.#database.missing(token, []) === 0;
    if (!isKnown) return token;
    return new Map([...token].filter(([shard]) => shard === SYSTEM_SHARD || here.has(shard)));
  }

  /** One that cannot be reached, or says that it cannot answer either, is passed over. */
  async #fetch(url: string, request: SessionRequest, signal: AbortSignal): Promise<ForwardedAnswer | undefined> {
    const { method, headers, body } = request;
    const hasBody = body !== undefined && body !== null;
    try {
      const response = await fetch(`${url}${request.url}`, {
        method,
        headers: {
          ...(hasBody ? { "content-type": "application/json" } : {}),
          ...asked(headers, murmurHeaders.token),
          ...asked(headers, murmurHeaders.frontier),
          ...asked(headers, murmurHeaders.digest),
          [murmurHeaders.forwarded]: String(this.#database.status().replicaId),
        },
        ...(hasBody ? { body: body instanceof Uint8Array ? body : printJson(body) } : {}),
        redirect: "error",
        signal,
      });
      const bytes = await bodyOf(response);
      // what another replica refuses this one is no answer to whoever asked
      if (bytes === undefined || [401, 403, 503].includes(response.status)) return undefined;
      const passed = PASSED_ON.flatMap((name): [string, string][] => {
        const value = response.headers.get(name);
        return value === null ? [] : [[name, value]];
      });
      return { statusCode: response.status, headers: Object.fromEntries(passed), body: bytes };
    } catch {
      return undefined;
    }
  }
}

function asked(headers: SessionRequest["headers"], name: string): { readonly [name: string]: string } {
  const value = headers[name];
  return typeof value === "string" ? { [name]: value } : {};
}

/** `undefined`: it is beyond its bound. */
async function bodyOf(response: Response): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).byteLength;
    if (bytes > forwardedAnswerBytesMax) return undefined;
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}
