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
