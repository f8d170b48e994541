// In place of worker-timers: its worker is made of a text, which the page's Content-Security-Policy forbids.
const set = setInterval.bind(globalThis);
const clear = clearInterval.bind(globalThis);

export { clear as clearInterval, set as setInterval };
