"use strict";
// Azurite's blob service for accounts that come and go. Each line on standard input is a new AZURITE_ACCOUNTS, and is
// answered by the line "accounts" once it is in force. The service ends with its input.
const readline = require("readline");
const journal = require("./journal");
// Azurite's telemetry is off, and half a second of CPU goes into loading what would send it: so nothing is there to load.
const telemetry = require.resolve("applicationinsights");
require.cache[telemetry] = { id: telemetry, filename: telemetry, loaded: true, exports: {} };
// A name may have characters that XML cannot carry, and a listing with one would fail as a whole: the front encodes them.
require("xmlbuilder/lib/XMLStringifier").prototype.assertLegalChar = (text) => text;
const BlobEnvironment = require("azurite/dist/src/blob/BlobEnvironment").default;
const { BlobServerFactory } = require("azurite/dist/src/blob/BlobServerFactory");
const { setExtentMemoryLimit } = require("azurite/dist/src/common/ConfigurationBase");
const { AzuriteTelemetryClient } = require("azurite/dist/src/common/Telemetry");

async function main() {
  const environment = new BlobEnvironment();
  const server = await new BlobServerFactory().createServer();
  setExtentMemoryLimit(environment, true);
  AzuriteTelemetryClient.init(await environment.location(), !environment.disableTelemetry(), environment);
  const databases = [server.metadataStore.db, server.extentMetadataStore.db];
  for (const database of databases) await journal.recover(database.filename);
  await server.start();
  databases.forEach(journal.keep);
  console.log(`listens on ${server.getHttpServerAddress()}`);
  readline
    .createInterface({ input: process.stdin })
    .on("line", (accounts) => {
      process.env.AZURITE_ACCOUNTS = accounts;
      server.accountDataStore.refresh();
      console.log("accounts");
    })
    .on("close", () => server.close().then(() => process.exit()));
}

main().catch((error) => {
  console.log(`Azurite does not start: ${error.message}`);
  process.exit(1);
});
