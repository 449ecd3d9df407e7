// Colours of the canvas, read from the style sheet, so that light, dark and high contrast are one place.

export interface Colours {
  text: string;
  dim: string;
  edge: string;
  path: string;
  mark: string;
  page: string;
  good: string;
  bad: string;
  /** From a score of 0 to one of 1. */
  ramp: string[];
  none: string;
}

export function colours(element: Element): Colours {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: read("text"), dim: read("dim"), edge: read("edge"), path: read("path"), mark: read("mark"),
    page: read("page"), good: read("good"), bad: read("bad"), none: read("none"),
    ramp: Array.from({ length: 6 }, (_, step) => read(`score-${step}`)),
  };
}

export function colourOf(score: number | null, all: Colours): string {
  if (score === null) return all.none;
  return all.ramp[Math.min(5, Math.max(0, Math.floor(score * 6)))]!;
}
