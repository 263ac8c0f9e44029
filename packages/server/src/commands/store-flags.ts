import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { storeOptions } from "../backup-options.js";
import {
  type StoreAddress,
  type StoreConfig,
  type StoreSettings,
  storeAddressText,
  storeConfigOf,
} from "../object-store/mod.js";

/** The flags of a command that reads or writes a store for backups. */
export type StoreFlags = Partial<StoreSettings>;

/** Lets a command be told how a store is reached, as the server is. */
export function addStoreFlags(command: Command): void {
  for (const { name, placeholder, description, parse } of storeOptions) {
    const variable = `MURMUR_${name.replaceAll("-", "_").toUpperCase()}`;
    command.addOption(
      new Option(`--${name} <${placeholder}>`, description).env(variable).argParser((value) => String(parse(value))),
    );
  }
}

/** The store at an address, as the flags say. Throws an `Error` that says what is at fault. */
export function storeGiven(address: StoreAddress, flags: StoreFlags): StoreConfig {
  const settings = Object.fromEntries(storeOptions.map(({ key, defaultValue }) => [key, flags[key] ?? defaultValue]));
  return storeConfigOf(storeAddressText(address), settings as unknown as StoreSettings, (path) =>
    readFileSync(path, "utf8"),
  );
}
