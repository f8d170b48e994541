// Shows the state of the system, asked for once a second. Text from devices is only ever set as text.

const INTERVAL_MS = 1000;

function row(cells) {
  const tr = document.createElement("tr");
  for (const [text, className] of cells) {
    const td = document.createElement("td");
    td.textContent = text;
    if (className) td.className = className;
    tr.append(td);
  }
  return tr;
}

function show(status) {
  const broker = status.connected ? `broker ${status.broker}` : `no connection to the broker ${status.broker}`;
  document.getElementById("summary").textContent = `${broker} · graph ${status.graph ?? "in memory"}`;
  document.getElementById("trouble").textContent = status.graph_trouble ? `Not in force: ${status.graph_trouble}` : "";
  document.getElementById("nodes").replaceChildren(
    ...status.nodes.map((node) => row([[node.id], [node.component], [node.reason ? `${node.state} (${node.reason})` : node.state, node.state]])));
  document.getElementById("edges").replaceChildren(
    ...status.edges.map((edge) => row([
      [edge.src], [edge.tgt], [edge.reason ? `${edge.kind}: ${edge.reason}` : edge.kind, edge.kind],
      [edge.rate.toFixed(1)], [String(edge.packets)]])));
}

async function refresh() {
  try {
    const answer = await fetch("status.json?watch=1");
    show(await answer.json());
  } catch {
    document.getElementById("summary").textContent = "No answer from the coordinator; trying again.";
  }
  setTimeout(refresh, INTERVAL_MS);
}

refresh();
