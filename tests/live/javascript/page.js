// A client program: the script of a page with the unmodified SDK for browsers. One button fails, one leaves a promise that
// nobody waits for, one reports a message. The ids that the SDK gave stand in the page.

import * as Sentry from "@sentry/browser";

const { dsn } = document.documentElement.dataset;
const sent = document.querySelector("output");
Sentry.init({
  dsn,
  release: "page@2.4.1",
  environment: "production",
  beforeSend(event) {
    sent.textContent += `${event.event_id} `;
    return event;
  },
});

function price(cart) {
  const prices = { "sku-1": { amount: 150 } };
  return prices[cart.sku].amount;
}

function pay() {
  console.info("paying");
  return price({ sku: "sku-9" });
}

async function order() {
  throw new RangeError("no more than 5 of sku-1");
}

function ask() {
  Sentry.captureMessage("sku-9 is sold out", "info");
}

Sentry.setUser({ id: "u12" });
Sentry.setTag("checkout", "express");
for (const [name, handler] of Object.entries({ pay, order, ask })) {
  document.querySelector(`#${name}`).addEventListener("click", handler);
}
