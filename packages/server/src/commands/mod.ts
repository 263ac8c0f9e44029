import type { CliCommand } from "./command.js";
import { evict, members } from "./operate.js";
import { restore } from "./restore.js";
import { serve } from "./serve.js";
import { verify } from "./verify.js";

const commands: readonly CliCommand[] = [serve, members, evict, restore, verify];

function helpOf(all: readonly CliCommand[]): string {
  const width = Math.max(...all.map(({ name }) => name.length));
  const lines = all.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `\n\nCommands, each with its own --help:\n${lines.join("\n")}`;
}

/** Runs the command that the first argument names, or the server without one. Resolves to the exit code. */
export function runCommand(argv: readonly string[]): Promise<number> {
  const named = commands.find(({ name }) => name === argv[0]);
  const rest = named === undefined ? argv : argv.slice(1);
  return (named ?? serve).run(rest, helpOf(commands));
}
