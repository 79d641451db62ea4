export const capture = (text) => globalThis.captureMessage(text);
