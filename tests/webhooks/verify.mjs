// Verifies messages with standardwebhooks, as a program in Node does: verify.mjs FOLDER. Each file has the headers and the body
// (base64) of one message, the secrets that it is signed with and one that it is not. Prints how many there were.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.WORK, "verify.mjs"));
const { Webhook, WebhookVerificationError } = require("standardwebhooks");

const folder = process.argv[2];
const files = readdirSync(folder);

function refuses(secret, body, headers, what) {
  try {
    new Webhook(secret).verify(body, headers);
  } catch (error) {
    if (error instanceof WebhookVerificationError) return;
    throw error;
  }
  throw new Error(`${what} is taken`);
}

for (const file of files) {
  const { headers, secrets, other, ...message } = JSON.parse(readFileSync(join(folder, file), "utf8"));
  const body = Buffer.from(message.body, "base64");
  for (const secret of secrets) {
    const { type } = new Webhook(secret).verify(body, headers);
    if (typeof type !== "string") throw new Error(`${file} has no type`);
  }
  const changed = Buffer.from(message.changed, "base64");
  for (const secret of secrets) refuses(secret, changed, headers, `${file} with another byte`);
  refuses(other, body, headers, `${file} with another secret`);
  refuses(secrets[0], body, { ...headers, "webhook-id": "evt_1" }, `${file} with another id`);
}
console.log(files.length);
