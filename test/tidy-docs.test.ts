import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { test } from "node:test";
import { readSourceTree, root } from "./support/source-tree.js";

const tree = readSourceTree();
const pages = tree.filter(({ path }) => path.endsWith(".md"));
const code = tree.filter(({ path }) => /\.(?:tsx?|mjs|js|css|py|sh|json|ya?ml)$|Dockerfile$|^\.ci\//.test(path));
const textOf = (path: string) => tree.find((file) => file.path === path)?.text ?? "";
const readme = textOf("README.md");

/** A page without what is code of other files: fenced blocks, and lines that are set in. */
const prose = (text: string) => text.replaceAll(/^```.*?^```$/gms, "").replaceAll(/^ {4}.*$/gm, "");

/** As GitHub makes anchors of headings. */
const anchorOf = (heading: string) =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");

/** Relative links of a page that lead nowhere. */
function brokenLinks({ path, text }: { readonly path: string; readonly text: string }): readonly string[] {
  const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return links
    .filter((target) => !/^[a-z]+:/i.test(target))
    .filter((target) => {
      const [file = "", anchor] = target.split("#");
      const found = file === "" ? path : posix.normalize(posix.join(posix.dirname(path), file));
      if (found.startsWith("..") || !existsSync(join(root, found))) return true;
      if (anchor === undefined || statSync(join(root, found)).isDirectory()) return false;
      const headings = [...textOf(found).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));
      return !headings.includes(anchor);
    })
    .map((target) => `${path}: ${target}`);
}

test("every relative link of every page leads somewhere", () => {
  const planted = { path: "docs/a.md", text: "[x](none.md) [y](files.md#none) [z](../README.md) [w](https://x.y/z)" };
  assert.deepEqual(brokenLinks(planted), ["docs/a.md: none.md", "docs/a.md: files.md#none"]);
  assert.deepEqual(pages.flatMap(brokenLinks), []);
});

test("the index of the book names every page once, in one line that says what it is", () => {
  const index = textOf("docs/README.md");
  const lines = [...index.matchAll(/^- \[[^\]]+\]\(([^)]+)\): .{20,}\.$/gm)].map(([, page = ""]) => page);
  const all = pages
    .map(({ path }) => path)
    .filter((path) => /^docs\/[^/]+\.md$/.test(path) && path !== "docs/README.md")
    .map((path) => path.slice("docs/".length));
  assert.deepEqual([...lines].sort(), [...all].sort(), "docs/README.md has a line for each page of docs/");
});

test("every npm command in the pages is one of the project", () => {
  const { scripts } = JSON.parse(textOf("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
  const unknown = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\bnpm run ([a-z][a-z:-]*)/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !Object.hasOwn(scripts, name))
      .map((name) => `${path}: npm run ${name}`),
  );
  assert.deepEqual(unknown, []);
  const said = new Set([...readme.matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)].map(([, name]) => name));
  assert.deepEqual(
    Object.keys(scripts).filter((name) => !said.has(name) && !["build", "lint", "format"].includes(name)),
    [],
    "and the README names those that a user runs",
  );
});

test("every command of murmur in the pages is one of its own, and the README names each", () => {
  const { text } =
    tree.find(({ path }) => path === "packages/server/src/commands/commands.ts") ?? assert.fail("no list");
  const commands = new Set([...text.matchAll(/(?:\bname: |\boperation\()"([a-z-]+)"/g)].map(([, name = ""]) => name));
  assert.ok(commands.has("serve") && commands.has("import") && commands.has("members"), [...commands].join());
  const unknown = pages
    .filter(({ path }) => path !== "CHANGELOG.md")
    .flatMap(({ path, text }) =>
      [...text.matchAll(/(?:`|^ {4}|\bexec \S+ |\bnpx )murmur ([a-z][a-z-]*)/gm)]
        .map(([, name = ""]) => name)
        .filter((name) => !commands.has(name))
        .map((name) => `${path}: murmur ${name}`),
    );
  assert.deepEqual(unknown, []);
  assert.deepEqual(
    [...commands].filter((name) => !new RegExp(`\\b${name}\\b`).test(readme)),
    [],
  );
});

/** Lines on which other programs have options of their own. */
const ofOthers = /^.*\b(?:curl|docker|openssl|nats-server|promtool|pip)\b.*$/gm;
/** Options of Node that a page tells of. */
const nodes = new Set(["--single-threaded-gc", "--no-parallel-scavenge"]);

test("every option and variable in the pages stands in the code", () => {
  const all = code.map(({ text }) => text).join("\n");
  const known = (name: string) => all.includes(name);
  /** `--no-x` is what commander makes of an option; `--x` in the code of others is theirs. */
  const isKnown = (flag: string) =>
    known(flag) || known(`"${flag.slice(2)}"`) || known(camel(flag)) || known(flag.slice(2));
  const camel = (flag: string) => flag.slice(2).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const missing = pages
    .filter(({ path }) => path !== "CHANGELOG.md")
    .flatMap(({ path, text }) =>
      [
        ...[...text.replaceAll(ofOthers, "").matchAll(/(?<![\w-])--[a-z][a-z0-9-]+/g)]
          .map(([flag]) => flag)
          .filter((flag) => !nodes.has(flag) && !isKnown(flag)),
        ...[...text.matchAll(/\bMURMUR_[A-Z][A-Z_]*[A-Z]\b/g)]
          .map(([name]) => name)
          .filter((name) => !known(name) && !isKnown(`--${name.slice(7).toLowerCase().replaceAll("_", "-")}`)),
      ].map((name) => `${path}: ${name}`),
    );
  assert.deepEqual([...new Set(missing)], []);
});

test("every path of the repository in the pages is there", () => {
  const folders = ["packages", "docs", "test", "bench", "scripts", "examples", "deploy"];
  const path = new RegExp(`\`((?:${folders.join("|")})/[\\w./-]+\\.(?:ts|mjs|md|json|yaml|js|py|bin))\``, "g");
  const missing = pages
    .filter(({ path: of }) => of !== "CHANGELOG.md")
    .flatMap(({ path: of, text }) =>
      [...text.matchAll(path)]
        .map(([, found = ""]) => found)
        .filter((found) => !existsSync(join(root, found)) && !existsSync(join(root, dirname(of), found)))
        .map((found) => `${of}: ${found}`),
    );
  assert.deepEqual(missing, []);
});

test("the README's docker commands agree with the Dockerfile", () => {
  const dockerfile = textOf("Dockerfile");
  const word = (instruction: string) => new RegExp(`^${instruction} (\\S+)$`, "m").exec(dockerfile)?.[1] ?? "none";
  const [build = "", run = ""] = ["build", "run"].map(
    (command) => new RegExp(`^ {4}docker ${command} .*$`, "m").exec(readme)?.[0],
  );
  const image = / -t (\S+) \.$/.exec(build)?.[1] ?? "no name";
  assert.match(run, new RegExp(` -p 127\\.0\\.0\\.1:\\d+:${word("EXPOSE")} `));
  assert.match(run, new RegExp(` -v \\w+:${word("VOLUME")} `));
  assert.match(run, new RegExp(` -e MURMUR_API_KEY=\\S+ ${image}$`));
});
