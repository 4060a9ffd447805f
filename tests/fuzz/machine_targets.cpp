// What a machine's files and users' programs say, which provrun reads to describe a run.
#include "../../src/pipeline/csv.hpp"
#include "../../src/trace/program_head.hpp"
#include "fuzz/target.hpp"
#include "provrun/base/error.hpp"
#include "provrun/capture/interpreter_packages.hpp"
#include "provrun/capture/script.hpp"
#include "provrun/exec/plain_command.hpp"
#include "provrun/policy/certain_secret.hpp"
#include "provrun/policy/redaction.hpp"

namespace provrun::fuzz {

namespace {

void feed_csv(std::string_view bytes) {
  for (const char separator : {',', '\t'}) {
    accepts([&] {
      const auto table = pipeline::parse_csv(bytes, separator, "fuzz.csv");
      require(!table.columns.empty());
      require(table.cells.size() == table.columns.size() * table.lines.size());
    });
  }
}

void feed_script(std::string_view bytes) {
  capture::programs_of_script(bytes);
  if (const auto command = exec::parse_plain_command(bytes)) require(!command->words.empty());
}

void feed_packages(std::string_view bytes) {
  capture::parse_conda_meta(bytes);
  capture::parse_r_description(bytes);
  capture::parse_julia_manifest(bytes);
}

void feed_program(std::string_view bytes) {
  const auto head = trace::parse_program_head(bytes);
  require(head.interpreter.size() <= bytes.size());
}

}  // namespace

std::vector<Target> machine_targets() {
  const std::string elf(
      "\x7f"
      "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0>\0\1\0\0\0",
      24);
  return {{"csv", feed_csv, {"id,site\na,\"x, \"\"y\"\"\nb\"\r\nc,d\n"}},
          {"script",
           feed_script,
           {"set -e\nfor f in *; do grep -c \"$f\" < in > out; done\ncat <<X | sort\n$(ls)\nX\n",
            "sort 'a b' --key=2 < in.txt > out.txt 2> log"}},
          {"packages",
           feed_packages,
           {R"({"name":"numpy","version":"1.26","channel":"conda-forge","build":"py311"})",
            "Package: MASS\nVersion: 7.3-58\n continued\n",
            "[[deps.JSON]]\nuuid = \"682c\"\nversion = \"0.21.4\"\n"}},
          {"program", feed_program, {"#! /usr/bin/env python3 -u\n", elf}}};
}

}  // namespace provrun::fuzz
