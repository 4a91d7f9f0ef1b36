// What all operations share on the wire: who may ask, which operation is meant, which headers it needs, bodies, errors.
// Knows nothing of customers and accounts.

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { Refusal, invalid, isId, isUuid } from './contract.mjs';

const BODY_LIMIT = 64 * 1024;
const TIMES = {
  requestTimeout: 10_000, connectionsCheckingInterval: 1_000, // a request that only trickles in is cut off
  keepAliveTimeout: 100_000, // longer than callers keep idle connections, else they write into a closed one
};

/** Serves `routes` on loopback until told to end. Operations return [status, body] or throw a Refusal. */
export function serve({ routes, token, port }) {
  const server = createServer(TIMES, async (req, res) => {
    let status;
    let body;
    try {
      const sent = await readBody(req);
      authenticate(req, token);
      [status, body] = await dispatch(req, sent, routes);
    } catch (error) {
      if (req.destroyed && !req.complete) return; // the caller left in the middle of the body
      if (!(error instanceof Refusal)) console.error(error);
      const fault = new Refusal(500, 'server_error', 'The request could not be completed.');
      const refusal = error instanceof Refusal ? error : fault;
      status = refusal.status;
      body = errorBody(refusal);
      for (const [name, value] of Object.entries(refusal.headers)) res.setHeader(name, value);
    }
    const text = JSON.stringify(body);
    const requestId = req.headers['x-request-id'] ?? '';
    if (/^[!-~]{1,128}$/.test(requestId)) res.setHeader('x-request-id', requestId); // errors echo it too
    res.writeHead(status, {
      'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store',
    });
    res.end(text);
  });
  // What Node's parser refuses never becomes a request, and gets JSON all the same.
  server.on('clientError', (error, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy();
    const text = JSON.stringify(errorBody(invalid('The request could not be read.')));
    return socket.end('HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncache-control: no-store\r\n'
      + `content-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`);
  });
  process.stdout.on('error', () => {}); // whoever reads our lines may stop reading
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
  server.listen(port, '127.0.0.1', () => console.log(`bank listening on http://127.0.0.1:${server.address().port}`));
}

// Comes before everything else, so that strangers learn nothing, not even which paths there are.
function authenticate(req, token) {
  const presented = /^Bearer +(.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? '';
  const digest = (value) => createHash('sha256').update(value).digest(); // of one length, which the comparison needs
  if (!timingSafeEqual(digest(presented), digest(token))) {
    throw new Refusal(401, 'invalid_client', 'The token is missing or not known.', { 'www-authenticate': 'Bearer' });
  }
}

function dispatch(req, body, routes) {
  // Not `new URL(…)`: it resolves `%2e%2e`, so that a hostile id would lead to another path.
  const [path, search = ''] = req.url.split(/\?(.*)/s);
  for (const [method, pattern, operation, requiredHeaders] of routes) {
    const ids = match(pattern.split('/'), path.split('/'));
    if (!ids) continue;
    if (req.method !== method) {
      throw new Refusal(405, 'invalid_request', `The method must be ${method}.`, { allow: method });
    }
    for (const [name, valid] of Object.entries({ 'x-request-id': isUuid, ...requiredHeaders })) {
      // A header sent twice reaches us joined by a comma, which none of the formats allows.
      if (!valid(req.headers[name])) throw invalid(`${name} is missing or ill-formed.`);
    }
    if (!Object.values(ids).every(isId)) throw invalid('An id in the path is ill-formed.');
    return operation({ ...ids, query: queryReader(search), headers: req.headers, body });
  }
  // Not 404, which would be the word for a customer or an account that is gone.
  throw invalid('There is no such operation.');
}

// The ids that stand for `{…}` in the pattern, or undefined. Decoded after splitting: `%2F` makes no new segment.
function match(pattern, segments) {
  if (pattern.length !== segments.length) return undefined;
  const ids = {};
  for (const [i, wanted] of pattern.entries()) {
    if (wanted.startsWith('{')) ids[wanted.slice(1, -1)] = decode(segments[i]);
    else if (wanted !== segments[i]) return undefined;
  }
  return ids;
}

function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return ''; // ill-formed, as an id that is empty
  }
}

// Gives query parameters by name. Twice is ill-formed, since proxies differ in which of the two they mean; those that
// nobody asks for are ignored, as a later 1.x may add some.
function queryReader(search) {
  const parameters = new URLSearchParams(search);
  return (name) => {
    const values = parameters.getAll(name);
    if (values.length > 1) throw invalid(`${name} is given twice.`);
    return values[0];
  };
}

// The body, or undefined if it is too large. Even then it is read to its end, though not kept: whoever closes a
// connection with something unread on it may take the answer along.
async function readBody(req) {
  const chunks = [];
  let length = 0; // counted, since a chunked body announces none
  for await (const chunk of req) {
    length += chunk.length;
    if (length <= BODY_LIMIT) chunks.push(chunk);
  }
  return length <= BODY_LIMIT ? Buffer.concat(chunks) : undefined;
}

/** The body of a call as JSON. */
export function readJson({ headers, body }) {
  if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new Refusal(415, 'invalid_request', 'The body must be application/json.');
  }
  if (!body) throw new Refusal(413, 'invalid_request', 'The body is larger than 64 KiB.');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw invalid('The body is not JSON in UTF-8.');
  }
}

function errorBody(refusal) {
  return { error: refusal.error, error_description: refusal.message };
}
