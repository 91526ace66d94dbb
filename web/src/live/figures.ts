// Charts that only a live view has.
import { plural, withCommas } from "../dom";
import { Chart, Frame, left, linePath, scaleLines } from "../report/chart";
import type { Point } from "../report/series";
import { linearScale } from "../report/scales";
import { number, rate } from "../report/words";
import { svg } from "../shared/svg";

export interface LivePoint extends Point {
  steps: number[]; // of each node
}

export class Elections extends Chart {
  constructor() {
    super("Elections", 46);
  }
  protected inWords(points: Point[]): string {
    return `${plural(points.reduce((sum, { elections }) => sum + elections, 0), "election")} in this minute.`;
  }
  protected content(frame: Frame, points: Point[]): SVGElement[] {
    const scale = linearScale(Math.max(2, ...points.map(({ elections }) => elections)), 8, 46, 2);
    return [...scaleLines(frame, scale, number), ...points.filter(({ elections }) => elections > 0).map(({ from, to, elections }) =>
      svg("rect", { class: "election", x: frame.clamped(from), y: scale.at(elections),
        width: Math.max(3, frame.clamped(to) - frame.clamped(from) - 1), height: scale.at(0) - scale.at(elections) }))];
  }
}

const apart = 10; // of more nodes than these the lines would be a tangle

export class Loads extends Chart {
  constructor(private readonly names: string[]) {
    super("Steps of each node a second", 120);
  }
  protected inWords(points: Point[]): string {
    const last = (points.at(-1) as LivePoint | undefined)?.steps ?? [];
    return `${this.names.map((name, i) => `${name} ${rate(last[i] ?? 0)}`).join(", ")}.`;
  }
  protected content(frame: Frame, points: Point[]): SVGElement[] {
    const all = points as LivePoint[];
    const scale = linearScale(Math.max(1, ...all.flatMap(({ steps }) => steps)), 8, 120, 3);
    if (this.names.length > apart) {
      return [...scaleLines(frame, scale, number),
        ...linePath(frame, points, (point) => Math.max(...(point as LivePoint).steps), scale, "load-0")];
    }
    const ends = this.names.map((name, i) => ({ name, i, y: scale.at(all.at(-1)?.steps[i] ?? 0) })).sort((a, b) => a.y - b.y);
    ends.forEach((end, i) => { end.y = Math.max(end.y, i > 0 ? ends[i - 1].y + 11 : 0); });
    const end = all.length > 0 ? frame.x((all.at(-1)!.from + all.at(-1)!.to) / 2) + 4 : left;
    const isTight = end > left + frame.inner - 30;
    return [...scaleLines(frame, scale, number),
      ...this.names.flatMap((_, i) => linePath(frame, points, (point) => (point as LivePoint).steps[i], scale, `load-${i % 5}`)),
      ...ends.map(({ name, i, y }) => svg("text", { class: `tick load-name load-${i % 5}`, x: isTight ? left + frame.inner - 2 : end, y: Math.min(y, 116), "text-anchor": isTight ? "end" : "start" },
        svg("title", {}, `${name}: ${withCommas(all.at(-1)?.steps[i] ?? 0)} a second`), name.slice(0, 8)))];
  }
}
