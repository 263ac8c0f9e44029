import type { Pair } from "./pair.js";

/** A JSON schema, as far as requests are described by it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
}

/** A route as the server describes it. */
export interface RestRoute {
  readonly method: string;
  /** With `{names}` for its parameters. */
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly body: Schema | undefined;
}

interface Operation {
  readonly parameters?: RestRoute["parameters"];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
}

type Schemas = { readonly [name: string]: Schema };

/** Filters inside of filters that are drawn; what is deeper is any object. */
const REFERENCES_DEPTH_MAX = 2;

/** A schema in which what is referred to stands where it is referred to. */
function opened(schema: Schema, schemas: Schemas, depth = 0): Schema {
  const { $ref, ...rest } = schema as Schema & { readonly $ref?: string };
  const open = (inner: Schema) => opened(inner, schemas, depth);
  if ($ref !== undefined) {
    const named = schemas[$ref.replace("#/components/schemas/", "")];
    return named === undefined || depth >= REFERENCES_DEPTH_MAX
      ? { type: "object" }
      : opened(named, schemas, depth + 1);
  }
  const { properties, items, anyOf, oneOf, allOf } = rest;
  return {
    ...rest,
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, open(inner)])) }),
    ...(items === undefined ? {} : { items: open(items) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(open) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(open) }),
    ...(allOf === undefined ? {} : { allOf: allOf.map(open) }),
  };
}

/** Routes that would end what is being tested, write where it does not look, or answer without an end. */
const LEFT_OUT = [/\/evict$/, /^\/murmur\/backups/, /\/changes$/, /\/live$/];

/** Every route that the server has, from its own description. */
export async function routesOf(pair: Pair): Promise<readonly RestRoute[]> {
  const answer = await pair.ask(0, { method: "GET", path: "/openapi.json", headers: {}, body: undefined });
  const { paths, components } = answer.json as {
    paths: { [path: string]: { [method: string]: Operation } };
    components: { schemas: Schemas };
  };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(() => !LEFT_OUT.some((pattern) => pattern.test(path)))
      .map(([method, { parameters = [], requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        parameters,
        body: requestBody && opened(requestBody.content["application/json"].schema, components.schemas),
      })),
  );
}
