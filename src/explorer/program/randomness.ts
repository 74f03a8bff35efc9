// `Math.random`, `node:crypto` and the global `crypto`, with what they draw settled beforehand.

import * as real from "node:crypto";
import { drawnPair, drawnSecret } from "./drawn-keys.ts";
import type { Lots } from "./lots.ts";
import { notSimulated } from "./not-simulated.ts";
import type { CurrentProgram } from "./timers.ts";

type Done = (error: Error | null, result?: unknown) => void;

export function makeMath(lots: () => Lots): typeof Math {
  const made = Object.create(Math) as typeof Math;
  for (const name of Object.getOwnPropertyNames(Math)) {
    Object.defineProperty(made, name, { value: Reflect.get(Math, name), enumerable: false, writable: true });
  }
  Object.defineProperty(made, "random", { value: () => lots().fraction(), writable: true });
  return made;
}

function filled<T extends ArrayBufferView>(view: T, lots: Lots): T {
  lots.fill(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return view;
}

/** Functions of node:crypto that work in threads of their own, and their forms that do not. */
const BY_SYNC_FORM = [
  "pbkdf2",
  "scrypt",
  "hkdf",
  "generateKeyPair",
  "generateKey",
  "checkPrime",
  "generatePrime",
] as const;

export function makeCrypto(
  current: CurrentProgram,
  lots: () => Lots,
): { module: object; global: typeof globalThis.crypto } {
  const settled = (done: unknown, run: () => unknown): unknown => {
    if (typeof done !== "function") return run();
    let result: unknown;
    try {
      result = run();
    } catch (error) {
      process.nextTick(done as Done, error as Error);
      return undefined;
    }
    process.nextTick(done as Done, null, result);
    return undefined;
  };
  const randomBytes = (size: number, done?: unknown): unknown =>
    settled(done, () => filled(Buffer.alloc(size), lots()));
  const randomInt = (low: number, high?: unknown, done?: unknown): unknown => {
    const [from, to, callback] = typeof high === "number" ? [low, high, done] : [0, low, high];
    return settled(callback, () => from + lots().below(to - from));
  };
  const randomFill = (view: NodeJS.ArrayBufferView, ...rest: unknown[]): unknown =>
    settled(rest.at(-1), () => filled(view, lots()));
  const getRandomValues = <T extends ArrayBufferView>(view: T): T => filled(view, lots());
  const randomUUID = () => lots().uuid();
  const digest = async (algorithm: string | { name: string }, data: NodeJS.ArrayBufferView): Promise<ArrayBuffer> => {
    const name = (typeof algorithm === "string" ? algorithm : algorithm.name).toLowerCase().replace("-", "");
    const bytes = real.createHash(name).update(data).digest();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  };
  const subtle = new Proxy(globalThis.crypto.subtle, {
    get: (_target, name) =>
      name === "digest" ? digest : () => current().refuse(notSimulated(`crypto.subtle.${String(name)}()`)),
  });
  const global = {
    getRandomValues,
    randomUUID,
    subtle,
    [Symbol.toStringTag]: "Crypto",
  } as unknown as typeof globalThis.crypto;
  const module: Record<string, unknown> = { ...real };
  delete module.default;
  const instead: Record<string, (...args: never[]) => unknown> = {
    generateKeyPair: (kind: string, options?: object) =>
      drawnPair(lots(), kind, options) ?? current().refuse(notSimulated(`crypto.generateKeyPair("${kind}")`)),
    generateKey: (kind: string, { length }: { length: number }) => drawnSecret(lots(), kind, length),
    generatePrime: () => current().refuse(notSimulated("crypto.generatePrime()")),
  };
  for (const name of BY_SYNC_FORM) {
    const sync = (instead[name] ?? Reflect.get(real, `${name}Sync`)) as (...args: unknown[]) => unknown;
    module[`${name}Sync`] = sync;
    module[name] = (...args: unknown[]) => {
      const done = args.pop() as (...results: unknown[]) => void;
      const pair = name === "generateKeyPair";
      return settled(
        pair
          ? (error: Error | null, keys: { publicKey: unknown; privateKey: unknown } | undefined) =>
              done(error, keys?.publicKey, keys?.privateKey)
          : done,
        () => sync(...args),
      );
    };
  }
  for (const name of ["sign", "verify"] as const) {
    module[name] = (...args: unknown[]) => {
      const done = typeof args.at(-1) === "function" ? args.pop() : undefined;
      return settled(done, () => Reflect.apply(Reflect.get(real, name), undefined, args));
    };
  }
  Object.assign(module, {
    randomBytes,
    pseudoRandomBytes: randomBytes,
    randomInt,
    randomFill,
    randomFillSync: (view: NodeJS.ArrayBufferView) => filled(view, lots()),
    randomUUID,
    getRandomValues,
    webcrypto: global,
    subtle,
  });
  return { module, global };
}
