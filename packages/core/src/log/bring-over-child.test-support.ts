import { SqliteOpLog } from "./sqlite-op-log.js";

// Opens a log, and says how much of it is brought over. For a test that kills it.

const [file = ""] = process.argv.slice(2);
new SqliteOpLog(file, { onBroughtOver: (done) => process.stdout.write(`${done}\n`) }).close();
