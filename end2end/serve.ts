// Starts `face-engine serve`: the binary that was built, a data folder of its own that borrows weights, library, samples and page
// from the checkout's, and any free port.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "..");
const given = (path: string) => resolve(root, path);
const target = given(process.env.CARGO_TARGET_DIR ?? "target");
const binary = given(process.env.FACE_ENGINE_BIN ?? join(target, "debug/face-engine"));
const shared = given(process.env.DATA_DIR ?? "data");

export const samples = join(shared, "samples");

export class Serving {
  url = "";
  private child?: ChildProcess;
  private ended: Promise<void> = Promise.resolve();

  private constructor(
    private readonly settings: Record<string, string>,
    private readonly data: string,
  ) {}

  /** `settings`: environment variables beside the usual ones. */
  static async start(settings: Record<string, string> = {}): Promise<Serving> {
    if (!existsSync(binary)) throw new Error(`there is no ${binary}: run \`cargo build\` first`);
    const data = mkdtempSync(join(tmpdir(), "face-engine-end2end-"));
    for (const part of ["models", "lib", "samples", "site"]) {
      if (!existsSync(join(shared, part))) throw new Error(`there is no ${join(shared, part)}: run \`make setup\` first`);
      symlinkSync(join(shared, part), join(data, part));
    }
    const serving = new Serving(settings, data);
    await serving.begin("0");
    return serving;
  }

  private async begin(port: string) {
    const env: NodeJS.ProcessEnv = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATA_DIR: this.data,
      HOST: "127.0.0.1",
      PORT: port,
      WORKERS: "1",
      POOLS_SYNC: "false",
      ...this.settings,
    };
    if (process.env.ENGINE) env.ENGINE = process.env.ENGINE;
    const server = spawn(binary, ["serve"], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    this.child = server;
    this.ended = new Promise<void>((done) => server.once("exit", () => done()));
    let said = "";
    this.url = await new Promise<string>((done, fail) => {
      const limit = setTimeout(() => fail(new Error(`the server is not up after 3 minutes:\n${said}`)), 180_000);
      const hear = (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-20_000);
        const address = /listens on (http:\/\/[\d.:]+)\s/.exec(said)?.[1];
        if (address) {
          clearTimeout(limit);
          done(address);
        }
      };
      server.stdout.on("data", hear);
      server.stderr.on("data", hear);
      server.once("exit", (code) => fail(new Error(`the server ended with ${code}:\n${said}`)));
      server.once("error", fail);
    });
  }

  /** As if the power went: nothing is told to end. */
  async kill() {
    this.child?.kill("SIGKILL");
    await this.ended;
  }

  /** On the same data and the same port. */
  async again() {
    await this.begin(new URL(this.url).port);
  }

  async stop() {
    this.child?.kill("SIGTERM");
    await this.ended;
    rmSync(this.data, { recursive: true, force: true });
  }
}
