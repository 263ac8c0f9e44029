import { MurmurationError } from "@murmuration/index";
import type { Fields, Row, Source } from "../source.js";
import { openNdjson } from "./ndjson.js";

/** Vectors of a binary file, one each row, and how they are read. */
export interface VectorRows {
  readonly path: string;
  readonly format: string;
  readonly identity: unknown;
  readonly total: number;
  readonly distance?: string | undefined;
  /** Column of the vectors. */
  readonly vector: string;
  /** Keys of the rows, where the file has them. */
  readonly key?: string | undefined;
  /** The rows from one on, some at a time. */
  readonly blocks: (from: number) => Iterable<readonly Fields[]>;
  readonly close: () => void;
}

/**
 * A source of vectors with a file of NDJSON beside it whose rows are their ids and payloads, one for each vector, in the same order; `payloadFile`: where that is.
 * Where there are less rows than vectors or more, the source ends badly there.
 */
export async function withPayloadFile(of: VectorRows, payloadFile: string | undefined): Promise<Source> {
  const payload = payloadFile === undefined ? undefined : await openNdjson(payloadFile);
  const { path, format, vector, key } = of;
  const header = payload?.collection;
  async function* rows(from: Parameters<Source["rows"]>[0]): AsyncGenerator<Row, void, void> {
    let row = from?.rows ?? 0;
    const beside = payload?.rows(from === undefined ? undefined : { rows: row, at: from.at });
    try {
      for (const block of of.blocks(row)) {
        for (const fields of block) {
          row++;
          const place = `row ${row}`;
          if (beside === undefined) {
            yield { place, next: { rows: row }, fields };
            continue;
          }
          const found = await beside.next();
          if (found.done) throw new MurmurationError("corrupt", `${payloadFile} has ${row - 1} rows, ${path} has more`);
          const next = { rows: row, at: found.value.next.at };
          if (found.value.fault !== undefined) {
            yield {
              place: `${place} (${found.value.place} of ${payloadFile})`,
              next,
              fault: found.value.fault,
              raw: found.value.raw,
            };
            continue;
          }
          const id = found.value.fields.get("id");
          if (key !== undefined && id !== undefined && String(id) !== String(fields.get(key)))
            throw new MurmurationError(
              "corrupt",
              `${place} of ${path} has the key ${String(fields.get(key))}, that of ${payloadFile} the id ${String(id)}`,
            );
          yield { place, next, fields: new Map([[vector, fields.get(vector)], ...found.value.fields]) };
        }
      }
      if (beside !== undefined && !(await beside.next()).done)
        throw new MurmurationError("corrupt", `${payloadFile} has more rows than ${path}, which has ${row}`);
    } finally {
      await beside?.return();
    }
  }
  return {
    name: payloadFile === undefined ? path : `${path} with ${payloadFile}`,
    format,
    identity: { vectors: of.identity, payload: payload?.identity ?? null },
    total: of.total,
    collection: header,
    distance: of.distance,
    layout: { vectors: new Map([[vector, ""]]), ...(key === undefined || payload !== undefined ? {} : { id: key }) },
    rows,
    close: async () => {
      of.close();
      await payload?.close();
    },
  };
}
