// A server of its own whose one source is slow: a search engine and its pictures, played on this machine, which answer when a test
// says so.
import { createServer, type Server, type ServerResponse } from "node:http";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { Serving } from "./serve";
import { sample, test as base } from "./tests/page";

/** Who comes to a closed gate waits. */
class Gate {
  private waiting: (() => void)[] = [];
  isOpen = false;

  pass(then: () => void) {
    if (this.isOpen) then();
    else this.waiting.push(then);
  }

  open() {
    this.isOpen = true;
    for (const then of this.waiting.splice(0)) then();
  }

  close() {
    this.isOpen = false;
  }
}

const FILES = ["solvay-1927-marked.jpg", "newton.png", "gauss.png", "portrait-112.png"];

/** The web of one test. Its search engine speaks SearXNG's JSON. */
export class Web {
  readonly search = new Gate();
  readonly pictures = FILES.map(() => new Gate());
  private server?: Server;
  address = "";

  async start() {
    this.server = createServer((request, response) => {
      const url = new URL(request.url!, this.address);
      const picture = FILES.indexOf(url.pathname.slice(1));
      if (url.pathname === "/search") this.search.pass(() => this.results(response, Number(url.searchParams.get("pageno"))));
      else if (picture >= 0) this.pictures[picture].pass(() => response.end(readFileSync(sample(`pool/${FILES[picture]}`))));
      else if (url.pathname === "/photo.jpg") response.end(readFileSync(sample("query.jpg")));
      else if (url.pathname === "/page.html") response.end("<!doctype html><title>A page</title>");
      else response.writeHead(404).end();
    });
    await new Promise<void>((done) => this.server!.listen(0, "127.0.0.1", done));
    this.address = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private results(response: ServerResponse, page: number) {
    const results = page > 1 ? [] : FILES.map((name) => ({ img_src: `${this.address}/${name}`, url: `${this.address}/page-of/${name}`, title: name }));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ results }));
  }

  private get gates() {
    return [this.search, ...this.pictures];
  }

  open() {
    this.gates.forEach((gate) => gate.open());
  }

  close() {
    this.gates.forEach((gate) => gate.close());
  }

  async stop() {
    this.open();
    this.server?.closeAllConnections();
    await new Promise((done) => this.server?.close(done));
  }
}

/** Tests on such a server; every gate is closed when one begins, and nothing runs on after it. */
export const test = base.extend<{ web: Web }, { slow: { web: Web; serving: Serving } }>({
  slow: [
    async ({}, use) => {
      const web = new Web();
      await web.start();
      const serving = await Serving.start({
        PROVIDERS: "searxng",
        SEARXNG_URL: web.address,
        DOWNLOAD_ALLOW: new URL(web.address).host,
        PROVIDER_TIMEOUT: "120",
        DOWNLOAD_TIMEOUT: "300",
        JOB_TIMEOUT: "600",
        DOWNLOAD_CACHE_BYTES: "0",
        QUEUE_CAPACITY: "2",
        MAX_CONCURRENCY: "6",
      });
      await use({ web, serving });
      await web.stop();
      await serving.stop();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ slow }, use) => use(slow.serving.url),
  web: async ({ slow, request }, use) => {
    slow.web.close();
    await use(slow.web);
    slow.web.open();
    const { requests } = await (await request.get("/status")).json();
    for (const { request_id, status } of requests) {
      if (status === "queued" || status === "running") await request.delete(`/requests/${request_id}`);
    }
  },
});

/** What makes a search ask the slow source. */
export const FORM = { purpose: "Testing a slow source", consent: "true", hint: "somebody" };
