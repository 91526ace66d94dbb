// What explorer/simulate/report_page.cpp writes: the figures of a simulation, as `gainsay simulate --json` has them, but
// with the time line by columns.
export interface Distribution {
  count: number;
  mean: number;
  min: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

export interface Counts {
  sent: number;
  delivered: number;
  lost: number;
  cut: number;
  duplicated: number;
  to_down: number;
  bytes: number;
}

export interface Fault {
  at_ns: number;
  until_ns?: number | null; // null: it lasts; absent: the file does not say
  fault: string;
  answered_after_ns: number | null;
  new_leader_after_ns: number | null;
}

export interface Election {
  at_ns: number;
  leader: string;
  term: number;
  took_ns: number;
}

export interface NodeLoad {
  node: string;
  steps: number;
  sent: number;
  bytes_sent: number;
  requests: number;
  answers: number;
}

export interface Property {
  name: string;
  kind: string;
  verdict: string; // "violated", "not violated", "vacuous", "reached"
  evaluated: number;
}

// One number for each interval. What is at the end may be missing: nothing happened then.
export interface Columns {
  interval_ns: number;
  requests: number[];
  answers: number[];
  messages: number[];
  elections: number[];
  p50_ns: number[]; // 0: nothing was answered
  p99_ns: number[];
  max_ns: number[];
}

export interface Results {
  system: string;
  bug?: string;
  verdict: string; // "not violated", "violated", "incomplete", "vacuous"
  bounds: { nodes: number; clients: number; [name: string]: unknown };
  options: Record<string, string>;
  seed: string;
  duration_ns: number;
  simulated_ns: number;
  network: {
    latency: string;
    loss_of_2_32: number;
    duplicates_of_2_32: number;
    keeps_order: boolean;
    reordering_of_2_32: number;
    bytes_per_second: number; // 0: any number
    disk: string | null;
    clock_drift_ppm: number[];
  };
  load: { arrivals_per_hour: number; regular: boolean; think: string; client_timeout_ns: number };
  steps: number;
  requests: { made: number; answered: number; retries: number; latency_ns: Distribution };
  unavailable: { after_ns: number; total_ns: number; windows: { begin_ns: number; end_ns: number }[] };
  leaders: { elections: number; time_to_elect_ns: Distribution; time_to_commit_ns: Distribution; list: Election[] };
  faults: Fault[];
  messages: { all: Counts; kinds: (Counts & { kind: string })[]; links: (Counts & { from: string; to: string })[] };
  nodes: NodeLoad[];
  imbalance_thousandths: number;
  properties: Property[];
  judged: { node_steps: number; judged_steps: number };
  not_of_runs: string[];
  not_judged: { name: string; why: string }[];
  expectations?: { what: string; met: boolean }[]; // of a scenario
  timeline: Columns;
  version: string;
}

export interface ReportData {
  kind: "report";
  command: string; // that gives the same run; empty where it is not known
  results: Results;
}
