// A holder may be killed at any step; another tries the lock meanwhile: never two inside.

import { race } from "holdfast/explorer";
import { tryOnceAfterTheDead } from "./inside.ts";

export default race({
  crashes: 1,
  restart: "never",
  processes: { a: tryOnceAfterTheDead, b: tryOnceAfterTheDead },
});
