// Raises for everyone: none of these is what has to be mended.
export class StallError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "StallError";
  }
}

export function fail(message) {
  throw new StallError(message);
}

export const check = (condition, message) => {
  if (!condition) throw new StallError(message);
};
