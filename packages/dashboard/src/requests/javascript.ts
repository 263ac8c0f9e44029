import { isObject, type JsonObject } from "../json-value.js";
import { type ApiRequest, KEY_VARIABLE, pathOf, queryValues, type Target } from "./api-request.js";
import { javascriptLiteral } from "./literals.js";

const CLIENT = JSON.stringify("@qdrant/js-client-rest");
const c = "/collections/{collection_name}";

interface Method {
  readonly name: string;
  /** The fields of body and query that it passes on. */
  readonly fields: readonly string[];
  /** What is sent in place of fields that are left out: it has defaults of its own, and the server others. */
  readonly defaults?: JsonObject;
}

const wait = ["wait", "ordering", "timeout"];
const read = ["consistency", "timeout", "shard_key"];
const shown = ["with_payload", "with_vector"];
const target = [...wait, "points", "filter", "shard_key"];
const search = [...read, "filter", "params", "limit", ...shown];
const query = [...search, "prefetch", "query", "using", "score_threshold"];
const groups = ["group_by", "group_size"];
const batch = ["consistency", "timeout", "searches"];
const matrix = [...read, "filter", "sample", "limit", "using"];
const examples = ["positive", "negative", "strategy", "score_threshold", "using", "lookup_from"];
const nothingShown: JsonObject = { with_payload: false };

/** Methods of the official client that take a collection's name, and what body and query hold as one object. */
const methods: Readonly<Record<string, Method>> = {
  [`PUT ${c}/index`]: { name: "createPayloadIndex", fields: [...wait, "field_name", "field_schema"] },
  [`PUT ${c}/points`]: {
    name: "upsert",
    fields: [...wait, "points", "batch", "update_filter", "update_mode", "shard_key"],
  },
  [`POST ${c}/points`]: { name: "retrieve", fields: [...read, ...shown, "ids"] },
  [`POST ${c}/points/delete`]: { name: "delete", fields: target },
  [`POST ${c}/points/payload`]: { name: "setPayload", fields: [...target, "payload", "key"] },
  [`PUT ${c}/points/payload`]: { name: "overwritePayload", fields: [...target, "payload", "key"] },
  [`POST ${c}/points/payload/delete`]: { name: "deletePayload", fields: [...target, "keys"] },
  [`POST ${c}/points/payload/clear`]: { name: "clearPayload", fields: target },
  [`PUT ${c}/points/vectors`]: { name: "updateVectors", fields: [...wait, "points", "shard_key"] },
  [`POST ${c}/points/vectors/delete`]: {
    name: "deleteVectors",
    fields: ["wait", "ordering", "points", "filter", "vector", "shard_key"],
  },
  [`POST ${c}/points/batch`]: { name: "batchUpdate", fields: [...wait, "operations"] },
  [`POST ${c}/points/scroll`]: { name: "scroll", fields: [...read, ...shown, "filter", "limit", "offset", "order_by"] },
  [`POST ${c}/points/count`]: { name: "count", fields: ["timeout", "shard_key", "filter", "exact"] },
  [`POST ${c}/points/query`]: { name: "query", fields: [...query, "offset", "lookup_from"] },
  [`POST ${c}/points/query/batch`]: { name: "queryBatch", fields: batch },
  [`POST ${c}/points/query/groups`]: { name: "queryGroups", fields: [...query, ...groups, "with_lookup"] },
  [`POST ${c}/points/search`]: {
    name: "search",
    fields: [...search, "offset", "vector", "score_threshold"],
    defaults: nothingShown,
  },
  [`POST ${c}/points/search/batch`]: { name: "searchBatch", fields: batch },
  [`POST ${c}/points/search/groups`]: {
    name: "searchPointGroups",
    fields: [...search, ...groups, "vector", "score_threshold"],
  },
  [`POST ${c}/points/search/matrix/pairs`]: { name: "searchMatrixPairs", fields: matrix },
  [`POST ${c}/points/search/matrix/offsets`]: { name: "searchMatrixOffsets", fields: matrix },
  [`POST ${c}/points/recommend`]: {
    name: "recommend",
    fields: [...search, ...examples, "offset"],
    defaults: nothingShown,
  },
  [`POST ${c}/points/recommend/batch`]: { name: "recommendBatch", fields: batch },
  [`POST ${c}/points/recommend/groups`]: { name: "recommendPointGroups", fields: [...search, ...examples, ...groups] },
  [`POST ${c}/points/discover`]: {
    name: "discoverPoints",
    fields: [...read, ...shown, "params", "limit", "offset", "target", "context", "using", "lookup_from"],
  },
  [`POST ${c}/points/discover/batch`]: { name: "discoverBatchPoints", fields: batch },
  [`POST ${c}/facet`]: { name: "facet", fields: [...read, "key", "limit", "filter", "exact"] },
};

/** Methods that take the names of the path alone. */
const bareMethods: Readonly<Record<string, string>> = {
  "GET /collections": "getCollections",
  "GET /aliases": "getAliases",
  [`GET ${c}`]: "getCollection",
  [`DELETE ${c}`]: "deleteCollection",
  [`GET ${c}/exists`]: "collectionExists",
  [`GET ${c}/aliases`]: "getCollectionAliases",
  [`DELETE ${c}/index/{field_name}`]: "deletePayloadIndex",
};

function viaClient(request: ApiRequest, { url, hasKey }: Target): string | undefined {
  const route = `${request.method} ${request.route}`;
  const [method, bareMethod] = [methods[route], bareMethods[route]];
  const names = [...request.route.matchAll(/\{(\w+)\}/g)].map(([, name]) => request.parameters[name as string] ?? "");
  const texts = names.map((name) => JSON.stringify(name));
  let call: string;
  if (method !== undefined && isObject(request.body)) {
    const fields = { ...method.defaults, ...queryValues(request.query), ...request.body };
    // what the method does not pass on would be left out of the request
    if (!Object.keys(fields).every((name) => method.fields.includes(name))) return undefined;
    call = `${method.name}(${[...texts, javascriptLiteral(fields)].join(", ")})`;
  } else if (bareMethod !== undefined && request.body === undefined && Object.keys(request.query).length === 0) {
    call = `${bareMethod}(${texts.join(", ")})`;
  } else return undefined;
  const key = hasKey ? `, apiKey: process.env.${KEY_VARIABLE}` : "";
  return `import { QdrantClient } from ${CLIENT};

const client = new QdrantClient({ url: ${JSON.stringify(url)}${key} });
const result = await client.${call};
console.log(result);
`;
}

function viaFetch(request: ApiRequest, { url, hasKey }: Target): string {
  const headers: string[] = [];
  if (request.body !== undefined) headers.push('"content-type": "application/json"');
  if (hasKey) headers.push(`"api-key": process.env.${KEY_VARIABLE}`);
  const options = [`method: ${JSON.stringify(request.method)}`];
  if (headers.length > 0) options.push(`headers: { ${headers.join(", ")} }`);
  // digits of integers beyond 2^53 are kept by a replacer alone
  const replacer = '(_, value) => (typeof value === "bigint" ? JSON.rawJSON(value.toString()) : value)';
  if (request.body !== undefined) {
    options.push(`body: JSON.stringify(${javascriptLiteral(request.body, "  ")}, ${replacer})`);
  }
  return `const response = await fetch(${JSON.stringify(`${url}${pathOf(request)}`)}, {
${options.map((option) => `  ${option},\n`).join("")}});
console.log(await response.json());
`;
}

/** A request as a module of JavaScript: by the official client where it has a method for it, by fetch otherwise. */
export function javascriptOf(request: ApiRequest, target: Target): string {
  return viaClient(request, target) ?? viaFetch(request, target);
}
