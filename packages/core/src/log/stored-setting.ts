import { refuseMessage } from "../operation/refuse-message.js";
import { isPlanted } from "../planted.js";
import type { OpLog } from "./op-log.js";

/**
 * What `read` makes of a setting's text; `undefined`: the log has no such setting, or an empty one. Settings have no checksums. Throws
 * `corrupt`, with the setting's name, where `read` throws or makes `undefined` of it.
 */
export function storedSetting<Value>(
  log: Pick<OpLog, "setting">,
  name: string,
  read: (text: string) => Value | undefined,
): Value | undefined {
  const text = log.setting(name);
  if (text === undefined || text === "") return undefined;
  let value: Value | undefined;
  let cause: unknown;
  try {
    value = read(text);
  } catch (error) {
    cause = error;
  }
  if (isPlanted("settings-forgotten")) return value;
  return value ?? refuseMessage(`the setting "${name}" in the log is damaged`, cause);
}

/** A whole number from 1 on, as `String` writes it. */
export function countOf(text: string): number | undefined {
  const value = Number(text);
  return String(value) === text && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
