import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import type { PointId, Sliced, Snapshot } from "@murmuration/index";
import { type FileSink, sinkTo } from "../encryption/sealed-file.js";
import { printPoint, recordPrinter } from "./print-points.js";
import type { ExportReading } from "./reading.js";

/** Points of one page; a line ends at so many characters before. */
const PAGE_POINTS = 100;
const LINE_CHARACTERS = 128 * 1024;
const everything = { payload: true, vectors: true } as const;

/** A file of lines, with the checksum of what was written. */
class LineFile {
  readonly #file: number;
  readonly #sink: FileSink;
  readonly #hash: Hash = createHash("sha256");
  bytes = 0;

  constructor(path: string, seal: ExportReading["seal"]) {
    this.#file = openSync(path, "wx");
    this.#sink = sinkTo(this.#file, seal?.keys, seal?.as ?? { kind: "snapshot", id: "" });
  }

  line(text: string): void {
    const bytes = Buffer.from(`${text}\n`);
    this.#sink.push(bytes);
    this.#hash.update(bytes);
    this.bytes += bytes.length;
  }

  /** Of everything so far, hexadecimal. */
  checksum(): string {
    return this.#hash.copy().digest("hex");
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Nothing comes any more, and what was written survives a loss of power. */
  flush(): void {
    this.#sink.end();
    fsyncSync(this.#file);
  }
}

/**
 * Write all points as of one epoch to a new file, as lines that an upsert takes (docs/backup.md, "Snapshots"). Returns the JSON of how many there
 * are, the bytes of the file and its checksum. Where it fails, no file is left.
 */
export function* exportPoints(view: Snapshot, { file, header, seal }: ExportReading): Sliced<string> {
  const out = new LineFile(file, seal);
  let isWhole = false;
  try {
    out.line(header);
    let points = 0;
    let offset: PointId | null | undefined;
    while (offset !== null) {
      let line = "";
      const put = (text: string) => {
        line += line === "" ? text : `,${text}`;
        if (line.length >= LINE_CHARACTERS) end();
      };
      const end = () => {
        if (line !== "") out.line(`{"points":[${line}]}`);
        line = "";
      };
      const page = { limit: PAGE_POINTS, selection: everything, ...(offset === undefined ? {} : { offset }) };
      offset = yield* view.scroll(page, (record) => {
        points++;
        put(printPoint(record, everything, recordPrinter));
      });
      end();
      yield "pause";
    }
    out.line(JSON.stringify({ end: { points, sha256: out.checksum() } }));
    out.flush();
    isWhole = true;
    return JSON.stringify({ points, bytes: out.bytes, sha256: out.checksum() });
  } finally {
    out.close();
    if (!isWhole) rmSync(file, { force: true });
  }
}
