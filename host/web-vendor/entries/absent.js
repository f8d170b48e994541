// In place of transports that no browser has.
export default {};
