import { HoldfastError } from "../../errors.ts";
import type { Call, Outcome } from "../call.ts";
import { pathInFolder } from "../folder-path.ts";
import { openCalled } from "../open.ts";
import { columns } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const [action = "list", path] = call.args;
  await using workspace = openCalled(call);
  if (action === "list" && path === undefined) {
    const result = await workspace.conflicts();
    return {
      json: result,
      text: () =>
        result.conflicts.length === 0
          ? "no conflicts"
          : columns([
              ["FILE", "KEPT BESIDE IT", "AUTHOR", "TIME"],
              ...result.conflicts.map(({ path, copy, author, at }) => [path, copy, author.slice(0, 8), at]),
            ]),
    };
  }
  if (action === "resolve" && path !== undefined) {
    const result = await workspace.resolveConflict(pathInFolder(call, path));
    return { json: result, text: () => `settled: ${result.resolved.join(", ")}` };
  }
  throw new HoldfastError("USAGE", `\`conflicts ${call.rest(0).join(" ")}\` means nothing`, {
    hint: "Say `holdfast conflicts list` or `holdfast conflicts resolve PATH`.",
  });
}
