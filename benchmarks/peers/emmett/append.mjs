// node append.mjs CALLERS SECONDS: one event on a new stream, again and again; prints one line of JSON.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';

const [callers, seconds] = process.argv.slice(2).map(Number);
const url = process.env.BENCH_POSTGRES;
const data = JSON.parse(process.env.BENCH_BODY);
const pool = new pg.Pool({ connectionString: url, max: Math.max(10, callers) });
const store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
await store.schema.migrate();

const took = [];
const start = performance.now() + 700;
const end = start + seconds * 1000;
await Promise.all(Array.from({ length: callers }, async () => {
  for (;;) {
    const began = performance.now();
    if (began >= end) return;
    await store.appendToStream(`listing-${randomUUID()}`, [{ type: 'ListingCreated', data }],
      { expectedStreamVersion: 'STREAM_DOES_NOT_EXIST' });
    const ended = performance.now();
    if (began >= start && ended <= end) took.push(ended - began);
  }
}));
took.sort((a, b) => a - b);
const at = (share) => took[Math.floor(took.length * share)];
console.log(JSON.stringify({ rate: took.length / seconds, p50: at(0.5), p99: at(0.99) }));
await pool.end().catch(() => {});
process.exit(0);
