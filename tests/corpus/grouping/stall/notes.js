// Says what happens, without an error.
import { capture } from "./capture.js";

export function said(ids) {
  capture(`order ${ids.number()} of ${ids.email()} was refused`);
}

export function waited(ids) {
  capture(`no answer from https://${ids.word()}.example.com/orders/${ids.number()} after ${ids.number()} ms`);
}

export function unknown(ids) {
  capture(`session ${ids.uuid()} is unknown`);
}

export const CAUSES = { said, waited, unknown };
