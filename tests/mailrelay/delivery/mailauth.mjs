// Ask npm mailauth about a message: node mailauth.mjs PACKAGE NAMESERVER REVERSE-PATH HELO < message
// Prints its verdicts as JSON. All questions go to the DNS server that is named.
import { createRequire } from "node:module";
import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";

const [folder, nameserver, sender, helo] = process.argv.slice(2);
const { authenticate } = createRequire(`${folder}/`)("mailauth");
const dns = new Resolver();
dns.setServers([nameserver]);

const found = await authenticate(readFileSync(0), {
  ip: "127.0.0.1",
  helo,
  sender,
  mta: "mx.verifier.example",
  minBitLength: 1024,
  disableBimi: true,
  resolver: (name, type) => dns.resolve(name, type),
});
console.log(
  JSON.stringify({
    spf: found.spf?.status.result,
    dkim: found.dkim.results.map((one) => `${one.signingDomain}=${one.status.result}`),
    dmarc: found.dmarc?.status.result,
    arc: found.arc?.status.result,
  }),
);
