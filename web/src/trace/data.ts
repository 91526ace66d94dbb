// What explorer/trace_page.cpp writes.
import type { HistoryData } from "../history/data";

export type Kind =
  | "start" | "deliver" | "timer" | "crash" | "restart" | "drop" | "duplicate" | "partition" | "heal" | "tick";

// Numbers of texts are places in `texts`, events are counted from the first one of the trace.
export interface EventRow {
  kind: Kind;
  at?: number; // process
  message?: number; // delivered, lost or duplicated
  text?: number; // the timer; the groups of a partition
  choices?: number[];
  crash?: [number, number]; // at which disk operation of the handler, and how many writes it loses
  causes?: number[];
  changes?: [number, number, number][]; // path, before, after; -1: there was or is none
  notes?: number[];
}

// From, to, text; events: the one that sent it, those that delivered it, the one that lost it, the
// one that made this copy (-1: none); flags.
export type MessageRow = [number, number, number, number, number[], number, number, number];
export const repeatedFlag = 1, overheardFlag = 2;

export interface TraceData {
  kind: "trace";
  version: string;
  name: string;
  system: string;
  bug: string;
  bounds: string;
  note: string;
  cut: string;
  verdict?: { property: string; kind: string; step: number; message: string };
  explain?: { step: number; how: string; lines: string[] }; // which step decided it; how "unknown": none is known
  facts: [string, string][];
  has_fates: boolean; // false: only what events name is known of messages
  first: number; // event
  total: number;
  processes: { name: string; role: string; state: [number, number][] }[];
  messages: MessageRow[];
  events: EventRow[];
  history?: HistoryData & { judged: boolean };
  texts: string[];
  // Where it can be gone on with by hand: the path of the whole trace, and how many events come
  // before its first step.
  explore?: { address: string; path: string; starts: number };
}
