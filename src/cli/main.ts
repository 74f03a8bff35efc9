// The command line. Start at command-table.ts (what there is), then commands/ (a file for each).

import { watchInterrupts } from "./interrupt.ts";

const interruption = watchInterrupts();
const { runCommandLine } = await import("./run.ts");
const code = await runCommandLine(process.argv.slice(2), interruption);
// Not left to the event loop: a connection kept open for reuse would keep the process.
process.exit(code);
