import { createPublicKey } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { unseen } from "../audit-log/entry.js";
import { parseHead } from "../audit-log/head.js";
import { type Anchor, type AuditVerdict, verifyAuditLog } from "../audit-log/verify.js";

/** Exit codes: nothing wrong; the log is, or cannot be read; the command line is. */
const INTACT = 0;
const FAILED = 1;
const MISUSED = 2;

interface Flags {
  readonly head: readonly Anchor[];
  readonly publicKey?: string;
  readonly json?: true;
}

/** A head as it is given: a file of one, or what a line of the server's log tells of it. */
function anchorOf(text: string, before: readonly Anchor[]): Anchor[] {
  const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number !== undefined && hash !== undefined)
    return [...before, { source: "--head", number: Number(number), hash }];
  if (!existsSync(text)) throw new InvalidArgumentError("must be a file of a head, or NUMBER:HASH");
  try {
    const { log, number, hash } = parseHead(readFileSync(text, "utf8"));
    return [...before, { source: text, log, number, hash }];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** A name that somebody else chose is shown in printable characters. */
const shown = (text: string) => text.replace(unseen, "?");

function inWords(folder: string, verdict: AuditVerdict): string {
  const { isIntact, lines, files, first, last, unanchored, unfinishedBytes, notes, problems } = verdict;
  const range = first === undefined || last === undefined ? "" : `, ${first} to ${last.number}, the last of ${last.at}`;
  const text = [`${folder}: ${lines} lines in ${files} files${range}`];
  for (const { kind, file, line, message } of problems) {
    const where = [file ?? "", line === undefined ? "" : `line ${line}`].filter((part) => part !== "").join(", ");
    text.push(`  ${kind}${where === "" ? "" : ` (${where})`}: ${message}`);
  }
  for (const { line, action, note } of notes)
    text.push(`  line ${line} says ${action}${note === undefined ? "" : `: ${note}`}`);
  if (unfinishedBytes > 0) text.push(`  ${unfinishedBytes} bytes at the end are a line that is not whole`);
  if (unanchored > 0) text.push(`  no head tells of the last ${unanchored} lines yet`);
  text.push(isIntact ? "intact: nothing was taken out, changed, put elsewhere or cut off" : "NOT INTACT");
  return `${text.map(shown).join("\n")}\n`;
}

function render(verdict: AuditVerdict): object {
  const { isIntact, last, unfinishedBytes, ...others } = verdict;
  const end = last === undefined ? null : { n: last.number, hash: last.hash, at: last.at };
  return { intact: isIntact, ...others, last: end, unfinished_bytes: unfinishedBytes };
}

function check(folder: string, { head, publicKey, json }: Flags): number {
  try {
    const key = publicKey === undefined ? {} : { signedBy: createPublicKey(readFileSync(publicKey, "utf8")) };
    const verdict = verifyAuditLog(folder, { anchors: head, ...key });
    process.stdout.write(json === true ? `${JSON.stringify(render(verdict))}\n` : inWords(folder, verdict));
    return verdict.isIntact ? INTACT : FAILED;
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(json === true ? `${JSON.stringify({ error: message })}\n` : `error: ${message}\n`);
    return FAILED;
  }
}

/** Looks at audit logs. */
export async function audit(argv: readonly string[]): Promise<number> {
  let code = INTACT;
  const program = new Command("murmur audit")
    .description("Looks at the audit log of a server.")
    .helpOption("-h, --help", "print this help")
    .exitOverride();
  program
    .command("verify")
    .description("Goes through an audit log, and says what was taken out, changed, put elsewhere or cut off.")
    .argument("<folder>", "the folder of the log; the server may be running")
    .option("--head <head>", "a head kept elsewhere: a file, or NUMBER:HASH; once for each", anchorOf, [])
    .option("--public-key <file>", "PEM file of the key by which the head in the folder has to be signed")
    .option("--json", "print one JSON object")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", "\nExit codes: 0 intact, 1 not intact or not readable, 2 wrong use.")
    .exitOverride()
    .action((folder: string, flags: Flags) => {
      code = check(folder, flags);
    });
  try {
    program.parse([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? INTACT : MISUSED;
  }
}
