// The intervals of a time line, as many as there is room for.
import type { Columns } from "./data";

export interface Sight {
  from: number; // nanoseconds
  to: number;
}

// One interval, or some that follow each other. Counts are by the second; a latency is the greatest of the intervals',
// because quantiles have no sum. It is 0 where nothing was answered.
export interface Point {
  from: number;
  to: number;
  intervals: number;
  requests: number;
  answers: number;
  messages: number;
  elections: number; // a count
  p50: number;
  p99: number;
  max: number;
}

export class Series {
  readonly interval: number;
  readonly count: number; // intervals; the last one may be short

  constructor(private readonly columns: Columns, readonly end: number) {
    this.interval = Math.max(1, columns.interval_ns);
    this.count = Math.max(1, Math.ceil(end / this.interval));
  }

  // Intervals [begin, end) as one.
  point(begin: number, end: number): Point {
    const { columns } = this;
    const from = begin * this.interval;
    const to = Math.max(from + 1, Math.min(end * this.interval, this.end));
    let [requests, answers, messages, elections, p50, p99, max] = [0, 0, 0, 0, 0, 0, 0];
    for (let i = begin; i < end; ++i) {
      requests += columns.requests[i] ?? 0;
      answers += columns.answers[i] ?? 0;
      messages += columns.messages[i] ?? 0;
      elections += columns.elections[i] ?? 0;
      p50 = Math.max(p50, columns.p50_ns[i] ?? 0);
      p99 = Math.max(p99, columns.p99_ns[i] ?? 0);
      max = Math.max(max, columns.max_ns[i] ?? 0);
    }
    const seconds = (to - from) / 1e9;
    return {
      from, to, intervals: end - begin, elections, p50, p99, max,
      requests: requests / seconds, answers: answers / seconds, messages: messages / seconds,
    };
  }

  // Those in sight, gathered so that there are at most about so many. Groups begin at multiples of their length, so
  // that they don't change as the sight moves.
  points({ from, to }: Sight, most: number): Point[] {
    const first = Math.max(0, Math.floor(from / this.interval));
    const last = Math.min(this.count, Math.max(first + 1, Math.ceil(to / this.interval)));
    const length = Math.max(1, Math.ceil((last - first) / Math.max(1, most)));
    const points: Point[] = [];
    for (let i = first - (first % length); i < last; i += length) {
      points.push(this.point(i, Math.min(i + length, this.count)));
    }
    return points;
  }

  indexAt(ns: number): number {
    return Math.max(0, Math.min(this.count - 1, Math.floor(ns / this.interval)));
  }
}
