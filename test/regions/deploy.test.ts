import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";
import { RegionCluster } from "../support/regions/region-cluster.js";
import { killAllServers, newFolder, removeFolder } from "../support/server.js";
import { root } from "../support/source-tree.js";

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string; readonly labels: { severity: string } }[];
  }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

/** What Prometheus makes itself of each scrape. */
const ofScrapes = new Set(["up"]);
const SUFFIXES = /_(bucket|count|sum)$/;

const text = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
const rules = () => (parse(text("deploy/prometheus/alerts.yaml")) as Rules).groups.flatMap((group) => group.rules);
const dashboards = () =>
  readdirSync(join(root, "deploy/grafana")).map((file) => JSON.parse(text("deploy/grafana", file)) as Dashboard);

/** Grafana puts these in before Prometheus sees them. */
const filled = (expr: string) => expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", "a");

function expressions(): [where: string, expr: string][] {
  return [
    ...rules().map(({ alert, expr }): [string, string] => [alert, expr]),
    ...dashboards().flatMap(({ uid, panels }) =>
      panels.flatMap(({ title, targets = [] }) =>
        targets.map(({ expr }): [string, string] => [`${uid}: ${title}`, filled(expr)]),
      ),
    ),
  ];
}

/** Metrics that an expression selects, and whether it is one. */
function parsed(expr: string): { readonly metrics: readonly string[]; readonly isWhole: boolean } {
  const metrics: string[] = [];
  let isWhole = true;
  parser.parse(expr).iterate({
    enter: ({ name, from, to, type }) => {
      if (type.isError) isWhole = false;
      if (name === "Identifier") metrics.push(expr.slice(from, to));
    },
  });
  return { metrics, isWhole };
}

describe("what is deployed for Prometheus and Grafana", { timeout: 120_000 }, () => {
  const folder = newFolder("deploy");
  let cluster: RegionCluster;
  before(async () => {
    const options = ["--backup-folder", join(folder, "backups"), "--audit-log", join(folder, "audit")];
    const traced = ["--otlp-endpoint", "http://127.0.0.1:9", "--slow-query-ms", "1000"];
    cluster = await RegionCluster.start({ names: ["eu"], options: [...options, ...traced], purpose: "deploy" });
  });
  after(async () => {
    await cluster?.stop();
    removeFolder(folder);
    killAllServers();
  });

  test("is in Prometheus's language, to the end", () => {
    const all = expressions();
    assert.ok(all.length > 80, `${all.length} expressions`);
    for (const [where, expr] of all) {
      const { metrics, isWhole } = parsed(expr);
      assert.ok(isWhole && metrics.length > 0, `${where}: ${expr}`);
    }
    assert.equal(parsed("rate(x[5m]").isWhole, false);
  });

  test("asks for metrics alone that a real server tells", async () => {
    const [region] = cluster.regions;
    const { text: told } = (await region?.server.ask("GET", "/metrics")) ?? { text: "" };
    const known = new Set([...told.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name as string));
    assert.ok(known.size > 80, `${known.size} metrics`);
    const missing = expressions().flatMap(([where, expr]) =>
      parsed(expr)
        .metrics.filter((name) => !ofScrapes.has(name) && !known.has(name) && !known.has(name.replace(SUFFIXES, "")))
        .map((name) => `${where}: ${name}`),
    );
    assert.deepEqual(missing, []);
  });

  test("has an alert once, and each of them is explained", () => {
    const page = text("docs/observability.md");
    const names = rules().map(({ alert }) => alert);
    assert.equal(new Set(names).size, names.length);
    for (const { alert, labels } of rules()) {
      assert.ok(page.includes(`| \`${alert}\` |`), `docs/observability.md explains ${alert}`);
      assert.ok(["info", "warning", "critical"].includes(labels.severity), alert);
    }
    const uids = dashboards().map(({ uid }) => uid);
    assert.equal(new Set(uids).size, uids.length);
  });
});
