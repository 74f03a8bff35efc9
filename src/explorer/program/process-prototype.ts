// What all simulated `process` objects inherit: properties that are more than a value.
//
// An accessor of each one's own would be kept by the engine, and with it all that the process ever held, until the next
// full collection; thousands of processes a second would pile up.

import { Readable } from "node:stream";

const EXIT_CODE = Symbol("exit code");
const INPUT = Symbol("standard input");

interface Kept {
  [EXIT_CODE]?: unknown;
  [INPUT]?: object;
}

export const PROCESS_PROTOTYPE: object = Object.create(Object.prototype, {
  exitCode: {
    get(this: Kept) {
      return this[EXIT_CODE];
    },
    set(this: Kept, code: unknown) {
      this[EXIT_CODE] = validCode(code);
    },
    enumerable: true,
    configurable: true,
  },
  // Made when it is asked for: a stream costs more than all the rest.
  stdin: {
    get(this: Kept) {
      this[INPUT] ??= Object.assign(Readable.from([]), { fd: 0, isTTY: false });
      return this[INPUT];
    },
    enumerable: true,
    configurable: true,
  },
});

function validCode(code: unknown): number | string | undefined {
  if (code === undefined || code === null) return undefined;
  const number = typeof code === "string" && code !== "" && Number.isInteger(Number(code)) ? Number(code) : code;
  if (typeof number !== "number") {
    const error = new TypeError(`The "code" argument must be of type number. Received ${typeof code}`);
    throw Object.assign(error, { code: "ERR_INVALID_ARG_TYPE" });
  }
  if (!Number.isInteger(number)) {
    const error = new RangeError(`The value of "code" is out of range. It must be an integer. Received ${number}`);
    throw Object.assign(error, { code: "ERR_OUT_OF_RANGE" });
  }
  return code as number | string;
}
