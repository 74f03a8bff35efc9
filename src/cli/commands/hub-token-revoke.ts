import { openTokens } from "../../hub/sqlite-storage.ts";
import type { Call, Outcome } from "../call.ts";
import { hubFolder } from "../hub-folder.ts";

export async function run(call: Call): Promise<Outcome> {
  const id = call.arg(0);
  const { tokens, close } = openTokens(hubFolder(call));
  try {
    await tokens.revoke(id);
    return { json: { id }, text: () => `revoked ${id}` };
  } finally {
    close();
  }
}
