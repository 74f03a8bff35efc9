import { HoldfastError } from "../../errors.ts";
import { openTokens } from "../../hub/sqlite-storage.ts";
import type { Call, Outcome } from "../call.ts";
import { hubFolder } from "../hub-folder.ts";

export async function run(call: Call): Promise<Outcome> {
  const role = call.text("role") ?? "member";
  if (role !== "member" && role !== "admin") {
    throw new HoldfastError("USAGE", `--role is ${JSON.stringify(role)}`, { hint: "Say `member` or `admin`." });
  }
  const { tokens, close } = openTokens(hubFolder(call));
  try {
    const { id, token } = await tokens.create(role);
    return { json: { id, token }, text: () => `${token}\n(${role}, id ${id}; the token is shown this once)` };
  } finally {
    close();
  }
}
