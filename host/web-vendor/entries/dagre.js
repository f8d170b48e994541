import dagre from "@dagrejs/dagre";

export const { Graph } = dagre.graphlib;
export const { layout } = dagre;
export default dagre;
