// What a server of a running simulation says: a snapshot for each event of the stream.
export interface LiveNode {
  name: string;
  up: boolean;
  role: string; // "leader", "follower", ...; may be empty
  leads: boolean;
  term: number;
  log: number; // entries
  committed: number;
}

export interface LiveLink {
  from: string;
  to: string;
  sent: number; // since the snapshot before
  cut: number;
  lost: number;
}

export interface Snapshot {
  now_ns: number; // virtual time
  nodes: LiveNode[];
  links: LiveLink[];
  partitions: string[][][]; // of each: its groups of nodes
  metrics: Record<string, number>; // names that end in _ns are times, in _per_s rates
  state?: "running" | "paused" | "ended";
}

export interface LiveData {
  kind: "live";
  system: string;
  source: string; // the address of the stream
}
