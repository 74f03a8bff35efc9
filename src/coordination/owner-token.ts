// A process's name as a file name part, for what a process leaves lying about while it works (staging, trash): the next
// comer can tell from the name alone whether the one who left it still lives.

import { judge, type ProcessIdentity, thisProcess } from "./owner.ts";

const SHORT_BOOT_ID = 13;

/** This process as a token of letters, digits and dashes; the same for the whole life of the process. */
export function ownerToken(): string {
  const me = thisProcess();
  return [me.hostId, shortBootId(me), String(me.pid), me.startTime || "0"].join("-");
}

/**
 * False only if the process that `token` names is known to be dead. A process of another host counts as alive, and so
 * does what is no token: what cannot be judged is not to be removed.
 */
export function isOwnerTokenAlive(token: string): boolean {
  const match = /^([0-9a-f]{16})-([0-9a-z]*)-(\d{1,10})-(\d+)$/.exec(token);
  if (match === null) return true;
  const [, hostId = "", bootId = "", pid = "", startTime = ""] = match;
  const me = thisProcess();
  const owner: ProcessIdentity = {
    hostId,
    bootId: bootId === shortBootId(me) ? me.bootId : bootId,
    pid: Number(pid),
    startTime: startTime === "0" ? "" : startTime,
    host: "",
  };
  return judge(owner) !== "dead";
}

function shortBootId(owner: ProcessIdentity): string {
  return owner.bootId.replaceAll("-", "").slice(0, SHORT_BOOT_ID);
}
