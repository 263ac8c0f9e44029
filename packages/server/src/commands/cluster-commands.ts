import type { CliCommand } from "./command.js";

/** A command that asks a running server. */
function operation(name: string, summary: string): CliCommand {
  return {
    name,
    summary,
    run: async (argv) => {
      const { operate } = await import("./operate-cluster.js");
      return operate([name, ...argv]);
    },
  };
}

export const members = operation("members", "list the replicas of a running server's cluster");
export const invite = operation("invite", "let one new replica into a running server's cluster");
export const rotateKey = operation("rotate-key", "give a running server another key to sign with");
export const evict = operation("evict", "take a replica out of the cluster for good");
export const canary = operation("canary", "hold a second graph of other parameters against the one that serves");
export const erase = operation("erase", "delete points, and have nothing of them left anywhere");
