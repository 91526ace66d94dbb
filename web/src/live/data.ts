// What a server of a running simulation says: a snapshot for each event of the stream.
export interface Backend {
  name: string;
  waiting: number; // requests that it was handed and has not answered
  usable: boolean;
}

// What some systems say of a node besides.
export interface Facts {
  positions?: number[]; // on a ring, in millionths of the way round
  is_member?: boolean; // of the ring
  next?: string[]; // who comes behind it, as it takes it
  keys?: number;
  backends?: Backend[]; // of a balancer
}

export interface LiveNode {
  name: string;
  up: boolean;
  can_crash: boolean;
  role: string; // "leader", "follower", ...; may be empty
  leads: boolean;
  term: number;
  log: number; // entries
  committed: number;
  facts?: Facts;
}

export interface LiveLink {
  from: string;
  to: string;
  sent: number; // since the snapshot before
  cut: number;
  lost: number;
  blocked: boolean; // by a partition, now
}

export interface Partition {
  number: number;
  one_way: boolean; // only from the first group to the second
  groups: string[][];
}

// By second of virtual time; null where nothing was answered.
export interface Recent {
  at_s: number[];
  requests: number[];
  answers: number[];
  messages: number[];
  elections: number[];
  p50_ns: (number | null)[];
  p99_ns: (number | null)[];
  max_ns: (number | null)[];
  steps: number[][]; // of each node
}

export interface Snapshot {
  now_ns: number; // virtual time
  state: "running" | "paused" | "ended" | "violated";
  speed: number; // seconds of virtual time in a second; 0: as fast as it can
  seed: string;
  steps: number;
  network: { loss: number; latency: string };
  nodes: LiveNode[];
  links: LiveLink[];
  partitions: Partition[];
  metrics: Record<string, number>; // names that end in _ns are times, in _per_s rates
  recent: Recent;
  commands: { count: number; last: { at_ns: number; do: string }[] };
  violation?: { property: string; message: string; step: number };
}

export interface LiveData {
  kind: "live";
  system: string;
  command: string; // that begins the same run
  source: string; // the address of the stream, and the others'
  act: string;
  trace: string;
  log: string;
  explore?: string; // where the same system can be walked by hand
}
