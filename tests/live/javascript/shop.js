// A client program: a shop in Node with the unmodified SDK. It reports an error that it caught and a message, and prints the
// ids that it got; then it fails for good.

import * as Sentry from "@sentry/node";

Sentry.init({ dsn: process.argv[2], release: "shop@2.4.1", environment: "production" });

function price(cart) {
  const prices = { "sku-1": { amount: 150 } };
  return prices[cart.sku].amount;
}

function pay(cart) {
  try {
    return price(cart);
  } catch (error) {
    throw new Error("cannot pay sku-9", { cause: error });
  }
}

function check(stock) {
  if (stock === 0) {
    console.log(Sentry.captureMessage("sku-9 is sold out", "info"));
  }
}

Sentry.setUser({ id: "u12" });
Sentry.setTag("checkout", "express");
Sentry.addBreadcrumb({ category: "cart", message: "added sku-9" });
try {
  Sentry.withScope(() => pay({ sku: "sku-9" }));
} catch (error) {
  console.log(Sentry.captureException(error, { level: "warning" }));
}
check(0);
await Sentry.flush(30_000);
JSON.parse("{basket");
