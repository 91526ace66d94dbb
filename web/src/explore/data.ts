// What explorer/explore_page.cpp writes.
import type { Kind } from "../trace/data";

export interface ExploreData {
  kind: "explore";
  version: string;
  system: string;
  bug: string;
  bounds: string;
  network: string;
  command: string;
  name: string; // of a trace; empty: none
  path: string; // where it begins
  processes: { name: string; role: string }[];
  properties: [string, string][]; // name, kind
}

export type Change = [string, string | null, string | null]; // path, before, after

// An event with what it did, or would do.
export interface Deed {
  step: string; // how a path names it
  kind: Kind;
  words: string;
  at?: number; // process
  changes?: Change[];
  notes?: string[];
  sends?: [number, string][]; // to, text
  more_sends?: number;
  violates?: number[]; // properties that were not violated before
  fault?: string; // its handler fails
}
export interface TakenRow extends Deed {
  event: number; // place in the run, the starts before it included
  world?: string;
}
export interface ChoiceRow extends Deed {
  from?: number;
  message?: number; // place in `messages`
  reaches?: number[];
  back_to?: number; // steps
  unknown?: boolean; // what it would do was not looked at
}

export interface MessageRow {
  from: number;
  to: number;
  text: string;
  count?: number;
  behind?: number; // in a queue
  held?: boolean; // by a partition
  new?: number;
}

export type PropertyState = "holds" | "violated" | "reached" | "not reached" | "not judged";

export interface World {
  kind: "world";
  path: string;
  steps: number;
  known: number; // steps that `taken` leaves out
  world: string; // hash; empty behind a handler that failed
  fault?: string;
  taken: TakenRow[];
  processes: { status: string; timers: [string, string][]; state: [string, string][]; left_out?: number }[];
  messages: MessageRow[];
  messages_left_out?: number;
  cut: string;
  budgets: [string, number, number][]; // name, used, of how many
  history: [number, string, string | null][]; // client, operation, result
  observers: [string, string][];
  properties: [PropertyState, number | null][]; // and by which step it was violated or reached first
  choices: ChoiceRow[];
  choices_left_out?: number;
}

export type Nearest =
  | { kind: "nearest"; found: true; worlds: number; property: string; steps: [string, string][] }
  | { kind: "nearest"; found: false; worlds: number; depth: number; complete: boolean };
