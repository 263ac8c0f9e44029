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

/** Routes that would end what is being tested, write where it does not look, or answer without an end. */
const LEFT_OUT = [/\/evict$/, /^\/murmur\/backups/, /\/changes$/, /\/live$/];

/** Every route that the server has, from its own description. */
export async function routesOf(pair: Pair): Promise<readonly RestRoute[]> {
  const answer = await pair.ask(0, { method: "GET", path: "/openapi.json", headers: {}, body: undefined });
  const { paths } = answer.json as { paths: { [path: string]: { [method: string]: Operation } } };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(() => !LEFT_OUT.some((pattern) => pattern.test(path)))
      .map(([method, { parameters = [], requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        parameters,
        body: requestBody?.content["application/json"].schema,
      })),
  );
}
