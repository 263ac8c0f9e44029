import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { newFolder, removeFolder } from "../support/server.js";
import { killCommands, report } from "./commands.js";

/** A folder for the files of the suite that makes it: it is removed when that is over, and commands that are left are killed. */
export function transferFolder(purpose: string, url: readonly string[]) {
  const folder = newFolder(purpose);
  after(() => {
    killCommands();
    removeFolder(folder);
  });
  return {
    file(name: string, content?: string | Uint8Array): string {
      if (content !== undefined) writeFileSync(join(folder, name), content);
      return join(folder, name);
    },
    /** Of what a collection holds. */
    async digest(collection: string): Promise<unknown> {
      return (await report(`export --format digest --collection ${collection}`, url))["digest"];
    },
  };
}
