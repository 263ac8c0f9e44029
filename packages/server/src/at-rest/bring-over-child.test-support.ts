import { masterKeysOf } from "../encryption/master-keys.js";
import { dataFiles } from "../engine/data-folder.js";
import { openFolderKeys } from "./folder-keys.js";

// Brings a data folder over, and kills itself when it has been told so often how far that is.

const [folder = "", keyText = "", tellsAtKill = "0"] = process.argv.slice(2);
let tells = 0;
openFolderKeys(dataFiles(folder), folder, masterKeysOf(keyText), () => {
  if (++tells === Number(tellsAtKill)) process.kill(process.pid, "SIGKILL");
});
