// Prices and baskets, each function wrong in its own way.
import { StallError, check, fail } from "./raising.js";

export function amountOf(prices, sku) {
  return prices[sku].amount;
}

export class Basket {
  #rows = [];

  add(row) {
    this.#rows.push(row.name.trim());
  }

  total() {
    return this.rows.reduce((sum, row) => sum + row.amount, 0);
  }

  get newest() {
    return this.lines.at(-1).sku;
  }

  static parse(text) {
    return JSON.parse(text);
  }
}

export class Voucher extends Basket {
  constructor(code) {
    super();
    this.code = code.toUpperCase();
  }

  total() {
    return this.codes.length;
  }
}

export function discount(percent, order) {
  if (percent > 100) {
    throw new StallError(`discount of ${percent} for order ${order} is too large`);
  }
  return percent;
}

export function reserve(order, closed) {
  if (closed) {
    throw new StallError(`order ${order} is closed`);
  }
  throw new StallError(`order ${order} cannot be reserved`);
}

export function close(ids) {
  fail(`basket ${ids.number()} cannot be closed`);
}

export function reopen(ids) {
  fail(`basket ${ids.number()} cannot be reopened`);
}

export function lock(ids) {
  check(ids.number() < 0, `basket of ${ids.email()} is locked`);
}

export function pay(ids) {
  try {
    return amountOf({}, ids.word());
  } catch (error) {
    throw new StallError(`cannot pay ${ids.uuid()}`, { cause: error });
  }
}

export const labels = (ids) => [ids.word(), ids.number()].map((row) => row.toLowerCase());

export function sorted(ids) {
  return [{ price: ids.number() }, {}].sort((one, other) => one.price.gross - other.price.gross);
}

export function rounded(ids) {
  const round = (digits) => (1.5).toFixed(digits);
  return round(ids.number() + 200);
}

export function destructured(ids) {
  const { owner: { address } } = { id: ids.number() };
  return address;
}

export function assigned(ids) {
  const frozen = Object.freeze({ id: ids.number() });
  frozen.id = ids.word();
}

export function undeclared(ids) {
  return ids.number() + shippingCosts;
}

export const CAUSES = {
  amountOf: (ids) => amountOf({}, ids.word()),
  "Basket.add": (ids) => new Basket().add({ id: ids.number() }),
  "Basket.total": () => new Basket().total(),
  "Basket.newest": () => new Basket().newest,
  "Basket.parse": (ids) => Basket.parse(`{"id": ${ids.number()}, ${ids.word()}`),
  "Voucher.constructor": (ids) => new Voucher(ids.number()),
  "Voucher.total": () => new Voucher("a").total(),
  discount: (ids) => discount(101 + ids.number(), ids.uuid()),
  "reserve#closed": (ids) => reserve(ids.number(), true),
  "reserve#cannot": (ids) => reserve(ids.number(), false),
  close,
  reopen,
  lock,
  pay,
  labels,
  sorted,
  rounded,
  destructured,
  assigned,
  undeclared,
};
