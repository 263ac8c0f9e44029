import { posix } from "node:path";
import { type SourceFile, withoutCommentsAndStrings } from "./source-tree.js";

/** What a rule found: path and reason. Empty when the file is tidy. */
export type Violations = readonly string[];

/** Which of our packages each package may import. Arrows only point down. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  index: [],
  core: ["index"],
  server: ["core", "index"],
  sim: ["core", "index"],
  // it speaks to a server, and holds nothing of one
  dashboard: [],
};

/** Files of index and core that touch the outside world: adapters of a port, and the loader of what is compiled to WebAssembly. */
const ADAPTERS = [
  /^packages\/core\/src\/log\/(?:memory|sqlite)-op-log\.ts$/,
  /^packages\/index\/src\/shared-memory\.ts$/,
  /^packages\/index\/src\/usearch\//,
];

/** Tests, what they share, and the conformance suites that ports export. */
export const isTest = (path: string): boolean =>
  /\.(?:test|test-support)\.tsx?$|\/conformance\.ts$|\/testing\//.test(path);

function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\/src\//.exec(path)?.[1];
}

/** Faces of a package for one other alone: bugs are planted by the simulator; threads of the server that read payloads need nothing else of core. */
const narrowFaces: Readonly<Record<string, readonly string[]>> = {
  core: ["/planted"],
  sim: ["/planted", "/marks"],
  server: ["/payload-file"],
};

/** What a file imports, exports from or loads, types too, as it is written there. */
export function specifiersOf(text: string): readonly string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/[^\n]*/gm, "");
  // no name holds a space: the word "import" in quotes is none, and what follows it no name; Buffer.from("…") loads nothing
  const pattern = /\b(?:from\s*|import\s*\(?\s*)"([^"\s]+)"/g;
  return [...code.matchAll(pattern)].map((match) => match[1] ?? "");
}

/** Imports that go against the arrows, leave the package by a relative path, or reach behind another package's face. */
export function importDirection({ path, text }: SourceFile): Violations {
  const own = packageOf(path);
  if (own === undefined) return [];
  return specifiersOf(text).flatMap((specifier) => {
    if (specifier.startsWith(".")) {
      const target = posix.join(posix.dirname(path), specifier);
      return target.startsWith(`packages/${own}/src/`) ? [] : [`${path} leaves its package: ${specifier}`];
    }
    const other = /^@murmuration\/([^/]+)(\/.+)?$/.exec(specifier);
    if (other === null) return [];
    const isFace =
      other[2] === undefined || other[2] === "/conformance" || narrowFaces[own]?.includes(other[2]) === true;
    const behindFace = !isFace;
    const allowed = MAY_IMPORT[own]?.includes(other[1] ?? "") === true && !behindFace;
    return allowed ? [] : [`${path} may not import ${specifier}`];
  });
}

/** Packages that code imports and its package.json does not name. Tests may also use the root's development packages. */
export function undeclaredPackages(file: SourceFile, declared: ReadonlySet<string>): Violations {
  return specifiersOf(file.text)
    .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
    .map((specifier) =>
      specifier.startsWith("@") ? specifier.split("/", 2).join("/") : (specifier.split("/")[0] ?? ""),
    )
    .filter((name) => !declared.has(name))
    .map((name) => `${file.path} imports ${name}, which its package.json does not name`);
}

const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\bMath\s*\.\s*random\b/, "Math.random"],
  [/\bnew\s+Date\b|\bDate\s*\.\s*now\b|\bDate\s*\(/, "a clock"],
  [/\bperformance\s*\.|\bhrtime\b/, "a clock"],
  [/\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/, "a timer"],
  [/\basync\b|\bawait\b|\bPromise\b/, "a promise"],
  [/\b(?:randomBytes|randomUUID|randomInt|getRandomValues|webcrypto)\b/, "randomness"],
  [/\bprocess\s*\.|\bglobalThis\b/, "the process"],
];

const IMPURE_MODULE = /^node:(?!buffer$|zlib$|crypto$|assert)/;

/** Clocks, timers, promises, randomness and I/O in index and core, outside of their adapters. */
export function impurity({ path, text }: SourceFile): Violations {
  if (!/^packages\/(index|core)\/src\//.test(path)) return [];
  if (isTest(path) || ADAPTERS.some((adapter) => adapter.test(path))) return [];
  const code = withoutCommentsAndStrings(text);
  return [
    ...BANNED.filter(([pattern]) => pattern.test(code)).map(([, what]) => `${path} uses ${what}`),
    ...specifiersOf(text)
      .filter((specifier) => IMPURE_MODULE.test(specifier))
      .map((specifier) => `${path} imports ${specifier}`),
  ];
}

/** Imports without names in what is bundled, from which a module that gives nobody a name is left out (`scripts/lib/bundle-server.mjs`). */
export function namelessImports({ path, text }: SourceFile): Violations {
  if (!/^packages\/(index|core|server)\/src\//.test(path) || isTest(path)) return [];
  return [...text.matchAll(/^\s*import\s*"([^"]+)"/gm)].map(([, named]) => `${path} imports ${named} for what it does`);
}

const TRANSCENDENTAL =
  /\b(?:Math|Mathf|NativeMath)\s*\.\s*(?:a?sinh?|a?cosh?|a?tanh?|atan2|exp|expm1|log|log2|log10|log1p|pow|cbrt|hypot)\b/;

/** Functions whose last bits differ between machines, where what they decide is replicated: the graph and the core. */
export function machineDependentMath({ path, text }: SourceFile): Violations {
  const decides = /^packages\/(index\/assembly|index\/src\/vector-index|core\/src)\//.test(path) && !isTest(path);
  const found = decides ? TRANSCENDENTAL.exec(withoutCommentsAndStrings(text)) : null;
  return found === null ? [] : [`${path} uses ${found[0]}`];
}

const CODE = /\.(tsx?|mjs|css)$/;
const FILE_BYTES_MAX = 16 * 1024;

/** Code files too large to hold one concept. Tests may be longer. */
export function oversize({ path, bytes }: SourceFile): Violations {
  return CODE.test(path) && !isTest(path) && bytes > FILE_BYTES_MAX ? [`${path} has ${bytes} bytes`] : [];
}

/** Tests that are switched off without saying why, and tests that switch all others off. */
export function silentSkips({ path, text }: SourceFile): Violations {
  if (!isTest(path)) return [];
  const pattern =
    /\b(?:test|it|describe)\s*\.\s*(?:skip|todo|only)\b|\b(?:skip|todo|only)\s*:\s*true\b|\.(?:skip|todo)\(\)/;
  const found = pattern.exec(withoutCommentsAndStrings(text));
  return found === null ? [] : [`${path}: ${found[0]} (write skip: "reason")`];
}

const MACHINE_PATH = /(?<![\w.$}*-])\/(?:work|home|root|Users)\/[\w.]/;
const REGISTRY_HOST = /\bregistry\.[a-z]+js\.|\bregistry\.yarn|\bcrates\.io\b|\bpypi\.org\b/;

/** Paths of the writer's machine and names of package hosts. */
export function machineTraces({ path, text }: SourceFile): Violations {
  const found = MACHINE_PATH.exec(text) ?? REGISTRY_HOST.exec(text);
  return found === null ? [] : [`${path}: ${found[0]}`];
}

const EXPORT_LIST = /export\s+(?:type\s+)?(?:\{([^}]*)\}|\*)\s*from\s*"([^"]+)"/g;

/** Names exported through `path` (followed through re-exports) whose declaration has no docstring right above. */
export function undocumentedExports(path: string, files: ReadonlyMap<string, SourceFile>): Violations {
  const file = files.get(path);
  if (file === undefined) return [`${path} does not exist`];
  return [...file.text.matchAll(EXPORT_LIST)].flatMap(([, list, specifier = ""]) => {
    if (!specifier.startsWith(".")) return [];
    const target = posix.join(posix.dirname(path), specifier.replace(/\.js$/, ".ts"));
    const text = files.get(target)?.text;
    if (text === undefined) return [`${path} exports from ${target}, which does not exist`];
    const names =
      list === undefined
        ? [...text.matchAll(/^export (?:abstract )?(?:function\*?|class|const|interface|type|enum) (\w+)/gm)].map(
            (m) => m[1] ?? "",
          )
        : list.split(",").map((item) => /^\s*(?:type\s+)?(\w+)/.exec(item)?.[1] ?? "");
    const passedOn = list === undefined ? undocumentedExports(target, files) : [];
    return [...passedOn, ...names.filter((name) => name !== "").flatMap((name) => undocumented(name, target, files))];
  });
}

function undocumented(name: string, path: string, files: ReadonlyMap<string, SourceFile>): Violations {
  const text = files.get(path)?.text ?? "";
  const declaration = new RegExp(
    `(\\*/\\n)?^export (?:declare |abstract |async )*(?:function\\*?|class|const|interface|type|enum) ${name}\\b`,
    "m",
  ).exec(text);
  // `type Metric = (typeof metrics)[number]` is documented by `metrics`, its values.
  const isNamesOfValues = new RegExp(`^export type ${name} =\\s*\\(?(?:keyof )?\\(?typeof `, "m").test(text);
  if (isNamesOfValues) return [];
  if (declaration !== null) return declaration[1] === undefined ? [`${path}: ${name} has no docstring`] : [];
  // Not declared here: passed on from another file.
  for (const [, list, specifier = ""] of text.matchAll(EXPORT_LIST)) {
    const holds = list === undefined || new RegExp(`\\b${name}\\b`).test(list);
    const target = posix.join(posix.dirname(path), specifier.replace(/\.js$/, ".ts"));
    if (holds && files.get(target)?.text.match(new RegExp(`\\b${name}\\b`))) return undocumented(name, target, files);
  }
  return [];
}
