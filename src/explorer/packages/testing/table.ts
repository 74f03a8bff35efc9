// The table of docs/explorer.md: which packages hold, and which do not, as the explorer finds them.
//
//   node src/explorer/packages/testing/table.ts     explores all, and writes the table anew

import { readFileSync, writeFileSync } from "node:fs";
import { assert } from "../../../errors.ts";
import type { Report } from "../../engine/report.ts";
import { inspect } from "../../explore.ts";
import { sentence } from "../../telling/index.ts";
import { PACKAGE_SCENARIOS, type PackageScenario } from "./scenarios.ts";

const PAGE = new URL("../../../../docs/explorer.md", import.meta.url);
const BEGIN = "<!-- what follows is written by src/explorer/packages/testing/table.ts -->";
const END = "<!-- until here -->";
const HEAD = ["| package | situation | verdict | runs | time | shortest trace |", "|---|---|---|---|---|---|"];
const RUNS_FOR_TIME = 3;
const [RUNS_COLUMN, TIME_COLUMN] = [3, 4];
const SHARED_OUT_FROM_MS = 500;

export async function explored(scenario: PackageScenario): Promise<Report> {
  const file = new URL(`../${scenario.package}.race.ts`, import.meta.url);
  return await inspect(file, { exported: scenario.exported });
}

/** One row; the scenario was explored as `report` tells. */
export function rowOf(scenario: PackageScenario, report: Report, ms: number): string {
  const { verdict, runs, interleavings, interleavingsAtLeast, trace } = report;
  const promise = verdict !== "violated" || scenario.promised ? "" : ", not promised";
  const least = interleavingsAtLeast === true ? "at least " : "";
  const orders = interleavings === undefined ? "" : ` for ${least}${interleavings.toLocaleString("en")} orders`;
  const told =
    trace === undefined
      ? ""
      : `${trace.steps.length} steps, ${trace.switches} ${trace.switches === 1 ? "switch" : "switches"}: ${sentence(trace)}`;
  const cells = [
    `${scenario.package} ${scenario.version}`,
    scenario.situation,
    `${verdict}${promise}`,
    `${runs.toLocaleString("en")}${orders}`,
    ms < 995 ? `${Math.ceil(ms / 10) * 10} ms` : `${(ms / 1000).toFixed(1)} s`,
    told.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll(/\s+/g, " "),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The rows that the page has. */
export function rowsInPage(): string[] {
  return tableIn(readFileSync(PAGE, "utf8")).slice(HEAD.length);
}

/**
 * A row without what depends on the machine: its time, and the orders where counting them all would have taken long. A
 * search that was shared out makes a few runs more or less, for the same orders.
 */
export function sameEverywhere(row: string, { elapsedMs }: Report): string {
  const varying = elapsedMs < SHARED_OUT_FROM_MS ? [TIME_COLUMN] : [RUNS_COLUMN, TIME_COLUMN];
  return row
    .replace(/ for (at least )?[\d,]+ orders/, "")
    .split(" | ")
    .filter((_, column) => !varying.includes(column))
    .join(" | ");
}

function tableIn(page: string): string[] {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  assert(begin >= 0 && end > begin, "docs/explorer.md has a place for the table");
  return page.slice(begin, end).split("\n").slice(1, -1);
}

async function writeTable(): Promise<void> {
  const rows: string[] = [];
  for (const scenario of PACKAGE_SCENARIOS) {
    const reports: Report[] = [];
    for (let run = 0; run < RUNS_FOR_TIME; run++) reports.push(await explored(scenario));
    const [first] = reports;
    assert(first !== undefined, "it was explored at least once");
    const times = reports.map(({ elapsedMs }) => elapsedMs).sort((a, b) => a - b);
    rows.push(rowOf(scenario, first, times[RUNS_FOR_TIME >> 1] ?? 0));
    console.log(rows.at(-1));
  }
  const page = readFileSync(PAGE, "utf8");
  tableIn(page);
  const [before, after] = [page.slice(0, page.indexOf(BEGIN)), page.slice(page.indexOf(END))];
  writeFileSync(PAGE, `${before}${[BEGIN, ...HEAD, ...rows].join("\n")}\n${after}`);
}

if (import.meta.main) await writeTable();
