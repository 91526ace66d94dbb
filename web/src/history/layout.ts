// Where things are. Across, each moment of the part has a column, whatever lies between: only their
// sequence matters. Down, each client has a lane; more than one if its operations overlap.
import type { FaultData, HistoryData, Moment, Operation, PartData } from "./data";
import { operationsOf } from "./data";

export interface Bar extends Operation {
  lane: number;
  from: number; // column
  to: number; // column; open ones go on to the end
  point?: number; // between them
}

export interface Lane {
  client: string;
  bars: Bar[]; // by time
}

export interface FaultBar {
  fault: FaultData;
  from: number;
  to: number; // equal: at once
}

export interface Layout {
  part: PartData;
  lanes: Lane[];
  bars: Bar[]; // by time
  order: Bar[]; // those that have a place in it, in order
  columns: Moment[];
  faults: FaultBar[];
  core: Bar[];
  broke?: Bar;
}

// The first place whose moment is not before this one.
export function columnOf(columns: Moment[], moment: Moment): number {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Number(columns[middle]) < Number(moment)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function placePoints(order: Bar[], columnOfRank: (rank: number) => number): void {
  // Those that can take effect at once from the same moment on share the time until the next one.
  for (let begin = 0, end = 0; begin < order.length; begin = end) {
    const rank = order[begin]!.place!.point;
    while (end < order.length && order[end]!.place!.point === rank) ++end;
    for (let i = begin; i < end; ++i) {
      order[i]!.point = columnOfRank(rank) + (i - begin + 1) / (end - begin + 1);
    }
  }
  let latest = Infinity;
  for (const bar of [...order].reverse()) {
    latest = bar.point = Math.max(bar.from, Math.min(bar.point!, bar.to, latest));
  }
}

function makeLanes(bars: Bar[]): Lane[] {
  const lanes = new Map<string, Lane[]>();
  const ends = new Map<Lane, number>();
  for (const bar of bars) {
    const own = lanes.get(bar.client) ?? [];
    lanes.set(bar.client, own);
    let lane = own.find((one) => ends.get(one)! <= bar.from);
    if (!lane) own.push((lane = { client: bar.client, bars: [] }));
    lane.bars.push(bar);
    ends.set(lane, bar.returned === null ? Infinity : bar.to);
  }
  const clients = [...lanes.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const all = clients.flatMap((client) => lanes.get(client)!);
  // What a violation is made of is in front.
  const front = (lane: Lane) => lane.bars.some((bar) => bar.inCore || bar.broke);
  const sorted = [...all.filter(front), ...all.filter((lane) => !front(lane))];
  sorted.forEach((lane, index) => lane.bars.forEach((bar) => (bar.lane = index)));
  return sorted;
}

export function layOut(data: HistoryData, part: PartData): Layout {
  const operations = operationsOf(data, part);
  const ranks = new Set<number>();
  for (const { invoked, returned, place } of operations) {
    ranks.add(invoked);
    if (returned !== null) ranks.add(returned);
    if (place) ranks.add(place.point);
  }
  const used = [...ranks].filter((rank) => rank < data.moments.length).sort((a, b) => a - b);
  const columnOfRank = new Map(used.map((rank, column) => [rank, column]));
  const columns = used.map((rank) => data.moments[rank]!);
  const column = (rank: number) => columnOfRank.get(rank) ?? columns.length;
  const bars: Bar[] = operations.map((operation) => ({
    ...operation,
    lane: 0,
    from: column(operation.invoked),
    to: operation.returned === null ? columns.length : column(operation.returned),
  }));
  bars.sort((a, b) => a.from - b.from || a.line - b.line);
  const order = bars.filter((bar) => bar.place).sort((a, b) => a.place!.position - b.place!.position);
  placePoints(order, column);
  const faults = data.faults.map((fault) => ({
    fault,
    from: columnOf(columns, fault.from) - 0.5,
    to: fault.to === null ? columns.length : columnOf(columns, fault.to) - 0.5,
  }));
  return {
    part,
    lanes: makeLanes(bars),
    bars,
    order,
    columns,
    faults: faults.filter(({ from, to }) => to > 0 && from < columns.length),
    core: bars.filter((bar) => bar.inCore),
    broke: bars.find((bar) => bar.broke),
  };
}
