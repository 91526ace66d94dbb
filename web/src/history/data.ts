// What explorer/history_page.cpp writes, and the same as objects.

// Line, client, text, flags, invoked, returned (null: never); and where it has a place in the
// order: position, point, states before and after. Moments are ranks in `moments`, texts and states
// places in `texts`, clients in `clients`.
export type Row = [number, number, number, number, number, number | null, number?, number?, number?, number?];

export type Moment = number | string; // beyond 2^53 a string

export interface PartData {
  name: string;
  size: number; // operations, shown or not
  order: number; // operations that have a place in it; 0: no order is known
  broken: boolean;
  operations: Row[];
}

export interface Violation {
  broken_by: number; // row of the first part, as are those of the core
  prefix_has_order: boolean;
  core: number[];
  core_size: number;
  core_is_minimal: boolean;
  states_before: string[];
}

export interface FaultData {
  line: number;
  text: string;
  from: Moment;
  to: Moment | null; // the first moment after it; null: it lasts
}

export interface HistoryData {
  kind: "history";
  version: string;
  name: string;
  verdict: "linearizable" | "not linearizable" | "unknown" | "vacuous"; // vacuous: nothing returned
  limit: string;
  model: string;
  operations: number;
  part_count: number;
  cut: string;
  violation?: Violation;
  parts: PartData[];
  faults: FaultData[];
  moments: Moment[];
  overview: { from: Moment; to: Moment; counts: number[] };
  clients: string[];
  texts: string[];
  place?: string; // what a line is, where it is none of a file
  judged?: boolean; // false: nothing is known of the object
}

const observes = 1, failed = 2, idle = 4;

export interface Operation {
  line: number;
  client: string;
  text: string;
  look: "effect" | "observation" | "failed" | "open" | "idle";
  invoked: number; // rank
  returned: number | null;
  place?: { position: number; point: number; before: string; after: string };
  inCore: boolean;
  broke: boolean;
}

function lookOf(flags: number, returned: number | null): Operation["look"] {
  if (flags & idle) return "idle"; // it says nothing of the object
  if (returned === null) return "open";
  if (flags & failed) return "failed";
  return flags & observes ? "observation" : "effect";
}

export function operationsOf(data: HistoryData, part: PartData): Operation[] {
  const violation = part.broken ? data.violation : undefined;
  const core = new Set(violation?.core);
  return part.operations.map((row, index) => {
    const [line, client, text, flags, invoked, returned, position, point, before, after] = row;
    return {
      line,
      client: data.clients[client]!,
      text: data.texts[text]!,
      look: lookOf(flags, returned),
      invoked,
      returned,
      place: position === undefined
        ? undefined
        : { position, point: point!, before: data.texts[before!]!, after: data.texts[after!]! },
      inCore: core.has(index),
      broke: violation?.broken_by === index,
    };
  });
}
