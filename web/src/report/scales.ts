// From values to places, and where the lines of a grid are.
export interface Scale {
  at(value: number): number; // pixels
  ticks: number[];
}

// 1, 2 or 5 times a power of ten, at least this.
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((one) => one * power >= least * (1 - 1e-9)) ?? 10) * power;
}

export function linearScale(max: number, top: number, bottom: number, most: number): Scale {
  const step = niceStep(Math.max(max, 1e-9) / most);
  const end = Math.max(step, Math.ceil(max / step - 1e-9) * step);
  return {
    at: (value) => bottom - (value / end) * (bottom - top),
    ticks: Array.from({ length: Math.round(end / step) + 1 }, (_, i) => i * step),
  };
}

// Whole powers of ten around the values, which are positive.
export function logScale(min: number, max: number, top: number, bottom: number): Scale {
  const low = Math.floor(Math.log10(min) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(max) - 1e-9));
  return {
    at: (value) => bottom - ((Math.log10(value) - low) / (high - low)) * (bottom - top),
    ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
  };
}

const clockSteps = [
  60, 120, 300, 600, 900, 1800, 3600, 7200, 4 * 3600, 6 * 3600, 12 * 3600, 86_400,
].map((seconds) => seconds * 1e9);

export function timeTicks(from: number, to: number, most: number): { step: number; ticks: number[] } {
  const least = Math.max(1, (to - from) / Math.max(1, most));
  const fine = niceStep(least);
  const day = 86_400e9;
  const step = fine <= 50e9 ? fine : clockSteps.find((one) => one >= least) ?? niceStep(least / day) * day;
  const ticks: number[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to * (1 + 1e-12); ++i) ticks.push(i * step);
  return { step, ticks };
}
