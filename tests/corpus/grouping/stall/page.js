// The script of a page: `stall(given)` lets everything fail and returns what the SDK reported.
import * as cart from "./cart.js";
import * as notes from "./notes.js";
import * as odd from "./odd.js";
import * as tasks from "./tasks.js";
import { run } from "./run.js";

const modules = Object.fromEntries(Object.entries({ cart, tasks, notes, odd }).map(([name, { CAUSES }]) => [name, CAUSES]));

globalThis.stall = async (given) => {
  const events = globalThis.events;
  const report = (error) => globalThis.Sentry.captureException(error);
  const found = await run(modules, given, report, () => events.length);
  return found.flatMap(([cause, from, to]) => events.slice(from, to).map((event) => [cause, event]));
};
