// Data of traces that no system has: as long, or as hostile, as a test wants.
export function syntheticTrace(count, { processes = 5, seed = 1, text = (word) => word } = {}) {
  let state = seed;
  const below = (limit) => (state = (state * 48271) % 2147483647) % limit;
  const texts = [];
  const places = new Map();
  const add = (word) => {
    if (!places.has(word)) places.set(word, texts.push(word) - 1);
    return places.get(word);
  };
  const names = Array.from({ length: processes }, (_, i) => text(i === processes - 1 ? "c1" : `n${i + 1}`));
  const events = [];
  const messages = [];
  const waiting = [];
  const last = new Array(processes).fill(-1);
  const terms = new Array(processes).fill(0);
  let cut = false;
  let down = -1;
  const change = (path, before, after) => [add(text(path)), before === null ? -1 : add(before), after === null ? -1 : add(after)];
  const send = (index, from) => {
    for (let sent = below(3); sent > 0; --sent) {
      const to = below(processes);
      const words = text(`${["AppendEntries", "Vote", "RequestVote"][below(3)]}{term=${terms[from]}, entries=[${below(9)}]}`);
      waiting.push(messages.push([from, to, add(words), index, [], -1, -1, 0]) - 1);
    }
  };
  for (let i = 0; i < processes; ++i) {
    events.push({ kind: "start", at: i, changes: [[add("process is"), add("not started"), add("up")]] });
    last[i] = i;
    send(i, i);
  }
  while (events.length < count) {
    const index = events.length;
    const at = below(processes);
    const what = below(100);
    const row = { kind: "timer", at, causes: last[at] < 0 ? [] : [last[at]] };
    if (what === 0) {
      row.kind = cut ? "heal" : "partition";
      delete row.at;
      row.causes = [];
      if (!cut) row.text = add(text("n1 n2 | n3 n4"));
      cut = !cut;
      events.push(row);
      continue;
    }
    if (what === 1) {
      row.kind = down < 0 ? "crash" : "restart";
      row.at = down < 0 ? at : down;
      row.changes = [[add("process is"), add(down < 0 ? "up" : "down"), add(down < 0 ? "down" : "up")]];
      row.notes = [add(down < 0 ? "it is down" : "it is up")];
      down = down < 0 ? at : -1;
    } else if (what < 75 && waiting.length > 0) {
      const number = waiting.splice(below(Math.min(waiting.length, 12)), 1)[0];
      const message = messages[number];
      row.kind = what < 70 ? "deliver" : "drop";
      row.at = message[1];
      row.message = number;
      row.causes = [...new Set([last[row.at], message[3]])].filter((cause) => cause >= 0).sort((a, b) => a - b);
      if (row.kind === "deliver") message[4].push(index);
      else message[5] = index;
    } else {
      row.text = add(text("election"));
    }
    if (row.kind === "deliver" || row.kind === "timer") {
      const before = String(terms[row.at]);
      terms[row.at] += 1 + below(2);
      row.changes = [change("durable.term", before, String(terms[row.at])),
        change(`log[${terms[row.at]}]`, null, `Entry{term=${terms[row.at]}}`)];
      send(index, row.at);
    }
    last[row.at] = index;
    events.push(row);
  }
  return {
    kind: "trace", version: "0", name: text("traces/synthetic.trace.json"), system: text("synthetic"), bug: text("much"),
    bounds: "4 nodes, 1 client, unordered, crashes 9", note: "", cut: "",
    verdict: { property: text("agreement"), kind: "always", step: count - 1, message: text("two nodes decided differently") },
    explain: {
      step: Math.floor(count / 2), how: "exact",
      lines: [text(`step ${Math.floor(count / 2)} decides it: behind it all ways to go on violate "agreement"`),
        text(`it races with step ${Math.floor(count / 3)}: neither knows of the other`)],
    },
    facts: [["System", text("synthetic 1")], ["Bounds", text("4 nodes")]],
    has_fates: true, first: 0, total: count,
    processes: names.map((name, i) => ({
      name, role: i === processes - 1 ? "client" : "node",
      state: [[add("process is"), add("not started")], [add(text("durable.term")), add("0")]],
    })),
    messages, events, texts,
  };
}

// The page with this data, as explorer/page.cpp makes it.
export function pageOf(html, data) {
  const place = '<script type="application/json" id="data">';
  const begin = html.indexOf(place) + place.length;
  const end = html.indexOf("</script>", begin);
  return html.slice(0, begin) + JSON.stringify(data).replaceAll("<", "\\u003c") + html.slice(end);
}

// The figures of a simulation that nobody ran: regular, so that a test knows what they are. Each interval lasts 600 ms.
export function syntheticReport({ intervals = 100, nodes = 5, clients = 8, text = (word) => word, more = {} } = {}) {
  const interval = 600e6;
  const end = intervals * interval;
  const names = Array.from({ length: nodes }, (_, i) => text(`n${i + 1}`));
  const distribution = (p50, max) => ({ count: 10, mean: p50, min: p50 / 2, p50, p90: p50, p99: max, p999: max, max });
  const counts = (sent) => ({ sent, delivered: sent - 3, lost: 1, cut: 2, duplicated: 0, to_down: 0, bytes: sent * 10 });
  const columns = (value) => Array.from({ length: intervals }, (_, i) => value(i));
  const silent = (i) => clients === 0 || (i >= 40 && i < 45);
  const requests = columns((i) => (clients === 0 ? 0 : 60 + (i % 7)));
  const answers = columns((i) => (silent(i) ? 0 : 60 + (i % 5)));
  const sum = (list) => list.reduce((all, one) => all + one, 0);
  const results = {
    system: text("raft"), verb: "simulate", verdict: "not violated",
    bounds: { nodes, clients, crashes: 1 }, options: { [text("gather")]: text("1000") }, seed: "000000000000000f",
    duration_ns: end, simulated_ns: end,
    network: { latency: "10ms..30ms", loss_of_2_32: 2 ** 32 / 100, duplicates_of_2_32: 0, keeps_order: true,
      reordering_of_2_32: 0, bytes_per_second: 0, disk: null, clock_drift_ppm: [] },
    load: { arrivals_per_hour: 360_000, regular: false, think: "0s", client_timeout_ns: 200e6 }, steps: 1234,
    requests: { made: sum(requests), answered: sum(answers), retries: 7, latency_ns: distribution(20e6, 2e9) },
    unavailable: { after_ns: 1e9, total_ns: clients === 0 ? 0 : 5 * interval,
      windows: clients === 0 ? [] : [{ begin_ns: 40 * interval, end_ns: 45 * interval }] },
    leaders: { elections: 3, time_to_elect_ns: distribution(200e6, 300e6), time_to_commit_ns: distribution(40e6, 90e6),
      list: [[0.2e9, 0, 1], [40.5 * interval, 1, 2], [70 * interval, 0, 3]].map(([at_ns, who, term]) =>
        ({ at_ns, leader: names[who], term, took_ns: 0.2e9 })) },
    faults: [
      { at_ns: 10 * interval, until_ns: 20 * interval, fault: text("crash n1"), answered_after_ns: 3e6, new_leader_after_ns: 15e9 },
      { at_ns: 40 * interval, until_ns: null, fault: text("partition n1 n2 | n3 n4 n5"), answered_after_ns: null, new_leader_after_ns: null },
    ],
    messages: { all: counts(300), kinds: [{ kind: text("Vote"), ...counts(100) }, { kind: text("AppendEntries"), ...counts(200) }],
      links: names.flatMap((from, i) => names.flatMap((to, j) => (i === j ? [] : [{ from, to, ...counts(10 * (i + 1) + j) }]))) },
    nodes: names.map((node, i) => ({ node, steps: 100 * (i + 1), sent: 50, bytes_sent: 4000, requests: 4, answers: 3 })),
    imbalance_thousandths: 1666,
    properties: [
      { name: text("election safety"), kind: "always", verdict: "not violated", evaluated: 12 },
      { name: text("a re-election"), kind: "sometimes", verdict: "vacuous", evaluated: 0 },
    ],
    judged: { node_steps: 1000, judged_steps: 10 }, not_of_runs: [text("liveness")], not_judged: [],
    timeline: { interval_ns: interval, requests, answers, messages: columns((i) => 6 * i), elections: columns((i) => (i === 40 ? 1 : 0)),
      p50_ns: columns((i) => (silent(i) ? 0 : 20e6)), p99_ns: columns((i) => (silent(i) ? 0 : 200e6)), max_ns: columns((i) => (silent(i) ? 0 : i === 30 ? 2e9 : 400e6)) },
    version: "0.0", ...more,
  };
  return { kind: "report", command: text("gainsay simulate raft"), results };
}
