// @ts-check

export function start() {}
