import type Database from "better-sqlite3";

/**
 * Gives a shard its key back. Keys stand in every row of a shard, its name in one row of `shards` alone: when that row's key is damaged, the rows
 * of one key have no name, and one name has no rows. Then the two belong together. In any other case nothing is changed: what lacks its
 * rows is missed when it is recovered. Nothing keeps rows without a name but such a damage: a shard is dropped whole.
 */
export function mendShardKeys(database: Database.Database): void {
  const nameless = database
    .prepare<[], number>("SELECT DISTINCT shard FROM frontiers WHERE shard NOT IN (SELECT key FROM shards)")
    .pluck()
    .all();
  const [key] = nameless;
  if (nameless.length !== 1 || key === undefined) return;
  const isOperation = database.prepare("SELECT 1 FROM operations WHERE shard = ? LIMIT 1").get(key) !== undefined;
  const rowless = database
    .prepare<[], string>("SELECT name FROM shards WHERE key NOT IN (SELECT shard FROM frontiers)")
    .pluck()
    .all()
    .filter((name) => database.prepare(HAS_OPERATIONS).get(name) === undefined);
  const [name] = rowless;
  if (!isOperation || rowless.length !== 1 || name === undefined) return;
  database.prepare("UPDATE shards SET key = ? WHERE name = ?").run(key, name);
}

const HAS_OPERATIONS = "SELECT 1 FROM operations WHERE shard = (SELECT key FROM shards WHERE name = ?) LIMIT 1";
