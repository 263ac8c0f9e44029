import type { Socket } from "node:net";
import { setTimeout as after } from "node:timers/promises";
import { MurmurationError } from "@murmuration/index";
import pg from "pg";
import { parseJson } from "../../http/json.js";
import { vectorOfText } from "../read-text-vector.js";
import type { Server } from "../server.js";
import type { Row, Source } from "../source.js";
import { pauseMsFirst, pauseMsMax, rejectedCharactersMax } from "../transfer-limits.js";

/** How long the end of a connection is waited for. */
const LEAVE_MS = 2_000;

/** Distances by the operator classes of pgvector's indexes. */
const distances: readonly (readonly [RegExp, string])[] = [
  [/cosine_ops$/, "Cosine"],
  [/_ip_ops$/, "Dot"],
  [/_l2_ops$/, "Euclid"],
  [/_l1_ops$/, "Manhattan"],
];

const vectorTypes = new Set(["vector", "halfvec", "sparsevec"]);

interface TableFacts {
  /** Schema and name, quoted. */
  readonly table: string;
  readonly vectors: readonly string[];
  /** Columns of the primary key, in its order, with their types; the place of a row where there is none. */
  readonly order: readonly { readonly column: string; readonly type: string }[];
  readonly hasKey: boolean;
  readonly distance: string | undefined;
  readonly total: number;
}

type Client = InstanceType<typeof pg.Client>;

async function factsOf(client: Client, name: string): Promise<TableFacts> {
  const found = await client.query<{ oid: number; full: string }>(
    "select c.oid, format('%I.%I', n.nspname, c.relname) as full from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass($1)",
    [name],
  );
  const [table] = found.rows;
  if (table === undefined)
    throw new MurmurationError(
      "not-found",
      `there is no table ${name} (quote names as in SQL, in front of them their schema)`,
    );
  const columns = await client.query<{ name: string; type: string }>(
    "select a.attname as name, t.typname as type from pg_attribute a join pg_type t on t.oid = a.atttypid where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum",
    [table.oid],
  );
  const key = await client.query<{ name: string; type: string }>(
    "select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_index i cross join unnest(i.indkey) with ordinality k(n, at) join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n where i.indrelid = $1 and i.indisprimary order by k.at",
    [table.oid],
  );
  const classes = await client.query<{ name: string }>(
    "select o.opcname as name from pg_index i cross join unnest(i.indclass) k(oid) join pg_opclass o on o.oid = k.oid where i.indrelid = $1",
    [table.oid],
  );
  const count = await client.query<{ count: string }>(`select count(*) as count from ${table.full}`);
  const found_distance = classes.rows.flatMap(({ name: of }) =>
    distances.filter(([ending]) => ending.test(of)).map(([, distance]) => distance),
  );
  const order = key.rows.map(({ name: column, type }) => ({ column, type }));
  return {
    table: table.full,
    vectors: columns.rows.filter(({ type }) => vectorTypes.has(type)).map(({ name: column }) => column),
    order: order.length > 0 ? order : [{ column: "ctid", type: "tid" }],
    hasKey: order.length > 0,
    distance: found_distance[0],
    total: Number(count.rows[0]?.count ?? 0),
  };
}

/** The next page behind a row: the row as JSON of PostgreSQL's own making, and its place as texts. */
function pageQuery({ table, order }: TableFacts, after: readonly string[] | undefined, limit: number): pg.QueryConfig {
  const quoted = order.map(({ column }) => `t.${column === "ctid" ? "ctid" : pg.escapeIdentifier(column)}`);
  const places = quoted.map((column, i) => `${column}::text as p${i}`).join(", ");
  const bounds = order.map(({ type }, i) => `$${i + 1}::${type}`).join(", ");
  const where = after === undefined ? "" : `where (${quoted.join(", ")}) > (${bounds})`;
  const text = `select to_jsonb(t)::text as row, ${places} from ${table} t ${where} order by ${quoted.join(", ")} limit ${limit}`;
  return { text, values: after === undefined ? [] : [...after] };
}

function rowOf(text: string, place: string, next: Row["next"], facts: TableFacts): Row {
  try {
    const fields = new Map<string, unknown>(Object.entries(parseJson(text) as object));
    for (const column of facts.vectors) {
      const value = fields.get(column);
      if (typeof value === "string") fields.set(column, vectorOfText(value, column));
    }
    return { place, next, fields };
  } catch (error) {
    if (!(error instanceof MurmurationError)) throw error;
    return { place, next, fault: error, raw: text.slice(0, rejectedCharactersMax) };
  }
}

/** The column that ids are of: the primary key where it is one column. */
function layoutOf({ order, hasKey, vectors }: TableFacts) {
  const [only] = order;
  const id = hasKey && order.length === 1 && only !== undefined ? { id: only.column } : {};
  const [first] = vectors;
  return {
    ...id,
    ...(vectors.length === 1 && first !== undefined ? { vectors: new Map([[first, ""]]) } : {}),
    ...(vectors.length > 1 ? { vectors: new Map(vectors.map((column) => [column, column])) } : {}),
  };
}

/** How a database is waited for. */
type Patience = Pick<Server, "patienceMs" | "timeoutMs" | "onWait">;

/** Classes of SQLSTATE (PostgreSQL, appendix A) of what passes: connections, resources, being stopped, and being in the way of others. */
const passing = /^(?:08|53|57P0|40|55P03)/;
const isPassing = (error: unknown): boolean => {
  const { code, severity } = error as { readonly code?: unknown; readonly severity?: unknown };
  // what the server says has a severity; all else is of the connection
  return severity === undefined || (typeof code === "string" && passing.test(code));
};

/** Ends a connection, also one whose other end says nothing any more. */
async function leave(client: Client): Promise<void> {
  client.on("error", () => undefined);
  const socket = (client as unknown as { readonly connection?: { readonly stream?: Socket } }).connection?.stream;
  await Promise.race([client.end().catch(() => undefined), after(LEAVE_MS, undefined, { ref: false })]);
  socket?.destroy();
}

/** A database that is asked again, by another connection, where one breaks. */
class Database {
  readonly where: string;
  readonly #url: string;
  readonly #patience: Patience;
  #client: Client | undefined;

  constructor(url: string, patience: Patience) {
    const { host, pathname } = new URL(url);
    this.where = `${host}${pathname}`;
    this.#url = url;
    this.#patience = patience;
  }

  /** Asks, and asks again with growing pauses as long as patience lasts. Throws `unavailable`. */
  async ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    const { patienceMs, onWait } = this.#patience;
    const startMs = performance.now();
    for (let pauseMs = pauseMsFirst; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
      try {
        return await question(await this.#connected());
      } catch (error) {
        await this.close();
        if (error instanceof MurmurationError) throw error;
        const { message, code, errors } = error as Error & { readonly code?: string; readonly errors?: Error[] };
        const why = `PostgreSQL at ${this.where}: ${message || errors?.[0]?.message || code}`;
        if (!isPassing(error) || performance.now() - startMs + pauseMs > patienceMs)
          throw new MurmurationError("unavailable", why);
        onWait?.(why);
        await after(pauseMs);
      }
    }
  }

  async #connected(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    const { timeoutMs } = this.#patience;
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: "murmur import",
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    });
    // an error between two queries is that of the next one
    client.on("error", () => undefined);
    this.#client = client;
    await client.connect();
    return client;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await leave(client);
  }
}

/**
 * A table of PostgreSQL with columns of pgvector, in the order of its primary key (without one, of where rows lie: then nothing may be written meanwhile). Values
 * are what `to_jsonb` makes of them. The address is that of libpq; its password may stand in PGPASSWORD or in ~/.pgpass.
 */
export async function openPostgres(
  url: string,
  table: string | undefined,
  pageRows: number,
  patience: Patience,
): Promise<Source> {
  if (table === undefined) throw new MurmurationError("bad-request", "--table says which table of the database");
  const database = new Database(url, patience);
  const { where } = database;
  let facts: TableFacts;
  try {
    facts = await database.ask((client) => factsOf(client, table));
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    name: `table ${facts.table} at ${where}`,
    format: "postgres",
    identity: { server: where, table: facts.table, order: facts.order.map(({ column }) => column) },
    total: facts.total,
    distance: facts.distance,
    layout: layoutOf(facts),
    async *rows(from): AsyncGenerator<Row, void, void> {
      let rows = from?.rows ?? 0;
      let behind = (from?.at as { readonly after?: readonly string[] } | undefined)?.after;
      for (;;) {
        const query = pageQuery(facts, behind, pageRows);
        const { rows: page } = await database.ask((client) => client.query<{ [name: string]: string }>(query));
        for (const row of page) {
          behind = facts.order.map((_, i) => String(row[`p${i}`]));
          yield rowOf(String(row["row"]), `row ${behind.join(", ")}`, { rows: ++rows, at: { after: behind } }, facts);
        }
        if (page.length < pageRows) return;
      }
    },
    close: () => database.close(),
  };
}
