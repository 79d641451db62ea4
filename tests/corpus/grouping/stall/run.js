// Lets every cause fail once, in one of several ways, and calls `report` with what was caught.
import { Ids } from "./ids.js";
import { enter } from "./callers.js";

const pause = () => new Promise((done) => setTimeout(done, 1));

const WAYS = {
  caught: async (fail, report) => {
    try {
      await enter(fail, 0);
    } catch (error) {
      report(error);
    }
  },
  later: (fail) => void setTimeout(function later() { fail(); }, 0),
  lost: (fail) => void (async () => await enter(fail, 0))(),
  clicked: (fail) => {
    const button = document.createElement("button");
    button.addEventListener("click", () => fail());
    button.click();
  },
};

export async function run(modules, { way, depth, seed }, report, count) {
  const lines = [];
  for (const [module, causes] of Object.entries(modules)) {
    for (const [index, [cause, fail]] of Object.entries(causes).entries()) {
      const before = count();
      const ids = new Ids(seed * 1000 + index);
      await WAYS[module === "odd" ? "caught" : way](() => enter(() => fail(ids), depth), report);
      for (let left = 200; left && count() === before; left--) await pause();
      lines.push([`${module}.${cause}`, before, count()]);
    }
  }
  return lines;
}
