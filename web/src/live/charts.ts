// The last minute of virtual time, with the charts of a report and two more.
import { make } from "../dom";
import type { Chart } from "../report/chart";
import { Frame } from "../report/chart";
import { Latencies, Messages, Rates } from "../report/charts";
import { Elections, Loads } from "./figures";
import type { Recent, Snapshot } from "./data";
import type { LivePoint } from "./figures";

const minute = 60;

export class RecentCharts {
  readonly element = make("div", { class: "charts live-charts" });
  private charts: Chart[] = [];
  private kinds = "";
  private drawn = "";

  draw({ recent, nodes, metrics }: Snapshot): void {
    const width = this.element.clientWidth || 600;
    const last = recent.at_s.at(-1) ?? 0;
    const wanted = `${"requests" in metrics} ${"elections" in metrics} ${nodes.map(({ name }) => name).join(" ")}`;
    if (wanted !== this.kinds) {
      this.kinds = wanted;
      this.charts = [
        ...("requests" in metrics ? [new Rates(), new Latencies()] : []),
        ...("elections" in metrics ? [new Elections()] : []), new Loads(nodes.map(({ name }) => name)), new Messages()];
      this.element.replaceChildren(...this.charts.map(({ element }) => element));
    }
    const drawn = `${wanted} ${width} ${recent.at_s.length} ${last}`;
    if (drawn === this.drawn || recent.at_s.length === 0) return;
    this.drawn = drawn;
    const sight = { from: Math.max(0, last + 1 - minute) * 1e9, to: Math.max(10, last + 1) * 1e9 };
    const points = pointsOf(recent).filter(({ to }) => to > sight.from);
    for (const chart of this.charts) {
      chart.draw(new Frame(width, sight), points, []);
      chart.mark(null);
    }
  }
}

const pointsOf = (recent: Recent): LivePoint[] => recent.at_s.map((at, i) => ({
  from: at * 1e9, to: (at + 1) * 1e9, intervals: 1, requests: recent.requests[i], answers: recent.answers[i],
  messages: recent.messages[i], elections: recent.elections[i], p50: recent.p50_ns[i] ?? 0, p99: recent.p99_ns[i] ?? 0,
  max: recent.max_ns[i] ?? 0, steps: recent.steps[i],
}));
