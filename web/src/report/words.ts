// Times, rates and shares as a reader wants them: three digits and a unit.
import { withCommas } from "../dom";

const threeDigits = (value: number): string => {
  if (value >= 1000) return withCommas(Math.round(value));
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
};

const units: [number, string][] = [
  [86_400e9, "d"], [3_600e9, "h"], [60e9, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "\u00b5s"], [1, "ns"],
];

// Minutes begin at two: 90 s is 90 s.
export function duration(ns: number): string {
  const [size, unit] = units.find(([one]) => ns >= (one >= 60e9 ? 2 * one : one)) ?? [1, "ns"];
  return `${threeDigits(ns / size)} ${unit}`;
}

// A moment of a run: as exact as the steps between two of them are long.
export function moment(ns: number, step: number): string {
  const digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10(Math.max(1, step) / 1e9) - 1e-9)));
  if (ns < 120e9) return `${(ns / 1e9).toFixed(digits)} s`;
  const scaled = Math.round((ns / 1e9) * 10 ** digits);
  const minutes = Math.floor(scaled / (60 * 10 ** digits));
  const seconds = (scaled / 10 ** digits - minutes * 60).toFixed(digits).padStart(digits > 0 ? digits + 3 : 2, "0");
  const two = (value: number) => String(value).padStart(2, "0");
  return minutes < 60 ? `${minutes}:${seconds}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${seconds}`;
}

export const number = (value: number): string => threeDigits(value);
export const rate = (value: number): string => `${threeDigits(value)}/s`;
export const share = (part: number, whole: number): string => {
  if (whole <= 0) return "0%";
  const percent = (100 * part) / whole;
  if (part > 0 && percent < 0.01) return "under 0.01%";
  if (part < whole && percent > 99.99) return "over 99.99%";
  return `${percent.toFixed(percent > 0 && percent < 1 || percent > 99 && percent < 100 ? 2 : 1).replace(/\.0+$/, "")}%`;
};

export function bytes(count: number): string {
  const size = [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]].find(([one]) => count >= (one as number));
  return size ? `${threeDigits(count / (size[0] as number))} ${size[1]}` : `${count} B`;
}
