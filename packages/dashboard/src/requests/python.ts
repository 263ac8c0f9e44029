import { isArray, isObject, type Json, type JsonObject } from "../json-value.js";
import { type ApiRequest, KEY_VARIABLE, pathOf, queryValues, type Target } from "./api-request.js";
import { pythonLiteral } from "./literals.js";

const c = "/collections/{collection_name}";

/** How a field of a body is an argument of a method: under which name, and as what model of the client. */
interface Argument {
  readonly name: string;
  readonly model?: string;
}

interface Method {
  readonly name: string;
  readonly fields: Readonly<Record<string, Argument>>;
  /** What is sent in place of fields that are left out: it has defaults of its own, and the server others. */
  readonly defaults?: JsonObject;
}

const filter: Argument = { name: "query_filter", model: "Filter" };
const paging = {
  limit: { name: "limit" },
  offset: { name: "offset" },
  with_payload: { name: "with_payload" },
  with_vector: { name: "with_vectors" },
  with_vectors: { name: "with_vectors" },
  timeout: { name: "timeout" },
};
const querying = {
  ...paging,
  filter,
  prefetch: { name: "prefetch", model: "Prefetch" },
  query: { name: "query" },
  using: { name: "using" },
  params: { name: "search_params", model: "SearchParams" },
  score_threshold: { name: "score_threshold" },
};

const nothingShown: JsonObject = { with_payload: false };

/** Methods of the official client of Python whose arguments follow from the body's fields. */
const methods: Readonly<Record<string, Method>> = {
  [`POST ${c}/points/query`]: { name: "query_points", fields: querying, defaults: nothingShown },
  [`POST ${c}/points/query/groups`]: {
    name: "query_points_groups",
    defaults: nothingShown,
    fields: { ...querying, group_by: { name: "group_by" }, group_size: { name: "group_size" } },
  },
  [`POST ${c}/points/scroll`]: {
    name: "scroll",
    fields: { ...paging, filter: { name: "scroll_filter", model: "Filter" } },
  },
  [`POST ${c}/points/count`]: {
    name: "count",
    fields: {
      filter: { name: "count_filter", model: "Filter" },
      exact: { name: "exact" },
      timeout: { name: "timeout" },
    },
  },
  [`POST ${c}/points`]: { name: "retrieve", fields: { ...paging, ids: { name: "ids" } } },
  [`POST ${c}/facet`]: {
    name: "facet",
    fields: {
      key: { name: "key" },
      limit: { name: "limit" },
      exact: { name: "exact" },
      filter: { name: "facet_filter", model: "Filter" },
      timeout: { name: "timeout" },
    },
  },
};

/** Models of queries, by the member that tells them. */
const queryModels: Readonly<Record<string, string>> = {
  nearest: "NearestQuery",
  recommend: "RecommendQuery",
  discover: "DiscoverQuery",
  context: "ContextQuery",
  order_by: "OrderByQuery",
  fusion: "FusionQuery",
  rrf: "RrfQuery",
  formula: "FormulaQuery",
  sample: "SampleQuery",
  relevance_feedback: "RelevanceFeedbackQuery",
};

/** An object as a model of the client, which checks the objects in it by itself; `undefined` where it is not known which. */
function modelOf(json: JsonObject, name: string | undefined, indent: string): string {
  return name === undefined ? pythonLiteral(json, indent) : `models.${name}(**${pythonLiteral(json, indent)})`;
}

function queryModel(json: JsonObject): string | undefined {
  if ("indices" in json && "values" in json) return "SparseVector";
  if ("text" in json && "model" in json) return "Document";
  const member = Object.keys(queryModels).find((name) => name in json);
  return member === undefined ? undefined : queryModels[member];
}

function argumentOf({ name, model }: Argument, value: Json): string {
  const indent = "    ";
  if (name === "query" && isObject(value)) return `${name}=${modelOf(value, queryModel(value), indent)}`;
  if (model !== undefined && isObject(value)) return `${name}=${modelOf(value, model, indent)}`;
  if (model !== undefined && isArray(value)) {
    const items = value.map((each) => (isObject(each) ? modelOf(each, model, indent) : pythonLiteral(each, indent)));
    return `${name}=[${items.join(", ")}]`;
  }
  return `${name}=${pythonLiteral(value, indent)}`;
}

function viaClient(request: ApiRequest, { url, hasKey }: Target): string | undefined {
  const method = methods[`${request.method} ${request.route}`];
  if (method === undefined || !isObject(request.body)) return undefined;
  const fields = Object.entries({ ...method.defaults, ...queryValues(request.query), ...request.body }).filter(
    ([, value]) => value !== null,
  );
  const lines = [`collection_name=${JSON.stringify(request.parameters["collection_name"] ?? "")}`];
  for (const [field, value] of fields) {
    const argument = Object.hasOwn(method.fields, field) ? method.fields[field] : undefined;
    // an argument that the method does not have would be an error, and leaving it out another request
    if (argument === undefined) return undefined;
    lines.push(argumentOf(argument, value));
  }
  const key = hasKey ? `, api_key=os.environ["${KEY_VARIABLE}"]` : "";
  return `${hasKey ? "import os\n\n" : ""}from qdrant_client import QdrantClient, models

client = QdrantClient(url=${JSON.stringify(url)}${key})
result = client.${method.name}(
${lines.map((line) => `    ${line},\n`).join("")})
print(result)
`;
}

function viaStandardLibrary(request: ApiRequest, { url, hasKey }: Target): string {
  const headers: string[] = [];
  if (request.body !== undefined) headers.push('"content-type": "application/json"');
  if (hasKey) headers.push(`"api-key": os.environ["${KEY_VARIABLE}"]`);
  const lines = [JSON.stringify(`${url}${pathOf(request)}`), `method=${JSON.stringify(request.method)}`];
  if (headers.length > 0) lines.push(`headers={${headers.join(", ")}}`);
  if (request.body !== undefined) lines.push(`data=json.dumps(${pythonLiteral(request.body, "    ")}).encode()`);
  return `import json
${hasKey ? "import os\n" : ""}from urllib.request import Request, urlopen

request = Request(
${lines.map((line) => `    ${line},\n`).join("")})
with urlopen(request) as response:
    print(json.load(response))
`;
}

/** A request as a program of Python: by the official client where a method takes all of it, by the standard library otherwise. */
export function pythonOf(request: ApiRequest, target: Target): string {
  return viaClient(request, target) ?? viaStandardLibrary(request, target);
}
