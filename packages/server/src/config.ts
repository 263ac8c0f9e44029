import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { type AccessConfig, accessOf } from "./access-config.js";
import { type AuditConfig, auditOf } from "./audit-config.js";
import { type BackupTarget, backupTargetOf } from "./backup-config.js";
import { clusterOf } from "./cluster-config.js";
import { type EncryptionConfig, encryptionOf } from "./encryption-config.js";
import type { ClusterStart } from "./engine/cluster-start.js";
import { bodyBytesInFlightMebibytesDefault } from "./http/http-limits.js";
import type { ConfigValue, OptionRow, ServerSettings, Settings } from "./option-row.js";
import { optionTable } from "./options.js";
import { type TlsConfig, tlsOf } from "./tls-config.js";
import { version } from "./version.js";

/** Every setting of the server, with its value. */
export interface Config extends ServerSettings {
  /** Who is let in. */
  readonly access: AccessConfig;
  readonly tls: TlsConfig;
  /** What is on disk is encrypted so; `undefined`: it is not. */
  readonly encryption: EncryptionConfig | undefined;
  /** Where backups go, and how often; without it there are none. */
  readonly backupTarget: BackupTarget | undefined;
  readonly backupEveryMinutes: number;
  /** 0: never. */
  readonly logEveryMinutes: number;
  readonly drillEveryMinutes: number;
  /** The audit log; without it nothing is recorded. */
  readonly audit: AuditConfig | undefined;
  /** The cluster to take part in; without it the server is alone. */
  readonly cluster: ClusterStart | undefined;
}

const fileOption = "config";

/** `slow-request-ms` → `MURMUR_SLOW_REQUEST_MS` */
function environmentName(optionName: string): string {
  return `MURMUR_${optionName.replaceAll("-", "_").toUpperCase()}`;
}

/** Either a configuration, or why there is none: what to print and the exit code. */
export type ConfigOutcome = { readonly config: Config } | { readonly exitCode: number; readonly output: string };

export interface ConfigSources {
  /** Arguments after the program's own name. */
  readonly argv: readonly string[];
  readonly environment: { readonly [name: string]: string | undefined };
  /** Throws when the file cannot be read. */
  readonly readFile?: (path: string) => string;
  /** Text behind the help. */
  readonly helpEnd?: string;
}

interface Flags {
  readonly values: { readonly [key: string]: string | true | undefined };
  readonly stop?: { readonly exitCode: number; readonly output: string };
}

function parseFlags(argv: readonly string[], helpEnd: string): Flags {
  let output = "";
  const print = (chunk: string) => {
    output += chunk;
  };
  const command = new Command("murmur serve")
    .description("A vector database whose replicas all accept writes and converge.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .configureOutput({ writeOut: print, writeErr: print })
    .exitOverride()
    .allowExcessArguments(false);
  command.option(`--${fileOption} <file>`, `JSON file with these options by name [env ${environmentName(fileOption)}]`);
  const append = (value: string, before: string | undefined) => (before === undefined ? value : `${before} ${value}`);
  for (const { name, placeholder, description, defaultValue, isRepeatable, isSwitch } of optionTable) {
    const initially = defaultValue === "" || isSwitch === true ? "" : `, default ${defaultValue}`;
    const flag = isSwitch === true ? `--${name}` : `--${name} <${placeholder}>`;
    const help = `${description} [env ${environmentName(name)}${initially}]`;
    if (isRepeatable === true) command.option(flag, help, append);
    else command.option(flag, help);
  }
  command.addHelpText(
    "after",
    `\nA flag goes before the environment, the environment before the file, the file before the default.${helpEnd}`,
  );
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { values: {}, stop: { exitCode: error.exitCode === 0 ? 0 : 2, output } };
  }
  return { values: command.opts() };
}

/** Text of each option given in the file, by name. Throws an `Error` that names the file. */
function readConfigFile(path: string, readFile: (path: string) => string): ReadonlyMap<string, string> {
  let content: unknown;
  try {
    content = JSON.parse(readFile(path));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content))
    throw new Error(`${path}: must hold a JSON object`);
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(content)) {
    if (!optionTable.some((row) => row.name === name)) throw new Error(`${path}: unknown option "${name}"`);
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
      throw new Error(`${path}: option "${name}" must be a string, a number, true or false`);
    given.set(name, String(value));
  }
  return given;
}

const camelCase = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

function resolve(
  row: OptionRow,
  flags: Flags["values"],
  sources: ConfigSources,
  file: ReadonlyMap<string, string>,
  path: string,
): ConfigValue {
  const variable = environmentName(row.name);
  const candidates: readonly (readonly [string, string | undefined])[] = [
    [`option --${row.name}`, flags[camelCase(row.name)]?.toString()],
    [`environment variable ${variable}`, sources.environment[variable]],
    [`option "${row.name}" in ${path}`, file.get(row.name)],
  ];
  const found = candidates.find(([, value]) => value !== undefined);
  if (found === undefined) return row.defaultValue;
  const [source, value] = found as readonly [string, string];
  try {
    return row.parse(value);
  } catch (error) {
    const shown = row.isSecret === true ? "value" : `value "${value}"`;
    throw new Error(`${source}: ${shown} ${(error as Error).message}`);
  }
}

/** What all bodies may take: as configured, else enough for two of the largest. */
function roomForBodies({ bodyBytesInFlightMebibytes: given, bodyLimitMebibytes }: ServerSettings): number {
  const least = 2 * bodyLimitMebibytes;
  if (given >= least) return given;
  if (given === bodyBytesInFlightMebibytesDefault) return least;
  throw new Error("--body-bytes-in-flight-mib must be at least twice --body-limit-mib");
}

/**
 * The configuration: a flag goes before an environment variable, that before the file, that before the default.
 * A wrong option or value gives exit code 2 and a line that names it; `--help` and `--version` give exit code 0.
 */
export function loadConfig(sources: ConfigSources): ConfigOutcome {
  const { values, stop } = parseFlags(sources.argv, sources.helpEnd ?? "");
  if (stop !== undefined) return stop;
  const path = values[fileOption]?.toString() ?? sources.environment[environmentName(fileOption)];
  const readFile = sources.readFile ?? ((name: string) => readFileSync(name, "utf8"));
  try {
    const file = path === undefined ? new Map<string, string>() : readConfigFile(path, readFile);
    const entries = optionTable.map((row) => [row.key, resolve(row, values, sources, file, path ?? "")]);
    const settings = Object.fromEntries(entries) as Settings;
    const bodyBytesInFlightMebibytes = roomForBodies(settings);
    const { apiKey, readOnlyApiKey, apiKeyAlternate, encryptionKey, invitation, ...shown } = settings;
    const access = accessOf(settings, readFile);
    const cluster = clusterOf(settings, readFile);
    const tls = tlsOf(settings, readFile);
    const encryption = encryptionOf(settings, readFile);
    const audit = auditOf(settings, readFile);
    const backupTarget = backupTargetOf(settings, readFile);
    return { config: { ...shown, bodyBytesInFlightMebibytes, access, tls, encryption, audit, backupTarget, cluster } };
  } catch (error) {
    return { exitCode: 2, output: `error: ${(error as Error).message}\n` };
  }
}
