"use strict";
// What Azurite knows of blobs is in two Loki databases, whose files are written every five seconds. Each change is also
// appended to a journal at once, before the answer to its request goes out, and brought into the file before the next
// start: so a kill loses nothing. A journal goes when a file that was written after its last line is in place.
const fs = require("fs");
const path = require("path");
const Loki = require("lokijs");

// The journals of a database, the oldest first.
function journals(file) {
  const start = `${path.basename(file)}.journal-`;
  const names = fs.readdirSync(path.dirname(file)).filter((name) => name.startsWith(start));
  const numbers = names.map((name) => Number(name.slice(start.length)));
  return numbers.sort((one, other) => one - other).map((number) => `${file}.journal-${number}`);
}

// Bring what the journals say into the file of a database, and delete them.
async function recover(file) {
  const known = fs.existsSync(path.dirname(file)) ? journals(file) : [];
  if (known.length && fs.existsSync(file)) {
    const database = new Loki(file, { persistenceMethod: "fs" });
    await finished((done) => database.loadDatabase({}, done));
    const lines = known.flatMap((journal) => fs.readFileSync(journal, "utf8").split("\n").slice(0, -1));
    replay(database, lines.map((line) => JSON.parse(line)));
    await finished((done) => database.saveDatabase(done));
  }
  known.forEach((journal) => fs.unlinkSync(journal));
}

// A line is [collection, id, document], or [collection, id] of a document that is gone; the same line may come twice.
function replay(database, lines) {
  for (const collection of database.collections) {
    const documents = new Map(collection.data.map((document) => [document.$loki, document]));
    for (const [name, id, document] of lines) {
      if (name !== collection.name) continue;
      document ? documents.set(id, document) : documents.delete(id);
      collection.maxId = Math.max(collection.maxId, id);
    }
    collection.data = [...documents.values()].sort((one, other) => one.$loki - other.$loki);
    collection.ensureId();
    collection.ensureAllIndexes(true);
  }
}

// Write the journal of a database that has been loaded.
function keep(database) {
  let number = 0;
  let journal = open(database.filename, number);
  for (const collection of database.collections) {
    const put = (document) => append(journal, [collection.name, document.$loki, document]);
    collection.on("insert", (changed) => [].concat(changed).forEach(put));
    collection.on("update", (changed) => put(changed));
    collection.on("delete", (gone) => append(journal, [collection.name, gone.$loki]));
  }
  const adapter = database.persistenceAdapter;
  const save = adapter.saveDatabase.bind(adapter);
  adapter.saveDatabase = (file, text, done) => {
    const before = journals(file);
    fs.closeSync(journal.descriptor);
    journal = open(file, (number += 1));
    save(file, text, (error) => {
      if (!error) before.forEach((old) => fs.rmSync(old, { force: true }));
      done(error);
    });
  };
}

function open(file, number) {
  return { descriptor: fs.openSync(`${file}.journal-${number}`, "w"), size: 0 };
}

// Append a line, or nothing of it: a disk may be full.
function append(journal, entry) {
  const line = Buffer.from(`${JSON.stringify(entry)}\n`);
  try {
    if (fs.writeSync(journal.descriptor, line) < line.length) throw new Error("the disk is full");
    journal.size += line.length;
  } catch (error) {
    fs.ftruncateSync(journal.descriptor, journal.size);
    throw error;
  }
}

function finished(begin) {
  return new Promise((resolve, reject) => begin((error) => (error ? reject(error) : resolve())));
}

module.exports = { keep, recover };
