import { existsSync, mkdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { auditFilesIn, type FileBegin, linesOf, readBegin } from "./audit-files.js";
import { type Hash, hashOf, noHash, readLine } from "./entry.js";
import { type AuditHead, headName, readHead } from "./head.js";

/** Where a log ends that is there already, and what is wrong with its end. */
export interface LogEnd {
  /** `undefined`: there is none. */
  readonly log: string | undefined;
  /** Its last line; 0: it has none. */
  readonly number: number;
  readonly hash: Hash;
  /** The file to go on with, and its bytes; `undefined`: another one is begun. */
  readonly file: { readonly name: string; readonly bytes: number } | undefined;
  readonly files: readonly FileBegin[];
  /** Bytes of a line that was not written to its end: nobody was told that it was. */
  readonly tornBytes: number;
  /** In words, what cannot have come of a process or a machine that stopped. */
  readonly damage: string | undefined;
}

interface Walked {
  readonly number: number;
  readonly hash: Hash;
  /** Up to where the file has whole lines. */
  readonly bytes: number;
  readonly isWhole: boolean;
  readonly damage: string | undefined;
}

/** Goes through the last file, which is as large as a file may be. */
function walk(folder: string, begin: FileBegin): Walked {
  let [number, hash] = [begin.first - 1, begin.previous ?? noHash];
  let damage: string | undefined;
  let [bytes, isWhole] = [0, true];
  for (const line of linesOf(join(folder, begin.name))) {
    isWhole = line.isWhole;
    if (!isWhole) {
      // where it begins is counted in the file's own bytes: lines before it may be too long, or no text
      bytes = line.offset;
      break;
    }
    bytes = line.offset + Buffer.byteLength(line.text ?? "") + 1;
    const read = line.text === undefined ? undefined : readLine(line.text);
    if (read === undefined) {
      damage ??= `${begin.name}, byte ${line.offset}: this is no line of the log`;
      number++;
      continue;
    }
    if (read.number !== number + 1) damage ??= `${begin.name}: line ${read.number} follows line ${number}`;
    else if (hashOf(hash, read.body) !== read.hash) damage ??= `${begin.name}: line ${read.number} was changed`;
    number = Math.max(number, read.number);
    hash = read.hash;
  }
  return { number, hash, bytes, isWhole, damage };
}

function headOf(folder: string): { readonly head: AuditHead | undefined; readonly damage: string | undefined } {
  try {
    return { head: readHead(join(folder, headName)), damage: undefined };
  } catch (error) {
    return { head: undefined, damage: (error as Error).message };
  }
}

/**
 * Finds where to go on. What is damaged is left as it is, and the log goes on behind it in another file, with the numbers that follow the last ones that
 * anybody was told of: `murmur audit verify` finds it from then on. The end of a line that was not whole is taken away.
 */
export function findEnd(folder: string): LogEnd {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = auditFilesIn(folder);
  const files = names.map((name) => readBegin(folder, name));
  const { head, damage: ofHead } = headOf(folder);
  const last = files.at(-1);
  if (last === undefined) {
    const lacks = head === undefined ? undefined : `the head tells of line ${head.number}, and there are no files`;
    const [number, hash] = [head?.number ?? 0, head?.hash ?? noHash];
    return { log: head?.log, number, hash, file: undefined, files, tornBytes: 0, damage: ofHead ?? lacks };
  }
  const walked = walk(folder, last);
  const path = join(folder, last.name);
  const tornBytes = walked.isWhole ? 0 : statSync(path).size - walked.bytes;
  if (tornBytes > 0) truncateSync(path, walked.bytes);
  let { number, hash, damage } = walked;
  damage ??= ofHead ?? (existsSync(join(folder, headName)) ? undefined : "there is no head");
  if (head !== undefined && head.number > number) {
    damage ??= `the head tells of line ${head.number}, and the last one is ${number}`;
    ({ number, hash } = head);
  }
  const log = files.find((file) => file.log !== undefined)?.log ?? head?.log;
  const file = damage === undefined && walked.bytes > 0 ? { name: last.name, bytes: walked.bytes } : undefined;
  return { log, number, hash, file, files, tornBytes, damage };
}
