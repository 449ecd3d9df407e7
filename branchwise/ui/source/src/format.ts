// Numbers, times and texts as people read them.

const WHOLE = new Intl.NumberFormat("en");
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function count(value: number): string {
  return WHOLE.format(Math.round(value));
}

/** US dollars; a price that is not known is no price of 0. */
export function money(value: number | null): string {
  if (value === null) return "unknown";
  return value === 0 ? "$0" : `$${value.toFixed(value < 0.01 ? 5 : 3)}`;
}

export function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 100) return `${value.toFixed(1)} s`;
  if (value < 5400) return `${Math.round(value / 60)} min`;
  return `${(value / 3600).toFixed(1)} h`;
}

export function ago(at: number): string {
  const passed = Math.max(0, Date.now() / 1000 - at);
  if (passed < 60) return "just now";
  if (passed < 5400) return `${Math.round(passed / 60)} min ago`;
  if (passed < 86400) return `${Math.round(passed / 3600)} h ago`;
  return clock(at);
}

export function clock(at: number): string {
  const date = new Date(at * 1000);
  return Number.isNaN(date.getTime()) ? "?" : CLOCK.format(date);
}

/** A value as one line. */
export function line(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replace(/\s+/g, " ").trim();
}

/** A value as one line; an object as its names and values, without the punctuation of JSON. */
export function pairs(value: unknown): string {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return line(value);
  const parts = Object.entries(value).filter(([, one]) => one !== null && one !== "" && one !== false);
  return parts.map(([name, one]) => `${name.replaceAll("_", " ")} ${short(one)}`).join(", ");
}

function short(value: unknown): string {
  return typeof value === "number" && !Number.isInteger(value) ? value.toFixed(3) : line(value);
}

/** A time with its seconds. */
export function moment(at: number): string {
  const date = new Date(at * 1000);
  return Number.isNaN(date.getTime()) ? "?" : MOMENT.format(date);
}

export function score(value: number | null): string {
  return value === null ? "–" : value.toFixed(2);
}

/** A word of the shell, quoted if it must be. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
