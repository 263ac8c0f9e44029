import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { type PlantedBug, plantedBugs } from "@murmuration/core/planted";
import { PLANNERS_MAX } from "./planners.js";
import { profiles } from "./profiles.js";

export const HELP = `Usage: npm run sim -- [options]

Runs replicas against a virtual network, disks and clocks, and checks that they converge. One seed decides everything.

Many seeds:
  --seeds A..B       run these (default 1..100)
  --random K         run K seeds drawn at random, which are printed
  --time S           as many seeds as fit S seconds, from the first one on
  --require-marks    fail when a coverage mark was not reached
One seed:
  --seed N           run it
  --trace            a line per event
  --report FILE      the run as a page with a space-time diagram
  --shrink           look for the smallest workload and fault list that still fail
Both:
  --profile NAME     ${Object.keys(profiles).join(", ")}; or "all": seeds take turns (default all)
  --plant NAME       plant a bug (see --planted)
  --planners N       planners of each replica, 1 to 3; by seed without it
Planted bugs:
  --planted          plant every bug in turn, and run until it is caught
All:
  --json             the summary as JSON, the last line of stdout
  --help

Exit codes: 0 every rule held, 1 a rule was broken (or a bug not caught, or a mark not reached), 2 wrong use, 3 a worker ended
before its run did.
`;

const SEED_MAX = 2 ** 32 - 1;
const RANDOM_MAX = 1_000_000;
const SECONDS_MAX = 7 * 86_400;

/** What runs choose. */
export interface RunChoice {
  /** A profile's name, or "all". */
  readonly profile: string;
  readonly bug: PlantedBug | undefined;
  /** As many as each seed draws where it is not given. */
  readonly planners: number | undefined;
}

/** What the command line asks for. */
export type Task = { readonly json: boolean } & (
  | { readonly kind: "help" }
  | { readonly kind: "planted" }
  | ({
      readonly kind: "one";
      readonly seed: number;
      readonly trace: boolean;
      readonly shrink: boolean;
      readonly report: string | undefined;
    } & RunChoice)
  | ({
      readonly kind: "many";
      /** From and to, both included; or how many to draw. */
      readonly seeds: { readonly first: number; readonly last: number } | { readonly random: number };
      readonly seconds: number | undefined;
      readonly requireMarks: boolean;
    } & RunChoice)
);

/** The command line is wrong; the message says where. */
export class WrongUse extends Error {}

const optionTypes = {
  seeds: { type: "string" },
  random: { type: "string" },
  seed: { type: "string" },
  profile: { type: "string" },
  time: { type: "string" },
  trace: { type: "boolean" },
  report: { type: "string" },
  shrink: { type: "boolean" },
  plant: { type: "string" },
  planners: { type: "string" },
  planted: { type: "boolean" },
  "require-marks": { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Name = keyof typeof optionTypes;

/** What goes with the option that says what is run. */
const companions: { readonly [mode: string]: readonly Name[] } = {
  planted: ["json"],
  seed: ["profile", "plant", "planners", "trace", "report", "shrink", "json"],
  random: ["profile", "plant", "planners", "time", "require-marks", "json"],
  seeds: ["profile", "plant", "planners", "time", "require-marks", "json"],
};

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: optionTypes, tokens: true });
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= least && value <= most) return value;
  throw new WrongUse(`${option}: "${text}" is not a whole number from ${least} to ${most}`);
}

function rangeOf(text: string): { readonly first: number; readonly last: number } {
  const match = /^(\d+)\.\.(\d+)$/.exec(text);
  if (match === null) throw new WrongUse(`--seeds: "${text}" is not a range like 1..500`);
  const [first, last] = [match[1], match[2]].map((one) => wholeNumber("--seeds", one as string, 0, SEED_MAX));
  if ((first as number) > (last as number))
    throw new WrongUse(`--seeds: "${text}" has no seed in it; the smaller number goes first`);
  return { first: first as number, last: last as number };
}

/** Which option decides what is run; the others must go with it, each once. */
function modeOf(names: readonly string[]): string {
  const modes = Object.keys(companions).filter((name) => names.includes(name));
  if (modes.length > 1) throw new WrongUse(`--${modes[0]} and --${modes[1]} do not go together`);
  const mode = modes[0] ?? "seeds";
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i) throw new WrongUse(`--${name} is given twice`);
    if (name === mode || companions[mode]?.includes(name as Name)) continue;
    const isForOne = companions["seed"]?.includes(name as Name) === true;
    throw new WrongUse(
      isForOne && mode !== "planted" ? `--${name} needs --seed` : `--${name} does not go with --${mode}`,
    );
  }
  return mode;
}

/** Throws when the file could not be written in the end; a run takes minutes. */
function mustBeWritable(path: string): string {
  const isThere = existsSync(path);
  try {
    closeSync(openSync(path, "a"));
    if (!isThere) rmSync(path);
  } catch (error) {
    throw new WrongUse(`--report: cannot write "${path}": ${(error as Error).message}`);
  }
  return path;
}

function choiceOf({
  profile,
  plant: bug,
  planners,
}: {
  readonly profile?: string | undefined;
  readonly plant?: string | undefined;
  readonly planners?: string | undefined;
}): RunChoice {
  if (profile !== undefined && profile !== "all" && !Object.hasOwn(profiles, profile))
    throw new WrongUse(`--profile: there is no "${profile}": ${Object.keys(profiles).join(", ")}`);
  if (bug !== undefined && !Object.hasOwn(plantedBugs, bug))
    throw new WrongUse(`--plant: there is no bug "${bug}" to plant: ${Object.keys(plantedBugs).join(", ")}`);
  return {
    profile: profile ?? "all",
    bug: bug as PlantedBug | undefined,
    planners: planners === undefined ? undefined : wholeNumber("--planners", planners, 1, PLANNERS_MAX),
  };
}

/** What the arguments ask for, checked before anything runs. Throws `WrongUse`. */
export function readTask(argv: readonly string[]): Task {
  const { values, tokens } = parse(argv);
  const json = values.json === true;
  if (values.help === true) return { kind: "help", json };
  const mode = modeOf(tokens.flatMap((token) => (token.kind === "option" ? [token.name] : [])));
  if (mode === "planted") return { kind: "planted", json };
  const choice = choiceOf(values);
  if (mode === "seed") {
    const { trace = false, shrink = false, report } = values;
    const seed = wholeNumber("--seed", values.seed ?? "", 0, SEED_MAX);
    return {
      kind: "one",
      json,
      seed,
      trace,
      shrink,
      report: report === undefined ? undefined : mustBeWritable(report),
      ...choice,
    };
  }
  const seconds =
    values.time === undefined ? undefined : wholeNumber("--time", values.time.replace(/s$/, ""), 1, SECONDS_MAX);
  const seeds =
    mode === "random"
      ? { random: wholeNumber("--random", values.random ?? "", 1, RANDOM_MAX) }
      : rangeOf(values.seeds ?? (seconds === undefined ? "1..100" : `1..${SEED_MAX}`));
  return { kind: "many", json, seeds, seconds, requireMarks: values["require-marks"] === true, ...choice };
}
