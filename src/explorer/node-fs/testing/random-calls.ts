// Calls of the functions of `node:fs` with random arguments, right ones and wrong ones, as plain data.

import fc from "fast-check";
import { PATHS } from "./twins.ts";

export const FORMS = ["promise", "callback", "sync"] as const;
export type Form = (typeof FORMS)[number];

export interface RandomCall {
  readonly name: string;
  readonly form: Form;
  readonly args: readonly unknown[];
}

type Data = fc.Arbitrary<unknown>;

const plainPath: Data = fc.constantFrom(...PATHS);
const path: Data = fc.oneof(
  { weight: 20, arbitrary: plainPath },
  { weight: 2, arbitrary: fc.record({ $buffer: plainPath }) },
  { weight: 2, arbitrary: fc.record({ $url: plainPath }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown[]>("@/nul\0l", "", 1.5, null, undefined, {}, true) },
);
const mode: Data = fc.constantFrom<unknown[]>(0o600, 0o755, "644", 0o444, undefined, "9", -1, 1.5);
const flag: Data = fc.constantFrom<unknown[]>(
  ...["r", "r+", "rs+", "w", "wx", "w+", "wx+", "a", "ax", "a+", "as", "xa+"],
  ...[0, 1, 2, 65, 193, 577, 1089, 65536, undefined, "z", 1.5],
);
const encoding: Data = fc.constantFrom<unknown[]>("utf8", "utf-8", "latin1", "hex", "base64", "ucs2", "none", null);
// What both twins can be compared in: the hexadecimal name of another directory is another.
const nameEncoding: Data = fc.constantFrom<unknown[]>("utf8", "latin1", "buffer", "buffer", "none", null);
const bytes: Data = fc.oneof(
  fc.constantFrom<unknown[]>("", "text", "ä€😀", "0123456789".repeat(1000)),
  fc.constantFrom<unknown[]>({ $buffer: "bytes" }, { $words: [1, 2, 3] }, { $buffer: "" }, 7, null, {}),
);
const truth: Data = fc.constantFrom<unknown[]>(true, false, true, false, true, false, 1);
const length: Data = fc.constantFrom<unknown[]>(0, 1, 3, 9, 5000, -4, 1.5, "3", undefined);
const time: Data = fc.constantFrom<unknown[]>(0, 12, "34", { $date: 56000 }, 7.25, "x", null, Number.NaN);
const owner: Data = fc.constantFrom<unknown[]>(0, 0, 12, -1, -2, 1.5, "0");
const fd: Data = fc.constantFrom<unknown[]>(987654, 987654, -1, 1.5, "3", null);

/** None, the name of an encoding, or an object with some of the options. */
function options(fields: Record<string, Data>, short: Data = encoding): Data {
  return fc.oneof(
    fc.constantFrom<unknown[]>(undefined, undefined, undefined, 5),
    short,
    fc.record(fields, { requiredKeys: [] }),
    fc.record(fields, { requiredKeys: [] }),
  );
}

const list = (...args: Data[]): fc.Arbitrary<unknown[]> => fc.tuple(...args);
const statOptions = options({ bigint: fc.boolean(), throwIfNoEntry: fc.boolean() }, fc.constant(undefined)).filter(
  (one) => one !== 5,
);
const rmOptions = options(
  { recursive: truth, force: truth, maxRetries: fc.constantFrom<unknown[]>(0, -1) },
  fc.constant(undefined),
);

const cpOptions = (dereference: Data): Data =>
  fc.oneof(
    fc.constantFrom<unknown[]>(undefined, 5),
    fc.record(
      {
        recursive: fc.oneof(fc.constant(true), truth),
        force: truth,
        errorOnExist: truth,
        dereference,
        preserveTimestamps: truth,
        verbatimSymlinks: fc.boolean(),
      },
      { requiredKeys: ["recursive"] },
    ),
  );
// Of two failures either may come first.
const single = plainPath.filter((path) => !/loop|a.txt.below/.test(String(path)));

const ARGUMENTS: Readonly<Record<string, fc.Arbitrary<unknown[]>>> = {
  access: list(path, fc.constantFrom(0, 1, 2, 4, 6)),
  appendFile: list(path, bytes, options({ encoding, mode, flag, flush: truth })),
  chmod: list(path, mode),
  chown: list(path, owner, owner),
  copyFile: list(path, path, fc.constantFrom<unknown[]>(0, 0, 1, 2, 9, undefined)),
  cp: list(single, single, cpOptions(fc.boolean())),
  lchown: list(path, owner, owner),
  link: list(path, path),
  lstat: list(path, statOptions),
  lutimes: list(path, time, time),
  mkdir: list(
    path,
    fc.oneof(mode, options({ recursive: truth, mode }, mode)).filter((one) => one !== 5),
  ),
  mkdtemp: list(
    fc.constantFrom<unknown[]>("@/tmp-", "@/missing/tmp-", "@/dir/tmp-", 5, null),
    options({ encoding: nameEncoding }, nameEncoding),
  ),
  readdir: fc.oneof(
    list(path, options({ encoding: nameEncoding, withFileTypes: fc.boolean() }, nameEncoding)),
    // Node cannot go down by buffers, nor in encodings.
    list(
      plainPath,
      options(
        { encoding: fc.constantFrom("utf8", "none"), withFileTypes: fc.boolean(), recursive: truth },
        fc.constant(null),
      ),
    ),
  ),
  readFile: list(path, options({ encoding, flag })),
  readlink: list(path, options({ encoding: nameEncoding }, nameEncoding)),
  realpath: list(
    path.filter((one) => one !== ""),
    options({ encoding: nameEncoding }, nameEncoding),
  ),
  rename: list(path, path),
  rm: list(path, rmOptions),
  rmdir: list(path),
  stat: list(path, statOptions),
  statfs: list(path, statOptions),
  symlink: list(path, path, fc.constantFrom<unknown[]>(undefined, "file", "dir", null, "other")),
  truncate: list(path, length),
  unlink: list(path),
  utimes: list(path, time, time),
  writeFile: list(path, bytes, options({ encoding, mode, flag, flush: truth })),
};

/** Upon descriptors that are not open; what open ones do is in `descriptors.test.ts`. */
const OF_DESCRIPTORS: Readonly<Record<string, fc.Arbitrary<unknown[]>>> = {
  close: list(fd),
  exists: list(path),
  fchmod: list(fd, mode),
  fchown: list(fd, owner, owner),
  fdatasync: list(fd),
  fstat: list(fd, statOptions),
  fsync: list(fd),
  ftruncate: list(fd, length),
  futimes: list(fd, time, time),
};

/** Node's `cpSync` ends the whole process where links lead nowhere, does not follow all that it should, and says less. */
const tame = plainPath.filter((path) => !/loop|dangling|link|to-|below|a.txt|\/$/.test(String(path)));
const CP_SYNC = { cp: list(tame, tame, cpOptions(fc.constant(false))) };

/** A random call of any function that has this form. */
export function calls(form: Form): fc.Arbitrary<RandomCall> {
  const described = {
    ...ARGUMENTS,
    ...(form === "promise" ? {} : OF_DESCRIPTORS),
    ...(form === "sync" ? CP_SYNC : {}),
  };
  const known = Object.entries(described);
  return fc.oneof(
    ...known.map(([name, args]) => fc.record({ name: fc.constant(name), form: fc.constant(form), args })),
  );
}
