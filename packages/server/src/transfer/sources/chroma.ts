import { isJsonObject, type Json, type JsonObject, MurmurationError } from "@murmuration/index";
import { ask, refusalOf, type Server, strange } from "../server.js";
import type { Row, Source } from "../source.js";

/** Distances by the spaces of Chroma. */
const distances: { readonly [space: string]: string } = { cosine: "Cosine", l2: "Euclid", ip: "Dot" };

interface Addressed {
  readonly server: string;
  /** `/api/v2/tenants/T/databases/D/collections`. */
  readonly path: string;
  readonly collection: string;
}

/** `chroma://HOST:PORT/NAME`, `chromas://` by TLS, `?tenant=` and `&database=` where they are not the default ones. */
function addressed(url: string): Addressed {
  const { protocol, host, pathname, searchParams } = new URL(url);
  const collection = decodeURIComponent(pathname.slice(1));
  if (collection === "" || collection.includes("/"))
    throw new MurmurationError("bad-request", `the address of a collection of Chroma is chroma://HOST:PORT/NAME`);
  const part = (name: string, fallback: string) => encodeURIComponent(searchParams.get(name) ?? fallback);
  const path = `/api/v2/tenants/${part("tenant", "default_tenant")}/databases/${part("database", "default_database")}/collections`;
  return { server: `${protocol === "chromas:" ? "https" : "http"}://${host}`, path, collection };
}

async function answered(server: Server, method: string, path: string, body?: unknown): Promise<JsonObject> {
  const answer = await ask(server, method, path, body === undefined ? undefined : JSON.stringify(body));
  if (answer.status !== 200) throw refusalOf(server, answer);
  if (!isJsonObject(answer.body)) throw strange(server, "no object of JSON");
  return answer.body;
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

const at = (list: Json | undefined, i: number): Json | undefined =>
  Array.isArray(list) ? (list as readonly Json[])[i] : undefined;

/** What a record holds beside its id and embedding: its metadata, and its document and address under the names that Chroma has for them. */
function fieldsOf(page: JsonObject, i: number): ReadonlyMap<string, unknown> {
  const metadata = at(page["metadatas"], i);
  const own = typeof metadata === "object" && metadata !== null ? Object.entries(metadata) : [];
  const extra = (
    [
      ["document", "documents"],
      ["uri", "uris"],
    ] as const
  ).flatMap(([key, list]) => {
    const value = at(page[list], i);
    return value === null || value === undefined ? [] : [[key, value] as const];
  });
  const embedding = at(page["embeddings"], i);
  const vector: (readonly [string, unknown])[] =
    embedding === null || embedding === undefined ? [] : [["embedding of chroma", embedding]];
  return new Map<string, unknown>([...own, ...extra, ["id of chroma", at(page["ids"], i)], ...vector]);
}

/** A collection of a Chroma server, by its HTTP API of version 2. Records that come or go meanwhile move the others: import from one that rests. */
export async function openChroma(url: string, asked: Omit<Server, "url">, pagePoints: number): Promise<Source> {
  const { server: origin, path, collection } = addressed(url);
  const key = asked.headers["api-key"];
  const server: Server = { ...asked, url: origin, headers: key === undefined ? {} : { "x-chroma-token": key } };
  const page = await answered(server, "GET", `${path}/${encodeURIComponent(collection)}`);
  const id = String(page["id"]);
  const configuration = objectOf(page["configuration_json"]);
  if (typeof page["id"] !== "string") throw strange(server, "no collection of Chroma");
  const metadata = objectOf(page["metadata"]);
  const space =
    objectOf(configuration["hnsw"])["space"] ?? objectOf(configuration["spann"])["space"] ?? metadata["hnsw:space"];
  const counted = await ask(server, "GET", `${path}/${id}/count`);
  return {
    name: `collection ${collection} of ${origin}`,
    format: "chroma",
    identity: { server: origin, path, id },
    total: typeof counted.body === "number" ? counted.body : undefined,
    distance: typeof space === "string" && Object.hasOwn(distances, space) ? distances[space] : "Euclid",
    layout: { id: "id of chroma", vectors: new Map([["embedding of chroma", ""]]) },
    async *rows(from): AsyncGenerator<Row, void, void> {
      for (let offset = from?.rows ?? 0; ; ) {
        const body = { limit: pagePoints, offset, include: ["embeddings", "metadatas", "documents", "uris"] };
        const found = await answered(server, "POST", `${path}/${id}/get`, body);
        const ids = found["ids"];
        if (!Array.isArray(ids) || ids.length > pagePoints || !ids.every((id: Json) => typeof id === "string"))
          throw strange(server, "no page of records");
        for (const [list, what] of [
          ["embeddings", "an embedding"],
          ["metadatas", "metadata"],
        ] as const) {
          const values = found[list];
          if (values !== null && values !== undefined && (!Array.isArray(values) || values.length !== ids.length))
            throw strange(server, `records of which not each has a place for ${what}`);
        }
        for (let i = 0; i < ids.length; i++) {
          offset++;
          yield { place: `record ${String(ids[i])}`, next: { rows: offset }, fields: fieldsOf(found, i) };
        }
        if (ids.length < pagePoints) return;
      }
    },
    close: () => Promise.resolve(),
  };
}
