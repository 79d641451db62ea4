// Work that goes on later, and recursion.
import { StallError } from "./raising.js";

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export async function loaded(ids) {
  await pause(1);
  throw new StallError(`no order ${ids.number()}`);
}

export async function stored(ids) {
  await pause(1);
  return { id: ids.number() }.rows.length;
}

export async function gathered(ids) {
  const jobs = [stepped(ids), pause(2)];
  if (ids.number() % 2) jobs.reverse();
  return Promise.all(jobs);
}

async function stepped(ids) {
  for await (const step of steps(ids)) step();
}

async function* steps(ids) {
  yield () => ids;
  throw new RangeError(`no step ${ids.number()}`);
}

export function* rows(ids) {
  yield ids.number();
  yield ids.word().first.letter;
}

export async function raced(ids) {
  return Promise.any([rejected(ids), rejected(ids)]);
}

async function rejected(ids) {
  await pause(1);
  throw new StallError(`offer ${ids.number()} was rejected`);
}

export function endless(number) {
  return endless(number + 1) + 1;
}

export const even = (number) => odd(number + 1) + 1;

const odd = (number) => even(number + 1) + 1;

export function walk(node, left) {
  if (left) return node.children.map((child) => walk(child, left - 1));
  return node.leaf.name;
}

export function tree(depth) {
  return depth ? { children: [tree(depth - 1)] } : {};
}

export function circular(ids) {
  const row = { id: ids.number() };
  row.self = row;
  return JSON.stringify(row);
}

export function timed(ids) {
  return new Promise((done, refuse) => {
    setTimeout(() => refuse(new StallError(`answer ${ids.uuid()} is late`)), 1);
  });
}

export const CAUSES = {
  loaded,
  stored,
  steps: gathered,
  rows: (ids) => [...rows(ids)],
  raced,
  endless: (ids) => endless(ids.number()),
  even: (ids) => even(ids.number()),
  walk: (ids) => walk(tree(9), 2 + (ids.number() % 7)),
  circular,
  timed,
};
