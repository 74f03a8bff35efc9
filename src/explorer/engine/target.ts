// From what was asked for to what can be run: the file and the export that hold a race.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Modules } from "../modules/modules.ts";
import type { RaceOptions } from "../options.ts";
import { type DefinedRace, definedAt, isRace, processNames } from "../race.ts";
import { ScenarioError } from "../scenario-error.ts";
import type { Target } from "./explore.ts";
import { IsolatedScenario, loadShared } from "./scenario.ts";
import { scenarioFace } from "./scenario-face.ts";
import { blaming } from "./scenario-fault.ts";

/** The target for a file, or for a race that some file exports. @throws ScenarioError */
export function targetOf(what: DefinedRace | string, options: RaceOptions & { exported?: string }): Target {
  if (typeof what === "string") return fileTarget(resolve(what), options.exported, options.isolate);
  if (!isRace(what))
    throw new ScenarioError("this is no race", { hint: "Make one with race({...}) of holdfast/explorer." });
  const file = fileOf(definedAt(what));
  const isolate = options.isolate ?? what.isolate;
  const exported = file === undefined ? undefined : exportOf(file, what);
  if (file === undefined || exported === undefined) {
    throw new ScenarioError("the race is not exported by the file that defines it", {
      hint: "Export it (export default race({...})), so that every process can have modules of its own.",
    });
  }
  return fileTarget(file, exported, isolate);
}

function fileTarget(file: string, exported: string | undefined, isolate: boolean | undefined): Target {
  const modules = new Modules();
  const scenario = blaming(modules, "loading", () => {
    const isolated = new IsolatedScenario(modules, file, exported, scenarioFace);
    // The race itself may say it, and only the loaded file can tell.
    const shared = (isolate ?? isolated.race.isolate) === false;
    return shared ? loadShared(modules, file, exported, scenarioFace) : isolated;
  });
  return { file, modules, scenario, ...(exported !== undefined && { exported }) };
}

/** The file of the caller of `race()`, from the stack that it kept. */
function fileOf(stack: string): string | undefined {
  const frame = stack.split("\n")[2];
  const place = /\(?((?:file:\/\/)?\/[^()]*):\d+:\d+\)?$/.exec(frame ?? "")?.[1];
  if (place === undefined) return undefined;
  return (place.startsWith("file:") ? fileURLToPath(place) : place).replace(/\?.*$/, "");
}

/** The name under which a file exports a race with these processes; the default first. */
function exportOf(file: string, wanted: DefinedRace): string | undefined {
  const namespace = new IsolatedScenario(new Modules(), file, undefined, scenarioFace).exports();
  const names = processNames(wanted).join();
  const found = Object.keys(namespace).filter((name) => {
    const value = namespace[name];
    return isRace(value) && processNames(value).join() === names && value.name === wanted.name;
  });
  const sameText = found.filter((name) => textOf(namespace[name] as DefinedRace) === textOf(wanted));
  return sameText.length === 1 || sameText.includes("default")
    ? sameText.includes("default")
      ? "default"
      : sameText[0]
    : found.length === 1
      ? found[0]
      : undefined;
}

/** The source of its functions, as far as compilers leave it alone. */
function textOf(one: DefinedRace): string {
  return [one.setup, one.check, ...Object.values(one.processes)]
    .map((part) => String(part).replaceAll(/\s+|;/g, ""))
    .join("\n");
}
