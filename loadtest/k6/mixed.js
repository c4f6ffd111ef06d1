// Kinds of traffic beside each other: browsing, uploads, event streams and
// WebSockets that stay open. None may disturb another.
import http from 'k6/http';
import ws from 'k6/ws';
import { check, sleep } from 'k6';

const base = __ENV.BASE || 'http://127.0.0.1:8080';
const duration = __ENV.DURATION || '15s';
const body = 'penstock'.repeat(64 * 1024); // 512 KiB, so it is streamed

const constant = (exec, vus) => ({ executor: 'constant-vus', exec, vus, duration });

export const options = {
  scenarios: {
    browse: constant('browse', 20),
    uploads: constant('uploads', 2),
    events: constant('events', 5),
    sockets: constant('sockets', 5),
  },
  thresholds: {
    checks: ['rate==1'],
    'http_req_duration{scenario:browse}': ['p(95)<500'],
  },
};

export function browse() {
  const page = 1 + Math.floor(Math.random() * 100);
  check(http.get(`${base}/pages/${page}`, { tags: { name: '/pages/{n}' } }), { 'page is 200': (r) => r.status === 200 });
  check(http.get(`${base}/json`), { 'json is 200': (r) => r.status === 200 });
  sleep(0.05);
}

export function uploads() {
  check(http.post(`${base}/upload`, body), { 'upload is whole': (r) => r.json('length') === body.length });
  sleep(0.2);
}

export function events() {
  check(http.get(`${base}/events?count=10&interval=100ms`), {
    'stream has all its ticks': (r) => r.body.split('event: tick').length === 11,
  });
}

export function sockets() {
  let echoed = 0;
  ws.connect(`${base.replace('http', 'ws')}/ws`, (s) => {
    s.on('open', () => s.setInterval(() => s.send('tick'), 100));
    s.on('message', () => {
      echoed += 1;
      if (echoed === 10) s.close();
    });
    s.setTimeout(() => s.close(), 10000);
  });
  check(echoed, { 'socket echoed all': (n) => n === 10 });
}
