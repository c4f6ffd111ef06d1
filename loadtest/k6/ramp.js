// More and more users, then fewer: where does latency bend?
import http from 'k6/http';
import { check } from 'k6';

const base = __ENV.BASE || 'http://127.0.0.1:8080';
const peak = Number(__ENV.PEAK || 100);

export const options = {
  discardResponseBodies: true,
  scenarios: {
    ramp: {
      executor: 'ramping-vus',
      startVUs: 1,
      stages: [
        { duration: '5s', target: Math.ceil(peak / 4) },
        { duration: '10s', target: peak },
        { duration: '5s', target: 0 },
      ],
    },
  },
  thresholds: {
    http_req_failed: ['rate==0'],
    http_req_duration: ['p(99)<500'],
  },
};

export default function () {
  check(http.get(`${base}/any?size=1KiB`), { 'is 200': (r) => r.status === 200 });
}
