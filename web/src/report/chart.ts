// What the charts over time share: a frame with a time axis, what is shaded, lines of points, and the mark of the moment
// that is looked at.
import { make } from "../dom";
import { svg } from "../shared/svg";
import type { Point, Sight } from "./series";
import type { Scale } from "./scales";
import { timeTicks } from "./scales";
import { moment } from "./words";

export const left = 58; // of the frame: the numbers of the scale
const right = 10;
export const axisHeight = 22;

export class Frame {
  constructor(readonly width: number, readonly sight: Sight) {}

  get inner(): number {
    return Math.max(40, this.width - left - right);
  }
  x(ns: number): number {
    return left + ((ns - this.sight.from) / (this.sight.to - this.sight.from)) * this.inner;
  }
  // Within the frame.
  clamped(ns: number): number {
    return Math.max(left, Math.min(left + this.inner, this.x(ns)));
  }
  time(x: number): number {
    const part = Math.max(0, Math.min(1, (x - left) / this.inner));
    return this.sight.from + part * (this.sight.to - this.sight.from);
  }
}

export interface Shade {
  from: number;
  to: number;
  kind: string; // a class
}

export interface Sample {
  kind: string; // a class
  words: string;
}

export abstract class Chart {
  readonly element: HTMLElement;
  private readonly root = svg("svg", { class: "chart", role: "img" });
  private readonly cursor = svg("line", { class: "cursor", y1: 0 });
  private readonly caption = make("figcaption");

  constructor(private readonly title: string, private readonly height: number) {
    this.element = make("figure", {}, this.caption, this.root);
  }

  draw(frame: Frame, points: Point[], shades: Shade[]): void {
    const height = this.heightFor(frame) + axisHeight;
    const { root, cursor } = this;
    root.setAttribute("width", String(frame.width));
    root.setAttribute("height", String(height));
    root.setAttribute("viewBox", `0 0 ${frame.width} ${height}`);
    root.setAttribute("aria-label", `${this.title}. ${this.inWords(points)}`);
    this.caption.replaceChildren(make("strong", {}, this.title), ...this.samples().map(({ kind, words }) =>
      make("span", { class: "sample" }, svg("svg", { width: 26, height: 10, "aria-hidden": "true" },
        svg("line", { class: `series ${kind}`, x1: 1, x2: 25, y1: 5, y2: 5 })), ` ${words}`)));
    const bottom = height - axisHeight;
    root.replaceChildren(
      ...shades.filter(({ from, to }) => to > frame.sight.from && from < frame.sight.to).map(({ from, to, kind }) =>
        svg("rect", { class: `shade ${kind}`, x: frame.clamped(from), y: 0, height: bottom,
          width: Math.max(1, frame.clamped(to) - frame.clamped(from)) })),
      ...timeAxis(frame, bottom), ...this.content(frame, points), cursor);
    cursor.setAttribute("y2", String(bottom));
  }

  mark(x: number | null): void {
    this.cursor.setAttribute("visibility", x === null ? "hidden" : "visible");
    if (x === null) return;
    this.cursor.setAttribute("x1", String(x));
    this.cursor.setAttribute("x2", String(x));
  }

  protected heightFor(_frame: Frame): number {
    return this.height;
  }
  protected samples(): Sample[] {
    return [];
  }
  protected abstract inWords(points: Point[]): string;
  protected abstract content(frame: Frame, points: Point[]): SVGElement[];
}

function timeAxis(frame: Frame, bottom: number): SVGElement[] {
  const { step, ticks } = timeTicks(frame.sight.from, frame.sight.to, frame.inner / 90);
  return [
    svg("line", { class: "axis", x1: left, x2: left + frame.inner, y1: bottom, y2: bottom }),
    ...ticks.flatMap((tick) => {
      const x = frame.x(tick);
      const anchor = x > frame.width - 30 ? "end" : "middle";
      return [
        svg("line", { class: "grid", x1: x, x2: x, y1: 0, y2: bottom }),
        svg("text", { class: "tick", x: anchor === "end" ? frame.width - 1 : x, y: bottom + 15, "text-anchor": anchor },
          moment(tick, step)),
      ];
    }),
  ];
}

export const scaleLines = (frame: Frame, scale: Scale, words: (value: number) => string): SVGElement[] =>
  scale.ticks.flatMap((tick) => {
    const y = scale.at(tick);
    return [
      svg("line", { class: "grid", x1: left, x2: left + frame.inner, y1: y, y2: y }),
      svg("text", { class: "tick", x: left - 6, y: Math.max(9, y + 4), "text-anchor": "end" }, words(tick)),
    ];
  });

// Through the middle of each interval. Where there is no value the line is interrupted, and a value between two such
// places is a dot.
export function linePath(frame: Frame, points: Point[], value: (point: Point) => number | null, scale: Scale, kind: string): SVGElement[] {
  let d = "";
  const dots: SVGElement[] = [];
  const place = (point: Point) => {
    const one = value(point);
    return one === null ? null : [frame.x((point.from + point.to) / 2), scale.at(one)].map((part) => part.toFixed(1));
  };
  let before: string[] | null = null;
  points.forEach((point, i) => {
    const here = place(point);
    const next = i + 1 < points.length ? place(points[i + 1]) : null;
    if (here && before === null && next === null) dots.push(svg("circle", { class: `series dot ${kind}`, cx: here[0], cy: here[1], r: 2.4 }));
    else if (here) d += `${before ? "L" : "M"}${here.join(",")}`;
    before = here;
  });
  return [svg("path", { class: `series ${kind}`, d }), ...dots];
}
