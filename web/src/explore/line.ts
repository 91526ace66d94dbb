// The line of steps that is walked on: those up to here, those ahead that were taken back, and the
// lines that were left for another.
import { withCommas } from "../dom";
import type { TakenRow } from "./data";

export interface Branch {
  steps: string[];
  words: string[]; // of the steps, as far as they are known
}

const branchesMax = 50;

const isPrefix = (part: readonly string[], whole: readonly string[]) =>
  part.length <= whole.length && part.every((step, i) => step === whole[i]);
export const commonLength = (a: readonly string[], b: readonly string[]) => {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) ++i;
  return i;
};
export const stepsOf = (path: string) => (path === "" ? [] : path.split("."));

export class Line {
  steps: string[] = [];
  at = 0;
  rows: TakenRow[] = []; // of the first steps
  branches: Branch[] = [];

  get path(): string {
    return this.steps.slice(0, this.at).join(".");
  }

  // As a trace counts its events, with the starts; the first world is behind these.
  number(steps: number): number {
    return this.rows[steps - 1]?.event ?? steps;
  }
  name(steps: number): string {
    return steps === 0 ? "the first world" : `step ${withCommas(this.number(steps))}`;
  }

  // Along the line where it goes there; else it becomes another, and this one is remembered.
  go(steps: string[]): void {
    if (!isPrefix(steps, this.steps)) {
      if (!isPrefix(this.steps, steps)) this.remember();
      const common = commonLength(steps, this.steps);
      this.steps = [...steps];
      this.rows.length = Math.min(this.rows.length, common);
      this.branches = this.branches.filter((branch) => !isPrefix(branch.steps, steps));
    }
    this.at = steps.length;
  }

  // One step from here.
  take(step: string): void {
    this.go([...this.steps.slice(0, this.at), step]);
  }

  learn(known: number, taken: TakenRow[]): void {
    taken.forEach((row, i) => {
      if (this.steps[known + i] === row.step && known + i <= this.rows.length) this.rows[known + i] = row;
    });
  }

  // Is what has happened up to here told?
  get isTold(): boolean {
    return this.rows.length >= this.at;
  }

  private remember(): void {
    const { steps } = this;
    const others = this.branches.filter((branch) => !isPrefix(branch.steps, steps));
    if (others.some((branch) => isPrefix(steps, branch.steps))) return;
    this.branches = [{ steps, words: this.rows.map(({ words }) => words) }, ...others].slice(0, branchesMax);
  }
}
