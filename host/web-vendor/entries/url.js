// The part of Node.js' url.parse that mqtt uses.
export default {
  parse(text) {
    const { protocol, username, password, hostname, port, pathname, search, searchParams } = new URL(text, location.href);
    const auth = username ? `${decodeURIComponent(username)}:${decodeURIComponent(password)}` : null;
    return { protocol, auth, hostname, port: port || null, path: pathname + search, query: Object.fromEntries(searchParams) };
  },
};
