// Two Syncthing instances on the loopback address; everything that would talk to anybody else is off.

import { spawn } from "node:child_process";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Peer } from "./pair.ts";
import { end, freePort, isInstalled, run, until } from "./programs.ts";

const API_KEY = "benchmark";

interface Side {
  readonly home: string;
  readonly folder: string;
  readonly device: string;
  readonly port: number;
  readonly gui: number;
}

/** With a watcher delay in seconds; Syncthing's default is 10. */
export function syncthing(delayS: number): Peer {
  return {
    name: delayS === 10 ? "syncthing (default)" : `syncthing (delay ${delayS} s)`,
    isInstalled: () => isInstalled("syncthing", "--version"),
    async open(root) {
      const sides = [await makeSide(root, "from"), await makeSide(root, "to")] as const;
      const children = sides.map((side) => {
        writeFileSync(join(side.home, "config.xml"), configOf(side, sides, delayS));
        const log = openSync(join(side.home, "log"), "a");
        const flags = ["serve", "--home", side.home, "--no-browser", "--no-restart", "--no-upgrade"];
        return spawn("syncthing", flags, { stdio: ["ignore", log, log], env: { ...process.env, STNOUPGRADE: "1" } });
      });
      const settle = async (): Promise<void> => {
        await until("syncthing is idle", async () => (await Promise.all(sides.map(isIdle))).every(Boolean), {
          everyMs: 200,
        });
      };
      await settle();
      await pause(2_000); // the first scans are over; what they told each other is written down
      await settle();
      return {
        from: sides[0].folder,
        to: sides[1].folder,
        settle,
        async close() {
          await Promise.all(children.map(end));
        },
      };
    },
  };
}

async function makeSide(root: string, name: string): Promise<Side> {
  const [home, folder] = [join(root, `${name}-home`), join(root, name)];
  mkdirSync(folder, { recursive: true });
  await run("syncthing", ["generate", "--home", home, "--no-default-folder", "--skip-port-probing"]);
  const device = (await run("syncthing", ["--home", home, "--device-id"])).trim();
  return { home, folder, device, port: await freePort(), gui: await freePort() };
}

async function isIdle({ gui, device }: Side): Promise<boolean> {
  const ask = async (path: string): Promise<unknown> => {
    const url = `http://127.0.0.1:${gui}/rest/${path}`;
    return (await fetch(url, { headers: { "X-API-Key": API_KEY }, signal: AbortSignal.timeout(5_000) })).json();
  };
  try {
    const { connections } = (await ask("system/connections")) as {
      connections: Record<string, { connected: boolean }>;
    };
    const others = Object.entries(connections).filter(([id]) => id !== device);
    if (others.length === 0 || !others.every(([, { connected }]) => connected)) return false;
    const { state, needTotalItems } = (await ask("db/status?folder=bench")) as {
      state: string;
      needTotalItems: number;
    };
    return state === "idle" && needTotalItems === 0;
  } catch {
    return false; // it is not up yet
  }
}

function configOf(own: Side, sides: readonly Side[], delayS: number): string {
  const devices = sides
    .map(
      ({ device, port }) =>
        `<device id="${device}" name="side" compression="metadata"><address>tcp://127.0.0.1:${port}</address></device>`,
    )
    .join("\n  ");
  const shared = sides.map(({ device }) => `<device id="${device}"></device>`).join("");
  return `<configuration version="36">
  <folder id="bench" label="bench" path="${own.folder}" type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true" fsWatcherDelayS="${delayS}">
    <filesystemType>basic</filesystemType>${shared}<minDiskFree unit="%">1</minDiskFree><markerName>.stfolder</markerName>
  </folder>
  ${devices}
  <gui enabled="true" tls="false"><address>127.0.0.1:${own.gui}</address><apikey>${API_KEY}</apikey></gui>
  <options>
    <listenAddress>tcp://127.0.0.1:${own.port}</listenAddress>
    <globalAnnounceEnabled>false</globalAnnounceEnabled>
    <localAnnounceEnabled>false</localAnnounceEnabled>
    <relaysEnabled>false</relaysEnabled>
    <natEnabled>false</natEnabled>
    <startBrowser>false</startBrowser>
    <urAccepted>-1</urAccepted>
    <autoUpgradeIntervalH>0</autoUpgradeIntervalH>
    <crashReportingEnabled>false</crashReportingEnabled>
    <reconnectionIntervalS>1</reconnectionIntervalS>
    <setLowPriority>false</setLowPriority>
  </options>
</configuration>
`;
}
