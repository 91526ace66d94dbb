// The whole history as a small strip: how many operations began when, faults, what is in sight.
import { make } from "../dom";
import type { HistoryData, Moment } from "./data";
import type { Colours, Sight } from "./lanes";
import type { Layout } from "./layout";
import { columnOf } from "./layout";

const height = 44;

export class Overview {
  readonly canvas = make("canvas", { class: "overview", "aria-hidden": "true" });
  private readonly from: number;
  private readonly length: number;

  // `goTo` is told the column to look at.
  constructor(
    private readonly data: HistoryData,
    private layout: () => Layout,
    goTo: (column: number) => void,
  ) {
    this.from = Number(data.overview.from);
    this.length = Math.max(1, Number(data.overview.to) - this.from);
    const go = (event: PointerEvent) => {
      if (event.buttons === 0) return;
      const part = event.offsetX / this.canvas.clientWidth;
      goTo(columnOf(this.layout().columns, this.from + part * this.length));
    };
    this.canvas.addEventListener("pointerdown", go);
    this.canvas.addEventListener("pointermove", go);
  }

  draw(sight: Sight, colours: Colours): void {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d")!;
    context.scale(ratio, ratio);
    const x = (moment: Moment) => ((Number(moment) - this.from) / this.length) * width;
    context.fillStyle = colours["stripe"]!;
    context.fillRect(0, 0, width, height);
    context.globalAlpha = 0.3;
    context.fillStyle = colours["fault"]!;
    for (const fault of this.data.faults) {
      const end = fault.to === null ? width : x(fault.to);
      context.fillRect(x(fault.from), 0, Math.max(end - x(fault.from), 1.5), height);
    }
    context.globalAlpha = 1;
    const { counts } = this.data.overview;
    const most = Math.max(1, ...counts);
    context.fillStyle = colours["muted"]!;
    counts.forEach((count, i) => {
      const tall = (count / most) * (height - 8);
      context.fillRect((i * width) / counts.length, height - tall, width / counts.length, tall);
    });
    const { columns, broke } = this.layout();
    if (columns.length === 0) return;
    const at = (column: number) =>
      x(columns[Math.max(0, Math.min(columns.length - 1, Math.round(column)))]!);
    if (broke) {
      context.fillStyle = colours["core"]!;
      context.fillRect(at(broke.to) - 1.5, 0, 3, height);
    }
    const left = at(sight.from);
    context.strokeStyle = colours["ink"]!;
    context.lineWidth = 2;
    context.strokeRect(left, 1, Math.max(at(sight.to) - left, 3), height - 2);
  }
}
