import { isJsonObject, type Json, type JsonObject, MurmurationError } from "@murmuration/index";

/** What makes a collection: the body of its creation, and those of its payload indexes. */
export interface CollectionBody {
  readonly create: JsonObject;
  readonly indexes: readonly JsonObject[];
}

/** What vectors of one name must be like. */
export interface VectorShape {
  readonly kind: "dense" | "multi" | "sparse";
  /** Of dense ones and of the parts of multivectors. */
  readonly size: number | undefined;
  readonly datatype: string;
  readonly distance: string | undefined;
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

function denseShape(params: JsonObject): VectorShape {
  return {
    kind: isJsonObject(params["multivector_config"]) ? "multi" : "dense",
    size: typeof params["size"] === "number" ? params["size"] : undefined,
    datatype: typeof params["datatype"] === "string" ? params["datatype"] : "float32",
    distance: typeof params["distance"] === "string" ? params["distance"] : undefined,
  };
}

/** The vectors of a collection by their names; the unnamed one is "". */
export function shapesOf({ create }: CollectionBody): ReadonlyMap<string, VectorShape> {
  const shapes = new Map<string, VectorShape>();
  const vectors = objectOf(create["vectors"]);
  if (typeof vectors["size"] === "number") shapes.set("", denseShape(vectors));
  else for (const [name, params] of Object.entries(vectors)) shapes.set(name, denseShape(objectOf(params)));
  for (const name of Object.keys(objectOf(create["sparse_vectors"])))
    shapes.set(name, { kind: "sparse", size: undefined, datatype: "float32", distance: undefined });
  return shapes;
}

/** Fields of a collection's page that a creation takes as they are. */
const paramsCarried = ["vectors", "sparse_vectors", "on_disk_payload"];
const configsCarried = ["quantization_config", "strict_mode_config", "metadata"];
const graphCarried = ["m", "ef_construct", "full_scan_threshold", "on_disk", "payload_m"];

function picked(from: JsonObject, names: readonly string[]): JsonObject {
  const entries = names.flatMap((name) => {
    const value = from[name];
    return value === undefined || value === null ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

function indexBody(path: string, schema: JsonObject): JsonObject {
  const params = objectOf(schema["params"]);
  const plain = schema["data_type"] ?? null;
  return { field_name: path, field_schema: Object.keys(params).length === 0 ? plain : { type: plain, ...params } };
}

/**
 * What makes a collection like the one whose page (`GET /collections/{c}`) this is: how its vectors are compared and its graph is shaped, and its payload
 * indexes. Numbers of shards and copies, and settings of storage, are of the server that it was on. Throws `format` for what is no such page.
 */
export function bodyOfPage(page: Json | undefined): CollectionBody {
  const config = objectOf(objectOf(page)["config"]);
  const params = config["params"];
  if (!isJsonObject(params))
    throw new MurmurationError("format", "it says nothing of a collection's vectors", "config.params");
  const graph = picked(objectOf(config["hnsw_config"]), graphCarried);
  const create: JsonObject = {
    ...picked(params, paramsCarried),
    ...picked(config, configsCarried),
    ...(Object.keys(graph).length === 0 ? {} : { hnsw_config: graph }),
  };
  const schema = objectOf(objectOf(page)["payload_schema"]);
  return { create, indexes: Object.entries(schema).map(([path, index]) => indexBody(path, objectOf(index))) };
}

/** What NDJSON and Parquet keep of a collection beside its points. Throws `format`. */
export function bodyOfHeader(value: Json | undefined): CollectionBody {
  const { create, indexes } = objectOf(value);
  if (!isJsonObject(create) || !Array.isArray(indexes) || !indexes.every((index: Json) => isJsonObject(index)))
    throw new MurmurationError("format", "expected {create, indexes}", "collection");
  return { create, indexes: indexes as readonly JsonObject[] };
}
