// Types of what the page uses of mqtt.js.

export interface Options {
  clientId: string;
  username?: string;
  password?: string;
  protocolVersion: 4;
  clean: boolean;
  keepalive?: number; // s
  connectTimeout: number; // ms
  reconnectPeriod: number; // ms; 0 = never
  resubscribe?: boolean;
  timerVariant: "native";
  will?: { topic: string; payload: string; qos: 0 | 1; retain: boolean };
  createWebsocket(url: string, protocols: string[]): WebSocket;
}

/** QoS 128: the broker refuses the subscription. */
export interface Granted {
  topic: string;
  qos: 0 | 1 | 2 | 128;
}

interface Events {
  connect: () => void;
  close: () => void;
  error: (error: Error & { code?: number | string }) => void;
  message: (topic: string, payload: Uint8Array, packet: { retain: boolean }) => void;
}

export interface MqttClient {
  readonly connected: boolean;
  on<E extends keyof Events>(event: E, listener: Events[E]): this;
  once<E extends keyof Events>(event: E, listener: Events[E]): this;
  off<E extends keyof Events>(event: E, listener: Events[E]): this;
  publish(topic: string, payload: string | Uint8Array, options: { qos: 0 | 1; retain?: boolean }, done?: (error?: Error) => void): this;
  subscribe(filters: string | string[], options?: { qos: 0 | 1 }, done?: (error: Error | null, granted?: Granted[]) => void): this;
  unsubscribe(filters: string[]): this;
  end(force: boolean): this;
}

export function connect(url: string, options: Options): MqttClient;
