import type { z } from "zod";
import { murmurHeaders } from "./http/murmur-headers.js";
import { inputSchemaOf } from "./http/schemas/fields.js";
import { filterSchemas } from "./http/schemas/filter-schema.js";
import { resultSchemas } from "./routes/results.js";
import { none, type Route, route } from "./routes/route.js";
import { json } from "./routes/service.js";
import { version } from "./version.js";

type JsonSchema = { [keyword: string]: unknown };

function parametersOf(schema: z.ZodType, place: "path" | "query"): readonly JsonSchema[] {
  const { properties = {}, required = [] } = inputSchemaOf(schema) as {
    properties?: { [name: string]: JsonSchema };
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
  }));
}

/** Names in the path, with the schema of those that have one. */
function pathParameters(of: Route): readonly JsonSchema[] {
  const described = new Map(parametersOf(of.params, "path").map((parameter) => [parameter.name, parameter]));
  const names = [...of.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);
  return names.map((name) => described.get(name) ?? { name, in: "path", required: true, schema: { type: "string" } });
}

function requestHeader(name: string, description: string): JsonSchema {
  return { name, in: "header", required: false, description, schema: { type: "string" } };
}

const tokenHeader = requestHeader(murmurHeaders.token, "what the session has seen: the same header of its last answer");

/** Headers that routes of a session take. */
const sessionHeaders = {
  write: [tokenHeader],
  read: [
    tokenHeader,
    requestHeader(murmurHeaders.frontier, "1: the answer carries the frontier at which it was given"),
    requestHeader(murmurHeaders.digest, "1: the answer carries the digests of points and graph at its frontier"),
  ],
} as const;

const errorResponse = {
  description: "Refused or failed",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
};

const missedResponse = {
  description: "Durable here and not taken back; too few members were heard to hold it in time",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Success" } } },
};

function successResponse(of: Route): JsonSchema {
  if (of.answer === "bare") return { description: "OK" };
  if (of.answer === "events")
    return { description: "Events", content: { "text/event-stream": { schema: { type: "string" } } } };
  const success = { $ref: "#/components/schemas/Success" };
  const result = resultSchemas[`${of.method} ${of.path}`];
  const schema = result === undefined ? success : { allOf: [success, { type: "object", properties: { result } }] };
  return { description: "OK", content: { "application/json": { schema } } };
}

function headersOf(of: Route): readonly JsonSchema[] {
  return of.session === undefined ? [] : sessionHeaders[of.session];
}

function operationOf(of: Route): JsonSchema {
  const parameters = [...pathParameters(of), ...parametersOf(of.query, "query"), ...headersOf(of)];
  const schema = inputSchemaOf(of.body);
  const hasBody = Object.keys(schema).length > 0;
  return {
    summary: of.summary,
    tags: [of.tag],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(hasBody
      ? {
          requestBody: { required: !of.body.safeParse(undefined).success, content: { "application/json": { schema } } },
        }
      : {}),
    responses: {
      "200": successResponse(of),
      ...(of.session === "write" ? { "202": missedResponse } : {}),
      default: errorResponse,
    },
  };
}

/** An OpenAPI 3.1 document of the given routes, made of the schemas that check their requests. */
export function openApiDocument(routes: readonly Route[]): JsonSchema {
  const paths: { [path: string]: JsonSchema } = {};
  for (const each of routes) {
    const operations = paths[each.path] ?? {};
    operations[each.method.toLowerCase()] = operationOf(each);
    paths[each.path] = operations;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Murmuration",
      version,
      description: "A vector database whose replicas all accept writes and converge.",
    },
    paths,
    components: {
      schemas: {
        ...filterSchemas,
        Success: {
          type: "object",
          properties: { result: {}, status: { const: "ok" }, time: { type: "number", description: "seconds" } },
          required: ["result", "status", "time"],
        },
        Error: {
          type: "object",
          properties: {
            status: { type: "object", properties: { error: { type: "string" } }, required: ["error"] },
            time: { type: "number", description: "seconds" },
          },
          required: ["status", "time"],
        },
      },
    },
  };
}

/** The route that serves the document of the given routes and of itself. */
export function openApiRoute(routes: readonly Route[]): Route {
  let document: JsonSchema | undefined;
  const self: Route = route({
    method: "GET",
    path: "/openapi.json",
    tag: "service",
    summary: "This document",
    params: none,
    query: none,
    body: none,
    answer: "bare",
    handle: () => {
      document ??= openApiDocument([...routes, self]);
      return json(document);
    },
  });
  return self;
}
