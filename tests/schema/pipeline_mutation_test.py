#!/usr/bin/python3
"""Changes the good pipelines of the corpus at random and compares the schema's verdict with the parser's.

usage: pipeline_mutation_test.py SOURCE_DIR PIPELINE_VERDICTS [ROUNDS [SEED]]

What the schema refuses the parser must refuse. What the parser refuses for its form (docs/manual/pipeline.md, "What is
checked") the schema must refuse; what it refuses for its meaning the schema may accept. The same seed makes the same
documents.
"""
import copy
import json
import pathlib
import random
import re
import subprocess
import sys

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from pipeline_schema_test import load, with_python_patterns  # noqa: E402

SCALARS = [
    None, True, False, 0, 1, 2, -1, 1.5, 2.0, 1e3, 10**12, "", " ", "x", "a b", "1", "true", "null", "~", "yes", "no", "0x10",
    "a/b", "a/", "./a", "a/./b", "a//b", "../x", "/x", "a/../x", "a/../../x", "a/b/../../../x", "..", ".", "./", ".provrun/x",
    ".provrun", "a/..", "{id}.csv", "{id}", "{params.sites}", "{params.alpha}", "{unknown}", "{{id}}", "*.csv", "raw/{id}.csv",
    "{a}{b}", "samples", "auto", "off", "warn", "adopt", "exact", "ignore", "1h", "90", "90s", "1 h", "9999d", "10000d", "99999d",
    "0s", "0.0s", "1h30min", "1.5h", "1s" * 8, "1s" * 9, "4GiB", "4 GiB", "4gb", "0B", "999PiB", "9999PiB", "{attempt}*4GiB",
    "4GiB * {attempt}", "{attempt}*2h", "{attempt}*2", "{attempt}*-2", "oom", "exit:75", "exit:0", "exit:256", "exit:099",
    "signal:SEGV", "signal:SIGTERM", "signal:FOO", "signal:65", "params.alpha > 0", "id ==", "LANG", "1X", "a-b", "a.b",
]
CONTAINERS = [[], {}, ["x"], [1, 2], [1, 1], ["a", "a"], [None], [[]], {"a": 1}, {"a": "b"}, [{"a": 1}], [{"a": 1}, {"b": 2}],
              {"path": "x"}, {"path": "x", "temp": True, "publish": True}, {"collect": "a"}, {"csv": "samples.csv"}, {"range": [1, 3]},
              {"range": [3]}, {"glob": "{x}.txt"}, {"numeric": {"rtol": 1e-9}}, {"max": 2, "on": ["oom"]}, {"file": "params.yaml"},
              {"set": {"A": "1"}}, {"run": "x"}]
# What the parser says of a document's form.
FORM = re.compile(r"must be |lacks the key |^unknown key |is no name of an environment variable$")
# The same words for what other parts tell: names of pools, values of parameters.
MEANING = re.compile(r"^unknown key .* in 'resources'|one list parameter$|^'params\.")


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, path + (key,))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def names_of(schema, found):
    if isinstance(schema, dict):
        found.update(schema.get("properties", {}))
        for item in schema.values():
            names_of(item, found)
    elif isinstance(schema, list):
        for item in schema:
            names_of(item, found)
    return found


def change(document, dice, names, parts):
    path = dice.choice([place for place in places(document) if place])
    parent, key = at(document, path[:-1]), path[-1]
    kind = dice.randrange(8)
    if kind <= 2:
        parent[key] = copy.deepcopy(dice.choice(SCALARS))
    elif kind == 3:
        parent[key] = copy.deepcopy(dice.choice(CONTAINERS))
    elif kind == 4:
        parent[key] = copy.deepcopy(dice.choice(parts))
    elif kind == 5:
        del parent[key]
    elif isinstance(parent, dict):
        value = parent[key] if kind == 6 else copy.deepcopy(dice.choice(SCALARS + CONTAINERS + parts))
        if kind == 6 and dice.random() < 0.7:
            del parent[key]
        parent[dice.choice(names)] = value
    else:
        parent.insert(key, copy.deepcopy(dice.choice(parent)))


def main():
    root = pathlib.Path(sys.argv[1])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3000
    dice = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 2026)
    corpus = root / "tests" / "corpus" / "pipeline"
    schema = json.loads((root / "schemas" / "pipeline.v1.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(with_python_patterns(schema))
    seeds = [load(path) for path in sorted((corpus / "good").glob("*.yaml"))]
    names = sorted(names_of(schema, set())) + ["zzz", "a", "x-y", "1a", "<<x"]
    parts = [at(seed, path) for seed in seeds for path in places(seed) if len(path) > 1]
    documents = []
    while len(documents) < rounds:
        document = copy.deepcopy(dice.choice(seeds))
        for _ in range(dice.choice([1, 1, 2, 3])):
            if document:
                change(document, dice, names, parts)
        try:
            documents.append((document, json.dumps(document, ensure_ascii=False, allow_nan=False)))
        except ValueError:  # infinity is no JSON
            continue
    told = subprocess.run([sys.argv[2], str(corpus / "files")], input="".join(text + "\n" for _, text in documents),
                          capture_output=True, text=True, check=True).stdout.split("\n")
    failures = refused = 0
    for (document, text), line in zip(documents, told):
        messages = line.split("\x1f") if line else []
        accepted = validator.is_valid(document)
        refused += not accepted
        form = [message for message in messages if FORM.search(message) and not MEANING.search(message)]
        if not accepted and not messages:
            error = min(validator.iter_errors(document), key=lambda one: len(one.path))
            print(f"only the schema refuses: {text}\n    {error.message[:200]}")
            failures += 1
        elif accepted and form:
            print(f"only the parser refuses: {text}\n    {form[0]}")
            failures += 1
    print(f"{rounds} documents, {refused} refused by the schema, {failures} failures")
    return 1 if failures or refused < rounds // 5 or refused > rounds * 4 // 5 else 0


if __name__ == "__main__":
    sys.exit(main())
