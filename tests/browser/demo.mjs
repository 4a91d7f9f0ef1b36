// The demo as its own process: every story has one to itself, on free ports, and ends it again. So no story
// waits for another one's one-time code, and none sees what another left behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BINARY = process.env.IZIN_BIN ?? fileURLToPath(new URL('../../target/debug/izin', import.meta.url));
const START_LIMIT = 30_000;

export class Demo {
  /** Starts `izin demo` and waits for the line of JSON that says where everything is. */
  static async start() {
    const child = spawn(BINARY, ['demo', '--json', '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const demo = new Demo(child);
    try {
      demo.urls = JSON.parse(await demo.#firstLine());
    } catch (error) {
      await demo.stop();
      throw new Error(`${BINARY} demo did not start: ${error.message}\n${demo.log}`);
    }
    return demo;
  }

  constructor(child) {
    this.child = child;
    this.log = '';
    child.stderr.on('data', (chunk) => {
      this.log += chunk;
    });
    // Also when the test run itself is interrupted.
    process.once('exit', () => child.kill());
    this.ended = new Promise((resolve) => {
      child.once('exit', resolve);
      child.once('error', resolve);
    });
  }

  /** The origin of a consumer app. */
  consumer(id = 'kira-budget') {
    return this.urls.consumers[id];
  }

  async stop() {
    this.child.kill('SIGTERM');
    await this.ended;
  }

  async #firstLine() {
    const lines = createInterface({ input: this.child.stdout });
    const late = AbortSignal.timeout(START_LIMIT);
    const exited = this.ended.then(() => {
      throw new Error('it ended before it said where it listens');
    });
    const [line] = await Promise.race([once(lines, 'line', { signal: late }), exited]);
    return line;
  }
}
