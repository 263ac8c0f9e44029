import type { Random } from "../random.js";
import { standStill } from "../stand-still.js";
import type { Region, RegionCluster } from "./region-cluster.js";

const LOSS_RATE = 0.3;

/** Something that goes wrong in a region: begins when it is called, and ends when what it returns is called. */
type Fault = (cluster: RegionCluster, region: Region, random: Random) => Ending | Promise<Ending>;
type Ending = () => void | Promise<void>;

const othersOf = (cluster: RegionCluster, region: Region) => cluster.regions.filter((one) => one !== region);

/** The faults that a cluster of real processes must bear, by name. */
export const faults: Readonly<Record<string, Fault>> = {
  "database killed": async (_, region) => {
    await region.server.kill();
    return () => region.start();
  },
  "database stands still": async (_, { server }) => {
    await standStill(server.pid);
    return () => void process.kill(server.pid, "SIGCONT");
  },
  "broker killed": async (_, { broker }) => {
    await broker.kill();
    return () => broker.restart();
  },
  "broker wiped": async (_, { broker }) => {
    await broker.kill();
    broker.wipe();
    return () => broker.restart();
  },
  "broker stands still": async (_, { broker }) => {
    await broker.pause();
    return () => broker.resume();
  },
  "region cut off": (cluster, { name }) => {
    cluster.cut(name);
    return () => cluster.heal(name);
  },
  "region hears nobody": (cluster, region) => {
    const links = othersOf(cluster, region).map(({ name }) => cluster.link(region.name, name));
    for (const link of links) link.stall("fromTarget");
    return () => {
      for (const link of links) link.heal();
    };
  },
  "region is not heard": (cluster, region) => {
    const links = othersOf(cluster, region).map(({ name }) => cluster.link(name, region.name));
    for (const link of links) link.stall();
    return () => {
      for (const link of links) link.heal();
    };
  },
  "one link cut": (cluster, region, random) => {
    const link = cluster.link(region.name, random.pick(othersOf(cluster, region)).name);
    link.cut();
    return () => link.heal();
  },
  "links stall": (cluster, { name }) => {
    cluster.stall(name);
    return () => cluster.heal(name);
  },
  "packets lost": (cluster, { name }) => {
    cluster.degrade(name, { lossRate: LOSS_RATE });
    return () => cluster.degrade(name, { lossRate: 0 });
  },
};
