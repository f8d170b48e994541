// @ts-check
// The ports of a node: those of its own participant, or those of its component where no participant has the role.

/**
 * @typedef {import("./system.js").Port & {topic?: string}} KnownPort
 * @param {import("./system.js").System} system @param {string} graph @param {string} id of a node @param {"in" | "out"} side @returns {KnownPort[]}
 */
export function knownPorts(system, graph, id, side) {
  const component = system.components.get(system.graphs.get(graph)?.nodes.get(id)?.component ?? "");
  const defined = (side === "in" ? component?.inPorts : component?.outPorts) ?? [];
  const status = graph === system.main ? system.nodeStatus(id) : undefined;
  if (!status?.instances.length) return defined;
  // Participants of one component may have different ports; the component has those of one of them.
  return (side === "in" ? status.inports : status.outports).map((own) => {
    const like = defined.find((port) => port.id.toLowerCase() === own.id.toLowerCase() && port.type === own.type);
    return { ...like, ...own, description: own.description || like?.description };
  });
}
