import { Command, CommanderError } from "commander";
import type { CliCommand } from "./command.js";
import { commands, serve } from "./commands.js";

function helpOf(all: readonly CliCommand[]): string {
  const width = Math.max(...all.map(({ name }) => name.length));
  const lines = all.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `\n\nCommands, each with its own --help:\n${lines.join("\n")}`;
}

/** Says on stderr that there is no such command, and which one is most like it. Returns the exit code. */
function refuseUnknown(name: string): number {
  const program = new Command("murmur").exitOverride();
  for (const command of commands) program.command(command.name);
  try {
    program.parse([name], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return 2;
}

/** Runs the command that the first argument names, or the server when it is an option or there is none. Resolves to the exit code. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const [first = "", ...rest] = argv;
  if (first === "help") return runCommand([...rest.slice(0, 1), "--help"]);
  const named = commands.find(({ name }) => name === first);
  if (named === undefined && first !== "" && !first.startsWith("-")) return refuseUnknown(first);
  return (named ?? serve).run(named === undefined ? argv : rest, helpOf(commands));
}
