import type { CliCommand } from "./command.js";

export const importing: CliCommand = {
  name: "import",
  summary: "carry points from a file or another database into a collection",
  run: async (argv) => (await import("./import-command.js")).importPoints(argv),
};

export const exporting: CliCommand = {
  name: "export",
  summary: "write the points of a collection to a file",
  run: async (argv) => (await import("./export-command.js")).exportPoints(argv),
};
