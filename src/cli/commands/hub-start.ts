import { randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { HoldfastError } from "../../errors.ts";
import { startHub } from "../../hub/index.ts";
import type { Call } from "../call.ts";
import { writeStdout } from "../output.ts";
import { untilEnded } from "../until-ended.ts";

export async function run(call: Call): Promise<undefined> {
  const dir = resolve(call.cwd, call.text("data") ?? "holdfast-hub");
  const [port, host] = [call.integer("port", 0, 65_535), call.text("host")];
  const tls = tlsOf(call);
  const hub = await startHub({
    dir,
    workspace: { id: randomUUID(), name: call.text("name") ?? basename(dir) },
    strictPort: port !== undefined,
    insecure: call.flag("insecure"),
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
    ...(tls === undefined ? {} : { tls }),
  });
  try {
    const { url, adminToken } = hub;
    if (call.json) {
      await writeStdout(`${JSON.stringify({ url, adminToken: adminToken ?? null })}\n`);
    } else {
      const invite = adminToken === undefined ? "" : `\nadmin token (shown this once): ${adminToken}`;
      await writeStdout(`${url}${invite}\n`);
    }
    await untilEnded(call.signal);
  } finally {
    await hub.close();
  }
  return undefined;
}

function tlsOf(call: Call): { cert: Buffer; key: Buffer } | undefined {
  const [cert, key] = [call.text("tlsCert"), call.text("tlsKey")];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new HoldfastError("USAGE", "--tls-cert and --tls-key come together", { hint: "Give both, as PEM files." });
  }
  return { cert: pemFile(call, cert), key: pemFile(call, key) };
}

function pemFile(call: Call, file: string): Buffer {
  const path = resolve(call.cwd, file);
  try {
    // A pipe that nobody writes to would be waited for, for ever.
    if (!statSync(path).isFile()) throw new Error("it is not a regular file");
    return readFileSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new HoldfastError("BAD_OPTION", `${path} cannot be read: ${why}`, { hint: "Name a PEM file.", cause: error });
  }
}
