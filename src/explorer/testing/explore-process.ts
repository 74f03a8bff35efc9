// For tests: explores in a process of its own. `node explore-process.ts FILE EXPORT` says "begin", and then the verdict.

import { inspect } from "../index.ts";

const [file = "", exported = ""] = process.argv.slice(2);
process.stdout.write("begin\n");
const { verdict, trace } = await inspect(file, { exported });
process.stdout.write(`${[verdict, trace?.violation.message].filter(Boolean).join(": ")}\n`);
