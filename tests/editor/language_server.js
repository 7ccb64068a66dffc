// Prints what the YAML language server's own validator says of stack files, and what it shows and offers at places in them.
// node language_server.js FOLDER-OF-NODE-MODULES < {"schema": ..., "files": {name: text}, "at": [[name, line, column]]}
"use strict";
const { createRequire } = require("module");
const find = createRequire(process.argv[2] + "/");
const { getLanguageService } = find("yaml-language-server");
const { TextDocument } = find("vscode-languageserver-textdocument");
const { schema, files, at } = JSON.parse(require("fs").readFileSync(0, "utf8"));

const written = JSON.stringify(schema); // what it is given, it ties into knots
const quiet = { send() {}, sendError() {}, sendTrack() {} };
const service = getLanguageService({
  schemaRequestService: async () => written,
  workspaceContext: { resolveRelativePath: (path) => path },
  telemetry: quiet,
});
service.configure({
  validate: true,
  hover: true,
  completion: true,
  yamlVersion: "1.2",
  customTags: [],
  schemas: [{ uri: "memory://schema", fileMatch: ["*"], schema }],
});

(async () => {
  const documents = {};
  const said = {};
  for (const [name, text] of Object.entries(files)) {
    documents[name] = TextDocument.create("memory:///" + name, "yaml", 1, text);
    const found = await service.doValidation(documents[name], false);
    said[name] = found.map((one) => [one.range.start.line + 1, one.message]);
  }
  const shown = [];
  for (const [name, line, character] of at) {
    const place = { line: line - 1, character: character - 1 };
    const hover = await service.doHover(documents[name], place);
    const offered = await service.doComplete(documents[name], place, false);
    shown.push({ hover: hover && hover.contents.value, offered: offered.items.map((item) => item.label) });
  }
  process.stdout.write(JSON.stringify({ said, shown }));
  process.exit(0);
})();
