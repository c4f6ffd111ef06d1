// Talks to a running demo with Node's own clients: keep-alive, HEAD, ranges, sized
// and chunked uploads, redirects, cookies. Usage: node node.mjs http://127.0.0.1:8080
import { createHash } from 'node:crypto'
import http from 'node:http'

const base = process.argv[2] ?? 'http://127.0.0.1:8080'
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
let failed = 0

function check(name, ok, seen) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} node: ${name}${ok ? '' : `: ${seen}`}`)
  if (!ok) failed++
}

function request(method, path, { body, headers } = {}) {
  return new Promise((resolve, reject) => {
    const r = http.request(base + path, { method, agent, headers }, (answer) => {
      const parts = []
      answer.on('data', (part) => parts.push(part))
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, port: answer.socket?.localPort, body: Buffer.concat(parts) }))
      answer.on('error', reject)
    })
    r.on('error', reject)
    if (typeof body === 'function') body(r)
    else r.end(body)
  })
}

const first = await request('GET', '/json')
const second = await request('GET', '/json')
check('keep-alive', first.status === 200 && first.port === second.port, `${first.port} then ${second.port}`)

const head = await request('HEAD', '/download')
check('HEAD', head.status === 200 && head.headers['content-length'] === '10485760' && head.body.length === 0, JSON.stringify(head.headers))

const range = await request('GET', '/download', { headers: { range: 'bytes=10-19' } })
check('range', range.status === 206 && range.body.length === 10, range.status)

const data = Buffer.alloc(300_000, 'penstock')
const sum = createHash('sha256').update(data).digest('hex')
const sized = JSON.parse((await request('POST', '/upload', { body: data })).body)
check('sized upload', sized.sha256 === sum, JSON.stringify(sized))

const chunked = JSON.parse((await request('POST', '/upload', {
  body: (r) => { for (let i = 0; i < data.length; i += 70_000) r.write(data.subarray(i, i + 70_000)); r.end() },
})).body)
check('chunked upload', chunked.sha256 === sum, JSON.stringify(chunked))

const expecting = await new Promise((resolve, reject) => {
  const r = http.request(base + '/upload', { method: 'POST', agent, headers: { 'content-length': data.length, expect: '100-continue' } }, (answer) => {
    answer.resume()
    answer.on('end', () => resolve(answer.statusCode))
  })
  r.on('continue', () => r.end(data))
  r.on('error', reject)
  r.flushHeaders()
})
check('Expect: 100-continue', expecting === 200, expecting)

const moved = await fetch(base + '/old/7')
check('redirect followed by fetch', moved.status === 200 && moved.url.endsWith('/pages/7'), moved.url)

const echo = JSON.parse((await request('GET', '/echo', { headers: { cookie: 'a="x y"; b=1;c' } })).body)
check('cookies as sent', echo.headers.Cookie?.[0] === 'a="x y"; b=1;c', JSON.stringify(echo.headers.Cookie))

const stream = await fetch(base + '/events?count=3&interval=50ms')
const events = (await stream.text()).split('\n').filter((line) => line.startsWith('data:'))
check('event stream', events.length === 3, events.length)

agent.destroy()
process.exit(failed ? 1 : 0)
