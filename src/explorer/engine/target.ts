// From what was asked for to what can be run: the file and the export that hold a race.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Modules } from "../modules/modules.ts";
import type { RaceOptions } from "../options.ts";
import { type DefinedRace, definitionOf, isRace, makeRace, processNames } from "../race.ts";
import { ScenarioError } from "../scenario-error.ts";
import { IsolatedScenario, loadShared } from "./scenario.ts";
import { scenarioFace } from "./scenario-face.ts";
import { blaming } from "./scenario-fault.ts";
import type { Target } from "./terms.ts";

/** The target for a file, or for a race that some file exports. @throws ScenarioError */
export function targetOf(what: DefinedRace | string, options: RaceOptions & { exported?: string }): Target {
  if (typeof what === "string") return fileTarget(resolve(what), options.exported, options.isolate);
  if (!isRace(what))
    throw new ScenarioError("this is no race", { hint: "Make one with race({...}) of holdfast/explorer." });
  const file = placeOf(definitionOf(what).stack)?.file;
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

/** Where `race()` was called, from the stack that it kept. */
function placeOf(stack: string): { file: string; at: string } | undefined {
  const match = /((?:file:\/\/)?\/[^()]*):(\d+:\d+)\)?$/.exec(stack.split("\n")[1] ?? "");
  const [, path, at] = match ?? [];
  if (path === undefined || at === undefined) return undefined;
  return { file: (path.startsWith("file:") ? fileURLToPath(path) : path).replace(/\?.*$/, ""), at };
}

/** The name under which a file exports a race; the default first. */
function exportOf(file: string, wanted: DefinedRace): string | undefined {
  const modules = new Modules();
  // This `race` keeps where it was called, as the one of `wanted` did.
  const face = { ...scenarioFace, race: makeRace() };
  const namespace = blaming(modules, "loading", () => new IsolatedScenario(modules, file, undefined, face).exports());
  const exported = (name: string): DefinedRace => namespace[name] as DefinedRace;
  const names = processNames(wanted).join();
  const alike = Object.keys(namespace)
    .sort((a, b) => Number(b === "default") - Number(a === "default"))
    .filter((name) => isRace(exported(name)) && processNames(exported(name)).join() === names);
  const definition = definitionOf(wanted);
  const at = placeOf(definition.stack)?.at;
  const same = alike.find((name) => {
    const { stack, earlier } = definitionOf(exported(name));
    return placeOf(modules.positions.mapStack(stack))?.at === at && earlier === definition.earlier;
  });
  if (same !== undefined) return same;
  // Compiled before it got here, it may stand at another place: then what it says must do.
  const sameText = alike.filter((name) => textOf(exported(name)) === textOf(wanted));
  const candidates = sameText.length > 0 ? sameText : alike;
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** The source of its functions, as far as compilers leave it alone. */
function textOf(one: DefinedRace): string {
  return [one.name, one.setup, one.check, ...Object.values(one.processes)]
    .map((part) => String(part).replaceAll(/\s+|;/g, ""))
    .join("\n");
}
