// @ts-check
/** Which inports a packet goes to: those with its topic, and those that the coordinator has bound to it. */
import { decode, isFilter, matches, topics, wrongFilter } from "./wire.js";

const REMEMBERED = 64;

/**
 * Takes the binding lists of participants, says what to subscribe to, and where packets go.
 *
 * There is a route from each topic or filter to each inport that it is for. `had` are the topics that it has had a packet on
 * since the last connection, up to a bound: the broker sends a retained value again with each later subscription for another
 * inport, and for the others it is no news.
 */
export class Bindings {
  /** Whether something was taken that is not in force yet. */
  changed = false;
  #participants = new Map(); // topic of its list -> participant
  #lists = new Map(); // participant -> Map inport -> [sources]
  #taken = new Map(); // participant -> the version of a list that is not confirmed yet, if there is one
  #unheard = []; // topics of lists that are not subscribed to yet
  #unsubscribed = []; // topics of lists that are of no use any more
  #unconfirmed = new Set(); // topics of lists that are from an earlier connection, until they come again
  #justRenewed = false;
  #routes = new Map(); // topic or filter -> [{participant, port, had: Set | null}]

  constructor(log) {
    this.log = log;
  }

  /** Take in a participant; `apply` puts it in force. */
  add(participant) {
    const topic = topics.bind(participant.id);
    this.#participants.set(topic, participant);
    if (participant.inports.size) this.#unheard.push(topic);
    this.changed = true;
  }

  /** Leave out a participant; `apply` puts it in force. */
  remove(participant) {
    const topic = topics.bind(participant.id);
    this.#participants.delete(topic);
    this.#lists.delete(participant);
    this.#taken.delete(participant);
    this.#unconfirmed.delete(topic);
    if (this.#unheard.includes(topic)) this.#unheard = this.#unheard.filter((each) => each !== topic);
    else if (participant.inports.size) this.#unsubscribed.push(topic);
    for (const routes of this.#routes.values()) {
      for (const route of routes) if (route.participant === participant) route.gone = true; // nothing more, at once
    }
    this.changed = true;
  }

  /** Take a packet if it is a binding list; whether it is. What is malformed in one is logged. */
  take(topic, payload) {
    const participant = this.#participants.get(topic);
    if (!participant) return false;
    this.#unconfirmed.delete(topic);
    this.#lists.set(participant, this.#read(participant, payload));
    this.changed = true;
    return true;
  }

  #read(participant, payload) {
    const list = new Map();
    const bound = payload.length ? decode(payload) : {};
    if (typeof bound !== "object" || bound === null || Array.isArray(bound) || bound instanceof Uint8Array) {
      this.log(`bindings of ${participant.id}: not of the form {"inport": ["topic"]}`);
      return list;
    }
    const { "": about, ...lists } = bound;
    this.#taken.set(participant, String(about?.version ?? ""));
    for (const [port, sources] of Object.entries(lists)) {
      const wrong = wrongSources(participant, port, sources);
      if (wrong) this.log(`bindings of ${participant.id}, inport "${port}": ${wrong}`);
      else list.set(port, sources);
    }
    return list;
  }

  /** The inports that a packet is for, each once. @returns {[any, string][]} */
  targets(topic, retained) {
    const routes = [...(this.#routes.get(topic) ?? [])];
    for (const [filter, others] of this.#routes) {
      if (!isFilter(filter) || !matches(filter, topic)) continue;
      for (const route of others) if (!find(routes, route.participant, route.port)) routes.push(route);
    }
    return routes.filter((route) => isNews(route, topic, retained)).map((route) => [route.participant, route.port]);
  }

  /** All to subscribe to on a new connection. */
  renew() {
    this.apply();
    for (const routes of this.#routes.values()) for (const route of routes) route.had = null;
    const heard = [...this.#participants].filter(([, participant]) => participant.inports.size).map(([topic]) => topic);
    this.#unconfirmed = new Set(heard.filter((topic) => this.#lists.get(this.#participants.get(topic))?.size));
    this.#justRenewed = true;
    return [...this.#routes.keys(), ...heard];
  }

  /**
   * Make the routes anew; what to subscribe to and what to unsubscribe from. A topic that was subscribed to but has a new
   * inport is among the first: that one wants the retained value.
   */
  apply() {
    const old = this.#routes;
    this.#routes = new Map();
    const wanted = new Set();
    for (const participant of this.#participants.values()) {
      const list = this.#lists.get(participant);
      for (const [port, { topic }] of participant.inports) {
        for (const source of [...(list?.get(port) ?? []), topic]) this.#route(source, participant, port, old, wanted);
      }
    }
    for (const topic of this.#unheard) wanted.add(topic);
    const gone = [...old.keys()].filter((source) => !this.#routes.has(source));
    gone.push(...this.#unsubscribed.filter((topic) => !this.#participants.has(topic)));
    this.#unheard = [];
    this.#unsubscribed = [];
    this.changed = false;
    return { wanted: [...wanted], gone };
  }

  /** The confirmations to publish once what `apply` has returned is subscribed to: topics and payloads. @returns {[string, string][]} */
  confirmations() {
    const taken = [...this.#taken];
    this.#taken.clear();
    return taken.map(([participant, version]) => [topics.bound(participant.id), version]);
  }

  #route(source, participant, port, old, wanted) {
    const routes = this.#routes.get(source) ?? [];
    this.#routes.set(source, routes);
    if (find(routes, participant, port)) return;
    const route = find(old.get(source) ?? [], participant, port);
    if (!route) wanted.add(source);
    routes.push(route ?? { participant, port, had: null, gone: false });
  }

  /**
   * Drop the lists that did not come again, the second time that this is called on a connection: they were withdrawn while
   * we were away; or the broker lost them, and no coordinator has written them again.
   */
  withdrawUnconfirmed() {
    if (this.#justRenewed) {
      this.#justRenewed = false;
      return;
    }
    for (const topic of [...this.#unconfirmed]) this.take(topic, new Uint8Array());
  }
}

const find = (routes, participant, port) =>
  routes.find((route) => route.participant === participant && route.port === port && !route.gone);

function isNews(route, topic, retained) {
  if (route.gone) return false;
  route.had ??= new Set();
  if (route.had.has(topic)) return !retained;
  if (route.had.size < REMEMBERED) route.had.add(topic);
  return true;
}

function wrongSources(participant, port, sources) {
  if (!participant.inports.has(port)) {
    return `there is no such inport; there are: ${[...participant.inports.keys()].join(", ") || "none"}`;
  }
  if (!Array.isArray(sources)) return `${JSON.stringify(sources)} is not a list of topics`;
  const bad = sources.find(wrongFilter);
  return bad === undefined ? "" : `${JSON.stringify(bad)} ${wrongFilter(bad)}`;
}
