#!/usr/bin/python3
"""Runs the corpus of pipelines through schemas/pipeline.v1.json.

usage: pipeline_schema_test.py SOURCE_DIR

The schema must accept good/ and bad_graph/ and refuse bad/, as tests/corpus/pipeline/README.md says.
PyYAML reads YAML 1.1, so the loader here brings the scalars of the YAML 1.2 core schema with it.
"""
import json
import pathlib
import re
import sys

import jsonschema
import yaml


class CoreLoader(yaml.BaseLoader):
    """Plain scalars by the core schema; keys stay text; `<<` merges with explicit keys winning."""

    RESOLVERS = [
        ("null", re.compile(r"~|null|Null|NULL|"), lambda text: None),
        ("bool", re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
        ("int", re.compile(r"[-+]?[0-9]+"), int),
        ("int", re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
        ("int", re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text[2:], 16)),
        ("float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
        ("float", re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
        ("float", re.compile(r"\.(nan|NaN|NAN)"), lambda text: float("nan")),
    ]

    def scalar(self, node):
        if node.style is not None or (node.explicit_tag and node.tag.endswith(":str")):
            return node.value
        for _, pattern, convert in self.RESOLVERS:
            if pattern.fullmatch(node.value):
                return convert(node.value)
        return node.value

    def compose_scalar_node(self, anchor):
        explicit = self.peek_event().tag is not None
        node = super().compose_scalar_node(anchor)
        node.explicit_tag = explicit
        return node

    def value(self, node):
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        result = {}
        merged = {}
        for key, value in node.value:
            if key.value == "<<" and key.style is None:
                sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for source in sources:
                    for name, item in self.value(source).items():
                        merged.setdefault(name, item)
            else:
                result[key.value] = self.value(value)
        for name, item in merged.items():
            result.setdefault(name, item)
        return result


def load(path):
    loader = CoreLoader(path.read_text(encoding="utf-8"))
    try:
        node = loader.get_single_node()
        return None if node is None else loader.value(node)
    finally:
        loader.dispose()


def with_python_patterns(schema):
    """In JSON Schema `$` is the end of the text only; Python's also matches before a last newline."""
    if isinstance(schema, list):
        return [with_python_patterns(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: re.sub(r"\[[^]]*\]|\$", lambda m: r"\Z" if m.group() == "$" else m.group(), item)
        if key == "pattern" and isinstance(item, str) else with_python_patterns(item)
        for key, item in schema.items()
    }


def main():
    root = pathlib.Path(sys.argv[1])
    corpus = root / "tests" / "corpus" / "pipeline"
    schema = json.loads((root / "schemas" / "pipeline.v1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(with_python_patterns(schema))
    failures = 0
    count = 0
    for folder, wanted in (("good", True), ("bad_graph", True), ("bad", False)):
        paths = sorted((corpus / folder).glob("*.yaml"))
        if not paths:
            print(f"{folder}/ is empty")
            failures += 1
        for path in paths:
            count += 1
            errors = list(validator.iter_errors(load(path)))
            if wanted and errors:
                print(f"{folder}/{path.name}: refused: {errors[0].message[:300]}")
                failures += 1
            elif not wanted and not errors:
                print(f"{folder}/{path.name}: accepted")
                failures += 1
    print(f"{count} documents, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
