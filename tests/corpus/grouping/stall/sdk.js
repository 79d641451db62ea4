// The SDK of the page, in a script of its own; keeps what it would send.
import * as Sentry from "@sentry/browser";

globalThis.Sentry = Sentry;
globalThis.captureMessage = (text) => Sentry.captureMessage(text);
globalThis.events = [];
Sentry.init({
  dsn: "http://key@127.0.0.1:9/1",
  release: "page@1",
  integrations: (all) => all.filter(({ name }) => !["Dedupe", "BrowserSession"].includes(name)),
  attachStacktrace: true,
  transport: () => ({
    send: async ([, items]) => {
      for (const [{ type }, event] of items) if (type === "event") globalThis.events.push(event);
      return {};
    },
    flush: async () => true,
  }),
});
