#!/usr/bin/env python3
"""Checks that a file is NDJSON and that each line fits the schema of its type.

usage: validate.py SCHEMAS-FOLDER FILE

A line with "schema": "run.v1" or "execution.v1" is checked by that schema as well as every line by output.v1.
"""
import json
import os
import sys
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # Debian 12 has no `referencing` yet
from jsonschema import Draft202012Validator, RefResolver


def main():
    folder, path = sys.argv[1:]
    documents = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            with open(os.path.join(folder, name)) as f:
                documents[name] = json.load(f)
    store = {d["$id"]: d for d in documents.values() if "$id" in d}
    output = documents["output.v1.json"]
    by_type = {t: {"$ref": output["$id"] + "#/$defs/" + t} for t in output["$defs"] if not t.startswith("_")}
    problems = 0
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            try:
                record = json.loads(line)
            except ValueError as error:
                print("line %d is not JSON (%s): %s" % (number, error, line[:200]))
                return 1
            kind = record.get("type") if isinstance(record, dict) else None
            if kind not in by_type:
                print("line %d: unknown type %r: %s" % (number, kind, line[:200]))
                problems += 1
                continue
            validator = Draft202012Validator(by_type[kind], resolver=RefResolver(output["$id"], output, store))
            for error in validator.iter_errors(record):
                where = "/".join(str(p) for p in error.absolute_path)
                print("line %d (%s) at %s: %s" % (number, kind, where or "top", error.message[:300]))
                problems += 1
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
