// Several find the same dead owner at the same moment: they are inside one after the other, never two at once.

import { race } from "holdfast/explorer";
import { tryAcquireLock } from "../lock.ts";
import { tryOnce } from "./inside.ts";

/** Setup is a process that ends without giving its lock back. */
const setup = (): void => {
  tryAcquireLock("/lock");
};
const find = (): Promise<void> => tryOnce();

export const two = race({ setup, processes: { a: find, b: find } });
export const three = race({ setup, processes: { a: find, b: find, c: find } });
