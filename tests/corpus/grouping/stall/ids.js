// What varies from one event to the next.
const WORDS = ["teapots", "lantern", "saucer", "voucher", "parcel", "bottle", "anchor", "window"];

export class Ids {
  constructor(seed) {
    this.state = seed * 7919 + 17;
  }

  number() {
    this.state = (this.state * 48271) % 2147483647;
    return 3 + (this.state % 90000);
  }

  port() {
    return 59001 + (this.number() % 8);
  }

  word() {
    return `${WORDS[this.number() % WORDS.length]}-${this.number()}`;
  }

  email() {
    return `${this.word().replace("-", ".")}@${WORDS[this.number() % WORDS.length]}.example`;
  }

  uuid() {
    const digits = Array.from({ length: 32 }, () => (this.number() % 16).toString(16)).join("");
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
}
