import { parseArgs } from "node:util";
import { StepFailed } from "./run-step.mjs";

/** The command line is wrong: `message` says where, `help` how it is right. Exit code 2. */
export function wrongUse(message, help = "") {
  return new StepFailed("reading the options", `${message}\n${help === "" ? "" : `\n${help.trim()}\n`}`, 2);
}

/** The values of `options` (as `parseArgs` describes them), each given once. Throws `wrongUse`. */
export function readValues(options, help) {
  let parsed;
  try {
    parsed = parseArgs({ options, tokens: true });
  } catch (error) {
    throw wrongUse(error.message, help);
  }
  const names = parsed.tokens.filter(({ kind }) => kind === "option").map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw wrongUse(`--${twice} is given twice`, help);
  return parsed.values;
}

/** A number of an option, written in decimal digits, from `least` to `most`; `byDefault` where it is not given. Throws `wrongUse`. */
export function numberOf(name, text, { least, most, byDefault, isWhole = true }) {
  if (text === undefined) return byDefault;
  const value = Number(text);
  const isDecimal = (isWhole ? /^\d{1,15}$/ : /^\d{1,15}(\.\d{1,9})?$/).test(text);
  if (isDecimal && value >= least && value <= most) return value;
  throw wrongUse(`--${name}: "${text}" is not ${isWhole ? "an integer" : "a number"} from ${least} to ${most}`);
}
