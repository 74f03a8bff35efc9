import { openTokens } from "../../hub/sqlite-storage.ts";
import type { Call, Outcome } from "../call.ts";
import { hubFolder } from "../hub-folder.ts";
import { columns } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const opened = openTokens(hubFolder(call));
  try {
    const tokens = await opened.tokens.list();
    return {
      json: { tokens },
      text: () =>
        columns([
          ["ID", "ROLE", "CREATED", "REVOKED"],
          ...tokens.map((token) => [token.id, token.role, token.createdAt, token.revokedAt ?? ""]),
        ]),
    };
  } finally {
    opened.close();
  }
}
