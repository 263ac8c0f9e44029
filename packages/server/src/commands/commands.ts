import type { CliCommand } from "./command.js";

/** A command that asks a running server. */
function operation(name: string, summary: string): CliCommand {
  const run = async (argv: readonly string[]) => (await import("./operate-cluster.js")).operate([name, ...argv]);
  return { name, summary, run };
}

/** Runs the server. */
export const serve: CliCommand = {
  name: "serve",
  summary: "run the server; what happens without a command",
  run: async (argv, helpEnd) => (await import("./serve.js")).serve(argv, helpEnd),
};

/** All commands, as the help lists them. What carries one out is loaded with it: all of it takes longer to load than most commands take. */
export const commands: readonly CliCommand[] = [
  serve,
  operation("members", "list the replicas of a running server's cluster"),
  operation("invite", "let one new replica into a running server's cluster"),
  operation("rotate-key", "give a running server another key to sign with"),
  operation("evict", "take a replica out of the cluster for good"),
  operation("erase", "delete points, and have nothing of them left anywhere"),
  operation("canary", "hold a second graph of other parameters against the one that serves"),
  {
    name: "restore",
    summary: "make a data folder from a backup",
    run: async (argv) => (await import("./restore.js")).restore(argv),
  },
  {
    name: "verify",
    summary: "check that a backup restores to what its manifest says",
    run: async (argv) => (await import("./verify.js")).verify(argv),
  },
  {
    name: "backups",
    summary: "list the backups in a folder or a store",
    run: async (argv) => (await import("./backups.js")).backups(argv),
  },
  {
    name: "drill",
    summary: "restore a backup into a temporary folder, and compare it with what was backed up",
    run: async (argv) => (await import("./drill.js")).drilling(argv),
  },
  {
    name: "audit",
    summary: "check that nothing was taken out of an audit log, nor changed",
    run: async (argv) => (await import("./audit.js")).audit(argv),
  },
  {
    name: "import",
    summary: "carry points from a file or another database into a collection",
    run: async (argv) => (await import("./import-command.js")).importPoints(argv),
  },
  {
    name: "export",
    summary: "write the points of a collection to a file",
    run: async (argv) => (await import("./export-command.js")).exportPoints(argv),
  },
];
