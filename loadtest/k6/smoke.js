// Every page of the demo once a round, each answer looked at: does it work?
import http from 'k6/http';
import ws from 'k6/ws';
import { check } from 'k6';

const base = __ENV.BASE || 'http://127.0.0.1:8080';

export const options = {
  vus: 1,
  iterations: Number(__ENV.ROUNDS || 5),
  thresholds: { checks: ['rate==1'] },
};

export default function () {
  check(http.get(`${base}/json`), {
    'json: 200 from an origin': (r) => r.status === 200 && ['a', 'b', 'c'].includes(r.json('origin')),
    'json: has a request id': (r) => Boolean(r.headers['X-Request-Id']),
  });
  const page = http.get(`${base}/pages/7`);
  check(page, { 'page: cacheable': (r) => r.status === 200 && r.headers['Cache-Control'].includes('max-age') });
  check(http.get(`${base}/pages/7`, { headers: { 'If-None-Match': page.headers.Etag } }), {
    'page: 304 when it is known': (r) => r.status === 304,
  });
  check(http.get(`${base}/download`, { responseType: 'binary' }), {
    'download: 10 MiB': (r) => r.status === 200 && r.body.byteLength === 10 * 1024 * 1024,
  });
  check(http.get(`${base}/events?count=3&interval=50ms`), {
    'events: three ticks': (r) => r.body.split('event: tick').length === 4,
  });
  check(http.post(`${base}/upload`, 'x'.repeat(100000)), {
    'upload: all of it arrived': (r) => r.status === 200 && r.json('length') === 100000,
  });
  check(http.get(`${base}/any?status=418&size=5`, { responseCallback: http.expectedStatuses(418) }), {
    'status: passed on unchanged': (r) => r.status === 418 && r.body.length === 5,
  });
  const socket = ws.connect(`${base.replace('http', 'ws')}/ws`, (s) => {
    s.on('open', () => s.send('hello'));
    s.on('message', (m) => {
      check(m, { 'websocket: echoes': (text) => text === 'hello' });
      s.close();
    });
    s.setTimeout(() => s.close(), 5000);
  });
  check(socket, { 'websocket: 101': (r) => r && r.status === 101 });
}
