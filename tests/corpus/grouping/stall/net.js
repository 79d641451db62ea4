// Asks other machines and files, which are not there; needs Node.
import assert from "node:assert";
import { execFileSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import net from "node:net";

export async function fetched(ids) {
  const answer = await fetch(`http://127.0.0.1:${ids.port()}/${ids.word()}?id=${ids.number()}`);
  return answer.json();
}

export async function connected(ids) {
  const socket = net.connect(ids.port(), "127.0.0.1");
  await once(socket, "connect");
}

export function opened(ids) {
  return readFileSync(`/nowhere/${ids.word()}/${ids.number()}.csv`);
}

export async function read(ids) {
  return await readFile(`/nowhere/${ids.word()}/${ids.number()}.csv`);
}

export function program(ids) {
  return execFileSync(process.execPath, ["-e", `process.exit(${(ids.number() % 90) + 1})`], { stdio: "ignore" });
}

export function address(ids) {
  return new URL(ids.word());
}

export function asserted(ids) {
  assert.strictEqual(ids.number(), ids.word());
}

export function emitted(ids) {
  const bus = new EventEmitter();
  bus.on("order", (order) => order.rows.length);
  bus.emit("order", { id: ids.number() });
}

export function decoded(ids) {
  return decodeURIComponent(`%${ids.word()}`);
}

export const CAUSES = { fetched, connected, opened, read, program, address, asserted, emitted, decoded };
