// Starts the server that the tests talk to.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Serving, samples } from "./serve";

export default async function start() {
  mkdirSync(join(__dirname, "artefacts"), { recursive: true });
  const serving = await Serving.start({ POOL_ROOTS: samples });
  process.env.FACE_ENGINE_SAMPLES = samples;
  process.env.FACE_ENGINE_POOL = join(samples, "pool");
  process.env.FACE_ENGINE_URL = serving.url;
  return () => serving.stop();
}
