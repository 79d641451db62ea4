// A client program: a stall in Node with the unmodified SDK; writes down what it reports.
import { writeFileSync } from "node:fs";
import * as Sentry from "@sentry/node";
import * as cart from "./src/cart.js";
import * as net from "./src/net.js";
import * as notes from "./src/notes.js";
import * as odd from "./src/odd.js";
import * as tasks from "./src/tasks.js";
import { run } from "./src/run.js";

const events = [];
const lines = [];
Sentry.init({
  dsn: "http://key@127.0.0.1:9/1",
  release: "stall@1",
  integrations: (all) => all.filter(({ name }) => !["OnUncaughtException", "OnUnhandledRejection"].includes(name)),
  attachStacktrace: true,
  transport: () => ({
    send: async ([, items]) => {
      for (const [{ type }, event] of items) if (type === "event") events.push(event);
      return {};
    },
    flush: async () => true,
  }),
});
globalThis.captureMessage = Sentry.captureMessage;
const modules = Object.fromEntries(Object.entries({ cart, tasks, net, notes, odd }).map(([name, { CAUSES }]) => [name, CAUSES]));
const report = (error) => Sentry.captureException(error);
for (const [cause, from, to] of await run(modules, JSON.parse(process.argv[2]), report, () => events.length)) {
  lines.push(...events.slice(from, to).map((event) => JSON.stringify([cause, event])));
}
writeFileSync("events.jsonl", lines.join("\n"));
process.exit(0);
